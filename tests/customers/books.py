"""Books of managers to hand over, and the worker that does it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core import jobs
from core.models import Job
from customers.models import Customer, Handover, HandoverItem, Promise
from customers.services import handover as services
from depositcrm import portfolio
from staff.models import Branch, User
from tests.factories import NOW, TODAY, make_branch, make_customer, make_head_office, make_user

WORK = {services.HAND_OVER: portfolio.hand_over, services.HAND_BACK: portfolio.hand_back}


@dataclass
class Bank:
    """Two branches of one bank, with managers, a backup and a head in the first."""

    top: Branch
    a: Branch
    b: Branch
    old: User
    new: User
    backup: User
    head: User
    stranger: User

    def customers(self, count: int, **fields: Any) -> list[Customer]:
        """Customers of the old manager, of 1,000 yuan each."""
        return [make_customer(**{"manager": self.old, "total": 1000, **fields}) for _n in range(count)]


def make_bank() -> Bank:
    """The bank, empty of customers."""
    top = make_head_office()
    a, b = make_branch(parent=top), make_branch(parent=top)
    return Bank(
        top,
        a,
        b,
        old=make_user(role="manager", branch=a, name="张三", password=""),
        new=make_user(role="manager", branch=a, name="李四", password=""),
        backup=make_user(role="senior_manager", branch=a, name="王五", password=""),
        head=make_user(role="branch_head", branch=a, password=""),
        stranger=make_user(role="manager", branch=b, password=""),
    )


def draft(
    bank: Bank, customers: Sequence[Customer], *, actor: User | None = None, to: User | None = None, **fields: Any
) -> Handover:
    """A draft by the head, unless somebody else asks."""
    return services.draft_handover(
        customer_ids=[customer.pk for customer in customers],
        **{
            "to_manager": to or bank.new,
            "backup": None,
            "reason": "人员调整",
            "actor": actor or bank.head,
            "at": NOW,
            **fields,
        },
    )


def work(at: datetime = NOW) -> list[str]:
    """Run every waiting job of hand-overs as a worker does; the states they end in."""
    waiting = Job.objects.filter(name__in=WORK, state="waiting").order_by("pk")
    return [jobs.execute(job.pk, WORK[job.name]).state for job in waiting]


def hand_over(bank: Bank, customers: Sequence[Customer], **fields: Any) -> Handover:
    """A hand-over by the head, done."""
    handover = services.submit_handover(handover=draft(bank, customers, **fields), actor=bank.head, at=NOW)
    assert work() == ["done"]
    handover.refresh_from_db()
    return handover


def promise(customer: Customer, owner: User) -> Promise:
    """An open promise of the owner to the customer."""
    return Promise.everything.create(
        customer=customer, owner=owner, text="回电", due_on=TODAY, made_by=owner, made_at=NOW
    )


def results(handover: Handover) -> dict[int, tuple[str, str]]:
    """Result and reason of each customer."""
    items = HandoverItem.everything.filter(handover=handover)
    return {item.customer_id: (item.result, item.reason) for item in items}


def owner(customer: Customer) -> tuple[int | None, int | None, int | None]:
    """Manager, backup, and the manager of the narrow row."""
    found = Customer.everything.select_related("position").get(pk=customer.pk)
    return found.manager_id, found.backup_id, found.position.manager_id
