"""What is known before a call and nothing later, scores by the model in use, and a second person for it."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.urls import reverse

from campaigns.enums import ModelKind, ModelState
from campaigns.models import TrainedModel
from campaigns.queries.features import Asked, calls_ended, facts_of
from campaigns.queries.scores import explained, scores_for
from campaigns.rules.call_facts import COLUMNS, Facts
from campaigns.services import learning
from core.enums import JobState
from core.models import Job, TrailEntry
from core.trail import NIGHT
from servicing.models import Maturity
from tests import factories as make
from tests.factories import NOW, TODAY
from tests.tiers.ledgers import write_ledger
from tiers.models import TierChange

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
WEIGHTS = {
    "base": -1.0,
    "means": [0.0] * len(COLUMNS),
    "scales": [1.0] * len(COLUMNS),
    "weights": [2.0 if name == "maturing" else -1.0 if name == "last_refused" else 0.0 for name in COLUMNS],
}


@pytest.fixture
def unit():
    top = make.make_head_office()
    branch = make.make_branch(parent=top)
    return SimpleNamespace(
        branch=branch,
        hq=make.make_user(role="head_office", branch=top),
        head=make.make_user(role="branch_head", branch=branch),
        manager=make.make_user(role="manager", branch=branch),
    )


def kept(by=None, **fields):
    values = {"kind": ModelKind.LOGISTIC, "columns": list(COLUMNS), "weights": WEIGHTS, "row_count": 900}
    marks = {"settings": {}, "aucs": [0.6], "mean": 0.6, "count": 90, "agreed_share": 0.2, "auc": 0.63, "lift": 1.9}
    bands = [{"count": 9, "expected": 0.123, "agreed_share": 0.111}]
    metrics = {"kinds": {"logistic": marks}, "bands": bands, "tested_from": "2026-10-01"}
    told = {"metrics": metrics, "trained_by": by, "actor": NIGHT, "at": NOW, "on": TODAY}
    return learning.keep_model(**{**values, **told, **fields})


def call(customer, manager, *, days_ago, outcome, **fields):
    said = {"channel": "phone", "direction": "out", "topic": "deposit", "happened_at": NOW - days_ago * DAY}
    return make.make_interaction(customer=customer, author=manager, outcome=outcome, **{**said, **fields})


def tiered(customer, on, tier):
    about = {"measure": "balance", "value": 1, "window_from": on, "window_to": on, "scheme": make.first_scheme()}
    TierChange.everything.create(customer=customer, on=on, from_tier=1, to_tier=tier, branch=customer.branch, **about)


def test_facts_are_those_of_the_evening_before_whatever_came_since(unit):
    who = make.make_customer(
        manager=unit.manager, birth_date=TODAY.replace(year=1960), opened_on=TODAY - 800 * DAY, tier=4
    )
    nobody = make.make_customer(branch=unit.branch, kind="organisation")
    day = TODAY - 10 * DAY
    write_ledger({who.pk: {day - 61 * DAY: 100, day - 16 * DAY: 400, day: 9_000}}, TODAY)
    tiered(who, day - DAY, 3)
    tiered(who, day, 4)
    term, notice = make.make_product(kind="term"), make.make_product(kind="notice")
    gone = {"closed_on": day, "status": "closed", "on": day - 300 * DAY}
    held = make.make_account(customer=who, product=term, **gone)
    make.make_account(customer=who, product=notice, on=day)
    # Renewed since: only the desk of maturities still knows that it was about to mature.
    Maturity.everything.create(account=held, customer=who, matures_on=day + 30 * DAY)
    call(who, unit.manager, days_ago=400, outcome="interested")
    call(who, unit.manager, days_ago=50, outcome="interested")
    call(who, unit.manager, days_ago=40, outcome="not_reached")
    call(who, unit.manager, days_ago=10, outcome="not_interested")
    make.make_interaction(customer=who, channel="wecom", outcome="sent", origin="campaign", happened_at=NOW - 20 * DAY)

    found = facts_of([Asked(1, who.pk, day), Asked(2, nobody.pk, day), Asked(3, who.pk, TODAY)])

    known = Facts(3, 260.0, 100.0, False, 65, 790, frozenset({"term"}), True, 40, 2, 1, "not_reached")
    assert found[1] == known
    assert found[2] == Facts(0, 0.0, 0.0, True, None, None, frozenset(), False, None, 0, 0, "")
    later = found[3]
    assert (later.tier, later.kinds, later.days_since_contact) == (4, frozenset({"notice"}), 10)
    assert (later.called, later.agreed, later.last_outcome) == (3, 1, "not_interested")


def test_models_learn_from_calls_about_deposits_that_ended_and_from_those_of_campaigns(unit):
    who = make.make_customer(manager=unit.manager)
    for days_ago, outcome, about in (
        (9, "interested", {}),
        (8, "not_reached", {"topic": "rate"}),
        (7, "done", {"topic": "card"}),
        (6, "call_back", {}),
        (5, "done", {"channel": "counter"}),
        (4, "done", {"direction": "in"}),
        (0, "done", {}),
    ):
        call(who, unit.manager, days_ago=days_ago, outcome=outcome, **about)
    made = call(who, unit.manager, days_ago=3, outcome="not_interested", topic="other")
    closed = {"kind": "campaign", "state": "done", "interaction": made, "closed_at": NOW}
    make.make_follow_up(customer=who, owner=unit.manager, **closed)

    found = calls_ended(until=TODAY, most=10)

    assert [((TODAY - one.on).days, one.agreed) for one in found] == [(9, True), (8, False), (3, False)]
    assert [one.facts.called for one in found] == [0, 1, 4]
    assert [(TODAY - one.on).days for one in calls_ended(until=TODAY, most=2)] == [8, 3]


def test_scores_come_from_the_model_in_use_alone_and_say_why(unit):
    soon, refused = (make.make_customer(manager=unit.manager) for _n in range(2))
    make.make_term_account(customer=soon, matures_in=20, on=TODAY - DAY)
    call(refused, unit.manager, days_ago=3, outcome="not_interested")
    ids = [soon.pk, refused.pk]
    model = kept(by=unit.head)
    assert (scores_for(ids, TODAY), explained(soon.pk, TODAY)) == ({}, None)

    learning.put_in_use(model=model, actor=unit.hq, at=NOW)

    assert scores_for(ids, TODAY) == {soon.pk: 0.7311, refused.pk: 0.1192}
    assert [one.effect for one in explained(soon.pk, TODAY).pros] == [2.0]
    assert explained(refused.pk, TODAY).cons[0].effect == -1.0
    TrainedModel.objects.update(features=["other"])
    assert scores_for(ids, TODAY) == {}


def test_a_second_person_puts_a_model_in_use_and_one_is_in_use_at_a_time(unit):
    first = kept(by=unit.hq)
    with pytest.raises(learning.OwnModel):
        learning.put_in_use(model=first, actor=unit.hq, at=NOW)
    second = kept()
    learning.put_in_use(model=first, actor=unit.head, at=NOW)
    learning.put_in_use(model=second, actor=unit.hq, at=NOW)
    with pytest.raises(learning.NotThisStep):
        learning.put_in_use(model=second, actor=unit.hq, at=NOW)
    states = list(TrainedModel.objects.order_by("pk").values_list("state", flat=True))
    assert states == [ModelState.RETIRED, ModelState.ACTIVE]
    learning.take_out_of_use(model=second, actor=unit.hq, at=NOW)
    with pytest.raises(learning.NotThisStep):
        learning.take_out_of_use(model=second, actor=unit.hq, at=NOW)
    with pytest.raises(learning.OtherColumns):
        learning.put_in_use(model=kept(columns=["age"]), actor=unit.hq, at=NOW)
    done = TrailEntry.objects.filter(subject=learning.SUBJECT).order_by("pk").values_list("action", flat=True)
    assert list(done) == ["train", "train", "put_in_use", "put_in_use", "take_out_of_use", "train"]


def test_pages_say_whether_there_is_a_model_how_good_it_is_and_why_a_customer_is_called(client, unit):
    customer, other = make.make_customer(manager=unit.manager, name="周敏"), make.make_customer()
    make.make_term_account(customer=customer, matures_in=20, on=TODAY - DAY)
    model = kept(by=unit.head)
    client.force_login(unit.manager)
    url = reverse("campaigns:models")
    why = reverse("campaigns:call_reasons", args=[customer.customer_no])
    assert client.get(url).context["in_use"] is None
    assert client.get(why).context["found"] is None
    assert client.get(reverse("campaigns:call_reasons", args=[other.customer_no])).status_code == 404
    client.force_login(unit.hq)
    page = client.get(reverse("campaigns:model", args=[model.pk])).content.decode()
    assert all(figure in page for figure in ("0.630", "1.90", "12.3 %", "11.1 %"))
    client.post(reverse("campaigns:model_step", args=[model.pk, "use"]))
    client.force_login(unit.manager)
    assert client.get(url).context["in_use"] == model
    assert client.get(why).context["percent"] == 73
    assert client.get(why, headers={"hx-request": "true"}).templates[0].name == "campaigns/_call_reasons.html"


def test_training_runs_once_at_a_time_and_says_what_is_missing(client, unit, django_capture_on_commit_callbacks):
    client.force_login(unit.head)
    for _again in range(2):
        with django_capture_on_commit_callbacks():
            client.post(reverse("campaigns:model_train"))
    job = Job.objects.get(name=learning.TRAIN_JOB)
    assert (job.state, job.args) == (JobState.WAITING, {"by": unit.head.staff_no})
    Job.objects.update(state=JobState.REFUSED, finished_at=NOW, error="zu wenig")
    page = client.get(reverse("campaigns:models"))
    assert "zu wenig" in page.content.decode()
    with django_capture_on_commit_callbacks():
        learning.start_training(actor=unit.hq, at=NOW)
    job.refresh_from_db()
    assert (job.state, job.args) == (JobState.WAITING, {"by": unit.hq.staff_no})
    with pytest.raises(learning.TooFewOutcomes):
        learning.check_enough([1] * 400 + [0] * 29)
    learning.check_enough([1] * 400 + [0] * 30)
