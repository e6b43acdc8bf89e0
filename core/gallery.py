"""The design gallery: every component in all its states, on made-up data. A page of its own; nothing imports it."""

from datetime import date, datetime
from decimal import Decimal
from types import SimpleNamespace as Thing
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from core.charts import Chart, Mark, Series
from core.pages import Cell, ListRow
from core.pages.parts import Bulk, BulkButton, ColumnChoice

DAY = date(2026, 11, 20)
ZONE = ZoneInfo("Asia/Shanghai")


class SampleForm(forms.Form):
    """Each kind of field once."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=60, help_text=gettext_lazy("As on the identity card"))
    amount = forms.DecimalField(label=gettext_lazy("Amount (yuan)"), max_digits=18, decimal_places=2)
    day = forms.DateField(label=gettext_lazy("Date"), required=False, widget=forms.DateInput({"type": "date"}))
    channel = forms.ChoiceField(
        label=gettext_lazy("Channel"),
        choices=[("counter", gettext_lazy("Counter")), ("phone", gettext_lazy("Phone"))],
    )
    mood = forms.ChoiceField(
        label=gettext_lazy("Outcome"),
        choices=[("yes", gettext_lazy("Interested")), ("no", gettext_lazy("Not now"))],
        widget=forms.RadioSelect,
    )
    file = forms.FileField(label=gettext_lazy("File"), required=False)
    note = forms.CharField(label=gettext_lazy("Note"), widget=forms.Textarea({"rows": 3}), required=False)
    agreed = forms.BooleanField(label=gettext_lazy("The customer agreed to be called"), required=False)


class SampleFilter(forms.Form):
    """The fields of a list's filter."""

    tier = forms.ChoiceField(label=gettext_lazy("Tier"), required=False, choices=[("", "—"), ("3", "优质")])
    manager = forms.ChoiceField(label=gettext_lazy("Relationship manager"), required=False, choices=[("", "—")])
    floor = forms.DecimalField(label=gettext_lazy("Balance from"), required=False)


@require_GET
def gallery(request: HttpRequest) -> HttpResponse:
    """All components of the design system on one page; the body of a tab when htmx asks."""
    if request.headers.get("HX-Request"):
        return render(request, "gallery/_tab.html", {"facts": _facts()})
    context = {
        "page_title": _("Design gallery"),
        "page_subtitle": _("Every component in all its states"),
        "day": DAY,
        "tiers": [Thing(rank=rank, name=name) for rank, name in enumerate(TIER_NAMES, start=1)],
        "tiles": _tiles(),
        "alerts": _alerts(),
        "crumbs": [Thing(label=_("Customers"), url="#"), Thing(label="欧阳明辉", url="")],
        "facts": _facts(),
        "timeline": _timeline(),
        "tabs": _tabs(),
        "chips": [
            Thing(label=_("Tier"), value="优质", remove_url="#"),
            Thing(label=_("Branch"), value="中山路支行", remove_url="#"),
        ],
        "columns": _columns(),
        "rows": _rows(),
        "listing": _listing(),
        "views": [Thing(pk=1, name=_("Maturing this week")), Thing(pk=2, name=_("Top tier"))],
        "bulk": Bulk(
            [BulkButton(_("Hand over"), "#", "arrows-exchange"), BulkButton(_("Export"), "#", "file-export")], "", "g"
        ),
        "page": Thing(prev_url="#", next_url="#", count="39,752", count_is_estimate=True),
        "charts": [_balance_chart(), _tier_chart(), _contact_chart()],
        "amounts": [Decimal("499999.00"), Decimal("128400000.55"), Decimal("-320.10"), None],
        "changes": [Decimal("12500.00"), Decimal("-480000.50"), Decimal("0.00")],
        "form": SampleForm(),
        "wrong_form": SampleForm({"wrong-amount": "12.345", "wrong-channel": "counter"}, prefix="wrong"),
        "filter_form": SampleFilter(),
        "menu_items": [
            Thing(label=_("Excel workbook"), url="#", icon="file-spreadsheet"),
            Thing(label=_("Print"), url="#", icon="printer"),
        ],
    }
    return render(request, "gallery.html", context)


