"""The calendar of follow-ups and maturities: a month, a week, and a feed for other calendars."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils import translation
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from core.clock import now
from core.clock import today as present_day
from core.ics import escaped, folded
from servicing.queries import agenda as queries
from servicing.queries.agenda import DAY, FEED_SCOPE, AgendaDay, Choice
from servicing.queries.contacts import units_of
from servicing.views.today import who_form
from staff.access import AMOUNT_ROLES, COUNTER, HEADS, has_role, roles
from staff.services.tokens import issue_token, note_use

READERS = (*COUNTER, *AMOUNT_ROLES)
MONTH, WEEK = "month", "week"
FIRST, LAST = date(2000, 1, 1), date(2099, 12, 31)
FEED_LIFE = 365
ICS = "text/calendar; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Cell:
    """A day with the lists behind its numbers; "" where there is none for this person."""

    day: AgendaDay
    is_today: bool
    is_other: bool
    follow_ups_url: str
    late_url: str
    maturities_url: str


@require_GET
@roles(*READERS)
def agenda(request: HttpRequest) -> HttpResponse:
    """A month in weeks, or a week day by day with its lines."""
    day, view = _asked(request)
    choice, form = _choice(request)
    start, end = queries.month_span(day.replace(day=1)) if view == MONTH else _week(day)
    context: dict[str, Any] = {
        "page_title": _("Calendar"),
        "who": form,
        "kept": [("view", view), ("day", day.isoformat())],
        "view": view,
        "day": day,
        "start": start,
        "end": end,
        "is_needed": choice.is_needed,
        **_ways(request, view, day),
    }
    if not choice.is_needed:
        days = queries.agenda(choice, start, end, present_day(), detailed=view == WEEK)
        context["rows"] = queries.weeks([_cell(choice, each, day, view) for each in days])
    return render(request, "servicing/agenda.html", context)


@require_http_methods(["GET", "POST"])
@never_cache
@roles(*READERS)
def agenda_feed(request: HttpRequest) -> HttpResponse:
    """What a calendar feed is; a POST makes one and shows its address this once."""
    url = ""
    if request.method == "POST":
        said = {"label": _("Calendar feed"), "actor": request.user.actor, "at": now()}
        text, _token = issue_token(user=request.user, scopes=[FEED_SCOPE], days=FEED_LIFE, **said)
        url = request.build_absolute_uri(reverse("servicing:agenda_ics", args=[text]))
    feeds = queries.feeds_of(request.user, present_day())
    context = {"page_title": _("Calendar feed"), "url": url, "days": FEED_LIFE, "feeds": feeds}
    return render(request, "servicing/agenda_feed.html", context)


@require_GET
@never_cache
def agenda_ics(request: HttpRequest, token: str) -> HttpResponse:
    """The feed itself, for whoever holds its address: counts by day, no names, no amounts. Unknown tokens find
    nothing."""
    found = queries.feed_token(token, present_day())
    if found is None or not has_role(found.user, *READERS):
        raise Http404
    owner = found.user
    note_use(token=found, day=present_day())
    with translation.override(owner.language or "zh-hans"):
        page = request.build_absolute_uri(reverse("servicing:agenda"))
        lines = list(_calendar(owner.staff_no, queries.feed_days(owner, present_day()), page, now()))
    response = HttpResponse("\r\n".join(lines) + "\r\n", content_type=ICS)
    response["Content-Disposition"] = 'inline; filename="depositcrm.ics"'
    return response


def _asked(request: HttpRequest) -> tuple[date, str]:
    view = WEEK if request.GET.get("view") == WEEK else MONTH
    try:
        day = parse_date(request.GET.get("day", "")) or present_day()
    except ValueError:
        day = present_day()
    return min(max(day, FIRST), LAST), view


def _choice(request: HttpRequest) -> tuple[Choice, Any]:
    if not has_role(request.user, *HEADS):
        return Choice(request.user), None
    form = who_form(request, nobody=_("Everybody"))
    if request.GET.get("person") and form.chosen is None:
        raise Http404
    code = request.GET.get("branch", "")
    unit = units_of(request.user).filter(code=code).first() if code else None
    if code and unit is None:
        raise Http404
    return Choice(request.user, form.chosen if form.is_bound else None, unit), form


def _week(day: date) -> tuple[date, date]:
    start = day - day.weekday() * DAY
    return start, start + 6 * DAY


def _ways(request: HttpRequest, view: str, day: date) -> dict[str, str]:
    """Where previous, next, today and the other view lead, with the choice of person carried along."""
    if view == MONTH:
        before, after = day.replace(day=1) - DAY, (day.replace(day=28) + 4 * DAY).replace(day=1)
    else:
        before, after = day - 7 * DAY, day + 7 * DAY
    kept = {name: request.GET[name] for name in ("branch", "person") if request.GET.get(name)}
    return {
        "before_url": _here(view, max(before, FIRST), kept),
        "after_url": _here(view, min(after, LAST), kept),
        "today_url": _here(view, present_day(), kept),
        "month_url": _here(MONTH, day, kept),
        "week_url": _here(WEEK, day, kept),
    }


def _here(view: str, day: date, kept: dict[str, str]) -> str:
    return f"?{urlencode({'view': view, 'day': day.isoformat(), **kept})}"


def _cell(choice: Choice, day: AgendaDay, shown: date, view: str) -> Cell:
    on = day.on.isoformat()
    whose = {
        "unit": choice.unit.code if choice.unit else "",
        "owner": choice.person.staff_no if choice.person else "",
    }
    team = "team" if has_role(choice.viewer, *HEADS) else ""
    late = (present_day() - DAY).isoformat()
    return Cell(
        day=day,
        is_today=day.on == present_day(),
        is_other=view == MONTH and day.on.month != shown.month,
        follow_ups_url=_list("servicing:follow_ups", whose=team, since=on, until=on, **whose),
        late_url=_list("servicing:follow_ups", whose=team, until=late, **whose),
        maturities_url=_maturities_url(choice, day.on),
    )


def _maturities_url(choice: Choice, on: date) -> str:
    if not choice.amounts:
        return ""
    whose = {
        "branch": choice.unit.code if choice.unit and not choice.person else "",
        "manager": choice.person.staff_no if choice.person else "",
    }
    name = "servicing:maturities_ahead" if on > queries.book_day(present_day()) else "servicing:maturities_past"
    return _list(name, since=on.isoformat(), until=on.isoformat(), **whose)


def _list(name: str, **params: str) -> str:
    try:
        url = reverse(name)
    except NoReverseMatch:
        return ""
    return f"{url}?{urlencode({key: value for key, value in params.items() if value})}"


def _calendar(owner_no: str, days: list[AgendaDay], page: str, at: datetime) -> Iterator[str]:
    """An iCalendar text (RFC 5545), line by line."""
    stamp = at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    yield from ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//depositcrm//agenda//ZH", "CALSCALE:GREGORIAN")
    yield from folded(f"X-WR-CALNAME:{escaped(_('Follow-ups and maturities'))}")
    for day in days:
        yield "BEGIN:VEVENT"
        yield f"UID:{day.on:%Y%m%d}-{owner_no}@depositcrm"
        yield f"DTSTAMP:{stamp}"
        yield f"DTSTART;VALUE=DATE:{day.on:%Y%m%d}"
        yield f"DTEND;VALUE=DATE:{day.on + timedelta(days=1):%Y%m%d}"
        yield from folded(f"SUMMARY:{escaped(_summary(day))}")
        yield from folded(f"URL:{page}?view=week&day={day.on.isoformat()}")
        yield "TRANSP:TRANSPARENT"
        yield "END:VEVENT"
    yield "END:VCALENDAR"


def _summary(day: AgendaDay) -> str:
    counts = (
        (day.follow_ups, _("Follow-ups: %(count)s")),
        (day.late, _("Overdue: %(count)s")),
        (day.maturities, _("Maturing deposits: %(count)s")),
    )
    return " · ".join(words % {"count": count} for count, words in counts if count)
