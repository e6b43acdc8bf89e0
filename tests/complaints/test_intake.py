"""P01, P04, P15, P17: complaints taken in by every way, kept from whoever they name, and stopping marketing."""

from datetime import date, timedelta
from uuid import uuid4

import pytest
from django.core import signing
from django.test import Client
from django.urls import reverse

from complaints.forms.public import fresh_key
from complaints.models import CaseMove, Complaint, Escalation, Recusal
from complaints.queries.cases import history_of
from complaints.queries.intake import alike, cases_about, colleagues_named, desk_for
from complaints.queries.suppression import quiet_customers
from complaints.rules.intake import Unit, desk_of
from complaints.services.alerts import keep_alert
from complaints.services.cases import accept
from complaints.services.intake import (
    AnonymousCustomer,
    AuthorityMissing,
    NotTheSame,
    NotYoursToJoin,
    ReceivedDayImpossible,
    SenderDayImpossible,
    SenderDayMissing,
    SenderNumberMissing,
    SentBefore,
    TextMissing,
    UnknownChoice,
    join_cases,
    register_complaint,
)
from core import crypto
from core.clock import now, today
from core.models import TrailEntry
from customers.models import CustomerAlert
from customers.queries.care import standing_alerts
from customers.services.alerts import AlertOfACase, dismiss_alert
from servicing.enums import Refusal
from servicing.queries.permission import permits_of
from servicing.services.playbooks import NotNow, start_playbook
from staff.models import Notification
from tests import factories as make
from tests.factories import NOW, TODAY

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


class Bank:
    def __init__(self):
        self.top = make.make_head_office()
        self.branch = make.make_branch(parent=self.top)
        self.teller = make.make_user(branch=self.branch)
        self.manager = make.make_user(role="manager", branch=self.branch)
        self.head = make.make_user(role="branch_head", branch=self.branch)
        self.hq = make.make_user(role="head_office", branch=self.top)
        self.customer = make.make_customer(manager=self.manager, name="欧阳娜娜", phone="13912345678", tier=4)

    def register(self, **fields):
        values = {
            "actor": self.teller,
            "branch": self.branch,
            "source": "counter",
            "complainant": "customer",
            "customer": self.customer,
            "category": "waiting",
            "summary": "等候时间过长",
            "account": "排队一小时无人受理",
            "received_on": TODAY,
            "at": NOW,
        }
        return register_complaint(**{**values, **fields})


@pytest.fixture
def bank():
    return Bank()


def test_a_case_has_number_desk_clocks_history_and_no_words_in_clear(bank):
    once = uuid4()
    case = bank.register(once=once, phone="139 1234 5678", wanted="道歉", name="欧阳娜娜", product="term", grade=2)
    # Serious: somebody above hears of it at once.
    assert list(Escalation.everything.values_list("complaint", "rung", "span")) == [(case.pk, 0, 2)]
    assert Notification.objects.filter(event="case_late", user=bank.head).count() == 1

    assert bank.register(once=once, summary="again") == case
    assert case.number == f"TS2026-{case.pk:06}"
    assert (case.state, case.desk, case.tier, case.handler, case.recused) == ("registered", bank.branch, 4, None, [])
    # Friday 20 November 2026: 15 natural days; 5 and 1 workdays.
    assert (case.due_on, case.due_days) == (date(2026, 12, 5), 15)
    assert (case.internal_days, case.internal_due_on) == (5, date(2026, 11, 27))
    assert case.contact_due_on == date(2026, 11, 23)
    kept = {name: getattr(case, f"{name}_cipher") for name in ("account", "wanted", "name", "phone")}
    opened = {name: crypto.unseal(f"complaint.{name}", str(once), blob) for name, blob in kept.items()}
    assert opened == {"account": "排队一小时无人受理", "wanted": "道歉", "name": "欧阳娜娜", "phone": "139 1234 5678"}
    assert case.address_cipher is None
    (move,) = CaseMove.everything.filter(complaint=case)
    assert (move.move, move.from_state, move.to_state, move.by, move.due_on) == (
        "register",
        "",
        "registered",
        bank.teller,
        case.due_on,
    )
    entry = TrailEntry.objects.get(subject="complaints.complaint", subject_id=case.number)
    assert entry.changes == {
        "customer": bank.customer.pk,
        "source": "counter",
        "category": "waiting",
        "grade": 2,
        "desk": bank.branch.code,
    }


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"account": " 短 "}, TextMissing),
        ({"received_on": TODAY + timedelta(days=1)}, ReceivedDayImpossible),
        ({"received_on": TODAY - timedelta(days=367)}, ReceivedDayImpossible),
        ({"source": "regulator", "source_on": TODAY}, SenderNumberMissing),
        ({"source": "regulator", "source_no": "12378-1"}, SenderDayMissing),
        (
            {"source": "regulator", "source_no": "1", "source_on": TODAY, "received_on": TODAY - timedelta(days=1)},
            SenderDayImpossible,
        ),
        ({"complainant": "agent"}, AuthorityMissing),
        ({"complainant": "heir", "authority": " "}, AuthorityMissing),
        ({"complainant": "anonymous"}, AnonymousCustomer),
        ({"category": "gossip"}, UnknownChoice),
        ({"product": "gossip"}, UnknownChoice),
    ],
)
def test_what_cannot_be_registered(bank, fields, error):
    with pytest.raises(error):
        bank.register(**fields)
    assert not Complaint.everything.exists()
    assert not CustomerAlert.everything.exists()


