"""Reads of supervision: who may see what of it, how far scorers agree, and what repeats.

Nobody sees a check about oneself, nor a finding about oneself before it is issued, whatever their role.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from django.db.models import Exists, OuterRef, Q, QuerySet

from core.memo import once_a_request
from staff.access import HEADS, has_role, scope_of
from staff.enums import Reach, Role
from staff.enums.supervision import CheckState, FindingState
from staff.models import Absence, Branch, CheckPlan, Draw, Finding, FindingMove, Score, SpotCheck, User
from staff.queries import policy_on
from staff.rules.supervision import KIND, NUMBERS, STEPS, Agreement, Numbers, agreement, read_numbers

OVERSEERS: Final = (*HEADS, Role.COMPLIANCE)
# Agreement is that of the present scorers: older checks do not count.
LATEST: Final = 1_000
NOTHING: Final = Q(pk__in=[])
# An empty Q would vanish from an "or".
ALL: Final = ~NOTHING


@once_a_request
def numbers_on(day: date) -> Numbers:
    """Days and repeats of supervision in force on a day."""
    return read_numbers(policy_on(KIND, day, NUMBERS).values)


def overseen(user: User, plan: str = "") -> Q:
    """Of plans this person oversees: compliance every plan over its units; heads those that heads of theirs made.

    A head learns nothing of a plan that compliance, or a level above, has for the unit: it may be about the head.
    `plan` is the path to the plan.
    """
    scope = scope_of(user)
    if has_role(user, Role.COMPLIANCE):
        return ALL if scope.reach == Reach.BANK else Q(**{f"{plan}unit__in": sorted(scope.branch_ids)})
    if not has_role(user, *HEADS):
        return NOTHING
    led = Q(**{f"{plan}led_by__in": HEADS})
    return led if scope.reach == Reach.BANK else led & Q(**{f"{plan}desk__in": sorted(scope.branch_ids)})


def plans_for(user: User) -> QuerySet[CheckPlan]:
    """Plans this person oversees, with their units."""
    return CheckPlan.objects.filter(overseen(user)).select_related("unit", "created_by")


def draws_for(user: User) -> QuerySet[Draw]:
    """Draws of plans this person oversees, without the lists they were drawn from."""
    return Draw.objects.filter(overseen(user, "plan__")).select_related("plan", "seeded_by").defer("frozen")


def checks_for(user: User) -> QuerySet[SpotCheck]:
    """Checks this person oversees, scores or settles; never one about oneself."""
    scored = Q(Exists(Score.objects.filter(scorer=user, spot_check=OuterRef("pk"))))
    settled = Q(settled_by=user) | (Q(state=CheckState.DIFFERENT) & Q(Exists(_pool(user))))
    rows = SpotCheck.objects.filter(overseen(user, "draw__plan__") | scored | settled).exclude(person=user)
    return rows.select_related("draw__plan", "branch", "person", "settled_by").defer("draw__frozen")


def checks_to_score(user: User) -> QuerySet[SpotCheck]:
    """Checks that wait for this person's marks."""
    waiting = Score.objects.filter(scorer=user, at=None, spot_check=OuterRef("pk"))
    return checks_for(user).filter(Exists(waiting), state=CheckState.OPEN)


def checks_to_settle(user: User) -> QuerySet[SpotCheck]:
    """Checks whose marks differ and which this person, who scored neither, may settle."""
    mine = Score.objects.filter(scorer=user, spot_check=OuterRef("pk"))
    return checks_for(user).filter(state=CheckState.DIFFERENT).exclude(Exists(mine))


def _pool(user: User) -> QuerySet[CheckPlan]:
    return CheckPlan.objects.filter(scorers=user, pk=OuterRef("draw__plan"))


def scores_for(user: User, check: SpotCheck) -> QuerySet[Score]:
    """Marks of a check: one's own; the other's once both are in."""
    rows = Score.objects.filter(spot_check=check).select_related("scorer").order_by("at", "pk")
    return rows.filter(scorer=user) if check.state == CheckState.OPEN else rows


def findings_for(user: User) -> QuerySet[Finding]:
    """About others: those this person oversees, and issued ones of one's units or to be corrected by oneself.
    About oneself: from the moment it is issued."""
    scope = scope_of(user)
    told = Q(person=user) | Q(owner=user)
    if has_role(user, *HEADS):
        told = ALL if scope.reach == Reach.BANK else told | Q(branch__in=sorted(scope.branch_ids))
    # What was discarded before it was issued never was.
    told &= Q(issued_on__isnull=False)
    rows = Finding.objects.filter(told | (overseen(user, "spot_check__draw__plan__") & ~Q(person=user)))
    return rows.select_related("person", "owner", "branch", "raised_by", "spot_check__draw__plan").defer(
        "spot_check__draw__frozen"
    )


def story_of(finding: Finding) -> QuerySet[FindingMove]:
    """What happened to a finding, the latest first."""
    return FindingMove.objects.filter(finding=finding).select_related("by").order_by("-at", "-pk")


def oversees(user: User, plan: CheckPlan) -> bool:
    """Whether a person oversees a plan."""
    return plans_for(user).filter(pk=plan.pk).exists()


def overdue_on(day: date) -> Q:
    """Not corrected though the day for it is past."""
    return Q(state=FindingState.ISSUED, due_on__lt=day)


def earlier_findings(person: User | int, criterion: str, *, until: date, days: int) -> QuerySet[Finding]:
    """Findings of one kind issued about a person in the `days` days up to a day, the latest first."""
    kept = Finding.objects.exclude(state__in=[FindingState.DRAFT, FindingState.WITHDRAWN])
    since = until - timedelta(days=days)
    return kept.filter(person=person, criterion=criterion, issued_on__gt=since).order_by("-issued_on", "-pk")


