"""A scorer of supervision who has left: what they had not marked passes on, as blind as before."""

from collections.abc import Callable

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from core.models import TrailEntry
from insights.services.supervision import draw_plan
from staff.models import Absence, Notification, Score, User
from staff.queries import supervision as queries
from staff.services import supervision as services
from staff.services.supervision_scorers import (
    PlanNotYours,
    ScoresAlready,
    StillScores,
    replace_scorer,
    tell_of_leavers,
)
from tests import factories as make
from tests.factories import NOW, TODAY
from tests.factories_supervision import LAST, MISSED, make_check
from tests.insights.test_supervision import Bank

pytestmark = pytest.mark.django_db


def test_what_a_leaver_has_not_marked_passes_on_blind(client_of: Callable[[User], Client]) -> None:
    bank = Bank()
    plan, new = bank.plan(), make.make_user(role="branch_head", branch=bank.unit, password="")
    contacts = [make.make_interaction(customer=bank.customer, author=bank.teller) for _n in range(2)]
    marked, waiting = (make_check(plan=plan, contact=contact) for contact in contacts)  # head and head office
    # Drawn before the new scorer was one: it is about them.
    own = make_check(plan=plan, contact=make.make_interaction(customer=bank.customer, author=new))
    services.score_check(check=marked, marks=MISSED, note="记录不全", actor=bank.head, at=NOW)
    facts = {"plan": plan, "leaver": bank.head, "substitute": new, "actor": bank.officer, "at": NOW}
    with pytest.raises(StillScores):
        replace_scorer(**facts)
    bank.head.is_active = False
    bank.head.save()
    with pytest.raises(ScoresAlready):
        replace_scorer(**{**facts, "substitute": bank.hq})
    with pytest.raises(PlanNotYours):
        replace_scorer(**{**facts, "actor": bank.teller})

    url = reverse("insights:scorer_replace", args=[plan.pk])
    sent = {"leaver": bank.head.staff_no, "substitute": new.staff_no}
    assert client_of(bank.officer).post(url, {**sent, "substitute": bank.teller.staff_no}).status_code == 422
    assert client_of(bank.officer).post(url, sent).status_code == 302

    scorers = {check: set(Score.objects.filter(spot_check=check).values_list("scorer", flat=True)) for check in
               (marked, waiting, own)}  # fmt: skip
    assert scorers == {
        marked: {bank.head.pk, bank.hq.pk},  # what was given stays
        waiting: {new.pk, bank.hq.pk},
        own: {bank.officer.pk, bank.hq.pk},  # nobody marks oneself
    }
    assert set(plan.scorers.all()) == {new, bank.hq, bank.officer}
    assert (queries.checks_to_score(new).get(), queries.scores_for(new, marked).count()) == (waiting, 0)
    passed, given = Score.objects.filter(spot_check=waiting), Score.objects.filter(spot_check=marked)
    for row, scorer in ((given.get(scorer=bank.head), bank.officer), (passed.get(scorer=new), bank.teller)):
        with pytest.raises(IntegrityError), transaction.atomic():  # marked, or checked by it
            Score.objects.filter(pk=row.pk).update(scorer=scorer)
    told = Notification.objects.filter(event="checks_to_score").values_list("user", "params__count")
    assert set(told) == {(new.pk, 1), (bank.officer.pk, 1)}
    entry = TrailEntry.objects.get(action="replace_scorer")
    assert entry.changes == {"from": bank.head.staff_no, "to": new.staff_no, "rows": 2}


def test_who_is_away_can_be_replaced_and_nobody_gone_is_drawn_as_a_scorer() -> None:
    bank = Bank()
    plan = bank.plan(scorers=[*bank.scorers, make.make_user(role="compliance", branch=bank.top, password="")])
    Absence.objects.create(user=bank.hq, starts_on=TODAY, ends_on=TODAY, created_by=bank.hq, created_at=NOW)
    assert list(queries.replaceable(plan, TODAY)) == [bank.hq]
    User.objects.filter(pk=bank.head.pk).update(is_active=False)
    bank.contacts(bank.teller, 4)
    draw_plan(plan=plan, until=LAST, actor=bank.officer.actor, at=NOW)
    assert bank.head.pk not in set(Score.objects.values_list("scorer", flat=True))
    assert Score.objects.count() == 4


def test_who_oversees_a_plan_is_told_once_that_a_scorer_left(client_of: Callable[[User], Client]) -> None:
    bank = Bank()
    plan, ended = bank.plan(), bank.plan(name="ended")
    services.end_plan(plan=ended, actor=bank.officer, at=NOW)
    Absence.objects.create(user=bank.hq, starts_on=TODAY, ends_on=TODAY, created_by=bank.hq, created_at=NOW)
    assert tell_of_leavers(at=NOW) == 0  # away is not gone
    bank.head.is_active = False
    bank.head.save()
    assert [tell_of_leavers(at=NOW) for _night in range(2)] == [1, 1]
    row = Notification.objects.get(event="scorer_gone")
    assert (row.user, row.params) == (bank.officer, {"number": plan.pk})
    page = client_of(bank.officer).get(plan.get_absolute_url()).content.decode()
    assert bank.head.name in page
    assert row.url in page
    # The officer left, too: the others who oversee it hear of it, and of the officer who scored.
    bank.officer.is_active = False
    bank.officer.save()
    other = make.make_user(role="compliance", branch=bank.top, password="")
    tell_of_leavers(at=NOW)
    told = Notification.objects.filter(event="scorer_gone").exclude(user=bank.officer)
    assert {user for (user,) in told.values_list("user")} == {other.pk}
    assert told.count() == 2
