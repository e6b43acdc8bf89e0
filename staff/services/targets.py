"""Targets of people, teams and units: proposed by a head, decided by the unit above, changed by a later version."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from core import trail
from core.clock import SHANGHAI
from core.errors import DomainError
from core.jobs import Counts
from core.money import yuan
from core.trail import Actor
from staff.access import BOOK_KEEPERS
from staff.enums import Event
from staff.enums.targets import TargetMeasure, TargetOf, TargetPeriod, TargetState
from staff.models import Branch, Target, Team, User
from staff.queries.targets import (
    APPROVAL_KIND,
    beside,
    deciders_of,
    handed_down,
    may_decide_target,
    pending_target_approval,
    target_digest,
    versions_of,
)
from staff.queries.teams import may_keep
from staff.rules.targets import FORBIDDEN, PERMITTED, Forbidden, period_of, raises_handed_down
from staff.services.approvals import StaleApproval, decide_approval, request_approval, withdraw_approval
from staff.services.notices import notify, notify_asker, notify_deciders
from staff.services.teams import end_strangers

SUBJECT = "staff.target"
LOCK_CLASS = 0x746172  # "tar"


class PointInTimeTarget(DomainError):
    """Deposits of a day invite window-dressing (domain.md 2)."""

    code = "target_point_in_time"
    message = _(
        "“%(measure)s” cannot be a target: a size on one day invites raising it for that day alone. The regulators"
        " forbid targets on deposits at a point in time (notice on month-end deviation of deposits, 2018; Commercial"
        " Bank Law, Articles 47 and 74). Use the growth of the average daily balance."
    )


class RankTarget(DomainError):
    """No ranks, shares or comparisons (domain.md 2)."""

    code = "target_rank"
    message = _(
        "“%(measure)s” cannot be a target: the regulators forbid deposit targets on market share, rank or comparison"
        " with others (notice on month-end deviation of deposits, 2018; Commercial Bank Law, Articles 47 and 74). Use"
        " the growth of the average daily balance."
    )


class UnknownMeasure(DomainError):
    """Nothing is measured under this name."""

    code = "target_measure"
    message = _("There is no such measure.")


class WrongPeriod(DomainError):
    """Some measures exist for one kind of period only."""

    code = "target_period"
    message = _("“%(measure)s” is measured by %(period)s: its customers are fixed when the period opens.")


class PeriodOver(DomainError):
    """Nobody is given a target for days that are past."""

    code = "target_over"
    message = _("The period ended on %(day)s; choose a later one.")


class AimOutOfRange(DomainError):
    """The aim makes no sense for its measure."""

    code = "target_aim"
    message = _("The aim lies between %(least)s and %(most)s.")


class HandedDownRaised(DomainError):
    """Lower units do not raise what was handed down (domain.md 2)."""

    code = "target_raised"
    message = _(
        "%(unit)s was handed down %(handed)s for these days. Units below may not ask more of their people or units than"
        " that: with what is asked already it would be %(asked)s. The unit above changes its own target first."
    )


class TargetExists(DomainError):
    """The same target is in force or waits already."""

    code = "target_exists"
    message = _("There is a target on this for the same days already; adjust that one.")


class NotYourUnit(DomainError):
    """Heads set targets in their own units."""

    code = "target_not_yours"
    message = _("You set targets in your own units, for people who keep a book there.")


class NotAdjustable(DomainError):
    """Only what is in force is adjusted."""

    code = "target_not_adjustable"
    message = _("Only a target in force can be adjusted.")


class NotYoursToDecide(DomainError):
    """The unit above decides."""

    code = "target_not_decider"
    message = _("Targets are approved by the unit above the one that asks, never by who asked or whom they are for.")


@dataclass(frozen=True, slots=True)
class Aim:
    """What a target asks for: of a unit, or of a team or person in it; `day` is any day of its period."""

    branch: Branch
    measure: str
    period: str
    day: date
    aim: Decimal
    note: str
    team: Team | None = None
    person: User | None = None

    @property
    def of(self) -> TargetOf:
        """Whose it is."""
        return TargetOf.PERSON if self.person else TargetOf.TEAM if self.team else TargetOf.UNIT


@transaction.atomic
def propose_target(*, wanted: Aim, actor: User, at: datetime, replaces: Target | None = None) -> Target:
    """Ask the unit above for a target, or for a later version of one.

    Raises NotYourUnit, UnknownMeasure, PointInTimeTarget, RankTarget, WrongPeriod, PeriodOver, AimOutOfRange,
    TargetExists, HandedDownRaised.
    """
    _check_measure(wanted.measure)
    _check_whose(wanted, actor)
    starts_on, ends_on = _days(wanted, at)
    target = Target(
        of=wanted.of,
        branch=wanted.branch,
        team=wanted.team,
        person=wanted.person,
        measure=wanted.measure,
        period=wanted.period,
        starts_on=starts_on,
        ends_on=ends_on,
        aim=yuan(wanted.aim),
        note=wanted.note.strip(),
        version=replaces.version + 1 if replaces else 1,
        replaces=replaces,
        drafted_by=actor,
        drafted_at=at,
    )
    _one_at_a_time(target)
    _check_aim(target)
    _check_only_one(target)
    _check_handed_down(target)
    target.save()
    target.approval = request_approval(
        kind=APPROVAL_KIND,
        subject_id=target.pk,
        digest=target_digest(target),
        summary=str(target),
        requested_by=actor,
        at=at,
        details=_facts(target),
    )
    target.save(update_fields=["approval"])
    _record(target, "create", actor, at)
    notify_deciders(approval=target.approval, deciders=deciders_of(target), url=target.get_absolute_url(), at=at)
    return target


@transaction.atomic
def adjust_target(*, target: Target, aim: Decimal, note: str, actor: User, at: datetime) -> Target:
    """Ask for another aim on what is in force, with the reason. Raises NotAdjustable and as `propose_target`."""
    target = Target.objects.select_for_update(of=("self",)).select_related("branch", "team", "person").get(pk=target.pk)
    if target.state != TargetState.APPROVED:
        raise NotAdjustable()
    wanted = Aim(
        target.branch,
        target.measure,
        target.period,
        target.starts_on,
        aim,
        note,
        target.team,
        target.person,
    )
    return propose_target(wanted=wanted, actor=actor, at=at, replaces=target)


@transaction.atomic
def decide_target(
    *, target: Target, digest: str, approve: bool, actor: User, at: datetime, comment: str = ""
) -> Target:
    """Approve: in force, in place of the version it replaces; or reject. `digest` is of what was seen.

    Raises NotYoursToDecide, SelfApproval, StaleApproval, PeriodOver, HandedDownRaised.
    """
    target = _locked(target)
    approval = pending_target_approval(target)
    if target.state != TargetState.PENDING or approval is None or digest != target_digest(target):
        raise StaleApproval()
    if not may_decide_target(actor, target):
        raise NotYoursToDecide()
    if approve:
        _one_at_a_time(target)
        _check_over(target.ends_on, at)
        _check_handed_down(target)
    approval = decide_approval(
        approval=approval, digest=digest, approve=approve, decided_by=actor, at=at, comment=comment
    )
    if approve:
        _put_in_force(target, actor, at)
    else:
        target.state = TargetState.REJECTED
        target.save(update_fields=["state"])
    notify_asker(approval=approval, url=target.get_absolute_url(), at=at)
    return target


def _put_in_force(target: Target, actor: User, at: datetime) -> None:
    if target.replaces_id:
        replaced = Target.objects.filter(pk=target.replaces_id, state=TargetState.APPROVED)
        if not replaced.update(state=TargetState.REPLACED):
            raise StaleApproval()
    target.state, target.approved_by, target.approved_at = TargetState.APPROVED, actor, at
    target.save(update_fields=["state", "approved_by", "approved_at"])
    _record(target, "publish", actor, at)
    what = {"first": target.starts_on.isoformat(), "last": target.ends_on.isoformat()}
    once = f"target {target.pk}"
    notify(users=_whom(target), event=Event.TARGET_SET, once=once, at=at, url=target.get_absolute_url(), params=what)


def _whom(target: Target) -> list[int]:
    """Whoever works towards it: the person, or those in the team and its lead."""
    if target.person_id:
        return [target.person_id]
    if target.team is None:
        return []
    members = target.team.members.filter(until=None).values_list("user_id", flat=True)
    return sorted({*members, *([target.team.lead_id] if target.team.lead_id else [])})


@transaction.atomic
def withdraw_target(*, target: Target, actor: User, at: datetime) -> Target:
    """Take one's own request back. Raises StaleApproval."""
    target = _locked(target)
    approval = pending_target_approval(target)
    if target.state != TargetState.PENDING or approval is None:
        raise StaleApproval()
    withdraw_approval(approval=approval, by=actor, at=at)
    target.state = TargetState.WITHDRAWN
    target.save(update_fields=["state"])
    return target


