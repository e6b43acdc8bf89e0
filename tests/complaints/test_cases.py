"""The page of a case and its services: who does what, who is kept away everywhere, and what a case's life leaves."""

from datetime import timedelta

import pytest
from django.urls import reverse

from complaints.enums import CaseState, Move
from complaints.models import CaseMove, Complaint, Escalation, Pause, Recusal
from complaints.queries.cases import handlers_for, history_of, may_lead, moves_for, moves_of_customer, open_cases_of
from complaints.services import cases
from complaints.services.actions import ToDo, add_action
from complaints.services.alerts import keep_alert
from complaints.services.states import NotAllowed, Recused
from core.models import TrailEntry
from customers.models import Customer, CustomerAlert
from insights.queries.timeline import timeline
from staff.models import Branch, Notification, User
from staff.queries import trail_for
from tests import factories as make
from tests.access_table import PAGES
from tests.factories import NOW, TODAY

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(days=1)


@pytest.fixture
def top() -> Branch:
    return make.make_head_office()


@pytest.fixture
def unit(top: Branch) -> Branch:
    return make.make_branch(parent=top)


@pytest.fixture
def head(unit: Branch) -> User:
    return make.make_user(role="branch_head", branch=unit)


@pytest.fixture
def manager(unit: Branch) -> User:
    return make.make_user(role="manager", branch=unit)


@pytest.fixture
def teller(unit: Branch) -> User:
    return make.make_user(role="teller", branch=unit)


@pytest.fixture
def customer(manager: User) -> Customer:
    return make.make_customer(manager=manager)


def seen_by(user: User) -> list[str]:
    user = User.objects.get(pk=user.pk)  # scopes are kept for a request
    return list(Complaint.objects.visible_to(user).order_by("pk").values_list("number", flat=True))


def client_of(client, user):  # type: ignore[no-untyped-def]  # pytest-django's client
    client.force_login(user, backend="staff.backends.StaffBackend")
    return client


def test_a_case_from_the_counter_to_withdrawal_and_back(head: User, manager: User, teller: User, customer: Customer):
    case = make.make_complaint(customer=customer, registered_by=teller)
    with pytest.raises(cases.NotYours):
        cases.accept(complaint=case, actor=teller, handler=manager, at=NOW)
    with pytest.raises(cases.CannotHandle):
        cases.accept(complaint=case, actor=head, handler=make.make_user(role="manager"), at=NOW)
    given = make.make_complaint(branch=manager.branch, handler=manager)
    with pytest.raises(cases.NotYours):  # whoever has a case takes it on, and does not pass it on
        cases.accept(complaint=given, actor=manager, handler=head, at=NOW)
    case = cases.accept(complaint=case, actor=head, handler=manager, at=NOW, note="请尽快联系")
    told = Notification.objects.get(user=manager)
    assert (told.event, told.url) == ("case_assigned", f"/complaints/{case.number}/")
    assert CustomerAlert.everything.get(customer=customer).case_no == case.number
    case = cases.investigate(complaint=case, actor=manager, at=NOW)
    # Nobody but those who lead gives it to somebody else or says how serious it is.
    for step, values in (("assign_handler", {"handler": head}), ("regrade", {"grade": 3, "reason": "多人受损"})):
        with pytest.raises(cases.NotYours):
            getattr(cases, step)(complaint=case, actor=manager, at=NOW, **values)
    before = case.internal_due_on
    case = cases.regrade(complaint=case, grade=3, reason="多人受损", actor=head, at=NOW)
    assert (case.grade, case.internal_days) == (3, 3)
    assert Escalation.everything.filter(complaint=case, rung=0, span=3).count() == 1  # told at once
    assert (case.internal_due_on or LATER.date()) < (before or TODAY)
    with pytest.raises(cases.ReasonMissing):
        cases.withdraw(complaint=case, note=" ", actor=teller, at=NOW)
    Pause.everything.create(complaint=case, reason="papers", started_at=NOW, by=manager)
    Complaint.everything.filter(pk=case.pk).update(paused_at=NOW, internal_due_on=None)
    case = cases.withdraw(complaint=case, note="客户本人到网点书面撤回", actor=teller, at=NOW)
    assert (case.state, case.closed_on, case.quiet_until) == ("withdrawn", TODAY, TODAY + timedelta(days=30))
    assert (case.paused_at, Pause.everything.get().ended_at) == (None, NOW)
    assert CustomerAlert.everything.get(customer=customer).ends_on == case.quiet_until
    with pytest.raises(NotAllowed):
        cases.regrade(complaint=case, grade=1, reason="降级", actor=head, at=NOW)
    with pytest.raises(cases.NotYours):
        cases.reopen(complaint=case, note="客户又来", actor=manager, at=LATER)
    case = cases.reopen(complaint=case, note="客户又来", actor=head, at=LATER)
    began = TODAY + timedelta(days=1)
    assert (case.state, case.round, case.handler, case.closed_on) == ("reopened", 2, manager, None)
    assert (case.due_on, case.due_days, case.contacted_on) == (began + timedelta(days=15), 15, None)
    assert CustomerAlert.everything.get(customer=customer).ends_on is None
    assert [row.move for row in CaseMove.everything.filter(complaint=case).order_by("pk")] == [
        *("register", "accept", "investigate", "withdraw", "reopen")
    ]
    acts = [one.action for one in history_of(case)]
    assert acts == ["reopen", "regrade", "withdraw", "investigate", "accept", "register"]
    # A handler who has left is let go.
    case = cases.withdraw(complaint=case, note="客户再次撤回", actor=teller, at=LATER)
    User.objects.filter(pk=manager.pk).update(is_active=False)
    assert cases.reopen(complaint=case, note="客户又来", actor=head, at=LATER).handler is None


