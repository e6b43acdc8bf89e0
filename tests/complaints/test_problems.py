"""P10: root causes, corrective actions with owner, day and evidence, and the cause that comes again and again."""

from datetime import timedelta

import pytest
from django.urls import reverse

from complaints.models import Complaint, CorrectiveAction, Problem
from complaints.queries import problems as queries
from complaints.queries.actions import actions_of
from complaints.rules.limits import BUILT_IN
from complaints.rules.problems import owner_of
from complaints.services import actions as services
from complaints.services import aftercare, problems
from complaints.services.actions import ToDo
from complaints.services.states import Recused
from core.models import TrailEntry
from core.trail import NIGHT
from staff.models import Notification, Policy
from tests import factories as make
from tests.factories import NOW, TODAY

DAY = timedelta(days=1)


class Bank:
    """Two branches under one head office; the manager handles a case of the first, `named` is kept away from it."""

    def __init__(self):
        self.top = make.make_head_office()
        self.branch, self.other = make.make_branch(parent=self.top), make.make_branch(parent=self.top)
        people = {"teller": "teller", "manager": "manager", "head": "branch_head", "named": "branch_head"}
        for name, role in people.items():
            setattr(self, name, make.make_user(role=role, branch=self.branch))
        self.hq = make.make_user(role="head_office", branch=self.top)
        self.compliance = make.make_user(role="compliance", branch=self.top)
        self.stranger = make.make_user(role="branch_head", branch=self.other)
        self.case = make.make_complaint(
            branch=self.branch, state="investigating", handler=self.manager, named=(self.named,)
        )

    def todo(self, **fields):
        return ToDo(**{"text": "更换排队机", "owner": self.teller, "due_on": TODAY + 7 * DAY, **fields})

    def cases(self, count, cause="staffing", branch=None, **fields):
        branch = branch or self.branch
        return [make.make_complaint(branch=branch, cause=cause, **fields) for _n in range(count)]


@pytest.fixture
def bank(db):
    return Bank()


def find(day=TODAY):
    return problems.find_problems(business_day=day, actor=NIGHT, at=NOW)["rows"]


def test_who_works_on_a_case_says_its_root_cause_until_it_ends(bank):
    with pytest.raises(services.NotYoursToSet):
        services.set_cause(complaint=bank.case, cause="staffing", actor=bank.teller, at=NOW)
    for cause in ("people", "nothing"):  # a branch of the tree, and no cause at all
        with pytest.raises(services.CauseUnknown):
            services.set_cause(complaint=bank.case, cause=cause, actor=bank.manager, at=NOW)
    with pytest.raises(Recused):
        services.set_cause(complaint=bank.case, cause="staffing", actor=bank.named, at=NOW)
    assert services.set_cause(complaint=bank.case, cause="staffing", actor=bank.manager, at=NOW).cause == "staffing"
    entry = TrailEntry.objects.get(subject="complaints.complaint", subject_id=bank.case.number, action="cause")
    assert entry.changes["cause"] == ["", "staffing"]
    ended = make.make_complaint(branch=bank.branch, state="closed", handler=bank.manager)
    with pytest.raises(services.CaseOver):
        services.set_cause(complaint=ended, cause="staffing", actor=bank.manager, at=NOW)


