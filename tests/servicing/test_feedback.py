"""V16: what customers say has an owner, an answer, tags, and the day they were told."""

from datetime import timedelta

import pytest
from django.http import QueryDict
from django.test import RequestFactory
from django.urls import reverse
from django.utils.timezone import localdate

from core.models import TrailEntry
from core.trail import NIGHT
from servicing.filters.feedback import TILES, FeedbackFilter
from servicing.forms.feedback import FEEDBACK as KIND
from servicing.models import Feedback
from servicing.queries import feedback as queries
from servicing.rules.feedback import BUILT_IN, read_feedback
from servicing.rules.voice import as_lines, from_lines
from servicing.services import feedback as services
from servicing.services.feedback import Said
from servicing.services.moving import HANDED_OVER
from staff.models import Notification, Policy
from staff.queries import unread_count
from tests import factories as make
from tests.factories import NOW, TODAY

MOVER = next(mover for mover in HANDED_OVER if mover.name == "feedback")
pytestmark = pytest.mark.django_db


class Bank:
    """A branch with its people, a customer of the manager, and another branch's head."""

    def __init__(self):
        self.top = make.make_head_office()
        self.branch = make.make_branch(parent=self.top)
        self.other = make.make_branch(parent=self.top)
        people = {"teller": "teller", "lobby": "lobby", "manager": "manager", "second": "manager"}
        for name, role in {**people, "head": "branch_head"}.items():
            setattr(self, name, make.make_user(role=role, branch=self.branch))
        self.hq = make.make_user(role="head_office", branch=self.top)
        self.stranger = make.make_user(role="branch_head", branch=self.other)
        self.customer = make.make_customer(manager=self.manager)

    def say(self, actor=None, customer="theirs", text="等了太久", at=NOW, **more):
        said = Said(**{"source": "counter", "kind": "problem", "text": text, **more})
        about = self.customer if customer == "theirs" else customer
        return services.record_feedback(
            said=said, branch=self.branch, customer=about, actor=actor or self.teller, at=at
        )


@pytest.fixture
def bank():
    return Bank()


def test_feedback_gets_an_owner_a_working_day_and_tags(bank):
    found = bank.say(product_tag="term", process_tag="waiting")
    # Three working days from Friday the 20th.
    assert (found.owner, found.due_on, found.branch) == (bank.manager, TODAY + timedelta(days=5), bank.branch)
    assert bank.say(customer=None).owner == bank.head
    told = Notification.objects.get(user=bank.manager)
    assert (told.event, told.params) == ("feedback_assigned", {"number": found.pk, "day": found.due_on.isoformat()})
    with pytest.raises(services.UnknownTag):
        bank.say(product_tag="gold")
    with pytest.raises(services.TextMissing):
        bank.say(text=" ")
    entry = TrailEntry.objects.filter(subject=services.SUBJECT, subject_id=str(found.pk)).get()
    assert "等了太久" not in str(entry.changes)


def test_the_loop_closes_opens_again_and_a_mistake_is_taken_back(bank):
    row, at = bank.say(), NOW
    who = {"feedback": row, "at": at}
    with pytest.raises(services.NotYours):
        services.answer_feedback(**who, answer="已改进", actor=bank.teller)
    with pytest.raises(services.NotNow):
        services.tell_customer(**who, told_on=TODAY, actor=bank.manager)
    assert unread_count(bank.manager) == 1
    services.answer_feedback(**who, answer="已改进", actor=bank.manager)
    assert unread_count(bank.manager) == 0
    for day in (TODAY - timedelta(days=1), TODAY + timedelta(days=1)):
        with pytest.raises(services.ToldDayImpossible):
            services.tell_customer(**who, told_on=day, actor=bank.manager)
    done = services.tell_customer(**who, told_on=TODAY, actor=bank.manager)
    assert (done.state, done.told_on, done.closed_at) == ("told", TODAY, NOW)
    back = services.undo_close(**who, actor=bank.head)
    assert (back.state, back.told_on, back.closed_at, back.due_on) == ("answered", None, None, row.due_on)
    services.close_feedback(**who, reason="联系不上", actor=bank.manager)
    late = NOW + timedelta(days=4)
    with pytest.raises(services.UndoTooLate):
        services.undo_close(feedback=row, actor=bank.head, at=late)
    again = services.reopen_feedback(feedback=row, reason="客户来电", actor=bank.head, at=late)
    assert (again.state, again.answered_at, again.due_on > row.due_on) == ("open", None, True)
    nobody = bank.say(customer=None)
    services.answer_feedback(feedback=nobody, answer="谢谢", actor=bank.head, at=NOW)
    with pytest.raises(services.NobodyToTell):
        services.tell_customer(feedback=nobody, told_on=TODAY, actor=bank.head, at=NOW)


