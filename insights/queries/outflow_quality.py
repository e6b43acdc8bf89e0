"""How good warnings are, as the verdicts and the losses in sight say, and the rules' latest trial on the past."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, Q

from insights.enums import OutflowSignal, OutflowState, OutflowVerdict
from insights.models import OutflowLoss, OutflowTrial, OutflowWarning
from insights.rules.outflow_quality import GRID, Share, Trial, read_trial
from staff.models import User

PERIOD = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Judged:
    """Warnings with a sign (or of a tier) by verdict; `precision` is of those found right or wrong."""

    key: str
    label: str
    right: int
    wrong: int
    unsure: int

    @property
    def precision(self) -> Share:
        """The right ones of those somebody could tell of."""
        return Share(self.right, self.right + self.wrong)


@dataclass(frozen=True, slots=True)
class TierQuality:
    """A tier: its rank and letter, the threshold in force, verdicts, and losses with those warned of before."""

    rank: int
    letter: str
    threshold: int
    judged: Judged
    recall: Share


def since_of(day: date) -> date:
    """From which day on warnings and losses count."""
    return day - PERIOD


def judged_by_signal(viewer: User | AnonymousUser, day: date) -> list[Judged]:
    """Verdicts of a year by sign, in the order of signs; one query."""
    rows = OutflowWarning.objects.visible_to(viewer).filter(state=OutflowState.JUDGED, raised_on__gt=since_of(day))
    wanted: dict[str, Any] = {
        f"{code}_{verdict}": Count("pk", filter=Q(verdict=verdict, signals__contains=[{"code": code}]))
        for code in OutflowSignal.values
        for verdict in OutflowVerdict.values
    }
    counts = rows.order_by().aggregate(**wanted)
    return [
        Judged(code, str(label), *(counts[f"{code}_{verdict}"] for verdict in OutflowVerdict.values))
        for code, label in OutflowSignal.choices
    ]


def quality_by_tier(
    viewer: User | AnonymousUser, day: date, tiers: Sequence[tuple[int, str, str, int]]
) -> list[TierQuality]:
    """Verdicts and losses of a year by tier; `tiers`: rank, letter, name and threshold of each. Two queries."""
    rows = OutflowWarning.objects.visible_to(viewer).filter(state=OutflowState.JUDGED, raised_on__gt=since_of(day))
    by_verdict: dict[str, Any] = {verdict: Count("pk", filter=Q(verdict=verdict)) for verdict in OutflowVerdict.values}
    found = rows.order_by().values_list("tier").annotate(**by_verdict)
    verdicts = {tier: counted for tier, *counted in found}
    lost = OutflowLoss.objects.visible_to(viewer).filter(on__gt=since_of(day)).order_by().values("tier")
    losses = {
        row["tier"]: Share(row["warned"], row["lost"])
        for row in lost.annotate(lost=Count("pk"), warned=Count("pk", filter=Q(warned_on__isnull=False)))
    }
    return [
        TierQuality(
            rank,
            letter,
            threshold,
            Judged(str(rank), name, *verdicts.get(rank, (0, 0, 0))),
            losses.get(rank, Share(0, 0)),
        )
        for rank, letter, name, threshold in tiers
    ]


@dataclass(frozen=True, slots=True)
class Tried:
    """The latest trial, and whether it was made with the rules in force."""

    row: OutflowTrial
    trial: Trial


def latest_trial() -> Tried | None:
    """The rules' latest trial on the past."""
    row = OutflowTrial.objects.select_related("made_by").order_by("-made_at", "-pk").first()
    return Tried(row, read_trial(row.results)) if row else None


def levels() -> tuple[int, ...]:
    """The thresholds a trial knows the outcome of."""
    return GRID