def test_an_action_has_an_owner_a_day_and_ends_with_evidence(bank):
    for todo, error in (
        (bank.todo(owner=bank.stranger), services.CannotOwnAction),
        (bank.todo(owner=bank.named), services.CannotOwnAction),
        (bank.todo(due_on=TODAY - DAY), services.ActionDayPast),
        (bank.todo(text=" "), services.WordsMissing),
    ):
        with pytest.raises(error):
            services.add_action(complaint=bank.case, todo=todo, actor=bank.manager, at=NOW)
    with pytest.raises(services.NotYoursToSet):
        services.add_action(complaint=bank.case, todo=bank.todo(), actor=bank.teller, at=NOW)
    once = bank.case.once
    row, again = (
        services.add_action(complaint=bank.case, todo=bank.todo(once=once), actor=bank.manager, at=NOW)
        for _n in range(2)
    )
    assert (row, row.branch, row.state) == (again, bank.branch, "open")
    told = Notification.objects.get(event="action_assigned")
    assert (told.user, told.params) == (bank.teller, {"number": row.pk, "day": row.due_on.isoformat()})
    # Overdue: told once, and never anybody who is kept away from the case.
    make_late = CorrectiveAction.everything.create(
        branch=bank.branch, complaint=bank.case, text="x", owner=bank.named, due_on=TODAY, made_by=bank.hq, made_at=NOW
    )
    due = row.due_on
    assert [services.remind(business_day=day, at=NOW)["rows"] for day in (due - DAY, due, due)] == [0, 1, 1]
    assert list(Notification.objects.filter(event="action_overdue").values_list("user", flat=True)) == [bank.teller.pk]
    # Its owner sees it without seeing the case; who is kept away sees neither.
    seen = {name: set(actions_of(getattr(bank, name))) for name in ("teller", "manager", "head", "named", "stranger")}
    both = {row, make_late}
    assert seen == {"teller": {row}, "manager": set(), "head": both, "named": set(), "stranger": set()}

    with pytest.raises(services.NotYoursToEnd):
        services.finish_action(action=row, evidence="已更换", actor=bank.manager, at=NOW)
    with pytest.raises(services.WordsMissing):
        services.finish_action(action=row, evidence="", actor=bank.teller, at=NOW)
    done = services.finish_action(action=row, evidence="11月25日已更换", actor=bank.teller, at=NOW)
    assert (done.state, done.evidence, done.ended_by, done.ended_at) == ("done", "11月25日已更换", bank.teller, NOW)
    assert not Notification.objects.filter(event="action_assigned", read_at=None).exists()
    with pytest.raises(services.ActionEnded):
        services.drop_action(action=row, reason="不再需要", actor=bank.hq, at=NOW)


def test_the_nearest_head_whom_no_case_concerns_owns_a_problem():
    heads = [(1, 10), (2, 20), (2, 21), (9, 90)]
    assert owner_of([2, 1], heads, []) == 20
    assert owner_of([2, 1], heads, [20, 21]) == 10
    assert owner_of([2, 1], heads, [10, 20, 21]) is None


def test_three_of_one_cause_in_sixty_days_open_a_problem_once(bank):
    last = BUILT_IN["repeat_days"] - 1
    cases = [*bank.cases(2), *bank.cases(1, received_on=TODAY - last * DAY)]
    bank.cases(1, received_on=TODAY - (last + 1) * DAY)  # too long ago
    bank.cases(1, received_on=TODAY + DAY)  # not yet
    bank.cases(2, branch=bank.other)  # too few
    bank.cases(2, cause="slow"), bank.cases(4, cause="")
    duplicates = bank.cases(2, branch=bank.other, same_as=cases[0])  # the same matter
    assert len(duplicates) == 2
    assert [find(), find()] == [1, 0]
    problem = Problem.everything.get()
    assert (problem.branch, problem.cause, problem.count, problem.days, problem.found_on) == (
        bank.branch,
        "staffing",
        3,
        60,
        TODAY,
    )
    told = Notification.objects.get(event="problem_found")
    assert (told.user, told.params) == (problem.owner, {"number": problem.pk, "count": 3, "days": 60})
    assert set(queries.cases_behind(problem, bank.hq)) >= set(cases)

    # Solved by a head once nothing is left to do; only later cases count towards the next one.
    action = services.add_action_for(problem=problem, todo=bank.todo(), actor=bank.hq, at=NOW)
    with pytest.raises(problems.ActionsLeft):
        problems.solve_problem(problem=problem, words="加派人手", actor=bank.hq, at=NOW)
    services.drop_action(action=action, reason="不再需要", actor=bank.hq, at=NOW)
    with pytest.raises(problems.NotYoursToSolve):
        problems.solve_problem(problem=problem, words="加派人手", actor=bank.compliance, at=NOW)
    with pytest.raises(problems.WordsMissing):
        problems.solve_problem(problem=problem, words=" ", actor=bank.hq, at=NOW)
    solved = problems.solve_problem(problem=problem, words="加派人手", actor=bank.hq, at=NOW)
    assert (solved.state, solved.solved_by, solved.solved_on) == ("solved", bank.hq, TODAY)
    with pytest.raises(problems.ProblemSolved):
        problems.solve_problem(problem=problem, words="加派人手", actor=bank.hq, at=NOW)
    assert find() == 0
    bank.cases(2, received_on=TODAY + DAY)
    assert find(TODAY + 2 * DAY) == 1


def test_the_numbers_are_dated_rules(bank):
    bank.cases(2)
    Policy.objects.create(
        kind="complaint_limits",
        version=1,
        values={**BUILT_IN, "repeat_cases": 2},
        status="approved",
        effective_on=TODAY + DAY,
        drafted_by=bank.hq,
        drafted_at=NOW,
    )
    assert find(TODAY) == 0
    nights = [aftercare.run(business_day=TODAY + DAY, actor=NIGHT, at=NOW) for _twice in range(2)]
    nothing = {"rows": 0, "problems": 0, "reminded": 0, "checked": 0, "damaged": 0}
    assert nights == [{**nothing, "rows": 1, "problems": 1}, nothing]


