"""Findings: raised of what was missed, graver when repeated, appealed, corrected, checked again, escalated (F10)."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from core.trail import NIGHT
from staff.enums import Role
from staff.models import Finding, FindingMove, Notification, User
from staff.queries import supervision as queries
from staff.queries import trail_for
from staff.services import supervision, supervision_findings
from staff.services.supervision_findings import (
    AccountNeeded,
    AppealTooLate,
    FindingDayPast,
    FindingFacts,
    FindingMoved,
    FindingNotYours,
    FoundAlready,
    NothingMissed,
    OwnerNotPossible,
    answer_appeal,
    appeal_finding,
    comment_finding,
    correct_finding,
    discard_finding,
    hold_to_account,
    issue_finding,
    raise_finding,
    recheck_finding,
)
from tests import factories as make
from tests.factories import NOW, TODAY
from tests.factories_supervision import make_check, make_finding, make_plan

pytestmark = pytest.mark.django_db


class Desk:
    """A check of a teller that two found wanting, and the people around it."""

    def __init__(self) -> None:
        top = make.make_head_office()
        self.unit = make.make_branch(parent=top)
        self.head = make.make_user(role=Role.BRANCH_HEAD, branch=self.unit, password="")
        self.hq = make.make_user(role=Role.HEAD_OFFICE, branch=top, password="")
        self.officer = make.make_user(role=Role.COMPLIANCE, branch=top, password="")
        self.second = make.make_user(role=Role.COMPLIANCE, branch=top, password="")
        self.teller = make.make_user(branch=self.unit, password="")
        self.plan = make_plan(created_by=self.officer, unit=self.unit, scorers=[self.officer, self.second, self.hq])
        self.check = self.missed()

    def missed(self) -> Any:
        about = make.make_interaction(customer=make.make_customer(branch=self.unit), author=self.teller)
        return make_check(plan=self.plan, contact=about, state="done")

    def raised(self, **fields: Any) -> Finding:
        values = {
            "criterion": "record",
            "grade": 1,
            "text": "记录不完整",
            "owner": self.head,
            "due_on": TODAY,
            **fields,
        }
        values["due_on"] = fields.get("due_on", TODAY + timedelta(days=28))
        check, actor = values.pop("check", self.check), values.pop("actor", self.officer)
        return raise_finding(check=check, facts=FindingFacts(**values), actor=actor, at=NOW)


@pytest.fixture
def desk() -> Desk:
    return Desk()


def refused(error: type[Exception], work: Callable[[], Any]) -> None:
    with pytest.raises(error), transaction.atomic():
        work()


def test_a_finding_is_raised_once_of_what_was_missed_and_issued_to_the_person(desk: Desk):
    stranger = make.make_user(branch=make.make_branch(), role=Role.BRANCH_HEAD, password="")
    refused(NothingMissed, lambda: desk.raised(criterion="needs"))
    refused(FindingNotYours, lambda: desk.raised(actor=desk.head))
    refused(OwnerNotPossible, lambda: desk.raised(owner=stranger))
    refused(FindingDayPast, lambda: desk.raised(due_on=TODAY - timedelta(days=1)))
    finding = desk.raised()
    refused(FoundAlready, desk.raised)
    assert [queries.findings_for(user).count() for user in (desk.teller, desk.head, desk.officer, desk.second)] == [
        *(0, 0, 1, 1)
    ]
    discard_finding(finding=finding, actor=desk.officer, at=NOW)
    assert not queries.findings_for(desk.teller).exists()
    finding = issue_finding(finding=desk.raised(), actor=desk.officer, at=NOW)
    assert (finding.grade, finding.due_on, finding.issued_on) == (1, TODAY + timedelta(days=28), TODAY)
    told = Notification.objects.filter(event="finding_issued").values_list("user", flat=True)
    assert set(told) == {desk.teller.pk, desk.head.pk}
    assert [queries.findings_for(user).count() for user in (desk.teller, desk.head, stranger)] == [1, 1, 0]
    refused(FindingMoved, lambda: issue_finding(finding=finding, actor=desk.officer, at=NOW))


@pytest.mark.parametrize(("days", "grade", "due_on"), [(364, 2, date(2026, 12, 4)), (365, 1, date(2026, 12, 18))])
def test_a_repeat_within_a_year_is_graver_and_sooner_due(desk: Desk, days: int, grade: int, due_on: date):
    earlier = make_finding(check=desk.missed(), owner=desk.head, state="issued")
    Finding.objects.filter(pk=earlier.pk).update(issued_on=TODAY - timedelta(days=days))
    make_finding(check=desk.missed(), owner=desk.head, state="issued", criterion="promise")  # of another kind
    make_finding(check=desk.missed(), owner=desk.head, state="withdrawn")
    finding = issue_finding(finding=desk.raised(), actor=desk.officer, at=NOW)
    assert (finding.first_grade, finding.grade, finding.due_on) == (1, grade, due_on)


def test_corrected_by_its_owner_and_looked_at_again_by_another(desk: Desk):
    finding = make_finding(check=desk.check, owner=desk.head, state="issued", grade=3, raised_by=desk.officer)
    said = {"correction": "已补记", "evidence": "12 号单", "at": NOW}
    for nobody in (desk.teller, desk.officer):
        refused(FindingNotYours, lambda nobody=nobody: correct_finding(finding=finding, actor=nobody, **said))
    again: dict[str, Any] = {"passed": True, "words": "看过原件", "due_on": None, "at": NOW}
    refused(FindingMoved, lambda: recheck_finding(finding=finding, actor=desk.second, **again))
    correct_finding(finding=finding, actor=desk.hq, **said)  # a head above may, too
    no = {**again, "passed": False}
    refused(FindingDayPast, lambda: recheck_finding(finding=finding, actor=desk.second, **no))
    done = recheck_finding(finding=finding, actor=desk.second, **{**no, "due_on": TODAY})
    assert (done.state, done.due_on) == ("issued", TODAY)
    correct_finding(finding=finding, actor=desk.head, **said)
    refused(FindingNotYours, lambda: recheck_finding(finding=finding, actor=desk.head, **again))
    refused(AccountNeeded, lambda: recheck_finding(finding=finding, actor=desk.second, **again))
    hold_to_account(finding=finding, words="约谈，扣减当月服务分", actor=desk.officer, at=NOW)
    done = recheck_finding(finding=finding, actor=desk.second, **again)
    assert (done.state, done.rechecked_by, done.closed_at) == ("closed", desk.second, NOW)
    story = list(FindingMove.objects.filter(finding=finding).order_by("pk").values_list("step", flat=True))
    assert story == ["corrected", "failed", "corrected", "account", "passed"]
    for change in ({"rechecked_by": desk.head}, {"account": ""}, {"evidence": ""}):
        with pytest.raises(DatabaseError), transaction.atomic():
            Finding.objects.filter(pk=finding.pk).update(**change)
    with pytest.raises(DatabaseError), transaction.atomic():
        FindingMove.objects.all().delete()


def test_who_is_found_wanting_may_appeal_once_and_another_answers(desk: Desk):
    finding = make_finding(check=desk.check, owner=desk.head, state="issued", raised_by=desk.officer)
    refused(FindingNotYours, lambda: appeal_finding(finding=finding, words="不同意", actor=desk.head, at=NOW))
    late = NOW + timedelta(days=11)
    refused(AppealTooLate, lambda: appeal_finding(finding=finding, words="不同意", actor=desk.teller, at=late))
    comment_finding(finding=finding, words="当时系统断网", actor=desk.teller, at=NOW)
    assert queries.may_step(desk.teller, finding, "appeal", TODAY + timedelta(days=10))
    appeal_finding(finding=finding, words="不同意", actor=desk.teller, at=NOW + timedelta(days=10))
    refused(AppealTooLate, lambda: appeal_finding(finding=finding, words="还是不同意", actor=desk.teller, at=NOW))
    finding.refresh_from_db()
    asked = [queries.may_step(user, finding, "answer", TODAY) for user in (desk.officer, desk.second, desk.teller)]
    assert asked == [False, True, False]
    refused(
        FindingNotYours,
        lambda: answer_appeal(finding=finding, stands=True, words="维持", actor=desk.officer, at=NOW),
    )
    done = answer_appeal(finding=finding, stands=False, words="网络日志属实", actor=desk.second, at=NOW)
    assert done.state == "withdrawn"
    assert not queries.earlier_findings(desk.teller, "record", until=TODAY, days=365).exists()


def test_what_is_overdue_goes_up_once_a_rung_and_never_to_the_person(desk: Desk):
    """The head of the unit is the person here: the rung above is told instead."""
    about = make.make_interaction(customer=make.make_customer(branch=desk.unit), author=desk.head)
    check = make_check(plan=desk.plan, contact=about, state="done")
    finding = make_finding(check=check, owner=desk.hq, state="issued", due_on=TODAY)
    told: list[set[User]] = []
    for days in (0, 1, 1, 7, 14, 30):
        Notification.objects.all().delete()
        supervision.run(business_day=TODAY + timedelta(days=days), actor=NIGHT, at=NOW)
        told.append({row.user for row in Notification.objects.select_related("user")})
    assert told == [set(), {desk.hq}, set(), {desk.hq}, {desk.officer, desk.second}, set()]
    finding.refresh_from_db()
    assert finding.level == 3
    steps = FindingMove.objects.filter(finding=finding, step="escalated").order_by("pk")
    assert list(steps.values_list("words", flat=True)) == ["HEAD", "HEAD_OFFICE", "COMPLIANCE"]
    other = make_finding(check=check, owner=desk.hq, state="issued", due_on=TODAY, criterion="promise")
    assert supervision_findings.escalate(business_day=TODAY + timedelta(days=20), actor=NIGHT, at=NOW) == 1
    assert FindingMove.objects.filter(finding=other).count() == 3


def test_nobody_acts_on_a_finding_about_oneself_nor_reads_of_it_on_the_trail(desk: Desk):
    """Whoever oversees a plan may be the person checked; and may have corrected what is looked at again."""
    about = make.make_interaction(customer=make.make_customer(branch=desk.unit), author=desk.officer)
    by_others = make_plan(created_by=desk.second, unit=desk.unit, scorers=[desk.second, desk.hq, desk.head])
    own = make_check(plan=by_others, contact=about, state="done")
    refused(FindingNotYours, lambda: desk.raised(check=own))
    finding = desk.raised(check=own, actor=desk.second)
    refused(FindingNotYours, lambda: issue_finding(finding=finding, actor=desk.officer, at=NOW))
    refused(FindingNotYours, lambda: discard_finding(finding=finding, actor=desk.officer, at=NOW))
    entries = [trail_for(user).filter(subject="staff.finding").count() for user in (desk.officer, desk.second)]
    assert entries == [0, 1]
    # Issued when its day is past already, it is due that day.
    issued = issue_finding(finding=finding, actor=desk.second, at=NOW + timedelta(days=40))
    assert issued.due_on == TODAY + timedelta(days=40)

    plan = make_plan(created_by=desk.hq, unit=desk.unit, scorers=[desk.officer, desk.second, desk.hq])
    talk = make.make_interaction(customer=make.make_customer(branch=desk.unit), author=desk.teller)
    led = make_finding(check=make_check(plan=plan, contact=talk, state="done"), owner=desk.hq, state="issued")
    late = TODAY + timedelta(days=30)
    supervision.run(business_day=late, actor=NIGHT, at=NOW)
    other = make.make_user(role=Role.HEAD_OFFICE, branch=desk.hq.branch, password="")
    said = {"correction": "已补记", "evidence": "12 号单", "at": NOW}
    again: dict[str, Any] = {"words": "看过原件", "due_on": late, "at": NOW}
    corrected = correct_finding(finding=led, actor=desk.hq, **said)
    assert (corrected.level, queries.may_step(desk.hq, corrected, "recheck", TODAY)) == (2, False)
    assert queries.may_step(other, corrected, "recheck", TODAY)
    refused(FindingNotYours, lambda: recheck_finding(finding=led, passed=True, actor=desk.hq, **again))
    # Due anew, it goes up from the lowest rung again.
    assert recheck_finding(finding=led, passed=False, actor=other, **again).level == 0
