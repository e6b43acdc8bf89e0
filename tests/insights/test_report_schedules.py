"""K13: scheduled reports, made at night for each recipient by what they may see that day."""

import csv
import io
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse

from core.exporting import open_file
from core.trail import NIGHT
from core.workdays import Calendar
from insights.models import Report, ReportRun
from insights.rules.reports import is_due
from insights.services import reporting, reports
from staff.models import Notification, User
from tests import factories as make
from tests.conftest import ClientOf
from tests.factories import NOW
from tests.insights.reporting import LAST, make_people

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)


@pytest.fixture
def people() -> dict[str, User]:
    return make_people()


@pytest.fixture(autouse=True)
def uploads(settings: Any, tmp_path: Path) -> Path:
    settings.UPLOADS = tmp_path
    return tmp_path


class EveryDay(Calendar):
    """No day is off."""

    def is_workday(self, day: date) -> bool:
        return True


def send(day: date = LAST) -> dict[str, Any]:
    """The night of a day, whose reports are there the next morning."""
    return dict(reporting.run(business_day=day, actor=NIGHT, at=NOW))


def read(made: ReportRun) -> list[list[str]]:
    """The table of a file, without the lines on top of it."""
    text = b"".join(open_file(reporting.path_of(made))).decode("utf-8-sig")
    return [line for line in csv.reader(io.StringIO(text)) if len(line) > 1]


def schedule(report: Report, owner: User, *numbers: str, **fields: Any) -> Report:
    asked = {"schedule": "daily", "day": 1, "file_format": "csv", **fields}
    return reports.schedule_report(report=report, **asked, staff_nos=numbers, actor=owner, at=NOW)


def test_a_schedule_falls_on_workdays_once_each_turn():
    # 2026: New Year 1 to 3 January off, Sunday the 4th worked; National Day 1 to 7 October off.
    works = Calendar().is_workday
    days = [date(2026, 9, 21) + n * timedelta(days=1) for n in range(40)]

    def due(schedule: str, nth: int) -> list[str]:
        return [f"{day:%m-%d}" for day in days if is_due(schedule, nth, day, works)]

    assert all(works(day) for day in days if is_due("daily", 1, day, works))
    assert len(due("daily", 1)) == sum(map(works, days))
    weekly = due("weekly", 1)
    assert len(weekly) == len(set(weekly))
    assert [day for day in weekly if "10-01" <= day <= "10-08"] == ["10-08"]  # the Monday's turn, after the holiday
    first = due("monthly", 1)
    assert first == ["10-08"]
    assert due("", 1) == []


def test_each_recipient_gets_what_they_may_see_and_who_moved_or_left_gets_nothing(
    people: dict[str, User], monkeypatch: pytest.MonkeyPatch, settings: Any
):
    settings.LANGUAGE_CODE = "en"  # files are in the language of the installation
    wide = {"unit_kind": "branch"}
    report = make.make_report(owner=people["hq"], definition=wide, name="every branch")
    schedule(report, people["hq"], "N1", "N2", "N3", "N4")
    User.objects.filter(staff_no="N3").update(branch=people["head"].branch)
    monkeypatch.setattr("insights.services.reporting.bank_calendar", EveryDay)
    assert send() == {"rows": 2, "made": 2, "skipped": 1, "expired": 0}
    made = {run.user.staff_no: run for run in ReportRun.everything.select_related("user")}
    # Its creator sees the bank; the same report shows a head one branch, and a manager nothing of it.
    assert {no: run.state for no, run in made.items()} == {"N1": "done", "N2": "done", "N4": "skipped"}
    assert [row[0] for row in read(made["N1"])[1:]] == ["一", "二", "All together"]
    assert read(made["N2"])[1:] == [["一", "500.00"], ["All together", "500.00"]]
    notices = Notification.objects.filter(event="report_ready")
    assert {(notice.user_id, notice.url) for notice in notices} == {
        (made[no].user_id, reverse("insights:report_run", args=[made[no].pk])) for no in ("N1", "N2")
    }
    assert send()["rows"] == 0  # safe twice
    # What they may see is asked anew each night; a creator who left sends nothing more.
    User.objects.filter(staff_no="N2").update(is_active=False)
    User.objects.filter(staff_no="N1").update(branch=people["head"].branch, role="branch_head")
    assert send(LAST + timedelta(days=1))["made"] == 0
    User.objects.filter(staff_no="N1").update(branch=people["hq"].branch, role="head_office")
    assert send(LAST + timedelta(days=2))["made"] == 1
    User.objects.filter(staff_no="N1").update(is_active=False)
    assert send(LAST + timedelta(days=3))["made"] == 0


