"""Working days: the published calendar, and the bank's own corrections."""

from datetime import date

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from core.calendar import bank_calendar, clear_day, set_day, special_days
from core.clock import now, today
from insights.forms.calendar import SpecialDayForm
from staff.access import roles
from staff.enums import Role

FIRST_YEAR, YEARS_AHEAD = 2001, 3


@require_http_methods(["GET", "POST"])
@roles(Role.ADMIN, Role.HEAD_OFFICE)
def working_days(request: HttpRequest) -> HttpResponse:
    """A year's special days; administrators add their own."""
    may_edit = request.user.role == Role.ADMIN
    form = SpecialDayForm(request.POST or None)
    if request.method == "POST":
        if not may_edit:
            raise PermissionDenied()
        if form.is_valid():
            day = set_day(**form.cleaned_data, actor=request.user.actor, at=now())
            messages.success(request, _("Saved: %(day)s.") % {"day": day.on.isoformat()})
            return redirect(f"{reverse('insights:calendar')}?year={day.on.year}")
    year, calendar = _year(request), bank_calendar()
    context = {
        "page_title": _("Working days"),
        "year": year,
        "years": range(today().year - 1, today().year + YEARS_AHEAD),
        "days": special_days(year),
        "unknown": [y for y in (year,) if not calendar.knows(y)],
        "form": form,
        "may_edit": may_edit,
    }
    return render(request, "insights/calendar.html", context)


def _year(request: HttpRequest) -> int:
    text = request.GET.get("year", "")
    year = int(text) if text.isdigit() and len(text) == 4 else today().year
    return min(max(year, FIRST_YEAR), today().year + YEARS_AHEAD)


@require_POST
@roles(Role.ADMIN)
def clear(request: HttpRequest, day: str) -> HttpResponse:
    """Take an own entry back."""
    try:
        on = date.fromisoformat(day)
    except ValueError:
        raise Http404 from None
    clear_day(on=on, actor=request.user.actor, at=now())
    messages.success(request, _("The published calendar holds again for %(day)s.") % {"day": day})
    return redirect(f"{reverse('insights:calendar')}?year={on.year}")