def test_whom_a_case_concerns_neither_owns_nor_sees_the_problem_it_makes(bank, client_of):
    cases = bank.cases(3, named=(bank.head,))
    assert find() == 1
    problem = Problem.everything.get()
    assert problem.owner == bank.named
    Complaint.everything.filter(pk=cases[0].pk).update(recused=[bank.head.pk, bank.named.pk])
    assert problems.queries.recused_from(bank.branch.pk, "staffing", TODAY - 60 * DAY, TODAY) == {
        bank.head.pk,
        bank.named.pk,
    }
    sees = {name: queries.problems_of(getattr(bank, name)).exists() for name in ("hq", "compliance", "head", "named")}
    assert sees == {"hq": True, "compliance": True, "head": False, "named": False}
    services.add_action_for(problem=problem, todo=bank.todo(), actor=bank.hq, at=NOW)
    assert [actions_of(user).exists() for user in (bank.hq, bank.head, bank.teller)] == [True, False, True]
    page = reverse("complaints:problem", args=[problem.pk])
    assert [client_of(bank.head).get(page).status_code, client_of(bank.manager).get(page).status_code] == [404, 403]


def test_causes_are_counted_by_product_and_by_unit_as_the_list_shows_them(bank, client_of):
    bank.cases(2, product="card"), bank.cases(1, product="card", branch=bank.other), bank.cases(1)
    bank.cases(1, product="card", named=(bank.hq,))
    rows = Complaint.objects.visible_to(bank.hq)
    by_product = [(top.cause, top.other, top.count) for top in queries.top_causes(rows, "product")]
    assert by_product == [("staffing", "card", 3), ("staffing", "", 1)]
    by_unit = [(top.other, top.name, top.count) for top in queries.top_causes(rows, "branch__code")]
    assert by_unit == [(bank.branch.code, bank.branch.name, 3), (bank.other.code, bank.other.name, 1)]


def test_from_the_page_of_a_case_to_a_solved_problem(bank, client_of):
    client, number = client_of(bank.head), bank.case.number
    cause, here = reverse("complaints:cause", args=[number]), reverse("complaints:actions", args=[number])
    assert client.post(cause, {"cause-cause": "people"}).status_code == 422
    assert client.post(cause, {"cause-cause": "staffing"}).status_code == 200
    typed = {"text": "加派人手", "owner": bank.teller.staff_no, "due_on": "2099-01-01", "once": str(bank.case.once)}
    assert client.post(here, {}).status_code == 422
    assert client.post(here, {f"action-{name}": value for name, value in typed.items()}).status_code == 200
    action = CorrectiveAction.everything.get()
    assert (action.cause, action.owner) == ("staffing", bank.teller)

    owner = client_of(bank.teller)
    page, listed = reverse("complaints:action", args=[action.pk]), reverse("complaints:action_list")
    assert "加派人手" in owner.get(listed, {"whose": "mine", "stage": "open"}).content.decode()
    assert owner.get(listed, {"stage": "overdue"}).context["listing"].queryset.count() == 0
    shown = owner.get(page).content.decode()
    assert (number in shown, bank.case.get_absolute_url() in shown) == (True, False)
    assert owner.post(page, {"step": "done", "words": ""}).status_code == 422
    assert owner.post(page, {"step": "done", "words": "已排班"}).status_code == 302
    assert client_of(bank.named).get(page).status_code == 404

    Complaint.everything.filter(pk=bank.case.pk).update(recused=[])
    bank.cases(2)
    assert find() == 1
    problem = Problem.everything.get()
    page, more = (reverse(f"complaints:{name}", args=[problem.pk]) for name in ("problem", "problem_action"))
    assert problem.branch.name in client.get(reverse("complaints:problems"), {"state": "open"}).content.decode()
    typed |= {"once": str(bank.cases(1)[0].once)}
    assert client.post(more, {f"action-{name}": value for name, value in typed.items()}).status_code == 302
    assert client.post(page, {"words": "加派人手"}).status_code == 422
    CorrectiveAction.everything.filter(problem=problem).update(state="done", evidence="x")
    assert client.post(page, {"words": "加派人手"}).status_code == 302
    assert client.get(page).context["count"] == 4