def test_the_regulators_number_and_day_are_kept_and_sent_once(bank):
    sent = {"source": "regulator", "source_no": " 沪金诉2026-77 ", "source_on": TODAY - timedelta(days=3)}
    case = bank.register(**sent)
    assert (case.source_no, case.source_on, case.received_on) == ("沪金诉2026-77", TODAY - timedelta(days=3), TODAY)
    with pytest.raises(SentBefore):
        bank.register(**sent)
    # Elsewhere a number is nobody's.
    assert bank.register(source_no="沪金诉2026-77").source_no == ""
    # The hotline may give a number of its own, and every other way in is as good.
    assert bank.register(source="hotline", source_no="沪金诉2026-77").source_no == "沪金诉2026-77"
    ways = ["phone", "letter", "social", "other"]
    assert [bank.register(source=way).source for way in ways] == ways


def test_agents_show_a_paper_and_the_anonymous_leave_nothing(bank):
    assert bank.register(complainant="agent", authority="公证委托书 2026-11-01").authority == "公证委托书 2026-11-01"
    case = bank.register(complainant="anonymous", customer=None, name="张三", phone="13912345678", address="某路")
    assert (case.name_cipher, case.phone_cipher, case.address_cipher, case.phone_index) == (None, None, None, None)
    assert not CustomerAlert.everything.filter(case_no=case.number).exists()


def test_whoever_is_named_is_out_of_it_and_a_heads_case_goes_up(bank):
    other = make.make_user(role="branch_head", branch=bank.branch)
    case = bank.register(named=[bank.manager, bank.head])
    assert list(Notification.objects.filter(event="case_received").values_list("user", flat=True)) == [bank.hq.pk]
    assert (case.recused, case.desk) == (sorted([bank.manager.pk, bank.head.pk]), bank.top)
    assert set(Recusal.everything.values_list("user", "is_named")) == {(bank.manager.pk, True), (bank.head.pk, True)}
    seen = {u: Complaint.objects.visible_to(u).exists() for u in (bank.teller, bank.manager, bank.head, other, bank.hq)}
    assert seen == {bank.teller: True, bank.manager: False, bank.head: False, other: True, bank.hq: True}
    assert [list(cases_about(bank.customer, u)) for u in (bank.manager, bank.hq)] == [[], [case]]
    assert desk_for(bank.branch, frozenset({bank.manager.pk})) == bank.branch


def test_the_desk_is_the_nearest_unit_that_judges_no_neighbour():
    branch, region, top = Unit(1, frozenset({10, 11})), Unit(2, frozenset()), Unit(3, frozenset({30}))
    units = (branch, region, top)
    found = {apart: desk_of(units, frozenset(apart)) for apart in [(), (99,), (10,), (10, 30), (10, 11, 30)]}
    assert found == {(): 1, (99,): 1, (10,): 3, (10, 30): 1, (10, 11, 30): 3}


