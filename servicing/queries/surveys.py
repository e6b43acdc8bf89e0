"""Reads of surveys: waves in sight, what became of their links, and what the answers amount to."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings
from django.db.models import Count, Q, QuerySet

from core.memo import once_a_request
from customers.enums import AlertKind
from customers.models import CustomerAlert
from servicing.enums import InvitationState, SurveyChannel, WaveState
from servicing.models import Invitation, SurveyAnswer, SurveyAnswerQuerySet, Wave
from servicing.models.voice import WaveQuerySet
from servicing.queries.contacts import units_of
from servicing.rules.surveys import (
    BUILT_IN,
    Recommendation,
    SurveyRules,
    average_marks,
    digest_of,
    is_token,
    read_surveys,
    recommendation,
)
from staff.access import HEADS, has_role, scope_of
from staff.enums import Reach
from staff.models import Branch, User
from staff.queries import policy_on

KIND = "surveys"
# A link may be answered although nobody knows whether it arrived: then it did.
ANSWERABLE = (InvitationState.SENDING, InvitationState.SENT, InvitationState.UNKNOWN)
# Whoever is not to be spoken to, or mourns, is not asked how it was.
QUIET_ALERTS = (AlertKind.DO_NOT_CONTACT, AlertKind.BEREAVEMENT)


@dataclass(frozen=True, slots=True)
class BranchResult:
    """What customers of one unit said: their recommendation, links sent and links used."""

    branch: Branch
    result: Recommendation
    sent: int
    used: int


@dataclass(frozen=True, slots=True)
class WaveResults:
    """What a wave came to, as far as the viewer's units go; branches by code, as small differences rank nobody."""

    total: Recommendation
    by_channel: list[tuple[str, Recommendation]]
    by_branch: list[BranchResult]
    marks: list[tuple[str, float, int]]
    states: dict[str, int]
    used: int
    sent: int

    @property
    def response(self) -> float | None:
        """Of the links that left the share that was answered, in %; None before one left."""
        return round(self.used * 100 / self.sent, 1) if self.sent else None


@once_a_request
def survey_rules(day: date) -> SurveyRules:
    """The rules of surveys in force on `day`."""
    return read_surveys(policy_on(KIND, day, BUILT_IN).values)


def rules_of(wave: Wave, day: date) -> SurveyRules:
    """The rules with the words a running wave began with; a draft has the present ones."""
    found = policy_on(KIND, day, BUILT_IN).values
    return read_surveys({**found, **wave.questions})


@once_a_request
def bank_name() -> str:
    """What the bank calls itself before customers: the setting, else the name of its head office."""
    root = Branch.objects.filter(parent=None).order_by("pk").values_list("name", flat=True)
    return settings.BANK_NAME or root.first() or ""


def waves_of(viewer: User) -> WaveQuerySet:
    """The waves this person may see, with their unit."""
    return Wave.objects.visible_to(viewer).select_related("branch", "created_by")


def may_run(user: User, wave: Wave) -> bool:
    """True for the heads above the wave's unit."""
    scope = scope_of(user)
    return has_role(user, *HEADS) and (scope.reach == Reach.BANK or wave.branch_id in scope.branch_ids)


def sees_all_of(user: User, wave: Wave) -> bool:
    """Whether the wave's whole unit is in the person's scope."""
    scope = scope_of(user)
    return scope.reach == Reach.BANK or wave.branch_id in scope.branch_ids


def wave_branches(wave: Wave) -> list[int]:
    """The ids of the units a wave asks customers of."""
    return list(Branch.objects.below(wave.branch).values_list("pk", flat=True))


def kiosk_wave(branch: Branch) -> Wave | None:
    """The running wave that takes answers at a unit's kiosk: the one of the nearest unit, the latest of several."""
    above = [int(part) for part in branch.path.strip("/").split("/") if part]
    running = Wave.everything.filter(
        state=WaveState.RUNNING, branch_id__in=above, channels__contains=[SurveyChannel.KIOSK]
    )
    found = running.select_related("branch")
    return max(found, key=lambda wave: (len(wave.branch.path), wave.pk), default=None)


