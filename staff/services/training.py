"""The night's part of training: who is reminded of certificates that run out (F07)."""

from datetime import date, datetime, timedelta

from django.db.models import Exists, OuterRef, Q

from core.jobs import Counts
from core.trail import Actor
from staff.enums import Event
from staff.models import Certificate
from staff.queries.licences import licence_rules
from staff.rules.training import reminder
from staff.services.notices import Told, notify_rows


def run(*, business_day: date, actor: Actor, at: datetime) -> Counts:
    """Remind of certificates that run out after the business day, once for each step of days; renewed ones are left
    out. Called by the night; safe twice."""
    day = business_day + timedelta(days=1)
    rules = licence_rules(day)
    holds_longer = Q(expires_on=None) | Q(expires_on__gt=OuterRef("expires_on"))
    renewed = Certificate.objects.filter(
        holds_longer, user=OuterRef("user"), course=OuterRef("course"), revoked_at=None
    )
    ending = Certificate.objects.filter(
        ~Exists(renewed), revoked_at=None, expires_on__gte=day, expires_on__lte=day + timedelta(days=rules.soon)
    )
    rows = []
    for one in ending.order_by("pk"):
        step = reminder(one.expires_on, day, rules.remind_days) if one.expires_on else None
        if step is not None and one.expires_on:
            params = {"number": one.number, "day": one.expires_on.isoformat()}
            rows.append(Told(one.user_id, f"certificate {one.pk} {step}", one.get_absolute_url(), params))
    return {"rows": notify_rows(event=Event.CERTIFICATE_ENDS, rows=rows, at=at)}
