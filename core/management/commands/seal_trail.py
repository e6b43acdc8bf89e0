"""Seals the trail now; the night does it by itself."""

from collections.abc import Mapping
from typing import Any

from core import trail
from core.clock import now
from core.commands import JsonCommand


class Command(JsonCommand):
    """Digests what is not sealed yet, chained to the seal before."""

    help = "Seal the trail's entries that are not sealed yet."

    def work(self, **options: Any) -> Mapping[str, Any]:
        return {"sealed": trail.seal(at=now())}
