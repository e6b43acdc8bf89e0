"""Playbooks: the rules, enrolment of new customers, steps as they come due, and what stops them."""

import copy
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from core.clock import SHANGHAI
from core.errors import DomainError
from core.trail import NIGHT
from customers.models import Customer
from servicing.forms.playbooks import PLAYBOOKS, PlaybooksForm
from servicing.models import FollowUp, PlaybookRun
from servicing.queries.playbooks import playbooks_offered, run_views
from servicing.rules.playbooks import BUILT_IN, read_playbooks
from servicing.services import planning, playbooks
from servicing.services.follow_ups import complete_follow_up, skip_follow_up
from staff.models import Branch, User
from tests import factories as make

pytestmark = pytest.mark.django_db
DAY = date(2026, 3, 10)  # a Tuesday


def at(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 23, 0, tzinfo=SHANGHAI)


def night(after: int = 0) -> dict[str, int]:
    day = DAY + timedelta(days=after)
    return planning.run(business_day=day, actor=NIGHT, at=at(day))


@pytest.fixture
def branch() -> Branch:
    make.first_scheme()
    return make.make_branch(parent=make.make_head_office())


@pytest.fixture
def lin(branch: Branch) -> User:
    return make.make_user(role="manager", branch=branch, password="")


def new(lin: User | None, **fields: Any) -> Customer:
    return make.make_customer(manager=lin, **{"opened_on": DAY, **fields})


def open_steps(customer: Customer) -> dict[str, date]:
    rows = FollowUp.everything.filter(customer=customer, state="open", kind="playbook")
    return {row.facts["step"]: row.due_on for row in rows}


@pytest.mark.parametrize(
    ("path", "value", "fault"),
    [
        (["notice_days"], -1, "notice_days"),
        (["playbooks"], {}, "playbooks"),
        (["playbooks", "onboarding", "steps"], [], "playbooks.onboarding.steps"),
        (["playbooks", "onboarding", "steps", 0, "after"], "guide", "playbooks.onboarding.steps.0.after"),
        (["playbooks", "onboarding", "steps", 1, "key"], "thanks", "playbooks.onboarding.steps.1.key"),
        (["playbooks", "onboarding", "steps", 1, "days"], 1.5, "playbooks.onboarding.steps.1.days"),
        (["playbooks", "onboarding", "steps", 1, "doer"], "teller", "playbooks.onboarding.steps.1.doer"),
        (["playbooks", "onboarding", "title_en"], " ", "playbooks.onboarding.title_en"),
    ],
)
def test_rules_that_make_no_sense(path: list[Any], value: Any, fault: str) -> None:
    values: Any = copy.deepcopy(dict(BUILT_IN))
    place = values
    for part in path[:-1]:
        place = place[part]
    place[path[-1]] = value

    with pytest.raises(ValueError, match=f"^{fault}$"):
        read_playbooks(values)


def test_a_new_customer_is_welcomed_step_by_step(lin: User) -> None:
    """7, 30 and 90 days; a step waits for the one before, a skipped one counts; the last one finishes it."""
    one = new(lin)
    organisation = new(lin, kind="organisation", opened_on=DAY - timedelta(days=6))
    for other in (
        new(lin, opened_on=DAY - timedelta(days=7)),
        new(None, branch=lin.branch),
        new(lin, opened_on=DAY + timedelta(days=1)),
    ):
        assert other.opened_on
    complaining = new(lin)
    make.make_alert(customer=complaining, kind="complaint", starts_on=DAY)

    assert (night()["enrolled"], night()["enrolled"]) == (2, 0)

    assert open_steps(one) == {}
    assert open_steps(organisation) == {"thanks": DAY + timedelta(days=1)}
    run = PlaybookRun.everything.get(customer=one)
    assert (run.started_on, run.version, run.started_by, len(run.steps)) == (DAY, 0, None, 4)
    night(4)
    assert open_steps(one) == {"thanks": date(2026, 3, 17)}
    complete_follow_up(follow_up=FollowUp.everything.get(customer=one), actor=lin, at=at(DAY))
    night(4)
    assert open_steps(one) == {"guide": date(2026, 3, 17)}
    skip_follow_up(
        follow_up=FollowUp.everything.get(customer=one, state="open"), reason="not_useful", actor=lin, at=at(DAY)
    )
    night(29)
    assert open_steps(one) == {"first_term": date(2026, 4, 9)}
    night(90)
    assert open_steps(one) == {"first_term": date(2026, 4, 9), "first_review": date(2026, 6, 9)}
    (view,) = run_views(one, DAY)
    assert (view.closed, [bool(step.follow_up) for step in view.steps]) == (2, [True] * 4)
    FollowUp.everything.filter(customer=one, state="open").update(state="done", closed_at=at(DAY), closed_by=lin)
    assert night(91)["stopped"] == 1
    run.refresh_from_db()
    assert (run.state, run.stop_reason) == ("done", "")
    assert night(91)["enrolled"] == 0