def test_it_is_given_only_to_who_may_see_it(bank):
    row = bank.say()
    for person in (bank.second, bank.stranger):
        with pytest.raises(services.CannotOwn):
            services.assign_feedback(feedback=row, owner=person, actor=bank.head, at=NOW)
    given = services.assign_feedback(feedback=row, owner=bank.lobby, actor=bank.manager, at=NOW)
    assert given.owner == bank.lobby
    assert Notification.objects.filter(user=bank.lobby, event="feedback_assigned").count() == 1
    sorted_ = services.sort_feedback(
        feedback=row, kind="question", product_tag="", process_tag="place", actor=bank.lobby, at=NOW
    )
    assert (sorted_.kind, sorted_.process_tag, sorted_.due_on) == ("question", "place", row.due_on)


def test_each_role_sees_what_its_work_needs(bank):
    named, unnamed = bank.say(), bank.say(customer=None)
    compliance = make.make_user(role="compliance", branch=bank.top)
    admin = make.make_user(role="admin", branch=bank.top)
    auditor = make.make_user(role="auditor", branch=bank.top)
    both = {named.pk, unnamed.pk}
    expected = {bank.teller: both, bank.lobby: set(), bank.manager: {named.pk}, bank.second: set()}
    expected |= {bank.head: both, bank.hq: both, compliance: both, admin: set(), auditor: set(), bank.stranger: set()}
    seen = {user: set(Feedback.objects.visible_to(user).values_list("pk", flat=True)) for user in expected}
    assert seen == expected


def test_every_tile_equals_the_rows_behind_it(bank, client_of):
    bank.say(at=NOW - timedelta(days=30), product_tag="term")
    services.answer_feedback(feedback=bank.say(product_tag="term"), answer="好的", actor=bank.manager, at=NOW)
    services.close_feedback(feedback=bank.say(), reason="重复", actor=bank.manager, at=NOW)
    client = client_of(bank.manager)
    page = client.get(reverse("servicing:feedback")).context
    assert [tile.value for tile in page["tiles"]] == ["2", "1", "1", "2"]
    for tile in page["tiles"]:
        assert str(len(client.get(tile.url).context["listing"].rows)) == tile.value
    ((_name, _heading, products), (_other, _title, processes)) = page["tags"]
    assert ([(tag.code, tag.count, tag.open) for tag in products], processes) == ([("term", 2, 2)], [])
    request = RequestFactory().get("/")
    request.user = bank.head
    for _label, query, _tone in TILES:
        assert FeedbackFilter(QueryDict(query), Feedback.everything.all(), request=request).is_valid()


