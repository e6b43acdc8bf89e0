"""Every write of segments by a rule: drawn up, changed, put away and taken out again, kept as a list, counted."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from hashlib import sha256
from json import dumps
from typing import Any, Final

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from campaigns.enums import ExclusionUse, SegmentKind
from campaigns.enums.rule_words import RuleField
from campaigns.models import Segment
from campaigns.queries.campaigns import may_make_for
from campaigns.queries.segment_pages import binding, may_change_segment
from campaigns.queries.segments import Count, count_of, in_sight, source_of, within
from campaigns.rules.segments import Rule, RuleError, check, numbers_asked
from core import trail
from core.errors import DomainError
from core.jobs import Counts, enqueue
from core.models import Job
from staff.access import HEADS, has_role
from staff.models import Branch, User

SUBJECT: Final = "campaigns.segment"
COUNT_JOB: Final = "campaigns.count_segment"
# A list is for customers somebody chose; more than these stay a rule.
MOST: Final = 200_000


class RuleRefused(DomainError):
    """The rule cannot be used; the builder says where."""

    code = "segment_rule"
    message = _("This rule cannot be used: %(fault)s")


class NameTaken(DomainError):
    """One name, one segment of a unit."""

    code = "segment_name"
    message = _("The unit has a segment of this name already.")


class NotYourSegment(DomainError):
    """Its maker and the heads of the unit change it."""

    code = "segment_not_yours"
    message = _("Only its maker and the heads of its unit change this segment.")


class OtherUnit(DomainError):
    """A unit the person draws nothing up for."""

    code = "segment_unit"
    message = _("You cannot draw up a segment for this unit.")


class HeadsDecide(DomainError):
    """What holds for every campaign of a unit is decided by its heads."""

    code = "segment_always"
    message = _("Only heads of the unit leave customers out of every campaign.")


class SegmentInUse(DomainError):
    """What was submitted or approved goes by the rule as it was."""

    code = "segment_in_use"
    message = _("The campaign %(name)s goes by this segment; make a copy and change that.")


class ListTooLong(DomainError):
    """Lists are short; rules are not."""

    code = "segment_too_many"
    message = _("These are more than %(most)s customers: keep them as a rule.")


class UnknownList(DomainError):
    """The rule names a segment that is no list in sight."""

    code = "segment_unknown_list"
    message = _("The rule names a list you do not see, or one that is no list.")


@dataclass(frozen=True, slots=True)
class SegmentFacts:
    """What a segment is: whose customers, by which rule (none for a list), and whether it leaves customers out."""

    name: str
    branch: Branch
    rule: Rule
    of_book: bool = False
    exclusion: str = ExclusionUse.NONE
    note: str = ""


@transaction.atomic
def draft_segment(*, facts: SegmentFacts, actor: User, at: datetime, kind: str = SegmentKind.RULE) -> Segment:
    """Draw a segment up. Raises OtherUnit, HeadsDecide, NameTaken, RuleRefused, UnknownList."""
    _check(facts, actor, kind)
    _check_name(facts)
    segment = Segment.everything.create(**_fields(facts), kind=kind, created_by=actor, created_at=at, changed_at=at)
    _record(segment, "create", actor, at, {"kind": str(kind), "exclusion": str(facts.exclusion)})
    return segment


@transaction.atomic
def change_segment(*, segment: Segment, facts: SegmentFacts, actor: User, at: datetime) -> Segment:
    """Change a segment; whom it means only while no campaign goes by it.

    Raises NotYourSegment, OtherUnit, HeadsDecide, NameTaken, RuleRefused, UnknownList, SegmentInUse.
    """
    segment = _locked(segment, actor)
    _check(facts, actor, segment.kind)
    _check_name(facts, segment.pk)
    before, after = {name: getattr(segment, name) for name in _fields(facts)}, _fields(facts)
    changed = {name: [_plain(before[name]), _plain(value)] for name, value in after.items() if before[name] != value}
    if {"rule", "branch", "of_book"} & set(changed):
        _check_unused(segment)
    for name, value in after.items():
        setattr(segment, name, value)
    segment.changed_at = at
    segment.save(update_fields=[*after, "changed_at"])
    _record(segment, "change", actor, at, changed)
    return segment


@transaction.atomic
def archive_segment(*, segment: Segment, actor: User, at: datetime) -> Segment:
    """Put a segment away: no new campaign takes it. Raises NotYourSegment, SegmentInUse."""
    segment = _locked(segment, actor)
    _check_unused(segment)
    segment.archived_at = segment.archived_at or at
    segment.save(update_fields=["archived_at"])
    _record(segment, "archive", actor, at, {})
    return segment


@transaction.atomic
def restore_segment(*, segment: Segment, actor: User, at: datetime) -> Segment:
    """Take a segment out again. Raises NotYourSegment, NameTaken."""
    segment = _locked(segment, actor)
    if Segment.everything.filter(branch=segment.branch, name=segment.name, archived_at=None).exclude(pk=segment.pk):
        raise NameTaken()
    segment.archived_at = None
    segment.save(update_fields=["archived_at"])
    _record(segment, "restore", actor, at, {})
    return segment


@transaction.atomic
def keep_as_list(*, segment: Segment, name: str, actor: User, at: datetime, day: date) -> Segment:
    """A list of the customers a segment holds on `day`, of those the actor sees: it stays as it is.

    It is of the segment's unit where the actor may draw something up for it, else of their own. Raises OtherUnit,
    NameTaken, ListTooLong.
    """
    is_own = segment.of_book and segment.created_by_id == actor.pk
    branch = segment.branch if may_make_for(actor, segment.branch, of_book=is_own) else actor.branch
    facts = SegmentFacts(name, branch, {}, is_own)
    made = draft_segment(facts=facts, actor=actor, at=at, kind=SegmentKind.LIST)
    source, values = source_of(segment, day=day)
    (sight, seen), (limits, units) = in_sight(actor), within(branch, is_own, actor)
    added = (
        "INSERT INTO campaigns_segmentmember (segment_id, customer_id, added_by_id, added_at) "
        f"SELECT %(list)s, p.customer_id, %(actor)s, %(at)s FROM {source} AND {sight} AND {limits} LIMIT %(most)s"
    )
    places: dict[str, Any] = {"list": made.pk, "actor": actor.pk, "at": at, "most": MOST + 1}
    with connection.cursor() as cursor:
        cursor.execute(added, {**values, **seen, **units, **places})
        number = cursor.rowcount
    if number > MOST:
        raise ListTooLong(most=f"{MOST:,}")
    _record(made, "fill", actor, at, {"from": segment.pk, "rows": number})
    return made


def request_count(*, segment: Segment, viewer: User, day: date, at: datetime) -> Job:
    """The job that counts to the end what a page gave up counting; asked again in ten minutes it is the same one."""
    args = {
        "segment": segment.pk,
        "kind": str(segment.kind),
        "rule": segment.rule,
        "branch": segment.branch_id,
        "of_book": segment.of_book,
        "maker": segment.created_by_id,
        "viewer": viewer.pk,
        "day": day.isoformat(),
    }
    key = sha256(dumps([args, at.strftime("%Y%m%d%H%M")[:-1]], sort_keys=True).encode()).hexdigest()
    return enqueue(name=COUNT_JOB, key=key, actor=viewer.actor, at=at, args=args)


def finish_count(args: Mapping[str, Any]) -> Counts:
    """Count a segment as a job names it, however long it takes."""
    segment = Segment(
        pk=args["segment"],
        kind=args["kind"],
        rule=args["rule"],
        branch=Branch.objects.get(pk=args["branch"]),
        of_book=args["of_book"],
        created_by=User.objects.get(pk=args["maker"]),
    )
    viewer = User.objects.select_related("branch").get(pk=args["viewer"])
    return asdict(count_of(segment, day=date.fromisoformat(args["day"]), viewer=viewer, patience=None))


def counted(job: Job) -> Count | None:
    """What a job counted, once it has."""
    if "number" not in job.counts:
        return None
    tiers, branches = (tuple((int(k), int(n)) for k, n in job.counts[name]) for name in ("tiers", "branches"))
    return Count(job.counts["number"], True, tiers, branches)


def _fields(facts: SegmentFacts) -> dict[str, Any]:
    return {
        "name": facts.name.strip(),
        "branch": facts.branch,
        "of_book": facts.of_book,
        "rule": dict(facts.rule),
        "exclusion": facts.exclusion,
        "note": facts.note.strip(),
    }


def _check(facts: SegmentFacts, actor: User, kind: str) -> None:
    if not may_make_for(actor, facts.branch, of_book=facts.of_book):
        raise OtherUnit()
    if facts.exclusion == ExclusionUse.ALWAYS and not has_role(actor, *HEADS):
        raise HeadsDecide()
    if kind == SegmentKind.LIST:
        return
    try:
        check(facts.rule)
    except RuleError as error:
        raise RuleRefused(fault=error.fault.label) from error
    lists = numbers_asked(facts.rule, RuleField.LIST)
    if Segment.objects.visible_to(actor).filter(pk__in=lists, kind=SegmentKind.LIST).count() < len(lists):
        raise UnknownList()


def _check_name(facts: SegmentFacts, pk: int = 0) -> None:
    rows = Segment.everything.filter(branch=facts.branch, name=facts.name.strip(), archived_at=None)
    if rows.exclude(pk=pk).exists():
        raise NameTaken()


def _check_unused(segment: Segment) -> None:
    if campaign := binding(segment):
        raise SegmentInUse(name=campaign.name)


def _locked(segment: Segment, actor: User) -> Segment:
    found = Segment.everything.select_for_update(of=("self",)).select_related("branch", "created_by")
    segment = found.get(pk=segment.pk)
    if not may_change_segment(actor, segment):
        raise NotYourSegment()
    return segment


def _plain(value: Any) -> Any:
    return value.code if isinstance(value, Branch) else value


def _record(segment: Segment, action: str, actor: User, at: datetime, changes: Mapping[str, Any]) -> None:
    trail.record(actor=actor.actor, action=action, subject=SUBJECT, subject_id=segment.pk, at=at, changes=changes)
