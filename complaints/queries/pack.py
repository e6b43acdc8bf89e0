"""Everything there is of a case, in clear, as labelled rows: what goes into its file pack."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Model
from django.utils.timezone import localtime
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from complaints.models import (
    CaseMove,
    Complaint,
    ContactAttempt,
    CorrectiveAction,
    Decision,
    Escalation,
    Evidence,
    Extension,
    Pause,
    Recusal,
    Review,
)
from complaints.queries.cases import account_of
from complaints.queries.choices import word_for
from complaints.queries.decisions import Letter, addressee_of, decisions_of, letter_of, said_in
from complaints.queries.reviews import reason_of, reviews_of, words_of
from staff.models import Branch, User

CASE = (
    *("number", "round", "state", "state_at", "branch", "desk", "handler", "grade", "tier", "source", "source_no"),
    *("source_on", "complainant", "authority", "category", "product", "cause", "summary", "same_as", "registered_by"),
    *("registered_at", "received_on", "due_on", "due_days", "internal_days", "internal_due_on", "contact_due_on"),
    *("contacted_on", "answered_on", "closed_on", "quiet_until"),
)
GROUPS = {"category": "categories", "product": "products", "cause": "causes"}
# What the columns that pages never name are called here.
LABELS = {
    "at": _("When"),
    "by": _("By whom"),
    "round": _("Round"),
    "version": pgettext_lazy("decision", "Version"),
    "from_state": _("From state"),
    "to_state": _("To state"),
    "state_at": _("In this state since"),
    "told": _("Who was told"),
    "registered_by": _("Written down by"),
    "registered_at": _("Written down at"),
    "recorded_by": _("Written down by"),
    "made_by": _("Written down by"),
    "made_at": _("Written down at"),
    "added_by": _("Filed by"),
    "added_at": _("Filed at"),
    "removed_by": _("Taken out by"),
    "removed_at": _("Taken out at"),
    "asked_by": _("Asked for by"),
    "asked_at": _("Asked for at"),
    "decided_by": _("Decided by"),
    "decided_at": _("Decided at"),
    "proposed_by": _("Proposed by"),
    "proposed_at": _("Proposed at"),
    "approved_by": _("Approved by"),
    "approved_at": _("Approved at"),
    "ended_by": _("Ended by"),
    "ended_at": _("Ended at"),
}


@dataclass(frozen=True, slots=True)
class Fact:
    """A value of a row: its name in the data, and what people read."""

    name: str
    value: Any
    label: str
    words: str


@dataclass(frozen=True, slots=True)
class Part:
    """A table of the case: its key in the data, its heading, and its rows."""

    key: str
    title: str
    rows: tuple[tuple[Fact, ...], ...]


def parts_of(case: Complaint) -> Iterator[Part]:
    """The case with what was said, then each table of what was done to it, in the language in use."""
    yield Part("case", _t("The case"), (_facts(case, CASE) + _said(case),))
    recused = Recusal.everything.filter(complaint=case)
    yield _part("recusals", _t("Kept away"), recused, ("user", "is_named", "reason", "by", "at"))
    moves = CaseMove.everything.filter(complaint=case)
    yield _part("moves", _t("Moves"), moves, ("move", "from_state", "to_state", "by", "at", "note", "due_on"))
    attempts = ContactAttempt.everything.filter(complaint=case)
    yield _part("attempts", _t("Attempts to reach"), attempts, ("at", "how", "result", "note", "by"))
    pauses = Pause.everything.filter(complaint=case)
    yield _part("pauses", _t("Pauses"), pauses, ("reason", "note", "started_at", "ended_at", "by", "ended_by"))
    extensions = Extension.everything.filter(complaint=case)
    told = ("told_on", "told_how", "proof")
    asked = ("round", "kind", "days", "reason", "state", "asked_by", "asked_at", "decided_by", "decided_at", "comment")
    yield _part("extensions", _t("More time"), extensions, (*asked, *told))
    risen = Escalation.everything.filter(complaint=case)
    yield _part("escalations", _t("Escalations"), risen, ("clock", "round", "rung", "due_on", "at", "told"))
    yield Part("decisions", _t("Decisions"), tuple(_decision(case, row) for row in reversed(decisions_of(case))))
    yield Part("reviews", _t("Reviews"), tuple(_review(case, row) for row in reversed(reviews_of(case))))
    files = Evidence.everything.filter(complaint=case)
    gone = ("removed_by", "removed_at", "remove_reason")
    yield _part("evidence", _t("Evidence"), files, ("name", "kind", "size", "note", "added_by", "added_at", *gone))
    actions = CorrectiveAction.everything.filter(complaint=case)
    done = ("text", "owner", "due_on", "state", "evidence", "made_by", "made_at", "ended_by", "ended_at")
    yield _part("actions", _t("Corrective actions"), actions, done)


def letters_of(case: Complaint, day: date, language: str) -> Iterator[tuple[str, Letter]]:
    """The letter of each decision that went out, named by round and version."""
    name = addressee_of(case)
    for row in decisions_of(case):
        if row.approved_by_id is not None:
            yield f"{row.round}.{row.version}", letter_of(case, row, name=name, language=language, day=day)


def files_of(case: Complaint) -> list[Evidence]:
    """The files of a case that were not taken out, the first added first."""
    return list(Evidence.everything.filter(complaint=case, removed_at=None).order_by("pk"))


def _part(key: str, title: str, rows: Any, names: Sequence[str]) -> Part:
    return Part(key, title, tuple(_facts(row, names) for row in _with_people(rows.order_by("pk"), names)))


def _with_people(rows: Any, names: Sequence[str]) -> Any:
    keys = [name for name in names if rows.model._meta.get_field(name).many_to_one]
    return rows.select_related(*keys) if keys else rows


def _facts(row: Model, names: Sequence[str]) -> tuple[Fact, ...]:
    return tuple(_fact(row, name) for name in names)


def _fact(row: Model, name: str) -> Fact:
    field: Any = row._meta.get_field(name)
    value, label = getattr(row, name), str(LABELS.get(name, field.verbose_name))
    if isinstance(value, User | Branch | Complaint):
        words = _named(value)
        return Fact(name, words, label, words)
    if name == "told":
        people = ", ".join(_named(person) for person in User.objects.filter(pk__in=value).order_by("pk"))
        return Fact(name, people, label, people)
    if name in GROUPS and value:
        return Fact(name, value, label, word_for(GROUPS[name], value))
    if field.choices:
        return Fact(name, value, label, str(getattr(row, f"get_{name}_display")()))
    return Fact(name, value, label, _words(value))


def _named(row: User | Branch | Complaint) -> str:
    if isinstance(row, Complaint):
        return row.number
    return f"{row.name} ({row.staff_no if isinstance(row, User) else row.code})"


def _words(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return _t("Yes") if value else _t("No")
    if isinstance(value, datetime):
        return f"{localtime(value):%Y-%m-%d %H:%M:%S}"
    return str(value)


def _told(named: Mapping[str, tuple[str, str]]) -> tuple[Fact, ...]:
    return tuple(Fact(name, text, label, text) for name, (label, text) in named.items())


def _said(case: Complaint) -> tuple[Fact, ...]:
    said, customer = account_of(case), case.customer
    return _told(
        {
            "customer_no": (_t("Customer number"), customer.customer_no if customer else ""),
            "name": (_t("Name"), said.name or (customer.name if customer else "")),
            "phone": (_t("Phone"), said.phone),
            "address": (_t("Address"), said.address),
            "account": (_t("What happened"), said.account),
            "wanted": (_t("What the complainant wants"), said.wanted),
        }
    )


def _decision(case: Complaint, row: Decision) -> tuple[Fact, ...]:
    said = said_in(row, case)
    ways = ("round", "version", "finding", "remedy", "amount", "proposed_by", "proposed_at", "approved_by")
    out = _facts(row, (*ways, "approved_at", "delivered_on", "delivery", "proof"))
    return out + _told({"facts": (_t("Facts"), said.facts), "words": (_t("Words to the complainant"), said.words)})


def _review(case: Complaint, row: Review) -> tuple[Fact, ...]:
    ways = ("desk", "asked_on", "recorded_by", "reviewer", "due_on", "state", "outcome", "decided_on", "proof")
    asked = (_t("Why it was asked for"), reason_of(row, case))
    return _facts(row, ways) + _told({"reason": asked, "words": (_t("Answer"), words_of(row, case))})