def run(*, business_day: date, actor: Actor, at: datetime) -> Counts:
    """End the targets whose days are past, and memberships of teams of whoever left the unit."""
    with transaction.atomic():
        past = Target.objects.filter(state=TargetState.APPROVED, ends_on__lt=business_day)
        ended, left = past.update(state=TargetState.OVER), end_strangers(business_day=business_day)
    return {"rows": ended + left, "ended": ended, "left": left}


def _locked(target: Target) -> Target:
    rows = Target.objects.select_for_update(of=("self",))
    return rows.select_related("branch", "team", "person", "drafted_by__branch").get(pk=target.pk)


def _check_measure(measure: str) -> None:
    why = FORBIDDEN.get(measure)
    if why is not None:
        label = TargetMeasure(measure).label
        raise PointInTimeTarget(measure=label) if why == Forbidden.POINT_IN_TIME else RankTarget(measure=label)
    if measure not in PERMITTED:
        raise UnknownMeasure()


def _check_whose(wanted: Aim, actor: User) -> None:
    person, team, unit = wanted.person, wanted.team, wanted.branch.pk
    is_here = (person is None or person.branch_id == unit) and (team is None or team.branch_id == unit)
    keeps_book = person is None or (person.is_active and person.role in BOOK_KEEPERS)
    if not (is_here and keeps_book and may_keep(actor, unit)):
        raise NotYourUnit()


