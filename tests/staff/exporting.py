"""A branch in which files of lists are asked for and decided on, and files as the worker leaves them."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from core.models import TrailEntry
from staff.enums import ExportState
from staff.models import Export, User
from staff.services import exports
from tests.factories import NOW, make_branch, make_head_office, make_user

WORDS = {"list": "Customers", "columns": ["Customer", "Balance"], "filters": [["Tier", "Gold"]]}
SMALL = exports.Asked("customers", "tier=3", (), ("name", "balance"), {"zh-hans": WORDS, "en": WORDS}, 1_000)
LARGE = replace(SMALL, rows=1_001)


class Bank:
    """A branch below head office, with those who ask and those who decide."""

    def __init__(self) -> None:
        self.top = make_head_office()
        self.branch = make_branch(parent=self.top)
        self.other = make_branch(parent=self.top)
        self.asker = make_user(role="manager", branch=self.branch, name="王经理")
        self.colleague = make_user(role="manager", branch=self.branch)
        self.head = make_user(role="branch_head", branch=self.branch, name="李行长")
        self.other_head = make_user(role="branch_head", branch=self.other)
        self.hq = make_user(role="head_office", branch=self.top)
        self.compliance = make_user(role="compliance", branch=self.top)
        self.auditor = make_user(role="auditor", branch=self.top)


def ask(bank: Bank, asked: exports.Asked = LARGE, *, actor: User | None = None, reason: str = "季度核对") -> Export:
    """A request of the asker, unless somebody else asks."""
    return exports.request_export(
        asked=asked, file_format="xlsx", language="en", reason=reason, actor=actor or bank.asker, at=NOW
    )


def decide(export: Export, by: User, *, approve: bool = True, comment: str = "fine by me", digest: str = "") -> Export:
    """The decision on it, for what it holds now unless told."""
    return exports.decide_export(
        export=export,
        approve=approve,
        digest=digest or exports.digest_of(export),
        comment=comment,
        decided_by=by,
        at=NOW,
    )


def ready(bank: Bank, uploads: Path, *, content: bytes = b"PK whatever", **fields: object) -> Export:
    """A finished file, as the worker leaves it."""
    export = ask(bank, SMALL)
    export.stored_as = f"export-{export.pk}.sealed"
    part = exports.seal_file(iter([content]), uploads / export.stored_as)
    export.state, export.rows, export.content_hash, export.size = ExportState.DONE, 12, part.sha256, part.size
    export.file_name = f"customers_20261120_{export.pk}.xlsx"
    export.finished_at, export.expires_at = NOW, NOW + timedelta(days=365 * 50)
    for name, value in fields.items():
        setattr(export, name, value)
    export.save()
    return export


def actions(export: Export) -> list[str]:
    """What the trail says of it, in order."""
    return list(TrailEntry.objects.filter(subject_id=str(export.pk)).order_by("id").values_list("action", flat=True))
