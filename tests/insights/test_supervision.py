"""Supervision: what is drawn and why, blind marks, and nobody told before a finding is issued (F09, B18)."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse

from complaints.models import Complaint
from core import trail
from core.clock import SHANGHAI, today
from core.models import TrailEntry
from core.trail import NIGHT
from insights.queries.supervision import draw_again, population, record_of
from insights.rules.supervision import freeze, scorers_of, thaw
from insights.services.supervision import draw, draw_due
from servicing.models import Interaction
from staff.enums import Role
from staff.enums.supervision import Mark
from staff.models import Draw, Notification, Score, SpotCheck, User
from staff.queries import supervision as queries
from staff.queries import trail_for
from staff.services import supervision as services
from staff.services.supervision_findings import issue_finding
from tests import factories as make
from tests.factories import NOW
from tests.factories_supervision import FIRST, LAST, MET, MISSED, make_check, make_finding, make_plan

pytestmark = pytest.mark.django_db
IN_OCTOBER = datetime(2026, 10, 15, 10, tzinfo=SHANGHAI)


class Bank:
    """A branch under its head office, with everybody supervision needs."""

    def __init__(self) -> None:
        self.top = make.make_head_office()
        self.unit = make.make_branch(parent=self.top)
        self.head = make.make_user(role=Role.BRANCH_HEAD, branch=self.unit, password="")
        self.hq = make.make_user(role=Role.HEAD_OFFICE, branch=self.top, password="")
        self.officer = make.make_user(role=Role.COMPLIANCE, branch=self.top, password="")
        self.manager = make.make_user(role=Role.MANAGER, branch=self.unit, password="")
        self.teller = make.make_user(branch=self.unit, password="")
        User.objects.update(created_at=NOW - timedelta(days=400))
        self.customer = make.make_customer(branch=self.unit, manager=self.manager)
        self.scorers = [self.head, self.hq, self.officer]

    def plan(self, **fields: Any) -> Any:
        return make_plan(**{"created_by": self.officer, "unit": self.unit, "scorers": self.scorers, **fields})

    def contacts(self, author: User, count: int, at: datetime = IN_OCTOBER, customer: Any = None) -> None:
        rows = [
            Interaction(
                customer=customer or self.customer,
                author=author,
                branch=self.unit,
                channel="counter",
                topic="deposit",
                outcome="done",
                happened_at=at,
                recorded_at=at,
            )
            for _n in range(count)
        ]
        Interaction.everything.bulk_create(rows)


@pytest.fixture
def bank() -> Bank:
    return Bank()


def test_a_sample_is_drawn_with_a_seed_that_was_logged_before(bank: Bank):
    bank.contacts(bank.teller, 12)
    bank.contacts(bank.head, 3)
    bank.contacts(bank.teller, 2, at=IN_OCTOBER - timedelta(days=60))
    plan = bank.plan(per_unit=4)
    checks = draw(plan=plan, first=FIRST, last=LAST, actor=bank.officer.actor, at=NOW, seed=11)
    drawn = Draw.objects.get(plan=plan)
    assert [check.person for check in checks] == [bank.teller] * 4  # who scores is not drawn
    assert [check.drawn_by for check in checks] == ["risk", "risk", "random", "random"]
    assert (drawn.population, draw_again(drawn).is_list_same, draw_again(drawn).is_sample_same) == (12, True, True)
    logged = TrailEntry.objects.filter(subject="staff.draw").order_by("pk")
    assert [entry.action for entry in logged] == ["seed", "draw"]
    assert logged[0].changes["seed"] == "11"
    assert logged[1].changes["digest"] == drawn.digest
    pairs = [set(Score.objects.filter(spot_check=check).values_list("scorer", flat=True)) for check in checks]
    assert all(len(pair) == 2 and pair <= {user.pk for user in bank.scorers} for pair in pairs)
    with pytest.raises(services.PlanEnded):  # nobody draws again until it pleases
        draw(plan=plan, first=FIRST, last=LAST, actor=bank.officer.actor, at=NOW)
    told = Notification.objects.exclude(user__in=bank.scorers)
    assert not told.exists()


def test_a_draw_that_broke_off_goes_on_with_its_seed(bank: Bank, monkeypatch: pytest.MonkeyPatch):
    bank.contacts(bank.teller, 9)
    plan = bank.plan()
    with monkeypatch.context() as broken:
        broken.setattr(services, "take_sample", _break)
        with pytest.raises(RuntimeError):
            draw(plan=plan, first=FIRST, last=LAST, actor=bank.officer.actor, at=NOW, seed=5)
    draw(plan=plan, first=FIRST, last=LAST, actor=bank.officer.actor, at=NOW, seed=6)
    assert Draw.objects.get().seed == 5


def _break(**kwargs: Any) -> None:
    raise RuntimeError


def test_what_was_logged_does_not_change(bank: Bank):
    bank.contacts(bank.teller, 3)
    check = draw(plan=bank.plan(), first=FIRST, last=LAST, actor=NIGHT, at=NOW)[0]
    score = Score.objects.filter(spot_check=check)[0]
    Score.objects.filter(pk=score.pk).update(marks=MET, at=NOW)
    changes: list[Callable[[], Any]] = [
        lambda: Draw.objects.update(seed=1),
        lambda: Draw.objects.all().delete(),
        lambda: SpotCheck.objects.update(person=bank.manager),
        lambda: Score.objects.filter(pk=score.pk).update(marks=MISSED),
        lambda: Score.objects.create(spot_check=check, scorer=check.person),
    ]
    for change in changes:
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


def test_records_weigh_what_makes_them_a_risk(bank: Bank):
    rich = make.make_customer(branch=bank.unit, total=500_000)
    angry = make.make_customer(branch=bank.unit, total="499999.99")
    make.make_complaint(customer=angry, received_on=date(2026, 9, 1))
    new = make.make_user(branch=bank.unit, password="")
    User.objects.filter(pk=new.pk).update(created_at=NOW - timedelta(days=100))
    known = make.make_user(branch=bank.unit, password="")
    User.objects.filter(pk=known.pk).update(created_at=NOW - timedelta(days=181))
    about = make.make_interaction(customer=bank.customer, author=known)
    check = make_check(plan=bank.plan(), contact=about, state="done")
    make_finding(check=check, owner=bank.head, state="issued")
    bank.contacts(bank.teller, 1, customer=rich)
    bank.contacts(bank.teller, 1, customer=angry)
    bank.contacts(bank.teller, 1, at=IN_OCTOBER.replace(hour=20))
    bank.contacts(bank.teller, 1, at=IN_OCTOBER.replace(hour=19, minute=59))
    bank.contacts(new, 1)
    bank.contacts(known, 1)
    plan = bank.plan()
    found = [record.factors for record in population(plan, FIRST, LAST, day=NOW.date())]
    assert found == [("amount",), ("complaint",), ("night",), (), ("new_staff",), ("earlier",)]
    # Whoever a complaint is kept from does not read of it in what makes a record a risk.
    Complaint.everything.update(recused=[bank.head.pk])
    assert population(plan, FIRST, LAST, day=NOW.date())[1].factors == ()
    others = bank.plan(scorers=[bank.hq, bank.officer, make.make_user(role=Role.COMPLIANCE, branch=bank.top)])
    assert population(others, FIRST, LAST, day=NOW.date())[1].factors == ("complaint",)


def test_use_of_data_and_marketing_conduct_have_their_own_records(bank: Bank):
    for action, rows in (("reveal", None), ("export", 5_000), ("create", None)):
        changes = {"rows": rows} if rows else {}
        trail.record(
            actor=bank.manager.actor, action=action, subject="test", at=IN_OCTOBER, changes=changes, reason="季度核对"
        )
    segment = make.make_segment(branch=bank.unit, created_by=bank.head)
    template = make.make_template(created_by=bank.head, approved_by=bank.hq)
    campaign = make.make_campaign(branch=bank.unit, created_by=bank.manager, segment=segment, template=template)
    make.make_outreach(campaign, bank.customer, state="sent", sent_at=IN_OCTOBER)
    called = make.make_customer(branch=bank.unit)
    make.make_outreach(campaign, called, state="sent", sent_at=IN_OCTOBER, owner=bank.teller)
    acts = population(bank.plan(area="data"), FIRST, LAST, day=NOW.date())
    assert [(record.person_id, record.branch_id, record.factors) for record in acts] == [
        (bank.manager.pk, bank.unit.pk, ()),
        (bank.manager.pk, bank.unit.pk, ("big_export",)),
    ]
    conduct = population(bank.plan(area="conduct"), FIRST, LAST, day=NOW.date())
    assert [record.person_id for record in conduct] == [bank.manager.pk, bank.teller.pk]


def test_a_regular_plan_draws_each_month_once_when_it_is_over(bank: Bank):
    bank.contacts(bank.teller, 5)
    plan = bank.plan(kind="regular", starts_on=date(2026, 9, 10), ends_on=None)
    assert draw_due(business_day=date(2026, 10, 30), actor=NIGHT, at=NOW) == {"rows": 0}
    assert draw_due(business_day=LAST, actor=NIGHT, at=NOW) == {"rows": 2}
    assert draw_due(business_day=LAST, actor=NIGHT, at=NOW) == {"rows": 0}
    assert list(Draw.objects.values_list("first", "last")) == [(FIRST, LAST)]
    services.end_plan(plan=plan, actor=bank.officer, at=NOW)
    assert draw_due(business_day=date(2026, 11, 30), actor=NIGHT, at=NOW + timedelta(days=30)) == {"rows": 0}


def test_plans_need_three_scorers_who_may_see_the_unit(bank: Bank):
    other = make.make_user(role=Role.BRANCH_HEAD, branch=make.make_branch(parent=bank.top), password="")
    facts: dict[str, Any] = {"name": "抽查", "area": "service", "kind": "surprise", "per_unit": 2, "risk_percent": 50}
    facts |= {"unit": bank.unit, "starts_on": FIRST, "ends_on": LAST}

    def made(scorers: list[User], actor: User) -> Any:
        return services.make_plan(facts=services.PlanFacts(**facts, scorers=scorers), actor=actor, at=NOW)

    for scorers, actor, refusal in (
        ([bank.hq, bank.officer, bank.officer], bank.officer, services.TooFewScorers),
        ([bank.hq, bank.officer, other], bank.officer, services.CannotScore),
        ([bank.hq, bank.officer, bank.teller], bank.officer, services.CannotScore),
        (bank.scorers, other, services.UnitNotYours),
    ):
        with pytest.raises(refusal):
            made(scorers, actor)
    plan = made(bank.scorers, bank.head)
    assert [queries.oversees(user, plan) for user in (bank.head, bank.hq, bank.officer, other)] == [True] * 3 + [False]
    from_above = made(bank.scorers, bank.officer)
    with pytest.raises(services.DaysNotOver):
        draw(plan=plan, first=FIRST, last=NOW.date(), actor=NIGHT, at=NOW)
    # The head learns nothing of what compliance looks at in the unit.
    assert [queries.oversees(user, from_above) for user in (bank.head, bank.hq, bank.officer)] == [False, False, True]


def test_two_mark_blind_and_a_third_decides_where_they_differ(bank: Bank):
    about = make.make_interaction(customer=bank.customer, author=bank.teller)
    check = make_check(plan=bank.plan(), contact=about)  # scored by head and head office
    first, second = bank.head, bank.hq
    with pytest.raises(services.MarksMissing):
        services.score_check(check=check, marks={"needs": "met"}, note="", actor=first, at=NOW)
    with pytest.raises(services.NoteMissing):
        services.score_check(check=check, marks=MISSED, note=" ", actor=first, at=NOW)
    for nobody in (bank.officer, bank.teller):
        with pytest.raises(services.NotYourCheck):
            services.score_check(check=check, marks=MET, note="", actor=nobody, at=NOW)
    check = services.score_check(check=check, marks=MISSED, note="记录不全", actor=first, at=NOW)
    assert check.state == "open"
    assert [user.pk for user in bank.scorers if queries.scores_for(user, check).exclude(at=None)] == [first.pk]
    assert "missed" not in str(list(TrailEntry.objects.filter(subject="staff.spotcheck").values_list("changes")))
    with pytest.raises(services.NotYourCheck):  # marks cannot be taken back
        services.score_check(check=check, marks=MET, note="", actor=first, at=NOW)
    check = services.score_check(check=check, marks={**MISSED, "record": "met"}, note="承诺", actor=second, at=NOW)
    assert check.state == "different"
    assert [queries.checks_to_settle(user).count() for user in bank.scorers] == [0, 0, 1]
    assert Notification.objects.filter(event="check_differs").values_list("user", flat=True).get() == bank.officer.pk
    with pytest.raises(services.NotYourCheck):
        services.settle_check(check=check, marks=MET, note="", actor=second, at=NOW)
    # What both said stays, whatever the third says of it.
    check = services.settle_check(check=check, marks=MET, note="看过", actor=bank.officer, at=NOW)
    assert (check.state, check.outcome) == ("done", {**MISSED, "record": "met"})
    total, promise = queries.agreement_of(SpotCheck.objects.all(), ["promise"])
    assert (total.agreement.pairs, total.agreement.same, total.missed) == (4, 3, 1)
    assert (promise.agreement.pairs, promise.agreement.same, promise.missed, promise.judged) == (1, 1, 1, 1)


def test_nobody_sees_a_check_about_oneself_before_the_finding_is_issued(bank: Bank):
    """An officer is checked by a colleague: neither pages, counts, bell nor trail tell before it is issued."""
    checked = make.make_user(role=Role.COMPLIANCE, branch=bank.top, password="", name="被查人")
    about = make.make_interaction(customer=bank.customer, author=checked, note="说了什么")
    check = make_check(plan=bank.plan(), contact=about)
    for scorer in (bank.head, bank.hq):
        check = services.score_check(check=check, marks=MISSED, note="说了", actor=scorer, at=NOW)
    finding = make_finding(check=check, owner=bank.head, text="发现的问题", raised_by=bank.officer)
    assert not queries.checks_for(checked).exists()
    assert not queries.findings_for(checked).exists()
    assert not trail_for(checked).filter(subject__in=["staff.spotcheck", "staff.finding"]).exists()
    assert not Notification.objects.filter(user=checked).exists()
    client, colleague = Client(), Client()
    client.force_login(checked, backend="staff.backends.StaffBackend")
    colleague.force_login(bank.officer, backend="staff.backends.StaffBackend")
    pages = [reverse(f"insights:{name}") for name in ("supervision", "supervision_checks", "findings")]
    pages.append(check.draw.plan.get_absolute_url())
    for url in pages:
        text = client.get(url).content.decode()
        assert not [trace for trace in (check.get_absolute_url(), "发现的问题", "被查人：") if trace in text], url
    assert check.get_absolute_url() in colleague.get(pages[1]).content.decode()
    assert [client.get(one.get_absolute_url()).status_code for one in (check, finding)] == [404, 404]
    issue_finding(finding=finding, actor=bank.officer, at=NOW)
    assert client.get(finding.get_absolute_url()).status_code == 200
    assert client.get(check.get_absolute_url()).status_code == 404
    assert Notification.objects.get(user=checked).event == "finding_issued"


def test_a_scorer_reads_no_act_of_a_case_they_are_kept_away_from(bank: Bank):
    """Neither what was done after they were, nor what was done before: that does not name them."""

    def act(number: str, **changes: Any) -> TrailEntry:
        case = {"subject": "complaints.complaint", "subject_id": number, "changes": changes}
        trail.record(actor=bank.manager.actor, action="open_account", at=IN_OCTOBER, reason="当面核对", **case)
        return TrailEntry.objects.latest("pk")

    before, _after, other = act("C1"), act("C1", kept_from=[bank.head.pk]), act("C2")
    contact = make.make_interaction(customer=bank.customer, author=bank.manager)
    plan = bank.plan(area="data")
    checks = [make_check(plan=plan, contact=contact, source="trail", record_id=one.pk) for one in (before, other)]
    assert [record_of(check, bank.head) for check in checks] == [None, other]
    assert [record_of(check, bank.officer) for check in checks] == [before, other]


def test_from_plan_to_finding_on_the_pages(bank: Bank):
    bank.contacts(bank.teller, 4)
    client = Client()
    client.force_login(bank.officer, backend="staff.backends.StaffBackend")
    facts = {"name": "十月抽查", "area": "service", "kind": "surprise", "unit": bank.unit.code, "per_unit": 2}
    facts |= {"risk_percent": 50, "starts_on": FIRST, "scorers": [user.staff_no for user in bank.scorers]}
    asked = client.post(reverse("insights:supervision_plan_new"), facts)
    assert (asked.status_code, "not csrfmiddlewaretoken" in asked.content.decode()) == (422, True)  # no last day
    url = client.post(reverse("insights:supervision_plan_new"), {**facts, "ends_on": LAST})["Location"]
    client.post(f"{url}draw/")
    assert client.get(url).context["counts"][0]["value"] == "2"
    drawn = Draw.objects.get()
    again = client.get(reverse("insights:supervision_redraw", args=[drawn.pk])).context["again"]
    assert (again.is_list_same, again.is_sample_same, again.taken) == (True, True, 2)
    check = SpotCheck.objects.order_by("pk")[0]
    marks = {f"mark-{code}": mark for code, mark in MISSED.items()}
    for scorer in User.objects.filter(pk__in=Score.objects.filter(spot_check=check).values("scorer")):
        client.force_login(scorer, backend="staff.backends.StaffBackend")
        page = client.get(check.get_absolute_url())
        assert bank.teller.name not in page.content.decode()  # nobody is marked by name
        assert page.context["marked"] == []
        assert client.post(check.get_absolute_url(), marks).status_code == 422  # not met, and nothing said
        assert client.post(check.get_absolute_url(), {**marks, "note": "少了两项"}).status_code == 302
    client.force_login(bank.officer, backend="staff.backends.StaffBackend")
    page = client.get(check.get_absolute_url())
    assert bank.teller.name in page.content.decode()
    assert [counts for _name, _given, counts in page.context["marked"]].count(str(Mark.MISSED.label)) == 2
    found = {"finding-criterion": "record", "finding-grade": 2, "finding-text": "记录不完整"}
    found |= {"finding-owner": bank.head.staff_no, "finding-due_on": today() + timedelta(days=9)}
    raised = client.post(reverse("insights:supervision_raise", args=[check.pk]), found)["Location"]
    assert client.post(f"{raised}issue/")["Location"] == raised
    client.force_login(bank.head, backend="staff.backends.StaffBackend")
    assert [step for step, _form, _label in client.get(raised).context["steps"]] == ["correct", "comment"]
    said = {"correct-correction": "已补记", "correct-evidence": "补记单 12 号"}
    assert client.post(f"{raised}correct/", {}).status_code == 422
    assert client.post(f"{raised}correct/", said).status_code == 302
    assert client.get(reverse("insights:findings"), {"stands": "corrected"}).context["listing"].page.count == "1"


def test_a_draw_done_again_tells_another_list_and_another_seed(bank: Bank):
    bank.contacts(bank.teller, 12)
    plan = bank.plan(per_unit=4)
    draw(plan=plan, first=FIRST, last=LAST, actor=bank.officer.actor, at=NOW, seed=11)
    drawn, pool = Draw.objects.get(), [user.pk for user in bank.scorers]
    for check in SpotCheck.objects.all():
        pair = set(Score.objects.filter(spot_check=check).values_list("scorer", flat=True))
        assert pair == set(scorers_of(f"contact:{check.record_id}", pool, seed=11))
    lots, _digest = thaw(bytes(drawn.frozen))
    left = [lot for lot in lots if lot.name != f"contact:{SpotCheck.objects.all()[0].record_id}"]
    for seed, listed, same in ((11, lots, (True, True)), (12, lots, (True, False)), (11, left, (False, False))):
        drawn.seed, drawn.frozen = seed, freeze(listed)[0]
        again = draw_again(drawn)
        assert (again.is_list_same, again.is_sample_same) == same


def test_what_is_drawn_from_is_people_s_own_contacts_of_the_days_by_others_than_makers_and_scorers(bank: Bank):
    """To the second; without what campaigns sent. A scorer reads of a record what is in their sight alone."""
    maker = make.make_user(role=Role.COMPLIANCE, branch=bank.top, password="")
    begins, over = (datetime.combine(day, time(), SHANGHAI) for day in (FIRST, LAST + timedelta(days=1)))
    for at in (begins, over - timedelta(seconds=1), over):
        bank.contacts(bank.teller, 1, at=at)
    bank.contacts(maker, 1)
    make.make_interaction(customer=bank.customer, author=bank.teller, happened_at=IN_OCTOBER, origin="campaign")
    plan = bank.plan(created_by=maker)
    found = population(plan, FIRST, LAST, day=NOW.date())
    assert [(record.person_id, record.at.astimezone(SHANGHAI).day) for record in found] == [
        *((bank.teller.pk, 1), (bank.teller.pk, 31))
    ]
    away = make.make_interaction(customer=make.make_customer(branch=make.make_branch(parent=bank.top)))
    check = make_check(plan=plan, contact=away)
    assert (record_of(check, bank.head), record_of(check, bank.hq)) == (None, away)
    # A head knows nothing of plans of compliance, not even of a colleague's at the same desk.
    beside = bank.plan(created_by=make.make_user(role=Role.COMPLIANCE, branch=bank.unit, password=""))
    assert not queries.oversees(bank.head, beside)
