"""Every write of a report people keep: its definition, whom it is shared with, who gets it when."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from core import trail
from core.errors import DomainError
from insights.enums import ReportSchedule
from insights.models import Report, ReportRecipient
from insights.rules.reports import Definition, fault_of
from insights.services.reporting import READERS, SUBJECT
from staff.access import HEADS, has_role, scope_of
from staff.enums import Reach
from staff.models import User

MOST_RECIPIENTS: Final = 50


class ReportRefused(DomainError):
    """The choices make no table; `code` of the fault is in `rules.reports.fault_of`."""

    code = "report_refused"
    message = _("This makes no table.")


class NameTaken(DomainError):
    """Two reports of one person have different names."""

    code = "report_name_taken"
    message = _("You have a report of this name already.")


class ReportNotYours(DomainError):
    """Only its owner changes a report."""

    code = "report_not_yours"
    message = _("Only its owner may do this. Make a copy of your own.")


class RecipientRefused(DomainError):
    """Files go to colleagues of one's own units who read figures anyway."""

    code = "recipient_refused"
    message = _("%(numbers)s: no colleague of your units who reads reports.")


class TooManyRecipients(DomainError):
    """A report is no newsletter."""

    code = "too_many_recipients"
    message = _("A report has at most %(most)s recipients.")


FAULTS: Final[Mapping[str, Any]] = {
    "broken": _("This cannot be read. Choose again."),
    "no_measures": _("Choose at least one measure, at most ten."),
    "same_twice": _("Rows and columns cannot be by the same."),
    "two_times": _("Only rows or columns can be of days, weeks, months or quarters."),
    "measures_nowhere": _("Several measures need the rows or the columns to be measures."),
    "tiers_not_kept": _(
        "By tier there are figures of the bank, regions and branches for some measures only, and of people their "
        "deposits and customers."
    ),
    "days": _("Choose the first and the last day, at most three years apart."),
}


def refuse_faulty(definition: Definition) -> None:
    """Raises ReportRefused with the reason when a definition makes no table."""
    if fault := fault_of(definition):
        raise ReportRefused(FAULTS[fault])


@transaction.atomic
def save_report(
    *, name: str, definition: Definition, actor: User, at: datetime, report: Report | None = None
) -> Report:
    """Keep a report under a name, or change one's own. Raises ReportRefused, NameTaken, ReportNotYours."""
    refuse_faulty(definition)
    name = name.strip()[:80]
    same = Report.everything.filter(owner=actor, name=name, deleted_at=None)
    if (same.exclude(pk=report.pk) if report else same).exists():
        raise NameTaken()
    if report is None:
        made = Report.everything.create(
            owner=actor, name=name, definition=definition.facts, created_at=at, updated_at=at
        )
        _record(made, "create", actor, at, {"name": name, **definition.facts})
        return made
    mine, before = _mine(report, actor), report.definition
    mine.name, mine.definition, mine.updated_at = name, definition.facts, at
    mine.save(update_fields=["name", "definition", "updated_at"])
    facts = definition.facts
    _record(
        mine,
        "change",
        actor,
        at,
        {key: [before.get(key), facts[key]] for key in facts if before.get(key) != facts[key]},
    )
    return mine


@transaction.atomic
def copy_report(*, report: Report, name: str, actor: User, at: datetime) -> Report:
    """A report of one's own with the same definition, neither shared nor sent to anybody."""
    taken = set(Report.everything.filter(owner=actor, deleted_at=None).values_list("name", flat=True))
    wanted, turn = name.strip()[:70], 2
    while name in taken:
        name, turn = f"{wanted} {turn}", turn + 1
    made = Report.everything.create(
        owner=actor, name=name[:80], definition=report.definition, created_at=at, updated_at=at
    )
    _record(made, "create", actor, at, {"name": made.name, "copy_of": report.pk})
    return made


@transaction.atomic
def share_report(*, report: Report, shared: bool, actor: User, at: datetime) -> Report:
    """Let everybody of one's unit open it, or nobody any more. Raises ReportNotYours."""
    mine = _mine(report, actor)
    mine.branch_id = actor.branch_id if shared else None
    mine.save(update_fields=["branch"])
    _record(mine, "share" if shared else "unshare", actor, at, {})
    return mine


@transaction.atomic
def delete_report(*, report: Report, actor: User, at: datetime) -> Report:
    """Put a report away with its schedule; it can be taken back for 30 days. Raises ReportNotYours."""
    mine = _mine(report, actor)
    mine.deleted_at = at
    mine.save(update_fields=["deleted_at"])
    _record(mine, "delete", actor, at, {"name": mine.name})
    return mine


@transaction.atomic
def restore_report(*, report: Report, actor: User, at: datetime) -> Report:
    """Take a deletion back. Raises ReportNotYours, NameTaken."""
    mine = _mine(report, actor, deleted=True)
    if Report.everything.filter(owner=actor, name=mine.name, deleted_at=None).exists():
        raise NameTaken()
    mine.deleted_at = None
    mine.save(update_fields=["deleted_at"])
    _record(mine, "restore", actor, at, {"name": mine.name})
    return mine


@transaction.atomic
def schedule_report(
    *, report: Report, schedule: str, day: int, file_format: str, staff_nos: Iterable[str], actor: User, at: datetime
) -> Report:
    """Say when it is made and who gets it: people of one's own units who read figures; each sees their own.

    Raises ReportNotYours, RecipientRefused, TooManyRecipients.
    """
    mine, wanted = _mine(report, actor), list(dict.fromkeys(staff_nos))
    if len(wanted) > MOST_RECIPIENTS:
        raise TooManyRecipients(most=MOST_RECIPIENTS)
    people = {person.staff_no: person for person in _offered(actor).filter(staff_no__in=wanted)}
    if unknown := [number for number in wanted if number not in people]:
        raise RecipientRefused(numbers=", ".join(unknown))
    mine.schedule, mine.day, mine.file_format = schedule, day, file_format
    mine.save(update_fields=["schedule", "day", "file_format"])
    ReportRecipient.objects.filter(report=mine).exclude(user__in=people.values()).delete()
    for person in people.values():
        ReportRecipient.objects.update_or_create(report=mine, user=person, defaults={"branch_id": person.branch_id})
    what = {"schedule": str(ReportSchedule(schedule)), "day": day, "recipients": sorted(people)}
    _record(mine, "schedule", actor, at, what)
    return mine


def _offered(actor: User) -> Any:
    """Whom somebody may send a report: for heads the people of their units, for others those of their own."""
    people = User.objects.filter(is_active=True, role__in=READERS)
    scope = scope_of(actor)
    if not has_role(actor, *HEADS):
        return people.filter(branch_id=actor.branch_id)
    return people if scope.reach == Reach.BANK else people.filter(branch_id__in=sorted(scope.branch_ids))


def _mine(report: Report, actor: User, *, deleted: bool = False) -> Report:
    rows = Report.everything.select_for_update().filter(pk=report.pk, owner=actor, deleted_at__isnull=not deleted)
    found = rows.first()
    if found is None:
        raise ReportNotYours()
    return found


def _record(report: Report, action: str, actor: User, at: datetime, changes: Mapping[str, Any]) -> None:
    trail.record(actor=actor.actor, action=action, subject=SUBJECT, subject_id=report.pk, at=at, changes=dict(changes))
