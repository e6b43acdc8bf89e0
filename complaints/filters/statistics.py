"""The filters of the statistics: the list's own, and a period by day of receipt or of ending."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

import django_filters
from django.db.models import QuerySet
from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from complaints.filters.cases import CaseFilter
from complaints.models import Complaint
from core.forms import DAY
from core.pages import BadQuery

BY = [("received", _("Received")), ("closed", _("Ended"))]


class StatisticsFilter(CaseFilter):
    """All cases received in a period, or ended in it; both days included."""

    kept = frozenset({"by", "since", "until", "area", "unit", "category", "product", "source", "tier", "grade"})
    usual = "all"
    rare = frozenset()

    by = django_filters.ChoiceFilter(label=_("Counted by"), choices=BY, method="as_given", empty_label=None)
    since = django_filters.DateFilter(label=_("From"), method="as_given", widget=DAY)
    until = django_filters.DateFilter(label=_("To"), method="as_given", widget=DAY)
    order = ("by", "since", "until", "area", "unit", "category", "product", "source", "tier", "grade")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.form.order_fields(self.order)


@dataclass(frozen=True, slots=True)
class Period:
    """What the statistics are of: the list's rows, the period, and the filters a link to them repeats."""

    by: str
    since: date
    until: date
    rows: QuerySet[Complaint]
    params: Mapping[str, str]

    @property
    def column(self) -> str:
        """The day column the period is cut by."""
        return "closed_on" if self.by == "closed" else "received_on"

    def link(self, **more: Any) -> str:
        """The address of the list that has exactly these rows, with further filters."""
        return f"{reverse('complaints:inbox')}?{urlencode({**self.params, **more})}"


def read_period(
    params: QueryDict, rows: QuerySet[Complaint], request: Any, usual: tuple[date, date]
) -> tuple[StatisticsFilter, Period | None]:
    """The filters as asked for, and what they come to; None when a value makes no sense. `usual` is the period of
    nothing asked. Raises BadQuery for parameters the statistics do not have."""
    asked = params.copy()
    asked.setdefault("by", "received")
    asked.setdefault("since", usual[0].isoformat())
    asked.setdefault("until", usual[1].isoformat())
    filterset = StatisticsFilter(asked, rows, request=request)
    if set(asked) - set(filterset.form.fields):
        raise BadQuery()
    if not filterset.is_valid():
        return filterset, None
    values = filterset.form.cleaned_data
    by, since, until = values["by"] or "received", values["since"] or usual[0], values["until"] or usual[1]
    kept = {name: asked[name] for name in asked if asked[name] and name not in {"by", "since", "until"}}
    days = {f"{by}_from": since.isoformat(), f"{by}_to": until.isoformat()}
    kept |= {"state": "ended" if by == "closed" else "all", **days}
    found = CaseFilter(QueryDict(urlencode(kept)), rows, request=request).qs
    return filterset, Period(by, since, until, found, {**kept, "ordering": f"-{by}"})
