"""Referrals from teller to manager and from manager to expert: taken, first contact, result, points, who sees what."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.urls import reverse

from core.clock import now, today
from core.models import TrailEntry
from customers.models import Customer, CustomerShare
from servicing.models import FollowUp, Interaction, Referral
from servicing.queries import referrals as queries
from servicing.rules.referrals import BUILT_IN, Points, points_for, read_points
from servicing.services import contacts, referrals
from servicing.services.moving import HANDED_OVER
from staff.models import Policy, User
from tests.factories import NOW, TODAY, make_branch, make_customer, make_head_office, make_referral, make_user
from tests.servicing.english import client_of, english

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]
__all__ = ["english"]
HOUR = timedelta(hours=1)
HTMX = {"HX-Request": "true"}


@pytest.fixture
def desk() -> dict[str, Any]:
    """A branch with its people, and a customer of the manager."""
    branch = make_branch(parent=make_head_office())
    people = {role: make_user(role=role, branch=branch) for role in ("teller", "manager", "expert", "branch_head")}
    mate, other = make_user(branch=branch), make_user(role="manager", branch=branch)
    return {**people, "mate": mate, "other": other, "customer": make_customer(manager=people["manager"])}


def sent(desk: dict[str, Any], to: str | None = "manager", by: str = "teller", **fields: Any) -> Referral:
    values = {"topic": "deposit", "note": "三年期到期", "at": NOW, **fields}
    to_user = desk[to] if to else None
    return referrals.make_referral(actor=desk[by], customer=desk["customer"], to_user=to_user, **values)


def log(customer: Customer, actor: User, at: datetime, outcome: str = "interested") -> Interaction:
    return contacts.log_interaction(
        actor=actor, customer=customer, channel="phone", topic="deposit", outcome=outcome, happened_at=at, at=at
    )


@pytest.mark.parametrize(
    ("state", "earned"),
    [("waiting", (0, 0)), ("declined", (0, 0)), ("accepted", (1, 0)), ("failed", (1, 0)), ("succeeded", (1, 5))],
)
def test_points_follow_the_rules_of_the_day_they_were_earned(state: str, earned: tuple[int, int]) -> None:
    versions = [(date(2026, 1, 1), Points(1, 2, 2)), (date(2026, 6, 1), Points(9, 5, 2))]
    assert points_for(state, date(2026, 5, 31), date(2026, 6, 1), versions) == earned
    with pytest.raises(ValueError, match=r"^succeeded$"):
        read_points({**BUILT_IN, "succeeded": "3"})


def test_from_counter_to_result(desk: dict[str, Any]) -> None:
    referral = sent(desk, channel="counter", once=uuid4())
    assert Interaction.everything.values_list("channel", "outcome").get() == ("counter", "referred")
    assert sent(desk, once=referral.once) == referral
    with pytest.raises(referrals.AlreadyReferred):
        sent(desk)
    with pytest.raises(referrals.NotYoursToDecide):
        referrals.accept_referral(referral=referral, actor=desk["teller"], at=NOW)

    referrals.accept_referral(referral=referral, actor=desk["manager"], at=NOW + HOUR)
    task = FollowUp.everything.get()
    assert (task.owner, task.kind, task.due_on) == (desk["manager"], "referral", TODAY + timedelta(days=2))
    with pytest.raises(referrals.NotSoAnyMore):
        referrals.decline_referral(referral=referral, actor=desk["manager"], reason="晚了", at=NOW)

    log(desk["customer"], desk["manager"], NOW + HOUR, outcome="not_reached")
    log(desk["customer"], desk["teller"], NOW + HOUR)
    referral.refresh_from_db()
    assert referral.first_contact_at is None
    first = log(desk["customer"], desk["manager"], NOW + 3 * HOUR)
    later = log(desk["customer"], desk["manager"], NOW + 4 * HOUR)
    referral.refresh_from_db()
    assert (referral.first_contact, referral.first_contact_at) == (first, NOW + 3 * HOUR)
    contacts.undo_interaction(interaction=first, actor=desk["manager"], at=NOW + 3 * HOUR)
    referral.refresh_from_db()
    assert (referral.first_contact, referral.first_contact_at) == (later, NOW + 4 * HOUR)

    with pytest.raises(referrals.ReasonMissing):
        referrals.close_referral(referral=referral, actor=desk["manager"], succeeded=True, result=" ", at=NOW)
    referrals.close_referral(
        referral=referral, actor=desk["manager"], succeeded=True, result="续存三年", at=NOW + 5 * HOUR
    )
    found = queries.earned_by(desk["teller"], TODAY, TODAY)
    assert (found.made, found.accepted, found.succeeded, found.credit, found.bonus, found.points) == (1, 1, 1, 1, 3, 4)
    actions = TrailEntry.objects.filter(subject="servicing.referral").order_by("pk").values_list("action", flat=True)
    assert list(actions) == ["refer", "accept", "close"]
    assert "三年期" not in str(list(TrailEntry.objects.values_list("changes", flat=True)))


def test_only_those_who_look_after_a_customer_are_offered_to_a_teller(desk: dict[str, Any]) -> None:
    assert list(queries.takers_for(desk["customer"], desk["teller"])) == [desk["manager"]]
    assert set(queries.takers_for(desk["customer"], desk["manager"])) == {desk["other"], desk["expert"]}
    for to in ("other", "expert", "mate"):
        with pytest.raises(referrals.NotATaker):
            sent(desk, to)


def test_the_expert_sees_the_customer_only_once_it_is_taken(desk: dict[str, Any]) -> None:
    referral = sent(desk, "expert", by="manager", note="请协助面谈")
    expert = client_of(desk["expert"])
    page = expert.get(reverse("servicing:referrals")).content.decode()
    detail = expert.get(reverse("servicing:referral", args=[referral.pk])).content.decode()
    for html in (page, detail):
        assert desk["customer"].name not in html
        assert desk["customer"].customer_no not in html
    assert "请协助面谈" in detail
    assert not Customer.objects.visible_to(desk["expert"]).exists()

    assert expert.post(reverse("servicing:referral_accept", args=[referral.pk])).status_code == 302
    share = CustomerShare.objects.get()
    assert (share.user, share.granted_by) == (desk["expert"], desk["manager"])
    assert desk["customer"].name in expert.get(reverse("servicing:referral", args=[referral.pk])).content.decode()


def test_one_that_names_nobody_is_given_on_by_the_head(desk: dict[str, Any]) -> None:
    desk["customer"].manager = None
    desk["customer"].save(update_fields=["manager"])
    referral = sent(desk, None)
    head = client_of(desk["branch_head"])
    assert list(queries.waiting_for(desk["branch_head"])) == [referral]
    url = reverse("servicing:referral_assign", args=[referral.pk])
    assert head.post(url, {"to_user": desk["teller"].staff_no}).status_code == 422
    assert head.post(url, {"to_user": desk["other"].staff_no}).status_code == 302
    referral.refresh_from_db()
    assert referral.to_user == desk["other"]
    assert CustomerShare.objects.get().granted_by == desk["branch_head"]
    client_of(desk["other"]).post(reverse("servicing:referral_accept", args=[referral.pk]))
    referral.refresh_from_db()
    assert referral.state == "accepted"


def test_a_taker_who_lost_sight_is_told_whom_to_ask(desk: dict[str, Any]) -> None:
    referral = sent(desk)
    desk["customer"].manager = desk["other"]
    desk["customer"].save(update_fields=["manager"])
    with pytest.raises(referrals.SightNeeded):
        referrals.accept_referral(referral=referral, actor=desk["manager"], at=NOW)
    assert not CustomerShare.objects.exists()


def test_the_teller_refers_with_few_keys_and_sees_what_became_of_it(desk: dict[str, Any]) -> None:
    teller, number = client_of(desk["teller"]), desk["customer"].customer_no
    url = reverse("servicing:counter_refer", args=[number])
    form = teller.get(url, headers=HTMX).context["form"]
    assert form["to_user"].value() == desk["manager"].staff_no
    data = {"topic": "rate", "to_user": desk["manager"].staff_no, "note": "", "once": uuid4()}
    assert teller.post(url, {**data, "topic": ""}, headers=HTMX).status_code == 422
    done = teller.post(url, data, headers=HTMX).content.decode()
    assert "data-counter-done" in done
    assert teller.post(url, data, headers=HTMX).status_code == 200  # sent twice
    again = teller.post(url, {**data, "once": uuid4()}, headers=HTMX)
    assert (again.status_code, Referral.everything.count()) == (422, 1)

    referral = Referral.everything.get()
    decline = reverse("servicing:referral_decline", args=[referral.pk])
    manager = client_of(desk["manager"])
    assert manager.post(decline, {"reason": ""}).status_code == 422
    assert manager.post(decline, {"reason": "上周刚联系过"}).status_code == 302
    page = teller.get(reverse("servicing:referral", args=[referral.pk])).content.decode()
    assert "上周刚联系过" in page
    assert "Declined" in page
    assert client_of(desk["mate"]).get(reverse("servicing:referral", args=[referral.pk])).status_code == 404


def test_boxes_filters_and_a_constant_number_of_questions(
    desk: dict[str, Any], django_assert_max_num_queries: Any
) -> None:
    make_referral(customer=desk["customer"], from_user=desk["mate"], made_at=now())
    mine = make_referral(customer=desk["customer"], from_user=desk["teller"], state="succeeded", made_at=now())
    url = reverse("servicing:referrals")
    pages = {name: client_of(desk[name]) for name in ("teller", "manager", "branch_head", "other")}
    shown = {name: len(page.get(url).context["listing"].rows) for name, page in pages.items()}
    assert shown == {"teller": 1, "manager": 2, "branch_head": 2, "other": 0}
    assert len(pages["manager"].get(url, {"box": "sent"}).context["listing"].rows) == 0
    for params in ({"state": "succeeded"}, {"sender": desk["teller"].staff_no}):
        rows = pages["manager"].get(url, params).context["listing"].rows
        assert [row.object for row in rows] == [mine]
    assert len(pages["manager"].get(url, {"since": today() + timedelta(days=1)}).context["listing"].rows) == 0
    assert pages["teller"].get(url, {"box": "unit"}).context["boxes"][0].key == "sent"

    def asked() -> int:
        with django_assert_max_num_queries(60) as found:
            pages["manager"].get(url)
        return len(found)

    few = asked()
    for _n in range(5):
        make_referral(customer=make_customer(manager=desk["manager"]), made_at=now())
    assert asked() == few


def test_points_come_from_the_policy(desk: dict[str, Any]) -> None:
    maker, checker = make_user(role="admin"), make_user(role="admin")
    Policy.objects.create(
        kind="referral_points",
        version=1,
        values={**BUILT_IN, "accepted": 4},
        effective_on=TODAY,
        status="approved",
        drafted_by=maker,
        drafted_at=NOW,
        approved_by=checker,
        approved_at=NOW,
    )
    make_referral(customer=desk["customer"], from_user=desk["teller"], state="accepted", decided_at=NOW, made_at=NOW)
    assert queries.earned_by(desk["teller"], TODAY, TODAY).points == 4
    assert queries.points_on(TODAY - timedelta(days=1)).accepted == 1


def test_a_referral_passes_on_with_its_customer_but_never_to_who_sent_it() -> None:
    mover = next(one for one in HANDED_OVER if one.name == "referrals")
    old, new = (make_user(role="manager") for _n in range(2))
    customer = make_customer(manager=old, branch=old.branch)
    sent = make_referral(customer=customer, from_user=make_user(role="teller"), to_user=old)
    own = make_referral(customer=customer, from_user=new, to_user=old)
    passed = mover.move([customer.pk], new)
    assert passed == {customer.pk: [sent.pk]}
    assert Referral.everything.get(pk=own.pk).to_user == old
    mover.give_back(passed, {customer.pk: old.pk}, new)
    assert Referral.everything.get(pk=sent.pk).to_user == old
    Referral.everything.filter(pk=sent.pk).update(to_user=new)
    mover.give_back(passed, {customer.pk: None}, new)  # the customer had no manager: the head finds somebody again
    assert Referral.everything.get(pk=sent.pk).to_user is None