def test_the_alert_stops_marketing_is_kept_from_the_named_and_ends_with_the_case(bank):
    case = bank.register(named=[bank.manager])
    alert = CustomerAlert.everything.get()
    assert (alert.kind, alert.case_no, alert.ends_on, alert.hidden_from) == (
        "complaint",
        case.number,
        None,
        [bank.manager.pk],
    )
    assert [n.kind for n in standing_alerts(bank.customer, bank.teller, TODAY)] == ["complaint"]
    assert [n.may_dismiss for n in standing_alerts(bank.customer, bank.teller, TODAY)] == [False]
    assert standing_alerts(bank.customer, bank.manager, TODAY) == []
    with pytest.raises(AlertOfACase):
        dismiss_alert(alert=alert, reason="不再有效", actor=bank.teller, at=NOW)

    told = permits_of(bank.customer, NOW, bank.teller).call_for_marketing.refusals
    kept = permits_of(bank.customer, NOW, bank.manager).call_for_marketing.refusals
    assert (Refusal.COMPLAINT in told, Refusal.NOT_NOW in told) == (True, False)
    assert (Refusal.COMPLAINT in kept, Refusal.NOT_NOW in kept) == (False, True)
    assert permits_of(bank.customer, NOW, bank.manager).call_for_service.refusals == (Refusal.NOT_NOW,)
    assert permits_of(bank.customer, NOW, bank.teller).call_for_service.refusals == ()
    with pytest.raises(NotNow) as refused:
        start_playbook(customer=bank.customer, key="onboarding", actor=bank.manager, at=NOW)
    assert str(Refusal.NOT_NOW.label) in str(refused.value)

    assert list(quiet_customers(TODAY)) == [bank.customer.pk]
    closed = {"closed_on": TODAY, "quiet_until": TODAY + timedelta(days=30), "answered_on": TODAY, "cause": "slow"}
    delivered = {"approved_by": bank.hq, "delivered_on": TODAY, "proof": "EMS 1"}
    make.make_decision(case, proposed_by=bank.head, **delivered)
    for state in ("accepted", "investigating", "proposed", "answered", "closed"):
        Complaint.everything.filter(pk=case.pk).update(
            state=state, **(closed if state in ("answered", "closed") else {})
        )
    case = Complaint.everything.select_related("customer").get(pk=case.pk)
    for _again in range(2):
        keep_alert(case=case, actor=bank.head, at=NOW)
    assert CustomerAlert.everything.get().ends_on == TODAY + timedelta(days=30)
    quiet = [list(quiet_customers(TODAY + timedelta(days=n))) for n in (30, 31)]
    assert quiet == [[bank.customer.pk], []]
    stands = [len(standing_alerts(bank.customer, bank.teller, TODAY + timedelta(days=n))) for n in (30, 31)]
    assert stands == [1, 0]


def test_like_cases_are_offered_in_sight_only_and_joined(bank, client_of):
    first = bank.register(phone="13912345678", category="fees")
    by_phone = bank.register(customer=None, complainant="other", phone="139-1234-5678")
    hidden = bank.register(named=[bank.teller])
    old = bank.register(received_on=TODAY - timedelta(days=61))
    asked = {"customer": bank.customer, "phone": "", "source_no": "", "category": "fees", "day": TODAY}
    assert list(alike(bank.teller, **asked)) == [first]
    assert list(alike(bank.head, **asked)) == [first, hidden]
    assert list(alike(bank.head, **{**asked, "customer": None, "phone": "13912345678"})) == [first, by_phone]
    assert list(alike(bank.head, **{**asked, "customer": None})) == []

    second = bank.register(same_as=first)
    assert bank.register(same_as=second).same_as == first
    assert join_cases(complaint=old, same_as=second, actor=bank.head, at=NOW).same_as == first
    assert [one.changes for one in history_of(old) if one.action == "join"] == [()]
    for wrong in (first, second):
        with pytest.raises(NotTheSame):
            join_cases(complaint=first, same_as=wrong, actor=bank.head, at=NOW)
    page, client = reverse("complaints:same", args=[old.number]), client_of(bank.head)
    assert first.number in client.get(page, headers=HTMX).content.decode()
    assert client.post(page, headers=HTMX).status_code == 200
    assert Complaint.everything.get(pk=old.pk).same_as is None
    offered = client.get(reverse("complaints:same", args=[hidden.number]), headers=HTMX).content.decode()
    assert (first.number in offered, second.number in offered, old.number in offered) == (True, False, False)
    with pytest.raises(NotYoursToJoin):
        join_cases(complaint=old, same_as=first, actor=bank.teller, at=NOW)
    assert client_of(bank.teller).post(page, {"same_as": first.number}, headers=HTMX).status_code == 422
    assert client_of(bank.teller).get(reverse("complaints:same", args=[hidden.number])).status_code == 404


def test_names_on_paper_mean_one_colleague_or_nobody():
    one = make.make_user(name="赵敏")
    twice = [make.make_user(name="王伟") for _ in range(2)]
    gone = make.make_user(name="李四", is_active=False)
    found = colleagues_named(f"赵敏，王伟、{twice[1].staff_no}; {gone.staff_no}\n{one.staff_no}")
    assert (found.people, found.unknown) == ((one, twice[1]), ("王伟", gone.staff_no))