def answerable(at: datetime) -> QuerySet[Invitation]:
    """Invitations whose link works at that moment."""
    rows = Invitation.everything.filter(wave__state=WaveState.RUNNING, used_at=None, expires_at__gt=at)
    return rows.filter(state__in=ANSWERABLE)


def invitation_by(token: str, at: datetime) -> Invitation | None:
    """The invitation a working link belongs to; None for one that never was, was used, or is over alike."""
    if not is_token(token):
        return None
    return answerable(at).select_related("wave").filter(digest=digest_of(token)).first()


def is_quiet(customer_id: int, day: date) -> bool:
    """Whether an alert says that the customer is not to be asked."""
    return CustomerAlert.objects.active_on(day).filter(customer_id=customer_id, kind__in=QUIET_ALERTS).exists()


def answers_of(viewer: User, wave: Wave) -> SurveyAnswerQuerySet:
    """Answers of a wave about units in the viewer's scope."""
    return SurveyAnswer.objects.visible_to(viewer).filter(wave=wave).select_related("branch", "feedback")


def results_of(wave: Wave, viewer: User, day: date) -> WaveResults:
    """What a wave came to, in five queries whatever its size."""
    rules, mine = rules_of(wave, day), units_of(viewer)
    rows = list(answers_of(viewer, wave).order_by().values_list("branch", "channel", "score").annotate(n=Count("pk")))
    links = Invitation.everything.filter(wave=wave, branch__in=mine).exclude(channel=SurveyChannel.KIOSK)
    went = Q(state__in=[InvitationState.SENT, InvitationState.UNKNOWN])
    counted = links.order_by().values_list("branch", "state")
    states = list(counted.annotate(sent=Count("pk", filter=went), used=Count("used_at"), n=Count("pk")))
    by_state: dict[str, int] = {}
    for _branch, state, _sent, _used, n in states:
        by_state[state] = by_state.get(state, 0) + n

    def result(place: int, key: object) -> Recommendation:
        return recommendation(_scores(rows, place, key), small=rules.small_sample)

    units = {row[0] for row in rows} | {row[0] for row in states}
    branches = Branch.objects.filter(pk__in=units).order_by("code")
    return WaveResults(
        total=recommendation(_scores(rows, 0, None), small=rules.small_sample),
        by_channel=[(channel, result(1, channel)) for channel in SurveyChannel if any(r[1] == channel for r in rows)],
        by_branch=[
            BranchResult(
                branch,
                result(0, branch.pk),
                sum(row[2] for row in states if row[0] == branch.pk),
                sum(row[3] for row in states if row[0] == branch.pk),
            )
            for branch in branches
        ],
        marks=_marks(wave, viewer, rules),
        states=by_state,
        used=sum(row[3] for row in states),
        sent=sum(row[2] for row in states),
    )


def _scores(rows: list[tuple[int, str, int, int]], place: int, key: object) -> Mapping[int, int]:
    found: dict[int, int] = {}
    for row in rows:
        if key is None or row[place] == key:
            found[row[2]] = found.get(row[2], 0) + row[3]
    return found


def _marks(wave: Wave, viewer: User, rules: SurveyRules) -> list[tuple[str, float, int]]:
    codes = [question.code for question in rules.questions]
    given = answers_of(viewer, wave).exclude(marks={}).order_by().values_list("marks", flat=True)
    found = average_marks(given.iterator(), codes)
    return [(code, *found[code]) for code in codes if code in found]


def left_out_of(wave: Wave) -> dict[str, int]:
    """Customers who were contacted and not asked, by reason, over all days of the wave."""
    found: dict[str, int] = {}
    for reasons in wave.left_out.values():
        for reason, count in reasons.items():
            found[reason] = found.get(reason, 0) + count
    return found
