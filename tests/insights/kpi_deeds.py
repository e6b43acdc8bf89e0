"""Service by chance, from which key figures are taken: work, complaints, warnings and what customers say."""

import random
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

from core.clock import SHANGHAI
from customers.models import Account, Customer, CustomerPosition
from insights.models import OutflowWarning
from servicing.models import Invitation, Maturity, SurveyAnswer, Wave
from staff.models import Branch, User
from tests import factories as make
from tests.factories import NOW, TODAY
from tests.insights.books import DAY

FIRST = date(2026, 8, 1)
WARNED: dict[str, Any] = {"tier": 2, "balance": 1, "gone": 1, "score": 50, "main": "fall"}
SECOND = timedelta(seconds=1)
DAYS = (TODAY, TODAY - 20 * DAY)


def some_time(rng: random.Random, day: date) -> datetime:
    """At an edge of the day, in its middle, or the moment it is over: the next one's first."""
    return datetime.combine(day, time(), SHANGHAI) + rng.choice([0, 43_200, 86_399, 86_400]) * SECOND


class Deeds:
    """What people of a bank did for its customers, and what came of it: drawn by chance, mostly near `DAYS`."""

    def __init__(self, rng: random.Random, managers: Sequence[User]) -> None:
        self.rng, self.managers = rng, managers

    def some_day(self, *near: date) -> date:
        return self.rng.choice([*near, *near, TODAY - DAY, TODAY - 40 * DAY])

    def serve(self, customer: Customer) -> None:
        """Talks, follow-ups, a deposit that ends, a complaint and a warning, or some of them."""
        rng, who = self.rng, self.rng.choice(self.managers)
        for _n in range(rng.randint(0, 4)):
            at, outcome = some_time(rng, self.some_day(*DAYS)), rng.choice(["done", "interested", "not_reached"])
            origin = rng.choice(["form", "form", "campaign"])
            talk = make.make_interaction(customer=customer, author=who, happened_at=at, outcome=outcome, origin=origin)
            if outcome != "not_reached" and origin != "campaign":
                day = at.date()
                known = CustomerPosition.everything.get(pk=customer.pk).last_contact_on
                CustomerPosition.everything.filter(pk=customer.pk).update(last_contact_on=max(known or day, day))
            state = rng.choice(["open", "done", "skipped", "cancelled"])
            closed = None if state == "open" else some_time(rng, self.some_day(*DAYS))
            make.make_follow_up(
                customer=customer,
                owner=who,
                kind=rng.choice(["task", "campaign"]),
                due_on=self.some_day(*DAYS),
                created_at=some_time(rng, FIRST),
                state=state,
                closed_at=closed,
                skip_reason="not_wanted" if state == "skipped" else "",
                interaction=talk,
            )
        if rng.random() < 0.6:
            account = make.make_term_account(
                customer=customer,
                matures_in=rng.choice([-40, -20, -10, 0, 5, 10, 30, 31]),
                balance=rng.choice([10_000, 70_000]),
            )
            if account.matures_on and account.matures_on < TODAY:
                self.mature(account, rng.choice([0, 10_000, 30_000]), rng.choice([TODAY - 3 * DAY, TODAY + 9 * DAY]))
        if rng.random() < 0.5:
            self._complaint(customer, who)
        self._warning(customer, who)

    def mature(self, account: Account, stayed: int, measured_on: date) -> None:
        """Of 30,000 yuan that much stayed."""
        Maturity.everything.create(
            account=account,
            customer=account.customer,
            matures_on=account.matures_on,
            amount=Decimal(30_000),
            stayed=Decimal(stayed),
            outcome="partly",
            measured_on=measured_on,
        )

    def meet_deadlines(self, customer: Customer) -> None:
        """Calls done in the last second of their day, and in the first after it."""
        for day in DAYS:
            over = datetime.combine(day + DAY, time(), SHANGHAI)
            for at in (over - SECOND, over):
                talk = make.make_interaction(customer=customer, author=self.managers[0], happened_at=at)
                done = {"state": "done", "closed_at": at, "created_at": at - DAY, "interaction": talk}
                make.make_follow_up(customer=customer, owner=self.managers[0], kind="campaign", due_on=day, **done)

    def _complaint(self, customer: Customer, who: User) -> None:
        received = self.some_day(*DAYS)
        state = self.rng.choice(["registered", "investigating", "closed"])
        ended = {"answered_on": TODAY, "closed_on": TODAY} if state == "closed" else {}
        make.make_complaint(
            customer=customer,
            handler=who,
            state=state,
            received_on=received,
            due_on=received + self.rng.choice([0, 15]) * DAY,
            **ended,
        )

    def _warning(self, customer: Customer, who: User) -> None:
        verdict = self.rng.choice(["", "right", "wrong", "unsure"])
        judged = some_time(self.rng, self.some_day(*DAYS)) if verdict else None
        OutflowWarning.everything.create(
            customer=customer,
            raised_on=TODAY - 50 * DAY,
            seen_on=TODAY - 50 * DAY,
            **WARNED,
            state="judged" if verdict else "open",
            verdict=verdict,
            judged_at=judged,
            judged_by=who if verdict else None,
            closed_on=judged.date() if judged else None,
        )

    def survey(self, branch: Branch, customers: Sequence[Customer]) -> None:
        """A wave of a branch, and from each customer an answer to an invitation and one at a kiosk."""
        wave = Wave.everything.create(
            name="w",
            branch=branch,
            starts_on=FIRST,
            ends_on=TODAY,
            channels=["sms"],
            seed=1,
            created_by=self.managers[0],
            created_at=NOW,
        )
        for customer in customers:
            sent, used = (some_time(self.rng, self.some_day(*DAYS)) for _n in range(2))
            invited = Invitation.everything.create(
                wave=wave,
                customer=customer,
                branch=customer.branch,
                about=self.rng.choice(self.managers),
                channel="sms",
                digest=uuid4().bytes,
                made_at=sent,
                sent_at=sent,
                used_at=used,
                expires_at=used,
            )
            answer(wave, customer.branch, used, invited, self.rng.randint(0, 10))
            answer(wave, customer.branch, used, None, self.rng.randint(0, 10))


def answer(wave: Wave, branch: Branch, at: datetime, invited: Invitation | None, score: int) -> None:
    """With an invitation, or at a kiosk."""
    SurveyAnswer.everything.create(
        wave=wave, invitation=invited, branch=branch, channel="sms", score=score, answered_at=at
    )
