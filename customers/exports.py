"""What leaves as a file: rejected rows of a feed, and sample files of each kind."""

import csv
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from django.http import StreamingHttpResponse

from core import privacy, trail
from core.trail import Actor
from customers.enums import FeedKind, RejectReason
from customers.models import Feed
from customers.rules import feeds as rules
from customers.services.feeds import rejects_csv

BOM = "\ufeff"
HIDDEN = "***"
# Columns that say what a row is about and nothing about a person; every other cell is masked or left out on the page.
SHOWN = frozenset(
    {"code", "customer_no", "staff_no", "branch_code", "parent_code", "product_code", "manager_no", "role", "currency"}
    | {"business_date", "status", "value_date", "matures_on", "term_months", "rate", "rollover", "kind", "id_type"}
)
MASKS: Mapping[str, Callable[[str], str]] = {
    "id_no": privacy.mask_id_no,
    "phone": privacy.mask_phone,
    "email": privacy.mask_email,
    "address": privacy.mask_address,
    "account_no": privacy.mask_account,
}
EXAMPLES: Mapping[str, str] = {
    "code": "1001",
    "parent_code": "1000",
    "staff_no": "80017",
    "branch_code": "1001",
    "term_months": "12",
    "currency": "CNY",
    "customer_no": "C00000001",
    "id_type": "resident_id / 身份证",
    "id_no": "11010519491231002X",
    "id_expires_on": "2035-06-30 / 长期",
    "phone": "13800138000",
    "birth_date": "1949-12-31",
    "manager_no": "80017",
    "opened_on": "2020/03/09",
    "account_no": "6222000000000017",
    "product_code": "T012",
    "value_date": "20261120",
    "matures_on": "2027年11月20日",
    "rate": "1.45",
    "principal": "100,000.00",
    "rollover": "Y / 是",
    "balance": "1,234.50",
    "business_date": "2026-11-20",
}
WORDS: Mapping[tuple[str, str], Mapping[str, str]] = {
    ("branches", "kind"): rules.UNIT_WORDS,
    ("staff", "role"): rules.ROLE_WORDS,
    ("products", "kind"): rules.PRODUCT_WORDS,
    ("customers", "kind"): rules.KIND_WORDS,
    ("customers", "sex"): rules.SEX_WORDS,
    ("accounts", "status"): rules.STATUS_WORDS,
}


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A row that could not be used, fit to be shown: no personal value in clear."""

    line: int
    reasons: list[str]
    cells: list[tuple[str, str]]


def rejected_rows(feed: Feed, limit: int) -> list[RejectedRow]:
    """The first rejected rows with masked cells under their headings."""
    lines = csv.reader(islice(rejects_csv(feed), limit + 1))
    heading = next(lines, [])[:-2]
    names = {place: name for name, place in rules.find_header(FeedKind(feed.kind), _plain(heading)).places.items()}
    found = []
    for *cells, line, reasons in lines:
        shown = [(heading[at].lstrip(BOM), masked_cell(names[at], cells[at])) for at in sorted(names) if cells[at]]
        found.append(RejectedRow(int(line), [reason_word(code) for code in reasons.split()], shown))
    return found


def _plain(heading: list[str]) -> list[str]:
    return [cell.lstrip(BOM) for cell in heading]


def masked_cell(column: str, text: str) -> str:
    """A cell of a feed as a page may show it."""
    if column in SHOWN:
        return text[:40]
    mask = MASKS.get(column)
    return mask(text) if mask else HIDDEN


def reason_word(code: str) -> str:
    """A reason in words; a code nobody has words for stays as it is."""
    return str(RejectReason(code).label) if code in RejectReason.values else code


def rejects_file(feed: Feed, *, actor: Actor, at: datetime) -> StreamingHttpResponse:
    """The rejected rows to correct and send again: original cells, line and reasons. Leaves a trail entry."""
    trail.record(
        actor=actor,
        action="export",
        subject="customers.feed",
        subject_id=feed.pk,
        at=at,
        changes={"what": "rejects", "rows": feed.rejected},
    )
    name = f"rejects_{feed.kind}_{feed.business_date:%Y%m%d}_{feed.pk}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return StreamingHttpResponse(rejects_csv(feed), content_type="text/csv; charset=utf-8", headers=headers)


def sample_file(kind: FeedKind, *, chinese: bool) -> str:
    """A CSV of the headings of a kind, the required ones starred."""
    buffer = io.StringIO()
    csv.writer(buffer).writerow([column.heading if chinese else column.name for column in rules.COLUMNS[kind]])
    return BOM + buffer.getvalue()


def example_of(kind: FeedKind, column: str) -> str:
    """What a cell of the column may hold: the words it takes, or one example."""
    words = WORDS.get((kind.value, column))
    if words is None:
        return EXAMPLES.get(column, "")
    english: dict[str, list[str]] = {}
    for word, value in words.items():
        english.setdefault(str(value), []).append(word)
    return ", ".join(" ".join(spelled) for spelled in english.values())