def test_the_pages_take_it_from_the_counter_to_the_end(bank, client_of):
    teller, manager = client_of(bank.teller), client_of(bank.manager)
    new = reverse("servicing:feedback_new")
    sent = {"text": "想要叫号短信", "kind": "suggestion", "source": "counter", "once": "0" * 32}
    foreign = make.make_customer(branch=bank.other)
    for number in (foreign.customer_no, "C-NONE"):
        answer = teller.post(new, {**sent, "customer_no": number})
        assert (answer.status_code, Feedback.everything.count()) == (422, 0)
    for _again in range(2):
        assert teller.post(new, {**sent, "customer_no": bank.customer.customer_no}).status_code == 302
    row = Feedback.everything.get()
    step = lambda name: reverse("servicing:feedback_step", args=[row.pk, name])  # noqa: E731  short here
    assert teller.post(step("answer"), {"answer-answer": "好"}).status_code == 422
    assert manager.post(step("answer"), {"answer-answer": ""}).status_code == 422
    manager.post(step("answer"), {"answer-answer": "下月上线"})
    page = manager.get(reverse("servicing:feedback_item", args=[row.pk]))
    assert set(page.context["steps"]) == {"answer", "tell", "close", "assign", "change"}
    manager.post(step("tell"), {"tell-told_on": localdate(row.recorded_at).isoformat()})
    row.refresh_from_db()
    assert (row.state, row.answer) == ("told", "下月上线")
    manager.post(step("undo"))
    manager.post(step("close"), {"close-reason": "客户已知"})
    manager.post(step("reopen"), {"reopen-reason": "还有问题"})
    manager.post(step("assign"), {"assign-owner": bank.lobby.staff_no})
    row.refresh_from_db()
    assert (row.state, row.owner) == ("open", bank.lobby)
    assert manager.post(step("dance")).status_code == 404
    assert client_of(bank.second).get(reverse("servicing:feedback_item", args=[row.pk])).status_code == 404


def test_the_night_reminds_of_what_is_overdue_once(bank):
    row = bank.say(at=NOW - timedelta(days=20))
    bank.say()
    for _again in range(2):
        services.remind(business_day=TODAY, actor=NIGHT, at=NOW)
    (told,) = Notification.objects.filter(event="feedback_overdue")
    assert (told.user, told.params["number"]) == (bank.manager, row.pk)


def test_open_feedback_follows_its_customer_and_comes_back(bank):
    mine, others = bank.say(), bank.say()
    closed = services.close_feedback(feedback=bank.say(), reason="重复", actor=bank.manager, at=NOW)
    services.assign_feedback(feedback=others, owner=bank.teller, actor=bank.manager, at=NOW)
    moved = MOVER.move([bank.customer.pk], bank.second)
    assert moved == {bank.customer.pk: [mine.pk]}
    owner = lambda row: Feedback.everything.get(pk=row.pk).owner  # noqa: E731  short here
    assert (owner(mine), owner(others), owner(closed)) == (bank.second, bank.teller, bank.manager)
    MOVER.give_back(moved, {bank.customer.pk: bank.manager.pk}, bank.second)
    assert owner(mine) == bank.manager


def test_the_rules_are_dated_data_with_an_editor():
    values = {**BUILT_IN, "products": [{"code": "gold", "name_zh": "黄金", "name_en": "Gold"}]}
    assert read_feedback(values).products[0].name("en") == "Gold"
    assert from_lines(as_lines(values["products"])) == values["products"]
    faults = [("days", {"days": {}}), ("undo_days", {"undo_days": True}), ("products_count", {"products": []})]
    faults += [("products_code", {"products": [{"code": "G"}]}), ("processes_count", {"processes": "x"})]
    for code, wrong in faults:
        with pytest.raises(ValueError, match=f"^{code}$"):
            read_feedback({**BUILT_IN, **wrong})
    form = KIND.form(None, kind=KIND, values=BUILT_IN)
    sent = {name: field.initial for name, field in form.fields.items()} | form.initial
    sent |= {"effective_on": "2027-01-01", "note": "x"}
    assert KIND.form(sent, kind=KIND, values=BUILT_IN).is_valid()
    wrong = KIND.form({**sent, "products": "gold | 黄金"}, kind=KIND, values=BUILT_IN)
    assert list(wrong.errors) == ["products"]
    user = make.make_user()
    Policy.objects.create(
        kind="feedback",
        version=1,
        values=values,
        effective_on=TODAY,
        status="approved",
        drafted_by=user,
        drafted_at=NOW,
    )
    # A tag that is no longer offered keeps its name.
    assert queries.tag_names("products")["term"]
    assert [one.code for one in queries.feedback_rules(TODAY).products] == ["gold"]
