"""The bank's maturity ladder as the night adds it up is the live one, until something changes."""

from datetime import timedelta

import pytest

from core.trail import NIGHT
from customers.models import Account, FedDay, Feed
from servicing.models import LadderKept, Maturity
from servicing.queries.ladder import ladder_ahead, ladder_past
from servicing.queries.ladder_kept import is_kept, kept_ahead, kept_past
from servicing.queries.maturity import ahead, past, window
from servicing.services.maturity import run
from tests import factories as make
from tests.factories import NOW, TODAY

DAY = timedelta(days=1)


@pytest.mark.django_db
def test_the_ladder_of_the_night_is_the_live_one_until_something_is_fed() -> None:
    FedDay.objects.create(on=TODAY, is_full=True)
    top = make.make_head_office()
    units = [make.make_branch(parent=top) for _n in range(2)]
    hq = make.make_user(role="head_office", branch=top, password="")
    product = make.make_product(kind="term", term_months=12)
    accounts = []
    for n in range(24):
        customer = make.make_customer(branch=units[n % 2], tier=1 + n % 3)
        account = make.make_term_account(
            customer=customer, matures_in=n - 9, balance=100 + n, **({"product": product} if n % 4 else {})
        )
        accounts.append(account)
        if account.matures_on and account.matures_on <= TODAY:
            ended = {"outcome": "partly", "stayed": n, "measured_on": TODAY} if n % 2 else {}
            Maturity.everything.create(
                account=account, customer=customer, matures_on=account.matures_on, amount=100 + n, **ended
            )
    Account.everything.filter(pk=accounts[-1].pk).update(status="closed")
    run(business_day=TODAY, actor=NIGHT, at=NOW)
    # What is planned by day counts at once.
    Maturity.everything.filter(account=accounts[12]).update(aim="leave", note="x")
    for days in (7, 90):
        span = window(TODAY, days)
        assert is_kept(span)
        live = ladder_ahead(ahead(hq, TODAY), span, "branch")
        assert kept_ahead(ahead(hq, TODAY), span) == live
        assert live.total.count == (7 if days == 7 else 13)
    assert ladder_ahead(ahead(hq, TODAY), window(TODAY, 30), "branch").total.planned == 1
    for days in (-30, -5):
        span = window(TODAY, days)
        found = ladder_past(past(hq, TODAY), span, "branch")
        assert kept_past(span) == found
        assert found.total.all.count == (10 if days == -30 else 5)
    Feed.objects.create(kind="branches", business_date=TODAY, actor_no="x", created_at=NOW, status="committed")
    assert not is_kept(window(TODAY, 7))
    assert LadderKept.objects.get().as_of == TODAY
