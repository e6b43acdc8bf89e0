"""What the planning of a night goes by: the rules in force on the day as the values its statements take."""

import json
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from django.utils.translation import override

from core.calendar import bank_calendar
from core.workdays import Calendar
from customers.enums import AlertKind
from servicing.queries.follow_ups import cadence_on
from servicing.queries.playbooks import rules_on
from servicing.rules.cadence import amber_days
from servicing.rules.playbooks import ONBOARDING
from tiers.queries import bands_for_display
from tiers.queries.standards import standards_on
from tiers.rules.standards import Standard

# Nobody is called to keep a rhythm while one of these stands.
BLOCKING = (AlertKind.DO_NOT_CONTACT, AlertKind.BEREAVEMENT)
STOPPING = (AlertKind.COMPLAINT, *BLOCKING)
# A night may be missed: what fell due this long ago is still planned.
LOOK_BACK = timedelta(days=7)
DAY = timedelta(days=1)


def standing(kinds: Iterable[str]) -> str:
    """The condition that alert "a" is one of these and stands on the next working day."""
    listed = ", ".join(f"'{kind}'" for kind in kinds)
    return (
        f"a.dismissed_at IS NULL AND a.kind IN ({listed}) AND a.starts_on <= %(workday)s"
        " AND (a.ends_on IS NULL OR a.ends_on >= %(workday)s)"
    )


def standards_by_rank(day: date) -> dict[int, Standard]:
    """What customers of each rank are promised on a day; the ranks as they are numbered now."""
    promised = standards_on(day)
    with override(None):
        bands = bands_for_display(day)
    return {band.rank: promised.get(band.letter, Standard()) for band in bands}


def plan_values(day: date, at: datetime) -> dict[str, Any]:
    """The values of all planning statements for a business day, but for the range of customers."""
    cadence, calendar = cadence_on(day), bank_calendar()
    version, playbooks = rules_on(day)
    by_rank, workday = standards_by_rank(day), calendar.next_workday(day)
    every = {rank: standard.contact_days for rank, standard in by_rank.items()}
    ahead = {rank: amber_days(days, cadence.amber_percent) for rank, days in every.items() if days}
    lasts = {rank: day - timedelta(days=days - ahead[rank]) for rank, days in every.items() if days}
    notices = [*ahead.values(), cadence.review_notice_days, playbooks.notice_days]
    onboarding = playbooks.by_key[ONBOARDING]
    return {
        "day": day,
        "at": at,
        "workday": workday,
        "everys": _by_rank(every),
        "lasts": _by_rank(lasts),
        "months": _by_rank({rank: standard.review_months for rank, standard in by_rank.items()}),
        "days": _workdays_from(workday, max(notices) + 14, calendar),
        "again": at - timedelta(days=cadence.again_days),
        "counted_from": day - LOOK_BACK,
        "review_until": day + timedelta(days=cadence.review_notice_days),
        "up_on": calendar.add_workdays(day, cadence.tier_up_days),
        "watch_on": calendar.add_workdays(day, cadence.tier_watch_days),
        "steps_until": workday + timedelta(days=playbooks.notice_days),
        "opened_after": day - timedelta(days=playbooks.enrol_days),
        "playbook": ONBOARDING,
        "version": version,
        "steps": json.dumps(onboarding.as_kept()),
        "playbooks": json.dumps(
            {key: {"playbook_zh": one.title_zh, "playbook_en": one.title_en} for key, one in playbooks.by_key.items()}
        ),
        "stopping": [str(kind) for kind in STOPPING],
    }


def _by_rank(values: dict[int, Any]) -> list[Any]:
    """An array for SQL, by rank from 1 on; ranks without a value are null."""
    return [values.get(rank) for rank in range(1, max(values, default=0) + 1)]


def _workdays_from(workday: date, count: int, calendar: Calendar) -> list[date]:
    """For each day from `workday` on the last working day up to it: what falls due on a day off is due before."""
    found = [workday]
    for n in range(1, count):
        day = workday + n * DAY
        found.append(day if calendar.is_workday(day) else found[-1])
    return found
