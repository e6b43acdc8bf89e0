"""The demo's books: backups, shared customers, one hand-over done and one that waits for the head."""

import random
from datetime import date, datetime

from core import jobs
from core.enums import JobState
from core.errors import DomainError
from customers.models import Customer, Handover
from customers.queries.portfolio import shareable_with
from customers.services.handover import draft_handover, submit_handover
from customers.services.ownership import set_backup
from customers.services.sharing import share_customer
from depositcrm.portfolio import hand_over
from staff.models import Branch, User

UNITS = ("B001", "B002")
BACKED_UP, SHARED, MOVED = 20, 3, 4
REASONS = ("客户经理轮岗", "产假期间移交")


def seed_portfolio(*, rng: random.Random, end: date, at: datetime) -> None:
    """Backups and shares at the first two branches, then two hand-overs at each: one done, one asked for."""
    for branch in Branch.objects.filter(code__in=UNITS).order_by("code"):
        people = User.objects.filter(branch=branch, is_active=True).order_by("staff_no")
        managers = list(people.filter(role__in=["manager", "senior_manager"]))
        head = people.filter(role="branch_head").first()
        if head is None or len(managers) < 4:
            continue
        _backups(rng, managers, at)
        _share(rng, managers[0], head, at)
        _hand_overs(managers, head, at)


def _book(manager: User, count: int) -> list[Customer]:
    return list(Customer.objects.visible_to(manager).filter(manager=manager).order_by("customer_no")[:count])


def _backups(rng: random.Random, managers: list[User], at: datetime) -> None:
    for manager in managers[:2]:
        for customer in _book(manager, BACKED_UP):
            backup = rng.choice([one for one in managers if one != manager])
            set_backup(customer=customer, backup=backup, actor=manager, at=at)


def _share(rng: random.Random, manager: User, head: User, at: datetime) -> None:
    for customer in _book(manager, SHARED):
        colleagues = list(shareable_with(customer)[:10])
        if colleagues:
            share_customer(customer=customer, user=rng.choice(colleagues), reason="联合拜访", actor=head, at=at)


def _hand_overs(managers: list[User], head: User, at: datetime) -> None:
    """The third manager gave customers to the first; the first asks to give some to the second."""
    done = _draft(managers[2], managers[0], head, REASONS[0], at)
    if done is not None:
        queued = submit_handover(handover=done, actor=head, at=at)
        if queued.job is None or jobs.execute(queued.job.pk, hand_over).state != JobState.DONE:
            raise DomainError(f"hand-over {queued.pk} did not get done")
    asked = _draft(managers[0], managers[1], managers[0], REASONS[1], at)
    if asked is not None:
        submit_handover(handover=asked, actor=managers[0], at=at)


def _draft(giver: User, to: User, actor: User, reason: str, at: datetime) -> Handover | None:
    customers = [customer.pk for customer in _book(giver, MOVED)]
    if not customers:
        return None
    return draft_handover(customer_ids=customers, to_manager=to, backup=None, reason=reason, actor=actor, at=at)