TIER_NAMES = ("普通", "潜力", "优质", "高端")
PEOPLE = (
    ("欧阳明辉", "C0001873", 4, "3286400.00", "120000.00", "2026-11-21", "1234"),
    ("单雨桐", "C0002210", 3, "1499999.99", "-86500.50", "2026-12-02", "8871"),
    ("曾国强", "C0004419", 2, "499999.00", "2300.00", "2027-01-15", "0093"),
    ("查建华", "C0007802", 1, "18650.25", "0.00", None, "5520"),
)


def _tiles() -> list[dict[str, Any]]:
    return [
        {
            "label": _("Deposits"),
            "money": Decimal("1286453210.88"),
            "change": Decimal("3562000.00"),
            "change_label": _("since yesterday"),
            "url": "#",
            "icon": "coins",
        },
        {
            "label": _("Customers"),
            "value": "39,752",
            "change_text": "+18",
            "change_label": _("since month start"),
            "url": "#",
            "icon": "users",
        },
        {
            "label": _("Moved down"),
            "value": "46",
            "hint": _("12 not contacted yet"),
            "url": "#",
            "icon": "trending-down",
            "tone": "warn",
        },
        {
            "label": _("Overdue follow-ups"),
            "value": "7",
            "hint": _("oldest: 5 days"),
            "url": "#",
            "icon": "clock",
            "tone": "bad",
        },
        {"label": _("Average daily balance, month"), "money": Decimal("499999.00"), "hint": _("not a link")},
    ]


def _alerts() -> list[Thing]:
    return [
        Thing(tone="info", text=_("The new rate sheet applies from tomorrow.")),
        Thing(tone="good", text=_("The contact was saved."), dismiss=True),
        Thing(
            tone="warn",
            title=_("Identity document expires in 12 days"),
            text=_("Ask for the new one at the next visit."),
        ),
        Thing(
            tone="bad",
            title=_("The file was refused"),
            items=[_("The control total differs by 1,200.00"), _("The totals row is missing")],
            url="#",
            url_label=_("Rejected rows"),
        ),
    ]


def _facts() -> list[Thing]:
    return [
        Thing(label=_("Customer number"), value="C0001873"),
        Thing(label=_("Identity number"), value="3101**********1234", kind="masked", hint=_("Valid until 2031-05-06")),
        Thing(label=_("Phone"), value="138****8000", kind="masked"),
        Thing(label=_("Relationship manager"), value="王晓燕", url="#"),
        Thing(label=_("Balance"), value=Decimal("3286400.00"), kind="money"),
        Thing(label=_("Opened on"), value=date(2014, 3, 9), kind="date"),
        Thing(label=_("Employer"), value=""),
    ]


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


def _timeline() -> list[Thing]:
    return [
        Thing(
            at=_at("2026-11-20 10:42"),
            title=_("Counter visit"),
            text="询问三年期大额存单利率，下周二带到期存单再来。",
            icon="building-bank",
            actor="李娜",
            meta=_("Interested"),
            tone="info",
        ),
        Thing(
            at=_at("2026-11-18 01:10"),
            title=_("Moved up to tier {name}").format(name="高端"),
            icon="trending-up",
            tone="good",
            kind=_("Tier"),
            url="#",
        ),
        Thing(
            at=_at("2026-11-02 09:00"),
            title=_("Deposit matures"),
            text="¥500,000.00 · 1 年定期",
            icon="calendar-due",
            tone="warn",
        ),
        Thing(at=_at("2026-10-11 15:03"), title=_("Phone call"), icon="phone", actor="王晓燕", meta=_("No answer")),
    ]


