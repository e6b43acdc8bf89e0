"""K13: reports add up the key figures a person may see; files follow the rights of whoever gets them."""

import io
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from python_calamine import CalamineWorkbook

from core.models import TrailEntry
from insights.models import Report, ReportRun
from insights.queries.reports import NoFigures, Pivot, TooWide, pivot_of
from insights.rules.reports import Definition, fault_of, read_definition, span_of
from insights.services import reporting, reports
from staff.models import User
from staff.queries import export_limits
from tests import factories as make
from tests.conftest import ClientOf
from tests.factories import NOW
from tests.insights.reporting import DAYS, make_people
from tests.servicing.english import english

__all__ = ["english"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def people() -> dict[str, User]:
    return make_people()


@pytest.fixture
def uploads(settings: Any, tmp_path: Path) -> Path:
    settings.UPLOADS = tmp_path
    return tmp_path


def definition(**values: Any) -> Definition:
    usual = {
        "measures": ["deposits"],
        "rows": "unit",
        "columns": "measure",
        "unit_kind": "branch",
        "period": "last_day",
    }
    return read_definition({**usual, **values})


def told(pivot: Pivot) -> dict[str, list[Any]]:
    lines = [*pivot.lines, *([pivot.total] if pivot.total else [])]
    return {line.label: [cell.value for cell in line.cells] for line in lines}


@pytest.mark.usefixtures("english")
@pytest.mark.parametrize(
    ("who", "asked", "heads", "expected"),
    [
        # A stock is that of the last day, deeds are added up, shares divide sums by sums; the total as well.
        (
            "hq",
            {"measures": ["deposits", "contacts", "follow_ups"], "period": "this_month"},
            3,
            {
                "一": [500, 2, Decimal("25.0")],
                "二": [1000, 4, Decimal("50.0")],
                "All together": [1500, 6, Decimal("37.5")],
            },
        ),
        # Down the rows time, each month by its own last day with figures; the units of one's sight together.
        ("hq", {"rows": "month", "period": "this_year"}, 1, {"2026-09": [300], "2026-10": [900], "2026-11": [1500]}),
        ("head", {"rows": "month", "period": "this_year"}, 1, {"2026-09": [100], "2026-10": [300], "2026-11": [500]}),
        (
            "head",
            {"rows": "quarter", "measures": ["contacts"], "period": "this_year"},
            1,
            {"2026-Q3": [1], "2026-Q4": [4]},
        ),
        (
            "hq",
            {"columns": "month", "period": "last_12_months"},
            2,
            {"一": [100, 300], "二": [200, 600], "All together": [300, 900]},
        ),
        (
            "hq",
            {"rows": "day", "columns": "unit", "period": "last_7"},
            2,
            {"2026-11-19": [400, 800], "2026-11-20": [500, 1000]},
        ),
        (
            "hq",
            {"rows": "week", "period": "fixed", "first": "2026-11-16", "last": "2026-11-19"},
            1,
            {"2026-11-16": [1200]},
        ),
        ("hq", {"order": "high"}, 1, {"二": [1000], "一": [500], "All together": [1500]}),
        # Tier by tier: of branches as it is kept, of people from their books.
        ("head", {"rows": "tier"}, 1, {"4": [60], "1": [40], "All together": [100]}),
        (
            "head",
            {"rows": "unit", "columns": "tier", "unit_kind": "person"},
            2,
            {"乙": [5, 0], "甲": [30, 10], "All together": [35, 10]},
        ),
        (
            "manager",
            {"rows": "unit", "columns": "tier", "unit_kind": "person"},
            2,
            {"甲": [30, 10], "All together": [30, 10]},
        ),
        ("manager", {"unit_kind": "person"}, 1, {"甲": [500], "All together": [500]}),
        (
            "second",
            {"unit_kind": "person", "rows": "measure", "columns": "month", "period": "this_month"},
            1,
            {"deposits": [1000]},
        ),
        # Nobody sees what is not theirs, whatever the definition names.
        ("manager", {}, 1, {}),
        ("head", {"unit_kind": "bank"}, 1, {}),
        ("teller", {"unit_kind": "person"}, 1, {}),
    ],
)
def test_figures_add_up_over_what_a_person_may_see(
    people: dict[str, User], who: str, asked: dict[str, Any], heads: int, expected: dict[str, Any]
):
    pivot = pivot_of(definition(**asked), people[who])
    found = told(pivot)
    names = {"Deposits": "deposits"}
    if asked.get("rows") == "tier":
        names |= {line.label: code for line, code in zip(pivot.lines, ("4", "1"), strict=True)}
    found = {names.get(label, label): values for label, values in found.items()}
    if not expected:
        assert not pivot.lines
        return
    assert (list(found), found, len(pivot.heads)) == (list(expected), expected, heads)


def test_units_named_are_those_alone_and_too_much_is_refused(people: dict[str, User], monkeypatch: pytest.MonkeyPatch):
    second = people["other"].branch_id
    assert told(pivot_of(definition(units=[second]), people["hq"]))["二"] == [1000]
    assert told(pivot_of(definition(units=[second]), people["head"])) == {}
    with pytest.raises(NoFigures):
        pivot_of(definition(period="fixed", first="2026-01-01", last="2026-01-02"), people["hq"])
    assert pivot_of(definition(), people["hq"], until=DAYS[3]).days[2] == DAYS[3]
    monkeypatch.setattr("insights.queries.reports.MOST_COLUMNS", 1)
    with pytest.raises(TooWide):
        pivot_of(definition(columns="month", period="this_year"), people["hq"])


FAULTS = [
    ({"measures": []}, "no_measures"),
    ({"measures": ["nonsense"]}, "broken"),
    ({"period": "someday"}, "broken"),
    ({"rows": "measure"}, "same_twice"),
    ({"rows": "day", "columns": "month"}, "two_times"),
    ({"measures": ["adb", "deposits"], "columns": "month"}, "measures_nowhere"),
    ({"measures": ["contacts"], "columns": "tier"}, "tiers_not_kept"),
    ({"columns": "tier", "unit_kind": "team"}, "tiers_not_kept"),
    ({"measures": ["adb"], "columns": "tier", "unit_kind": "person"}, "tiers_not_kept"),
    ({"period": "fixed", "first": "2026-02-01"}, "days"),
    ({"period": "fixed", "first": "2026-02-02", "last": "2026-02-01"}, "days"),
    ({"period": "fixed", "first": "2020-02-02", "last": "2026-02-01"}, "days"),
]


@pytest.mark.parametrize(("values", "fault"), FAULTS)
def test_what_makes_no_table_is_told_why(values: dict[str, Any], fault: str):
    with pytest.raises(ValueError, match=f"^{fault}$"):
        definition(**values)
    assert fault in reports.FAULTS
    assert fault_of(definition()) == ""


def test_periods_count_back_from_the_last_day_with_figures():
    day = date(2026, 3, 15)
    found = {name: span_of(definition(period=name), day) for name in ("last_30", "last_month", "last_quarter")}
    found |= {name: span_of(definition(period=name), day) for name in ("this_quarter", "last_12_months")}
    assert found == {
        "last_30": (date(2026, 2, 14), day),
        "last_month": (date(2026, 2, 1), date(2026, 2, 28)),
        "last_quarter": (date(2025, 10, 1), date(2025, 12, 31)),
        "this_quarter": (date(2026, 1, 1), day),
        "last_12_months": (date(2025, 3, 1), date(2026, 2, 28)),
    }


@pytest.mark.usefixtures("uploads")
def test_a_file_needs_a_reason_opens_for_its_recipient_alone_and_goes_in_time(
    people: dict[str, User], client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
):
    report = make.make_report(owner=people["head"], branch=people["head"].branch, name="给大家看")
    manager = client_of(people["manager"])
    url = reverse("insights:report_file", args=[report.pk])
    assert manager.post(url, {"file_format": "xlsx", "reason": "x"}).status_code == 422
    nothing = manager.post(url, {"file_format": "xlsx", "reason": "给支行会议"})
    assert nothing.status_code == 422  # no branch is a manager's to see
    head = client_of(people["head"])
    with monkeypatch.context() as patch:  # a second person's word would be needed
        patch.setattr(reporting, "export_limits", lambda day: replace(export_limits(day), approval_over=0))
        assert head.post(url, {"file_format": "xlsx", "reason": "给支行会议"}).status_code == 422
    page = head.post(url, {"file_format": "xlsx", "reason": "给支行会议"})
    run = ReportRun.everything.get()
    assert page.headers["Location"] == reverse("insights:report_run", args=[run.pk])
    file = reverse("insights:report_run_file", args=[run.pk])
    assert client_of(people["hq"]).get(file).status_code == manager.get(file).status_code == 404
    book = CalamineWorkbook.from_filelike(io.BytesIO(b"".join(head.get(file).streaming_content)))  # type: ignore[attr-defined]
    assert next(row for row in book.get_sheet_by_index(0).to_python() if row[1] == 500)[0] == "一"
    assert reporting.path_of(run).read_bytes()[:2] != b"PK"  # sealed where it lies
    acts = TrailEntry.objects.filter(subject="insights.report", subject_id=str(report.pk)).order_by("pk")
    assert [(one.action, one.reason) for one in acts] == [("make_report", "给支行会议"), ("download", "给支行会议")]
    # Another role opens nothing of what the old one was given; and its time ends.
    User.objects.filter(pk=people["head"].pk).update(role="manager")
    assert client_of(User.objects.get(pk=people["head"].pk)).get(file).status_code == 404
    User.objects.filter(pk=people["head"].pk).update(role="branch_head")
    assert head.get(file).status_code == 200
    assert reporting.expire(at=datetime(2027, 1, 1, tzinfo=NOW.tzinfo)) == 1
    assert not reporting.path_of(run).exists()
    assert head.get(file).status_code == 404


def test_a_report_is_built_looked_at_saved_copied_shared_deleted_and_taken_back(
    people: dict[str, User], client_of: ClientOf
):
    head, manager = client_of(people["head"]), client_of(people["manager"])
    chosen = {
        "measures": ["deposits", "contacts"],
        "rows": "unit",
        "columns": "measure",
        "unit_kind": "branch",
        "units_of": "branch",
        "period": "this_month",
        "chart": "bar",
    }
    assert head.get(reverse("insights:report_new")).status_code == 200
    look = head.post(reverse("insights:report_preview"), chosen)
    assert [row.label for row in look.context["table"].rows] == ["一"]
    assert head.post(reverse("insights:report_preview"), {**chosen, "columns": "month"}).context["refusal"]
    # Units of another kind than was chosen before are offered anew, the old ones forgotten.
    other = head.post(reverse("insights:report_preview"), {**chosen, "unit_kind": "person", "units": ["77"]})
    assert (other.context["swaps_units"], other.context["form"].errors) == (True, {})
    saved = head.post(reverse("insights:report_new"), {**chosen, "name": "周报"})
    report = Report.everything.get()
    assert saved.headers["Location"] == report.get_absolute_url()
    page = head.get(report.get_absolute_url())
    assert page.context["table"].rows[0].cells[1].text == "2"
    assert page.context["chart"].kind == "bar"
    assert head.post(reverse("insights:report_new"), {**chosen, "name": "周报"}).status_code == 422
    changed = head.post(reverse("insights:report_edit", args=[report.pk]), {**chosen, "name": "月报", "chart": ""})
    assert changed.status_code == 302
    assert manager.get(report.get_absolute_url()).status_code == 404

    def step(client: Any, name: str, pk: int = report.pk) -> int:
        return int(client.post(reverse("insights:report_step", args=[pk, name])).status_code)

    assert step(head, "share") == 302
    seen = manager.get(report.get_absolute_url())
    assert (seen.status_code, seen.context["table"].rows) == (200, ())  # the manager sees no branch
    assert client_of(people["other"]).get(report.get_absolute_url()).status_code == 404
    assert manager.get(reverse("insights:report_edit", args=[report.pk])).status_code == 404
    assert step(manager, "delete") == 302
    assert Report.everything.get().deleted_at is None
    assert step(manager, "copy") == 302
    copy = Report.everything.get(owner=people["manager"])
    assert (copy.definition, copy.branch, copy.schedule) == (Report.everything.get(pk=report.pk).definition, None, "")
    assert [step(head, "delete"), step(head, "delete")] == [302, 404]
    assert [row.name for row in head.get(reverse("insights:reports")).context["deleted"]] == ["月报"]
    assert [step(manager, "restore"), step(head, "restore"), step(head, "nonsense")] == [404, 302, 404]
    assert Report.everything.get(pk=report.pk).deleted_at is None
    did = TrailEntry.objects.filter(subject="insights.report", subject_id=str(report.pk)).order_by("pk")
    assert [act.action for act in did] == ["create", "change", "share", "delete", "restore"]