def test_a_schedule_names_colleagues_of_ones_units_who_read_figures(people: dict[str, User], client_of: ClientOf):
    report = make.make_report(owner=people["head"])
    for numbers in (["N3"], ["N6"], ["N1"], ["nobody"]):
        with pytest.raises(reports.RecipientRefused):
            schedule(report, people["head"], *numbers)
    with pytest.raises(reports.ReportNotYours):
        schedule(report, people["hq"], "N2")
    url = reverse("insights:report_schedule", args=[report.pk])
    asked = {"schedule": "monthly", "weekday": 2, "workday": 3, "file_format": "csv", "recipients": ""}
    head = client_of(people["head"])
    assert head.post(url, asked).status_code == 422
    assert head.post(url, {**asked, "recipients": "N3"}).status_code == 422
    assert head.post(url, {**asked, "recipients": "N4，N2 N4"}).status_code == 302
    kept = Report.everything.get()
    assert (kept.schedule, kept.day, kept.recipients.count()) == ("monthly", 3, 2)
    # Who gets a report opens it as well, and stops to when they move.
    assert client_of(people["manager"]).get(report.get_absolute_url()).status_code == 200
    User.objects.filter(pk=people["manager"].pk).update(branch=people["other"].branch)
    moved = User.objects.get(pk=people["manager"].pk)
    assert client_of(moved).get(report.get_absolute_url()).status_code == 404


def test_a_night_sends_nothing_of_a_deleted_report_to_other_roles_or_from_whoever_no_longer_may(
    people: dict[str, User], monkeypatch: pytest.MonkeyPatch
):
    """What one report breaks on stops no other; a file opens to its second, in the unit it was made for."""
    monkeypatch.setattr("insights.services.reporting.bank_calendar", EveryDay)
    head, manager = people["head"], people["manager"]
    deputy = make.make_user(role="branch_head", branch=head.branch, staff_no="N7", password="")
    broken, deleted, kept = (make.make_report(owner=head, name=name) for name in ("旧", "删", "留"))
    for report in (broken, deleted, kept):
        schedule(report, head, "N2", "N4")
    schedule(kept, head, "N2")
    assert [row.user for row in kept.recipients.select_related("user")] == [head], "whoever was taken off"
    schedule(broken, head, "N4")
    Report.everything.filter(pk=broken.pk).update(definition={"measures": ["gone"]})
    reports.delete_report(report=deleted, actor=head, at=NOW)
    assert send() == {"rows": 1, "made": 1, "skipped": 1, "expired": 0}
    states = ReportRun.everything.order_by("pk").values_list("report", "user", "state")
    assert list(states) == [(broken.pk, manager.pk, "failed"), (kept.pk, head.pk, "done")]
    made = ReportRun.everything.get(state="done")
    assert made.expires_at is not None
    assert [reporting.may_open(made, head, at=made.expires_at - ago * SECOND) for ago in (1, 0)] == [True, False]
    head.branch_id = people["other"].branch_id
    assert not reporting.may_open(made, head, at=NOW)
    User.objects.filter(pk=manager.pk).update(role="teller")
    assert send(LAST + timedelta(days=1)) == {"rows": 1, "made": 1, "skipped": 0, "expired": 0}
    schedule(kept, head, "N7")
    for change in ({"role": "teller"}, {"role": "branch_head", "is_active": False}):
        User.objects.filter(pk=head.pk).update(**change)
        assert send(LAST + timedelta(days=2))["made"] == 0
    User.objects.filter(pk=head.pk).update(is_active=True)
    assert send(LAST + timedelta(days=2))["made"] == 1
    assert ReportRun.everything.filter(user=deputy).count() == 1

    # Taken back as long as its name is free; nothing is left of it after 30 days.
    again = make.make_report(owner=head, name="删")
    with pytest.raises(reports.NameTaken):
        reports.restore_report(report=deleted, actor=head, at=NOW)
    reporting.expire(at=NOW + timedelta(days=29))
    assert Report.everything.filter(pk=deleted.pk).exists()
    reporting.expire(at=NOW + timedelta(days=30))
    assert not Report.everything.filter(pk=deleted.pk).exists()
    User.objects.filter(pk=people["second"].pk).update(is_active=False)
    with pytest.raises(reports.RecipientRefused):
        schedule(again, head, "N5")
    with pytest.raises(reports.TooManyRecipients):
        schedule(again, head, *(f"X{n}" for n in range(51)))
    shared = reports.share_report(report=again, shared=True, actor=head, at=NOW)
    assert reports.share_report(report=shared, shared=False, actor=head, at=NOW).branch is None