def people_with_findings(*, since: date) -> set[int]:
    """Ids of people about whom a finding was issued since a day."""
    kept = Finding.objects.exclude(state__in=[FindingState.DRAFT, FindingState.WITHDRAWN])
    return set(kept.filter(issued_on__gte=since).values_list("person_id", flat=True))


def scorers_for(unit: Branch) -> QuerySet[User]:
    """Who may score records of a unit: compliance and heads of the unit itself and of those above; by number."""
    above = [int(part) for part in unit.path.strip("/").split("/") if part]
    return User.objects.filter(role__in=OVERSEERS, branch_id__in=above, is_active=True).order_by("staff_no")


def gone_scorers(plan: CheckPlan) -> QuerySet[User]:
    """Scorers of a plan who will not score its records again: gone, or moved away from its units."""
    return plan.scorers.exclude(pk__in=scorers_for(plan.unit).values("pk")).order_by("staff_no")


def overseers_of(plan: CheckPlan) -> list[User]:
    """Who to ask about a plan: who made it while they oversee it, else all who do."""
    people = User.objects.filter(is_active=True, role__in=OVERSEERS).select_related("branch").order_by("pk")
    maker = [one for one in people.filter(pk=plan.created_by_id) if oversees(one, plan)]
    return maker or [one for one in people if oversees(one, plan)]


def replaceable(plan: CheckPlan, day: date) -> QuerySet[User]:
    """Scorers of a plan who cannot score its records now: gone, moved away from its units, or absent on the day."""
    able = scorers_for(plan.unit).exclude(pk__in=Absence.objects.on(day).values("user"))
    return plan.scorers.exclude(pk__in=able.values("pk")).order_by("staff_no")


def substitutes_for(plan: CheckPlan) -> QuerySet[User]:
    """Who may score a plan's records and does not yet, with their units."""
    return scorers_for(plan.unit).exclude(pk__in=plan.scorers.values("pk")).select_related("branch")


def owners_for(check: SpotCheck) -> QuerySet[User]:
    """Who may be given the correction: the person, and the heads from the unit up; by name."""
    above = [int(part) for part in check.branch.path.strip("/").split("/") if part]
    heads = Q(role__in=HEADS, branch_id__in=above)
    return User.objects.filter(heads | Q(pk=check.person_id), is_active=True).order_by("name", "pk")


@dataclass(frozen=True, slots=True)
class AgreementLine:
    """How far two scorers agree on one criterion ("" = on all), and how often it was not met in the end."""

    code: str
    agreement: Agreement
    missed: int
    judged: int


def agreement_of(checks: QuerySet[SpotCheck], codes: Iterable[str] = ()) -> list[AgreementLine]:
    """Agreement over the latest checks both have scored: over all criteria first, then by each of `codes`."""
    rows = list(checks.exclude(state=CheckState.OPEN).order_by("-pk").values_list("pk", "outcome")[:LATEST])
    marks: dict[int, list[Mapping[str, str]]] = {pk: [] for pk, _outcome in rows}
    said = Score.objects.filter(spot_check__in=list(marks)).order_by("spot_check", "pk")
    for pk, given in said.values_list("spot_check_id", "marks"):
        marks[pk].append(given)
    pairs = [(code, first[code], second[code]) for first, second in marks.values() for code in first if code in second]
    outcomes = [(code, mark) for _pk, outcome in rows for code, mark in outcome.items()]
    return [_line(code, pairs, outcomes) for code in ("", *codes)]


def _line(code: str, pairs: list[tuple[str, str, str]], outcomes: list[tuple[str, str]]) -> AgreementLine:
    of_code = [(one, other) for name, one, other in pairs if code in ("", name)]
    judged = [mark for name, mark in outcomes if code in ("", name) and mark != "none"]
    return AgreementLine(code, agreement(of_code), judged.count("missed"), len(judged))


def units_to_check(user: User) -> QuerySet[Branch]:
    """Units a person may make plans for: those in their scope, by code."""
    scope = scope_of(user)
    units = Branch.objects.order_by("code")
    if not has_role(user, *OVERSEERS):
        return units.none()
    return units if scope.reach == Reach.BANK else units.filter(pk__in=sorted(scope.branch_ids))


def may_correct(user: User, finding: Finding) -> bool:
    """Its owner, and the heads above who are not the person themselves."""
    if user.pk == finding.owner_id:
        return True
    heads = user.role in HEADS and user.pk != finding.person_id
    return heads and owners_for(finding.spot_check).filter(pk=user.pk).exists()


def may_appeal(user: User, finding: Finding, day: date) -> bool:
    """The person themselves, once, within the days for it."""
    if user.pk != finding.person_id or finding.appealed_at or finding.issued_on is None:
        return False
    return day <= finding.issued_on + timedelta(days=numbers_on(day).appeal_days)


def may_step(user: User, finding: Finding, step: str, day: date) -> bool:
    """Whether a step of a finding is this person's to take now; `finding` is one they may see."""
    if finding.state not in STEPS[step]:
        return False
    if step == "correct":
        return may_correct(user, finding)
    if step == "appeal":
        return may_appeal(user, finding, day)
    if step == "comment":
        return True
    if user.pk == finding.person_id or not oversees(user, finding.spot_check.draw.plan):
        return False
    waits = finding.appealed_at is not None and finding.answered_at is None
    spared = {"recheck": finding.corrected_by_id, "answer": finding.raised_by_id if waits else user.pk}
    return spared.get(step) != user.pk