def test_whoever_is_kept_away_sees_nothing_anywhere(head: User, manager: User, customer: Customer, client):
    case = make.make_complaint(customer=customer, state="investigating", handler=manager)
    Notification.objects.create(
        user=manager, event="case_assigned", url=f"/complaints/{case.number}/", once="x", at=NOW, params={}
    )
    add_action(complaint=case, todo=ToDo("更换排队机", manager, TODAY), actor=head, at=NOW)
    assert seen_by(manager) == [case.number]
    with pytest.raises(cases.NotYours):
        cases.recuse(complaint=case, user=head, reason="与客户是亲属", actor=manager, at=NOW)
    case = cases.recuse(complaint=case, user=manager, is_named=True, reason="被投诉", actor=head, at=NOW)
    assert (case.recused, case.handler) == ([manager.pk], None)
    assert list(handlers_for(case)) == [head]
    assert seen_by(manager) == []
    assert not Notification.objects.filter(user=manager).exists()
    assert list(open_cases_of(customer.pk, manager)) == []
    assert [entry.kind for entry in timeline(customer, manager).entries] == []
    assert list(moves_of_customer(customer.pk, manager, list(Move))) == []
    assert moves_for(manager, case) == ()
    for work, values in (
        (cases.investigate, {}),
        (cases.withdraw, {"note": "客户撤回"}),
        (cases.step_aside, {"reason": "亲属"}),
    ):
        with pytest.raises(Recused):
            work(complaint=case, actor=manager, at=NOW, **values)
    with pytest.raises(Recused):
        cases.open_account(complaint=case, actor=manager, at=NOW)
    officer = make.make_user(role="compliance", branch=head.branch.parent)
    assert trail_for(officer).filter(subject_id=case.number).count() == 1
    cases.recuse(complaint=case, user=officer, reason="与客户是亲属", actor=officer, at=NOW)
    assert not trail_for(officer).filter(subject_id=case.number).exists()  # nor what was done before
    assert not trail_for(officer).filter(changes__complaint=case.number).exists()
    with pytest.raises(cases.CannotHandle):
        cases.assign_handler(complaint=case, handler=manager, actor=head, at=NOW)
    mine = client_of(client, manager)
    for name in ("detail", "history"):
        assert mine.get(reverse(f"complaints:{name}", args=[case.number])).status_code == 404
    assert mine.post(reverse("complaints:account", args=[case.number])).status_code == 404
    assert mine.post(reverse("complaints:step", args=[case.number, "withdraw"])).status_code == 404
    assert mine.get(f"/api/v1/complaints/{case.number}/").status_code == 404
    assert mine.get("/api/v1/complaints/?state=all").json()["results"] == []
    assert mine.get(f"/api/v1/customers/{customer.customer_no}/").json()["open_complaints"] == []
    with pytest.raises(cases.NotYours):  # complained of: somebody above the desk says so
        cases.lift_recusal(complaint=case, user=manager, reason="核实与其无关", actor=head, at=NOW)
    above = make.make_user(role="head_office", branch=head.branch.parent)
    case = cases.lift_recusal(complaint=case, user=manager, reason="核实与其无关", actor=above, at=NOW)
    assert (case.recused, seen_by(manager)) == ([officer.pk], [case.number])
    assert [row.user for row in Recusal.everything.all()] == [officer]
    with pytest.raises(cases.NotKeptAway):
        cases.lift_recusal(complaint=case, user=manager, reason="核实与其无关", actor=head, at=NOW)


