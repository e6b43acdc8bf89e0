"""Telling people of their follow-ups: at the minute they asked for, and each morning of all that is due."""

from datetime import date, datetime, timedelta

from django.db.models import Count, Min
from django.urls import reverse

from core.calendar import bank_calendar
from servicing.enums import FollowUpState
from servicing.models import FollowUp
from servicing.queries.follow_ups import reminders_due
from staff.enums import Event
from staff.services.notices import Told, notify_rows

# A clock that stood still catches up this far; older reminders are in the list of the morning.
LOOK_BACK = timedelta(hours=1)


def remind(*, at: datetime) -> int:
    """Tell the owners of follow-ups whose reminder has come; once each, however often the clock asks."""
    rows = [
        Told(
            row.owner_id,
            f"reminder {row.pk} {row.remind_at}",
            reverse("servicing:follow_up", args=[row.pk]),
            {"count": 1, "day": row.due_on.isoformat()},
        )
        for row in reminders_due(until=at, since=at - LOOK_BACK)
    ]
    return notify_rows(event=Event.FOLLOW_UP_DUE, rows=rows, at=at) if rows else 0


def remind_of_day(*, business_day: date, at: datetime) -> int:
    """Tell everybody how many follow-ups of theirs are due by the next working day, overdue ones included."""
    due = FollowUp.everything.filter(
        state=FollowUpState.OPEN, due_on__lte=bank_calendar().next_workday(business_day), owner__is_active=True
    )
    found = due.order_by().values("owner").annotate(count=Count("pk"), first=Min("due_on"))
    once, url = f"follow-ups {business_day.isoformat()}", reverse("servicing:follow_ups")
    rows = [Told(row["owner"], once, url, {"count": row["count"], "day": row["first"].isoformat()}) for row in found]
    return notify_rows(event=Event.FOLLOW_UP_DUE, rows=rows, at=at) if rows else 0
