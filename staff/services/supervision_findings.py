"""Every write of findings: raised, issued, commented on, appealed, corrected, checked again, taken upwards."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from core import trail
from core.calendar import bank_calendar
from core.clock import SHANGHAI
from core.errors import DomainError
from core.trail import Actor
from staff.enums import Event, Role
from staff.enums.supervision import CheckState, FindingState, FindingStep, Grade, Mark, Upward
from staff.models import Finding, FindingMove, SpotCheck, User
from staff.queries import heads_near
from staff.queries import supervision as queries
from staff.rules import supervision as rules
from staff.services.notices import Told, notify, notify_rows, settle

SUBJECT = "staff.finding"
MIN_WORDS = 2
WORDS = 500


class NothingMissed(DomainError):
    """Findings are raised of what was settled as not met."""

    code = "nothing_missed"
    message = _("A finding is raised of a criterion that was settled as not met.")


class FoundAlready(DomainError):
    """One criterion of one check is one finding."""

    code = "found_already"
    message = _("A finding of this criterion was raised already.")


class FindingNotYours(DomainError):
    """Another person takes this step."""

    code = "finding_not_yours"
    message = _("This step is another person's.")


class FindingMoved(DomainError):
    """Somebody was quicker, or it is not yet time."""

    code = "finding_moved"
    message = _("This is not possible at this point. Load the page again.")


class OwnerNotPossible(DomainError):
    """Somebody who has nothing to do with the unit."""

    code = "finding_owner"
    message = _("%(name)s cannot be given this correction.")


class FindingDayPast(DomainError):
    """Nobody is given something for a day that is over."""

    code = "finding_day"
    message = _("The correction can be due today at the earliest.")


class FindingWords(DomainError):
    """What, how or why must be said."""

    code = "finding_words"
    message = _("Write at least %(least)s characters.")


class AppealTooLate(DomainError):
    """Appeals have their days."""

    code = "appeal_late"
    message = _("A finding can be appealed within %(days)s days after it was issued, once.")


class AccountNeeded(DomainError):
    """What is serious is not closed without saying who answers for it."""

    code = "account_needed"
    message = _("A serious finding is closed only after it was written down who answers for it and how.")


@dataclass(frozen=True, slots=True)
class FindingFacts:
    """What was found, how grave, and who puts it right until when."""

    criterion: str
    grade: int
    text: str
    owner: User
    due_on: date


@transaction.atomic
def raise_finding(*, check: SpotCheck, facts: FindingFacts, actor: User, at: datetime) -> Finding:
    """Draw a finding up; until it is issued the person knows nothing of it.

    Raises FindingNotYours, NothingMissed, FoundAlready, OwnerNotPossible, FindingDayPast, FindingWords.
    """
    rows = SpotCheck.objects.select_for_update(of=("self",)).select_related("draw__plan", "branch")
    check = rows.defer("draw__frozen").get(pk=check.pk)
    if actor.pk == check.person_id or not queries.oversees(actor, check.draw.plan):
        raise FindingNotYours()
    if check.state != CheckState.DONE or check.outcome.get(facts.criterion) != Mark.MISSED:
        raise NothingMissed()
    standing = Finding.objects.exclude(state=FindingState.WITHDRAWN)
    if standing.filter(spot_check=check, criterion=facts.criterion).exists():
        raise FoundAlready()
    if not queries.owners_for(check).filter(pk=facts.owner.pk).exists():
        raise OwnerNotPossible(name=facts.owner.name)
    if facts.due_on < _day(at):
        raise FindingDayPast()
    finding = Finding.objects.create(
        spot_check=check,
        person_id=check.person_id,
        branch_id=check.branch_id,
        area=check.draw.plan.area,
        criterion=facts.criterion,
        first_grade=facts.grade,
        grade=facts.grade,
        text=_words(facts.text),
        owner=facts.owner,
        due_on=facts.due_on,
        raised_by=actor,
        raised_at=at,
    )
    _step(finding, FindingStep.RAISED, actor, at, finding.text, grade=facts.grade)
    _record(finding, "raise_finding", actor.actor, at, {"grade": facts.grade, "owner": facts.owner.staff_no})
    return finding


@transaction.atomic
def issue_finding(*, finding: Finding, actor: User, at: datetime) -> Finding:
    """Let the person know. A repeat of the kind raises the grade and shortens the time. Raises FindingNotYours,
    FindingMoved."""
    finding, day = _overseen(finding, "issue", actor), _day(at)
    numbers = queries.numbers_on(day)
    earlier = queries.earlier_findings(
        finding.person_id, finding.criterion, until=day, days=numbers.repeat_days
    ).count()
    finding.grade = rules.raised(finding.first_grade, earlier)
    if finding.grade > finding.first_grade:
        finding.due_on = min(finding.due_on, bank_calendar().add_workdays(day, numbers.due_days[finding.grade]))
    finding.due_on = max(finding.due_on, day)
    finding.state, finding.issued_on = FindingState.ISSUED, day
    finding.save(update_fields=["grade", "due_on", "state", "issued_on"])
    _step(finding, FindingStep.ISSUED, actor, at, grade=finding.grade)
    changes = {"grade": [finding.first_grade, finding.grade], "earlier": earlier}
    _record(finding, "issue", actor.actor, at, changes)
    _tell({finding.person_id, finding.owner_id}, Event.FINDING_ISSUED, finding, "issued", at)
    return finding


@transaction.atomic
def discard_finding(*, finding: Finding, actor: User, at: datetime) -> Finding:
    """Take a finding back that was never issued. Raises FindingNotYours, FindingMoved."""
    finding = _overseen(finding, "discard", actor)
    finding.state = FindingState.WITHDRAWN
    finding.save(update_fields=["state"])
    _step(finding, FindingStep.WITHDRAWN, actor, at)
    _record(finding, "discard", actor.actor, at, {})
    return finding


@transaction.atomic
def comment_finding(*, finding: Finding, words: str, actor: User, at: datetime) -> Finding:
    """Say something to it: the person, its owner, those who oversee it. Raises FindingMoved, FindingWords."""
    finding = _locked(finding, "comment")
    _step(finding, FindingStep.COMMENT, actor, at, _words(words))
    _record(finding, "comment", actor.actor, at, {"length": len(words.strip())})
    return finding


@transaction.atomic
def appeal_finding(*, finding: Finding, words: str, actor: User, at: datetime) -> Finding:
    """The person disagrees; somebody who did not raise it answers. Raises FindingNotYours, AppealTooLate,
    FindingMoved, FindingWords."""
    finding = _locked(finding, "appeal")
    if actor.pk != finding.person_id:
        raise FindingNotYours()
    days = queries.numbers_on(_day(at)).appeal_days
    issued = finding.issued_on
    if finding.appealed_at or issued is None or _day(at) > issued + timedelta(days=days):
        raise AppealTooLate(days=days)
    finding.appealed_at = at
    finding.save(update_fields=["appealed_at"])
    _step(finding, FindingStep.APPEAL, actor, at, _words(words))
    _record(finding, "appeal", actor.actor, at, {})
    _tell(_judges(finding), Event.FINDING_STEP, finding, "appeal", at)
    return finding


@transaction.atomic
def answer_appeal(*, finding: Finding, stands: bool, words: str, actor: User, at: datetime) -> Finding:
    """Answer an appeal: the finding stands, or is taken back. Raises FindingNotYours, FindingMoved, FindingWords."""
    finding = _overseen(finding, "answer", actor)
    if finding.appealed_at is None or finding.answered_at is not None:
        raise FindingMoved()
    if actor.pk == finding.raised_by_id:
        raise FindingNotYours()
    finding.answered_at = at
    if not stands:
        finding.state, finding.closed_at = FindingState.WITHDRAWN, at
    finding.save(update_fields=["answered_at", "state", "closed_at"])
    _step(finding, FindingStep.UPHELD if stands else FindingStep.WITHDRAWN, actor, at, _words(words))
    _record(finding, "answer_appeal", actor.actor, at, {"stands": stands})
    _tell({finding.person_id, finding.owner_id}, Event.FINDING_STEP, finding, "upheld" if stands else "withdrawn", at)
    return finding


@transaction.atomic
def correct_finding(*, finding: Finding, correction: str, evidence: str, actor: User, at: datetime) -> Finding:
    """Say what was put right and by what that shows: its owner, or a head above. Raises FindingNotYours,
    FindingMoved, FindingWords."""
    finding = _locked(finding, "correct")
    if not queries.may_correct(actor, finding):
        raise FindingNotYours()
    finding.correction, finding.evidence = _words(correction), _words(evidence)
    finding.state, finding.corrected_by = FindingState.CORRECTED, actor
    finding.save(update_fields=["correction", "evidence", "state", "corrected_by"])
    _step(finding, FindingStep.CORRECTED, actor, at, finding.correction)
    _record(finding, "correct", actor.actor, at, {})
    settle(user_id=finding.owner_id, url=finding.get_absolute_url(), at=at)
    _tell(_judges(finding) | {finding.raised_by_id}, Event.FINDING_STEP, finding, "corrected", at, but=actor)
    return finding


@transaction.atomic
def recheck_finding(
    *, finding: Finding, passed: bool, words: str, due_on: date | None, actor: User, at: datetime
) -> Finding:
    """Look again, as another person than who corrected it; what did not pass is due anew on `due_on`.

    Raises FindingNotYours, FindingMoved, AccountNeeded, FindingDayPast, FindingWords.
    """
    finding = _overseen(finding, "recheck", actor)
    if actor.pk == finding.corrected_by_id:
        raise FindingNotYours()
    if passed and finding.grade == Grade.SERIOUS and not finding.account:
        raise AccountNeeded()
    finding.rechecked_by = actor
    if passed:
        finding.state, finding.closed_at = FindingState.CLOSED, at
    elif due_on is None or due_on < _day(at):
        raise FindingDayPast()
    else:
        finding.state, finding.due_on, finding.level = FindingState.ISSUED, due_on, Upward.NOBODY
    finding.save(update_fields=["rechecked_by", "state", "closed_at", "due_on", "level"])
    _step(finding, FindingStep.PASSED if passed else FindingStep.FAILED, actor, at, _words(words))
    _record(finding, "recheck", actor.actor, at, {"passed": passed})
    told = "passed" if passed else "failed"
    _tell({finding.person_id, finding.owner_id}, Event.FINDING_STEP, finding, told, at, but=actor)
    return finding


@transaction.atomic
def hold_to_account(*, finding: Finding, words: str, actor: User, at: datetime) -> Finding:
    """Write down who answers for it and how. Raises FindingNotYours, FindingMoved, FindingWords."""
    finding = _overseen(finding, "account", actor)
    before, finding.account = finding.account, _words(words)
    finding.save(update_fields=["account"])
    _step(finding, FindingStep.ACCOUNT, actor, at, finding.account)
    _record(finding, "hold_to_account", actor.actor, at, {"account": [len(before), len(finding.account)]})
    return finding


@transaction.atomic
def escalate(*, business_day: date, actor: Actor, at: datetime) -> int:
    """Tell upwards of what is overdue after the business day, each rung once; returns how many findings went up."""
    late_days = queries.numbers_on(business_day).late_days
    rows = Finding.objects.select_for_update(of=("self",)).filter(queries.overdue_on(business_day))
    late, told, moves = [], [], []
    for finding in rows.select_related("branch", "person").order_by("pk"):
        before, finding.level = finding.level, rules.rung_on(business_day, finding.due_on, late_days)
        if finding.level <= before:
            continue
        late.append(finding)
        for rung in range(before + 1, finding.level + 1):
            words = str(Upward(rung).name)
            moves.append(FindingMove(finding=finding, step=FindingStep.ESCALATED, at=at, words=words))
            told += list(_told_late(finding, Upward(rung)))
    Finding.objects.bulk_update(late, ["level"])
    FindingMove.objects.bulk_create(moves)
    notify_rows(event=Event.FINDING_LATE, rows=told, at=at)
    if late:
        trail.record(actor=actor, action="escalate_finding", subject=SUBJECT, at=at, changes={"rows": len(late)})
    return len(late)


def _told_late(finding: Finding, rung: Upward) -> Iterable[Told]:
    what = {"number": finding.pk, "day": finding.due_on.isoformat()}
    people = set(_rung(finding, rung).values_list("pk", flat=True)) - {finding.person_id}
    if rung == Upward.HEAD:
        people.add(finding.owner_id)
    for pk in sorted(people):
        yield Told(pk, f"finding {finding.pk} late {finding.due_on} {rung.value}", finding.get_absolute_url(), what)


def _rung(finding: Finding, rung: Upward) -> Any:
    if rung == Upward.HEAD:
        return heads_near(finding.branch, but=finding.person_id)
    role = Role.HEAD_OFFICE if rung == Upward.HEAD_OFFICE else Role.COMPLIANCE
    return User.objects.filter(role=role, branch__parent=None, is_active=True)


def _judges(finding: Finding) -> set[int]:
    """Who oversees it beside the one who raised it: the other scorers of its plan."""
    pool = set(finding.spot_check.draw.plan.scorers.values_list("pk", flat=True))
    return pool - {finding.raised_by_id, finding.person_id}


def _locked(finding: Finding, step: str) -> Finding:
    named = ("spot_check__draw__plan", "spot_check__branch", "person", "owner")
    rows = Finding.objects.select_for_update(of=("self",)).select_related(*named)
    locked = rows.defer("spot_check__draw__frozen").get(pk=finding.pk)
    if locked.state not in rules.STEPS[step]:
        raise FindingMoved()
    return locked


def _overseen(finding: Finding, step: str, actor: User) -> Finding:
    locked = _locked(finding, step)
    if actor.pk == locked.person_id or not queries.oversees(actor, locked.spot_check.draw.plan):
        raise FindingNotYours()
    return locked


def _words(words: str) -> str:
    said = words.strip()[:WORDS]
    if len(said) < MIN_WORDS:
        raise FindingWords(least=MIN_WORDS)
    return said


def _day(at: datetime) -> date:
    return at.astimezone(SHANGHAI).date()


def _step(
    finding: Finding, step: FindingStep, actor: User, at: datetime, words: str = "", *, grade: int | None = None
) -> None:
    FindingMove.objects.create(finding=finding, step=step, by=actor, at=at, words=words, grade=grade)


def _tell(
    people: Iterable[int], event: Event, finding: Finding, step: str, at: datetime, *, but: User | None = None
) -> None:
    what = {"number": finding.pk, "day": finding.due_on.isoformat(), "step": step}
    wanted = {pk for pk in people if but is None or pk != but.pk}
    once, url = f"finding {finding.pk} {step} {at.isoformat()}", finding.get_absolute_url()
    notify(users=wanted, event=event, once=once, at=at, url=url, params=what)


def _record(finding: Finding, action: str, actor: Actor, at: datetime, changes: Mapping[str, Any]) -> None:
    """Words of findings name people: the trail keeps that they were said. Before it is issued, not for the person."""
    kept = {} if finding.issued_on else {"kept_from": [finding.person_id]}
    trail.record(actor=actor, action=action, subject=SUBJECT, subject_id=finding.pk, at=at, changes={**kept, **changes})