def test_no_page_within_reach_names_a_case_to_whoever_it_is_kept_from(manager: User, customer: Customer, client):
    case = make.make_complaint(
        customer=customer, summary="柜台少付一百元", state="investigating", handler=manager, cause="manner"
    )
    pages = [reverse(row.name) for row in PAGES if row.name.startswith("complaints:") and row.get and not row.kwargs]
    pages += [reverse(name, args=[customer.customer_no]) for name in ("customers:detail", "complaints:of_customer")]
    pages += [reverse("insights:timeline", args=[customer.customer_no])]
    pages += [reverse("staff:notifications"), reverse("insights:home")]

    def telling() -> set[str]:
        mine = client_of(client, manager)
        bodies = {url: mine.get(url, follow=True).content.decode() for url in pages}
        return {url for url, body in bodies.items() if case.number in body or case.summary in body}

    assert len(telling()) >= 4
    head = make.make_user(role="branch_head", branch=manager.branch)
    keep_alert(case=case, actor=head, at=NOW)
    cases.recuse(complaint=case, user=manager, reason="与客户是亲属", actor=head, at=NOW)
    assert telling() == set()


def test_a_head_who_is_kept_away_hands_the_case_to_the_unit_above(top: Branch, head: User, manager: User):
    upper = make.make_user(role="head_office", branch=top)
    case = make.make_complaint(branch=head.branch, state="accepted", handler=manager)
    case = cases.recuse(complaint=case, user=head, is_named=True, reason="被投诉", actor=head, at=NOW)
    assert (case.desk, case.handler, case.branch) == (top, None, head.branch)
    assert seen_by(head) == []
    assert may_lead(upper, case)
    case = cases.assign_handler(complaint=case, handler=upper, actor=upper, at=NOW)
    case = cases.move_desk(complaint=case, desk=head.branch, reason="行长已调离", actor=upper, at=NOW)
    assert (case.desk, case.handler) == (head.branch, None)
    with pytest.raises(cases.WrongDesk):
        cases.move_desk(complaint=case, desk=make.make_branch(), reason="误派", actor=upper, at=NOW)
    # The head stays away wherever the case is decided.
    with pytest.raises(Recused):
        cases.accept(complaint=case, actor=head, at=NOW)