def _days(wanted: Aim, at: datetime) -> tuple[date, date]:
    only = PERMITTED[wanted.measure].only
    if only is not None and wanted.period != only:
        raise WrongPeriod(measure=TargetMeasure(wanted.measure).label, period=TargetPeriod(only).label)
    first, last = period_of(wanted.period, wanted.day)
    _check_over(last, at)
    return first, last


def _check_over(last: date, at: datetime) -> None:
    if last < at.astimezone(SHANGHAI).date():
        raise PeriodOver(day=last.isoformat())


def _check_aim(target: Target) -> None:
    aimed = PERMITTED[target.measure]
    if not aimed.least <= target.aim <= aimed.most:
        raise AimOutOfRange(least=f"{aimed.least:,}", most=f"{aimed.most:,}")


def _check_only_one(target: Target) -> None:
    same = versions_of(target)
    if same.filter(state=TargetState.PENDING).exists():
        raise TargetExists()
    if target.replaces_id is None and same.filter(state=TargetState.APPROVED).exists():
        raise TargetExists()


def _check_handed_down(target: Target) -> None:
    handed = handed_down(target)
    if handed is None:
        return
    others = beside(target, handed) if PERMITTED[target.measure].adds_up else Decimal(0)
    if raises_handed_down(target.measure, aim=target.aim, beside=others, handed=handed.aim):
        raise HandedDownRaised(unit=handed.branch.name, handed=f"{handed.aim:,}", asked=f"{target.aim + others:,}")


def _one_at_a_time(target: Target) -> None:
    """Two targets at once on one measure would both fit under what was handed down."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [LOCK_CLASS, target.measure])


def _facts(target: Target) -> dict[str, Any]:
    return {
        "of": target.of,
        "branch": target.branch.code,
        "whose": str(target.person.staff_no if target.person else target.team or target.branch.code),
        "measure": target.measure,
        "first": target.starts_on.isoformat(),
        "last": target.ends_on.isoformat(),
        "aim": f"{target.aim:.2f}",
        "version": target.version,
    }


def _record(target: Target, action: str, actor: User, at: datetime) -> None:
    changes: Mapping[str, Any] = _facts(target)
    trail.record(
        actor=actor.actor,
        action=action,
        subject=SUBJECT,
        subject_id=target.pk,
        at=at,
        changes=changes,
        reason=target.note,
    )