def _tabs() -> list[Thing]:
    names = (("holdings", _("Holdings"), 5), ("timeline", _("Timeline"), None), ("complaints", _("Complaints"), 1))
    return [
        Thing(key=key, label=label, count=count, url="/gallery/", href="", active=key == "timeline")
        for key, label, count in names
    ]


def _columns() -> list[Thing]:
    return [
        Thing(label=_("Name"), sort_url="#", sort=""),
        Thing(label=_("Tier")),
        Thing(label=_("Balance"), align="num", sort_url="#", sort="desc"),
        Thing(label=_("Since yesterday"), align="num"),
        Thing(label=_("Next maturity"), sort_url="#", sort=""),
        Thing(label=_("State")),
    ]


def _rows() -> list[ListRow]:
    rows = []
    for name, number, rank, balance, change, matures, tail in PEOPLE:
        is_late = rank == 2
        cells = [
            Cell(name, "main", "#", hint=f"{number} · {_('phone ends in')} {tail}", label=_("Name")),
            Cell(TIER_NAMES[rank - 1], "tier", rank=rank, label=_("Tier")),
            Cell(Decimal(balance), "money", label=_("Balance")),
            Cell(Decimal(change), "change", label=_("Since yesterday")),
            Cell(date.fromisoformat(matures) if matures else None, "date", label=_("Next maturity")),
            Cell(_("Overdue") if is_late else _("Normal"), "badge", tone="warn" if is_late else "", label=_("State")),
        ]
        rows.append(ListRow(None, "#", "warn" if is_late else "", cells, number))
    return rows


def _listing() -> Thing:
    """What the bar of views and the column chooser read of a list."""
    columns = [
        ColumnChoice("name", _("Name"), is_shown=True, stays=True),
        ColumnChoice("balance", _("Balance"), is_shown=True, stays=False),
        ColumnChoice("branch", _("Branch"), is_shown=False, stays=False),
    ]
    return Thing(
        action="/gallery/",
        choices=columns,
        carried=[],
        reset_url="#",
        state="",
        spec=Thing(list_key="gallery"),
        saved="1",
    )


def _balance_chart() -> Chart:
    balances = [
        Decimal(412_000 + step // 7 * 14_000 - (step // 20) * 9_000 + (38_000 if step % 30 > 24 else 0))
        for step in range(60)
    ]
    averages = [sum(balances[max(0, at - 29) : at + 1], Decimal(0)) / min(at + 1, 30) for at in range(60)]
    labels = [date.fromordinal(DAY.toordinal() - 59 + step).isoformat() for step in range(60)]
    series = [Series(_("Balance"), balances, step=True), Series(_("30-day average"), averages)]
    return Chart(
        "chart-balance",
        _("Balance and average"),
        "line",
        _("Date"),
        labels,
        series,
        as_of=DAY,
        marks=[Mark(500_000, "优质")],
    )


def _tier_chart() -> Chart:
    months = ["2026-06", "2026-07", "2026-08", "2026-09", "2026-10", "2026-11"]
    series = [
        Series(name, [base + at * grow for at in range(6)], ["#"] * 6, tone=f"tier-{rank}")
        for rank, (name, base, grow) in enumerate(
            zip(
                TIER_NAMES,
                (42_000_000, 168_000_000, 390_000_000, 612_000_000),
                (900_000, 4_000_000, -2_000_000, 11_000_000),
                strict=True,
            ),
            start=1,
        )
    ]
    return Chart("chart-tiers", _("Deposits by tier"), "stacked", _("Month"), months, series, as_of=DAY)


def _contact_chart() -> Chart:
    people = ["王晓燕", "李娜", "赵明", "陈思远", "周婷"]
    return Chart(
        "chart-contacts",
        _("Contacts this month"),
        "bar",
        _("Colleague"),
        people,
        [Series(_("Contacts"), [61, 54, 40, 33, 12], ["#"] * 5)],
        unit="count",
        note=_("working days 14 of 20"),
    )