def test_the_page_shows_the_steps_of_each_person_and_opens_the_account_on_the_trail(
    head: User, manager: User, teller: User, customer: Customer, client
):
    case = make.make_complaint(
        customer=customer, registered_by=teller, account="柜员态度恶劣", wanted="道歉", phone="13800138000", name="李四"
    )
    url = reverse("complaints:detail", args=[case.number])

    def steps_of(user: User) -> tuple[list[str], list[str]]:
        context = client_of(client, user).get(url).context
        return [one.name for one in context["moves"]], [one.name for one in context["steps"]]

    assert steps_of(teller) == (["withdraw"], [])
    assert steps_of(manager) == ([], [])
    assert steps_of(head) == (["accept", "withdraw"], ["assign", "grade", "desk", "recuse"])
    assert "柜员态度恶劣" not in client.get(url).content.decode()
    opened = client.post(reverse("complaints:account", args=[case.number]), headers={"HX-Request": "true"})
    for said in ("柜员态度恶劣", "道歉", "13800138000", "李四"):
        assert said in opened.content.decode()
    entry = TrailEntry.objects.get(action="open_account")
    assert (entry.subject_id, entry.actor_no, entry.changes) == (case.number, head.staff_no, {"customer": customer.pk})
    wrong = client.post(reverse("complaints:step", args=[case.number, "accept"]), {"accept-handler": "nobody"})
    assert wrong.status_code == 422
    done = client.post(reverse("complaints:step", args=[case.number, "accept"]), {"accept-handler": manager.staff_no})
    assert done.headers["Location"] == url
    assert steps_of(manager) == (["investigate", "withdraw"], ["aside"])
    assert client.post(reverse("complaints:step", args=[case.number, "nonsense"])).status_code == 404
    gone = client.post(reverse("complaints:step", args=[case.number, "aside"]), {"aside-reason": "亲属"})
    assert gone.headers["Location"] == reverse("complaints:inbox")
    assert "open_account" in [one.action for one in history_of(case)]
    assert client_of(client, head).get(reverse("complaints:history", args=[case.number])).status_code == 200


def test_the_api_registers_and_moves_by_the_same_table(head: User, manager: User, customer: Customer, client):
    mine = client_of(client, head)
    said = {
        "source": "counter",
        "complainant": "customer",
        "category": "service",
        "summary": "态度恶劣",
        "account": "窗口无人应答",
        "customer_no": customer.customer_no,
        "named": [manager.staff_no],
    }
    made = mine.post("/api/v1/complaints/", said, content_type="application/json")
    assert made.status_code == 201, made.json()
    case = Complaint.everything.get(number=made.json()["number"])
    assert (case.recused, made.json()["moves"]) == ([manager.pk], ["accept", "withdraw"])
    assert not {"account", "phone", "name"} & set(made.json())
    url = f"/api/v1/complaints/{case.number}/"
    refused = mine.post(f"{url}propose/", {}, content_type="application/json")
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "invalid")
    early = mine.post(f"{url}close/", {}, content_type="application/json")
    assert (early.status_code, Complaint.everything.get().state) == (400, CaseState.REGISTERED)
    illegal = mine.post(f"{url}investigate/", {}, content_type="application/json")
    assert (illegal.status_code, illegal.json()["error"]["code"]) == (400, "complaint_no_handler")
    assert mine.post(f"{url}register/", {}, content_type="application/json").status_code == 404
    taken = mine.post(f"{url}accept/", {"handler_no": head.staff_no}, content_type="application/json").json()
    assert (taken["state"], taken["handler_no"], taken["moves"]) == (
        *("accepted", head.staff_no),
        ["investigate", "withdraw"],
    )
    again = mine.post(f"{url}accept/", {}, content_type="application/json")
    assert again.json()["error"]["code"] == "complaint_state"
    shown = mine.get(f"/api/v1/customers/{customer.customer_no}/").json()["open_complaints"]
    assert [one["number"] for one in shown] == [case.number]
    assert [one["number"] for one in mine.get("/api/v1/complaints/").json()["results"]] == [case.number]
    entries = [(entry.kind, entry.move and entry.move.move) for entry in timeline(customer, head).entries]
    assert entries == [("complaint", "register")]
