"""Feeds written in a test, imported through the product's own engine."""

import io
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from core.trail import Actor
from customers.enums import FeedKind
from customers.gateways.sheets import Source
from customers.models import Feed
from customers.services.feeds import Controls, import_feed
from tests.factories import NOW, TODAY

TESTER = Actor(None, "tester")
EVERYTHING = Decimal(1)


def as_source(content: bytes, name: str = "feed.csv") -> Source:
    """Bytes as a file to import."""
    return Source(name, lambda: io.BytesIO(content))


def feed_bytes(
    kind: str, content: bytes, *, on: date = TODAY, max_rejected: Decimal = EVERYTHING, **fields: Any
) -> Feed:
    """Import the bytes of a file."""
    controls = Controls(fields.pop("control_rows", None), fields.pop("control_total", None), max_rejected)
    name = fields.pop("name", "feed.csv")
    return import_feed(
        kind=FeedKind(kind),
        source=as_source(content, name),
        business_date=on,
        controls=controls,
        actor=TESTER,
        at=NOW,
        **fields,
    )


def feed(kind: str, header: Sequence[str], rows: Iterable[Sequence[object]], **fields: Any) -> Feed:
    """Import rows under a header as a plain CSV file."""
    lines = [",".join(header), *(",".join(map(str, row)) for row in rows)]
    return feed_bytes(kind, "\n".join(lines).encode(), **fields)