def test_what_stops_it(lin: User) -> None:
    """A complaint, or the consent to marketing withdrawn wherever it was stated; one channel left keeps it going."""
    people = {name: new(lin) for name in ("complaint", "opt_out", "partly", "none")}
    for name, channel, decision, days in (
        ("opt_out", "sms", "given", 9),
        ("opt_out", "sms", "withdrawn", 1),
        ("opt_out", "phone", "withdrawn", 2),
        ("partly", "sms", "withdrawn", 1),
        ("partly", "phone", "given", 1),
    ):
        stated = {"decision": decision, "stated_at": at(DAY) - timedelta(days=days)}
        make.make_consent(customer=people[name], channel=channel, **stated)
    night()
    PlaybookRun.everything.filter(customer=people["opt_out"]).update(state="running", stop_reason="", stopped_on=None)
    night(5)
    make.make_alert(customer=people["complaint"], kind="complaint", starts_on=DAY)

    counts = night(6)

    assert counts["stopped"] == 1
    states = {run.customer_id: (run.state, run.stop_reason) for run in PlaybookRun.everything.all()}
    assert states == {
        people["complaint"].pk: ("stopped", "complaint"),
        people["opt_out"].pk: ("stopped", "opt_out"),
        people["partly"].pk: ("running", ""),
        people["none"].pk: ("running", ""),
    }
    assert FollowUp.everything.get(customer=people["complaint"]).state == "cancelled"
    assert run_views(people["opt_out"], DAY)[0].why


def test_the_editor_adds_a_playbook() -> None:
    form = PlaybooksForm(kind=PLAYBOOKS, values=BUILT_IN)
    sent = {name: "" if (value := form[name].value()) is None else value for name in form.fields}
    sent |= {"effective_on": "2026-12-01", "note": "大额到期"}
    same = PlaybooksForm(sent, kind=PLAYBOOKS, values=BUILT_IN)
    assert (same.is_valid(), same.typed_values()) == (True, BUILT_IN)

    sent |= {"0new__title_zh": "大额到期", "0new__title_en": "Large maturity"}
    assert not PlaybooksForm(sent, kind=PLAYBOOKS, values=BUILT_IN).is_valid()
    for line, days in (("0new__0", 0), ("0new__2", 5)):
        sent |= {f"{line}__title_zh": "电话", f"{line}__title_en": "Call", f"{line}__days": days}
    sent |= {"0new__2__after": "0previous", "0new__2__doer": "head"}
    form = PlaybooksForm(sent, kind=PLAYBOOKS, values=BUILT_IN)
    assert form.is_valid(), form.errors
    titles = {"title_zh": "电话", "title_en": "Call"}
    assert form.typed_values()["playbooks"]["book_1"] == {
        "title_zh": "大额到期",
        "title_en": "Large maturity",
        "steps": [
            {"key": "step_1", **titles, "days": 0, "after": "", "doer": "manager"},
            {"key": "step_2", **titles, "days": 5, "after": "step_1", "doer": "head"},
        ],
    }


def test_begun_and_stopped_by_hand(lin: User) -> None:
    """Begun once, with steps due soon at once; stopped with a reason, which cancels what is open."""
    one, at_noon = make.make_customer(manager=lin), at(DAY)
    assert [key for key, _title in playbooks_offered(one, DAY)] == ["onboarding"]
    run = playbooks.start_playbook(customer=one, key="onboarding", actor=lin, at=at_noon)
    assert (run.started_by, playbooks_offered(one, DAY)) == (lin, [])
    night(5)
    assert list(open_steps(one)) == ["thanks"]

    for key, code in (("onboarding", "playbook_running"), ("nothing", "no_such_playbook")):
        with pytest.raises(DomainError) as caught:
            playbooks.start_playbook(customer=one, key=key, actor=lin, at=at_noon)
        assert caught.value.code == code
    with pytest.raises(playbooks.NobodyToDoIt):
        playbooks.start_playbook(customer=new(None, branch=lin.branch), key="onboarding", actor=lin, at=at_noon)
    grieving = new(lin)
    make.make_alert(customer=grieving, kind="bereavement", starts_on=DAY)
    with pytest.raises(playbooks.NotNow):
        playbooks.start_playbook(customer=grieving, key="onboarding", actor=lin, at=at_noon)
    with pytest.raises(playbooks.StopReasonNeeded):
        playbooks.stop_playbook(run=run, reason=" x ", actor=lin, at=at_noon)
    stopped = playbooks.stop_playbook(run=run, reason="客户要求停止", actor=lin, at=at_noon)
    assert (stopped.state, open_steps(one)) == ("stopped", {})
    with pytest.raises(playbooks.PlaybookOver):
        playbooks.stop_playbook(run=run, reason="客户要求停止", actor=lin, at=at_noon)
