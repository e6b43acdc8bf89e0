"""Outflow warnings from night to verdict: raised, renewed, judged, followed up, measured, and tried on the past."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import translation

from core.models import TrailEntry
from core.trail import NIGHT
from customers.models import FedDay
from insights.enums import OutflowState, OutflowVerdict
from insights.forms.outflow import OUTFLOW
from insights.models import OutflowLoss, OutflowTrial, OutflowWarning
from insights.queries.outflow import lost_on, rules_on
from insights.queries.outflow_quality import judged_by_signal, quality_by_tier
from insights.queries.outflow_words import script_of, signs_of
from insights.rules.outflow import BUILT_IN, read_outflow
from insights.rules.outflow_quality import Outcome, Scored, Share, as_kept, read_trial, try_out
from insights.services import outflow as services
from insights.services.outflow_trial import PastTooShort, ask_trial, run_trial, try_past
from servicing.enums import FollowUpState, Priority
from staff.models import Absence, Notification
from tests import factories as make
from tests.factories import NOW, TODAY
from tests.insights.books import a_scheme, make_holder, move_tier

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def manager():
    a_scheme()
    return make.make_user(role="manager")


@pytest.fixture
def english(settings):
    settings.LANGUAGE_CODE = "en"
    with translation.override("en"):
        yield


def night(day=TODAY):
    return services.run(business_day=day, actor=NIGHT, at=NOW)


def test_a_night_raises_renews_and_lets_go_and_says_the_same_when_it_runs_twice(manager):
    # Tier D, threshold 50: the fall alone (40) is not enough, with the contact overdue (15) it is.
    falls = {400: 100_000, 0: 60_000}
    alone = make_holder(falls, manager=manager, position={"last_contact_on": TODAY})
    silent = make_holder(falls, manager=manager)
    for customer in (alone, silent):
        move_tier(customer, (580, 1))
    assert night() == {"raised": 1, "renewed": 0, "expired": 0, "lost": 0, "rows": 1}
    row = OutflowWarning.everything.get()
    assert (row.customer_id, row.tier, row.score, row.main) == (silent.pk, 1, 55, "fall")
    assert (row.balance, row.gone, row.seen_on) == (Decimal("60000.00"), Decimal("40000.00"), TODAY)
    assert [one["code"] for one in row.signals] == ["fall", "contact"]
    assert night()["renewed"] == 1
    assert OutflowWarning.everything.get().signals == row.signals
    # The night runs again, and the reason is gone: as if it had never been. Seen last 15 days ago, it goes.
    old = make.make_warning(customer=alone, raised_on=TODAY - 40 * DAY, seen_on=TODAY - 15 * DAY)
    type(silent.position).everything.filter(pk=silent.pk).update(last_contact_on=TODAY)
    assert night() == {"raised": 0, "renewed": 0, "expired": 1, "lost": 0, "rows": 1}
    assert list(OutflowWarning.everything.values_list("pk", "state", "closed_on")) == [
        (old.pk, OutflowState.EXPIRED, TODAY)
    ]
    # No second warning within 30 days after the first was closed.
    move_tier(alone, (0, 4))
    assert night(TODAY)["raised"] == 0
    OutflowWarning.everything.update(closed_on=TODAY - 31 * DAY)
    assert night(TODAY)["raised"] == 1


def test_new_warnings_are_told_once_a_day_to_whoever_is_there(manager):
    away, alone, backup = (make.make_user(role="manager", branch=manager.branch) for _n in range(3))
    for user, deputy in ((away, manager), (alone, None)):
        days = {"starts_on": TODAY + 2 * DAY, "ends_on": TODAY + 5 * DAY}
        Absence.objects.create(user=user, deputy=deputy, created_by=user, created_at=NOW, **days)
    books = [(manager, None), (manager, None), (away, backup), (alone, backup), (alone, None), (None, None)]
    for owner, second in books:
        customer = make_holder({400: 100_000, 0: 60_000}, manager=owner, branch=manager.branch, backup=second)
        move_tier(customer, (580, 3))
    assert night(TODAY - DAY)["raised"] == 0
    assert (night()["raised"], night()["renewed"]) == (6, 6)
    told = Notification.objects.values_list("user", "event", "params", "url")
    expected = [
        (person.pk, "outflow_warned", {"count": count}) for person, count in ((manager, 3), (alone, 1), (backup, 1))
    ]
    assert sorted(told) == sorted((*one, reverse("insights:warnings")) for one in expected)
    # A night of the past warns, and tells nobody.
    Notification.objects.all().delete()
    FedDay.objects.create(on=TODAY + DAY, is_full=True)
    night()
    assert not Notification.objects.exists()


def test_a_verdict_in_one_step_and_back_and_a_follow_up_for_the_manager(manager, english):
    customer = make.make_customer(manager=manager)
    head = make.make_user(role="branch_head", branch=manager.branch)
    row = make.make_warning(customer=customer)
    with pytest.raises(services.VerdictUnknown):
        services.judge_warning(warning=row, verdict="maybe", actor=manager, at=NOW)
    made = services.follow_warning_up(warning=row, title="Call", note="说什么", actor=head, at=NOW)
    assert (made.owner, made.due_on, made.priority) == (manager, TODAY + 3 * DAY, Priority.HIGH)
    with pytest.raises(services.AlreadyFollowedUp):
        services.follow_warning_up(warning=row, title="Call", note="", actor=head, at=NOW)
    judged = services.judge_warning(warning=row, verdict=OutflowVerdict.RIGHT, note="买房", actor=manager, at=NOW)
    assert (judged.state, judged.verdict, judged.closed_on) == (OutflowState.JUDGED, "right", TODAY)
    with pytest.raises(services.WarningClosed):
        services.judge_warning(warning=row, verdict=OutflowVerdict.WRONG, actor=manager, at=NOW)
    with pytest.raises(services.NotJudged):
        services.take_verdict_back(warning=row, actor=head, at=NOW)
    back = services.take_verdict_back(warning=row, actor=manager, at=NOW)
    assert (back.state, back.verdict, back.judged_by, back.follow_up.state) == ("open", "", None, FollowUpState.OPEN)
    actions = TrailEntry.objects.filter(subject=services.SUBJECT).order_by("pk").values_list("action", flat=True)
    assert list(actions) == ["follow_up", "judge", "unjudge"]
    assert "买房" not in str(list(TrailEntry.objects.values_list("changes", flat=True)))
    said = {sign.code: sign.text for sign in signs_of(back)}
    assert said["fall"] == "Usually holds 80K yuan, now 50K: 37% less within 14 days."
    assert said["contact"] == "Last spoken to 200 days ago; the tier is promised a contact every 90 days."
    assert script_of(back, TODAY).startswith("Hello, this is your relationship manager.")
    with translation.override("zh-hans"):
        assert script_of(back, TODAY).startswith("您好，我是您的客户经理")


def test_pages_show_only_customers_in_sight_and_answer_one_click(manager, client_of, english):
    customer = make.make_customer(manager=manager, name="陈晓")
    other = make.make_customer(manager=make.make_user(role="manager", branch=manager.branch))
    row, hidden = make.make_warning(customer=customer), make.make_warning(customer=other)
    client = client_of(manager)
    page = client.get(reverse("insights:warnings")).content.decode()
    assert "陈晓" in page
    assert other.name not in page
    assert client.get(reverse("insights:warning", args=[hidden.pk])).status_code == 404
    part = client.get(reverse("insights:warning_of_customer", args=[customer.customer_no])).content.decode()
    assert "Usually holds 80K yuan" in part
    assert "Hello, this is your relationship manager." in part
    assert "陈晓" in client.get(reverse("insights:warnings_widget") + "?line=1").content.decode()
    assert "/warnings/of/" in client.get(customer.get_absolute_url()).content.decode()
    judge = reverse("insights:warning_judge", args=[row.pk])
    answer = client.post(judge, {"verdict": "wrong"}, headers={"HX-Request": "true"}).content.decode()
    assert 'value="undo"' in answer
    assert client.post(judge, {"verdict": "right"}, headers={"HX-Request": "true"}).status_code == 422
    assert client.post(judge, {"verdict": "undo"}, headers={"HX-Request": "true"}).status_code == 200
    client.post(reverse("insights:warning_follow_up", args=[row.pk]))
    row.refresh_from_db()
    # Read by the counter, too: no amounts.
    assert row.follow_up.title == "Call about deposits: Unusual fall"
    context = client.get(reverse("insights:warnings")).context
    for _label, count, query in context["tiles"]:
        behind = client.get(reverse("insights:warnings") + query).context["listing"]
        assert behind.queryset.count() == count
    assert client.get(reverse("insights:warning", args=[row.pk])).status_code == 200
    assert client_of(make.make_user(role="compliance")).get(reverse("insights:warnings")).status_code == 403


def test_precision_by_sign_counts_verdicts_and_recall_counts_who_was_lost(manager, client_of):
    rows = [make.make_warning(customer=make.make_customer(manager=manager)) for _n in range(4)]
    alone = [{"code": "matured", "points": 35, "amount": "80000.00", "on": "2026-11-14", "count": 1}]
    rows.append(make.make_warning(customer=make.make_customer(manager=manager), signals=alone, main="matured"))
    for row, verdict in zip(rows, ("right", "right", "wrong", "unsure", "right"), strict=True):
        services.judge_warning(warning=row, verdict=verdict, actor=manager, at=NOW)
    make.make_warning(customer=make.make_customer())
    by_sign = {one.key: one for one in judged_by_signal(manager, TODAY)}
    assert (by_sign["fall"].right, by_sign["fall"].wrong, by_sign["fall"].unsure) == (2, 1, 1)
    assert (by_sign["contact"].precision, by_sign["contact"].precision.percent) == (Share(2, 3), 67)
    assert (by_sign["matured"].precision, by_sign["tier"].precision.percent) == (Share(1, 1), None)
    assert by_sign["matured"].precision.is_small
    # Halved within 60 days: 100,000 until 20 days ago, then nothing; its 30-day average is 30,000 (9 days of 100,000).
    lost = make_holder({400: 100_000, 20: 0}, manager=manager, tier=2)
    half = make_holder({400: 100_000, 20: 40_000}, manager=manager)
    found = lost_on([lost.pk, half.pk], TODAY, rules_on(TODAY))
    assert [(one.customer_id, one.before, one.after) for one in found] == [
        (lost.pk, Decimal("100000.00"), Decimal("30000.00"))
    ]
    make.make_warning(customer=lost, raised_on=TODAY - 15 * DAY, seen_on=TODAY - 15 * DAY)
    days = [TODAY - n * DAY for n in range(7)]
    assert sum(night(day)["lost"] for day in reversed(days)) == 1
    loss = OutflowLoss.everything.get()
    assert (loss.customer, loss.warned_on) == (lost, TODAY - 15 * DAY)
    (tier,) = quality_by_tier(manager, TODAY, [(2, "C", "潜力", 45)])
    assert (tier.recall, tier.judged.precision) == (Share(1, 1), Share(3, 4))
    page = client_of(manager).get(reverse("insights:outflow_quality"))
    assert page.status_code == 200
    assert client_of(manager).get(reverse("insights:outflow_losses")).status_code == 200


def test_a_trial_holds_warnings_of_each_threshold_against_the_losses():
    def on(pk, day, score, letter="C", codes=("fall",)):
        return Scored(pk, TODAY + day * DAY, letter, score, codes)

    # 1: warned, lost 20 days on. 2: warned twice within 60 days, never lost. 3: too late. 4: below the threshold.
    scored = [
        *(on(1, 0, 50), on(2, 0, 60, codes=("fall", "contact")), on(2, 7, 60), on(3, 30, 70), on(4, 0, 40)),
        *(on(5, 100, 90), on(6, 100, 60, codes=("salary",))),
    ]
    lost = {1: (TODAY + 20 * DAY, "C"), 3: (TODAY + 25 * DAY, "C"), 4: (TODAY + 50 * DAY, "C"), 9: (TODAY, "C")}
    lost[6] = (TODAY + 120 * DAY, "C")
    trial = try_out(scored, lost, {"C": 45}, TODAY + 130 * DAY, first=TODAY)
    # Raised of 1, 2, 3, 5 and 6; of the last two the 60 days are not over. Lost after the first day: 1, 3, 4 and 6.
    assert trial.overall == Outcome(5, Share(1, 3), Share(2, 4), 20)
    assert trial.by_signal["contact"] == Outcome(1, Share(0, 1), Share(0, 4), None)
    assert trial.by_signal["salary"] == Outcome(1, Share(0, 0), Share(1, 4), 20)
    assert trial.by_tier["C"][40] == Outcome(6, Share(2, 4), Share(3, 4), 20)
    assert trial.by_tier["C"][65] == Outcome(2, Share(0, 1), Share(0, 4), None)
    assert read_trial(as_kept(trial)) == trial


def test_the_rules_are_tried_on_days_gone_by(manager, client_of):
    with pytest.raises(PastTooShort):
        try_past(actor=NIGHT, at=NOW)
    # Fell 70 days ago by 40 % and to nothing 50 days ago: lost, and warned of before.
    leaver = make_holder({200: 100_000, 70: 60_000, 50: 0}, manager=manager)
    make_holder({200: 100_000}, manager=manager)
    move_tier(leaver, (190, 3))
    FedDay.objects.create(on=TODAY - 200 * DAY, is_full=True)
    hq = make.make_user(role="head_office", branch=make.make_head_office())
    job = ask_trial(actor=hq, at=NOW)
    counts = run_trial(job, type("Still", (), {"report": lambda *_args: None})(), at=NOW)
    trial = read_trial(OutflowTrial.objects.get().results)
    assert counts["rows"] == trial.overall.raised == 1
    assert (trial.overall.right, trial.overall.caught) == (Share(1, 1), Share(1, 1))
    assert 0 < trial.overall.lead <= 42
    page = client_of(hq).get(reverse("insights:outflow_quality"))
    assert page.context["tried"].trial == trial
    assert not OutflowWarning.everything.exists()


def test_the_rules_are_edited_as_a_version_with_a_threshold_for_each_tier(client_of):
    a_scheme()
    hq = make.make_user(role="head_office", branch=make.make_head_office())
    form = client_of(hq).get(reverse("customers:policy_draft", args=["outflow"])).context["form"]
    typed = {name: field.initial or form.initial.get(name) for name, field in form.fields.items()}
    typed |= {"effective_on": TODAY + 30 * DAY, "note": "少一些", "thresholds__B": 60}
    made = type(form)(typed, kind=OUTFLOW, values=OUTFLOW.built_in)
    assert made.is_valid(), made.errors
    rules = read_outflow(made.typed_values())
    assert (rules.threshold("B"), rules.threshold("A"), rules.points) == (60, 30, read_outflow(BUILT_IN).points)
    assert len(dict(OUTFLOW.parts(BUILT_IN))) == len(made.typed_values()["thresholds"]) + 7 + 12 + 14
    assert list(OUTFLOW.summary(BUILT_IN))


def test_a_verdict_stands_once_a_newer_warning_is_there(manager):
    customer = make.make_customer(manager=manager)
    row = make.make_warning(customer=customer, raised_on=TODAY - 40 * DAY, seen_on=TODAY - 40 * DAY)
    services.judge_warning(warning=row, verdict=OutflowVerdict.WRONG, actor=manager, at=NOW)
    make.make_warning(customer=customer)
    with pytest.raises(services.NotJudged):
        services.take_verdict_back(warning=row, actor=manager, at=NOW)