def typed(**fields):
    values = {
        "source": "phone",
        "complainant": "customer",
        "received_on": now().date().isoformat(),
        "category": "waiting",
        "summary": "等候时间过长",
        "account": "排队一小时无人受理",
        "grade": "1",
        "once": str(uuid4()),
    }
    return {**values, **fields}


def test_a_colleague_takes_one_in_on_the_page(bank, client_of):
    client, url = client_of(bank.teller), reverse("complaints:new", args=[bank.customer.customer_no])
    page = client.get(url).content.decode()
    assert f'value="{bank.customer.customer_no}"' in page
    fields = {"branch": bank.branch.code, "customer_no": bank.customer.customer_no}
    assert client.post(url, typed(**fields, named="没有这个人")).status_code == 422
    assert client.post(url, typed(**{**fields, "customer_no": "C-none"})).status_code == 422
    wrong = client.post(url, typed(**fields, source="regulator"))
    assert (wrong.status_code, "source_no" in wrong.context["form"].errors) == (422, True)
    assert not Complaint.everything.exists()

    answer = client.post(url, typed(**fields))
    case = Complaint.everything.get()
    assert (answer.status_code, answer.url) == (302, case.get_absolute_url())
    offered = client.post(reverse("complaints:alike"), fields, headers=HTMX).content.decode()
    assert case.number in offered
    tab = client.get(reverse("complaints:of_customer", args=[bank.customer.customer_no]), headers=HTMX)
    assert case.number in tab.content.decode()

    # Whoever is complained of may write it down, and is out of it from there.
    answer = client.post(url, typed(**fields, named=bank.teller.staff_no, same_as=case.number))
    assert answer.url == reverse("complaints:register")
    assert Complaint.everything.get(recused=[bank.teller.pk]).same_as == case


def sent(**fields):
    values = {
        "category": "digital",
        "account": "手机银行转账失败却扣款",
        "name": "欧阳娜娜",
        "phone": "139 1234 5678",
        "agreed": "on",
        "key": fresh_key(str(uuid4())),
    }
    return {**values, **fields}


def test_anybody_complains_over_the_web_once_and_within_limits(bank):
    client, url = Client(enforce_csrf_checks=True), reverse("complaints:public")
    page = client.get(url, {"lang": "en"})
    assert (page.status_code, "Make a complaint" in page.content.decode(), client.cookies) == (200, True, {})
    unit = {"branch": bank.branch.code}
    wrong = (
        {"agreed": ""},
        {"website": "spam"},
        {"key": "forged"},
        {"name": ""},
        {"phone": "12"},
        {"account": "x" * 2001},
    )
    assert {client.post(url, sent(**unit, **each)).status_code for each in wrong} == {422}
    assert not Complaint.everything.exists()

    first = sent(**unit)
    answers = [client.post(url, first), client.post(url, first)]
    case = Complaint.everything.get()
    assert (case.source, case.complainant, case.customer, case.registered_by) == (
        "web",
        "customer",
        bank.customer,
        None,
    )
    assert "欧阳" not in case.summary
    for answer in answers:
        assert case.number in client.get(answer.url).content.decode()
    assert CustomerAlert.everything.get().raised_by is None

    client.post(url, sent(**unit, name="别人"))
    assert Complaint.everything.filter(customer=None, complainant="other").count() == 1
    client.post(url, sent(**unit, anonymous="on"))
    assert Complaint.everything.get(complainant="anonymous").phone_cipher is None
    assert client.post(url, sent(**unit)).status_code == 302
    assert client.post(url, sent(**unit)).status_code == 422
    assert Complaint.everything.count() == 4


def test_what_came_over_the_web_may_be_about_the_manager_or_the_head(bank):
    client, url = Client(), reverse("complaints:public")
    client.post(url, sent(branch=bank.branch.code, about_head="on"))
    case = Complaint.everything.select_related("customer", "desk").get()
    assert (case.desk, case.recused) == (bank.top, [bank.head.pk])
    people = (bank.manager, bank.head, bank.hq)
    assert [Complaint.objects.visible_to(one).exists() for one in people] == [False, False, True]
    assert standing_alerts(bank.customer, bank.manager, today()) == []
    accept(complaint=case, handler=bank.hq, note="", actor=bank.hq, at=NOW)
    assert [Complaint.objects.visible_to(one).exists() for one in people] == [True, False, True]
    assert len(standing_alerts(bank.customer, bank.manager, today())) == 1


def test_a_token_of_the_answer_page_is_made_by_us_alone():
    forged = signing.dumps("TS2026-000001", salt="elsewhere")
    assert Client().get(reverse("complaints:public_done", args=[forged])).status_code == 404
