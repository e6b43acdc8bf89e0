"""Follow-ups of the demo: what the night plans, some of it done, tasks people wrote, one that recurs, and a leave."""

import random
from contextlib import suppress
from datetime import date, datetime, timedelta

from core.calendar import bank_calendar
from core.clock import SHANGHAI
from core.trail import NIGHT
from customers.models import Customer
from servicing.enums import Frequency, Priority, SkipReason
from servicing.models import FollowUp, Interaction
from servicing.rules.playbooks import ONBOARDING
from servicing.services import planning
from servicing.services.follow_ups import complete_follow_up, create_follow_up, skip_follow_up
from servicing.services.playbooks import NotNow, PlaybookRunning, start_playbook
from servicing.services.series import begin_series
from staff.models import User
from staff.services.absences import enter_absence

TASKS = (
    *("电话确认到期资金安排", "补充联系方式", "寄送大额存单资料"),
    *("邀请参加金融知识讲座", "回复利率咨询", "确认代发工资账户"),
)
OUTCOMES = ("已电话联系，客户满意", "约定下周来网点", "客户出差，改日再联系")
UNITS = ("B001", "B002")
CLOSED, WRITTEN = 6, 4
# Contacts of a manager that had been promised; of ten one came late, and of fifteen promises one is still open.
PROMISED, LATE, LEFT = 8, 0.12, 0.07


def seed_follow_ups(*, rng: random.Random, end: date, at: datetime) -> None:
    """Plan the last day, and let the managers of the first two branches work on it a little."""
    planning.run(business_day=end, actor=NIGHT, at=at)
    people = User.objects.filter(role__in=["manager", "senior_manager"], branch__code__in=UNITS).order_by("staff_no")
    for user in people.select_related("branch"):
        _past(rng, user, at)
        _work(rng, user, at)
    head = User.objects.get(username="head")
    away = people.filter(branch=head.branch).exclude(username__in=["manager", "senior"]).first()
    deputy = User.objects.get(username="manager")
    if away is not None and away.pk != deputy.pk:
        first = bank_calendar().next_workday(end) + timedelta(days=7)
        enter_absence(user=away, starts_on=first, ends_on=first + timedelta(days=4), deputy=deputy, actor=head, at=at)


def _past(rng: random.Random, user: User, at: datetime) -> None:
    """What the latest contacts of a manager had been written down for: most of it done on its day."""
    own = Interaction.everything.filter(author=user, customer__manager=user, happened_at__gt=at - timedelta(days=75))
    for contact in own.select_related("customer").order_by("-happened_at", "pk")[:PROMISED]:
        done, drawn = contact.happened_at, rng.random()
        days = rng.randint(1, 3) if drawn < LATE else -rng.choice((0, 0, 0, 1))
        due_on = done.astimezone(SHANGHAI).date() - timedelta(days=days)
        written = done - timedelta(days=rng.randint(4, 9))
        title, customer = rng.choice(TASKS), contact.customer
        row = create_follow_up(customer=customer, title=title, due_on=due_on, actor=user, at=written)
        if drawn < 1 - LEFT:
            outcome = rng.choice(OUTCOMES)
            complete_follow_up(follow_up=row, outcome=outcome, interaction=contact, actor=user, at=done)


def _work(rng: random.Random, user: User, at: datetime) -> None:
    mine = list(FollowUp.everything.filter(owner=user, state="open").order_by("due_on", "pk")[:CLOSED])
    for number, row in enumerate(mine):
        if number % 3 == 2:
            skip_follow_up(follow_up=row, reason=rng.choice(list(SkipReason)), actor=user, at=at)
        else:
            complete_follow_up(follow_up=row, outcome=rng.choice(OUTCOMES), actor=user, at=at)
    book = list(Customer.everything.filter(manager=user, merged_into=None).order_by("customer_no")[:30])
    for customer in rng.sample(book, min(WRITTEN, len(book))):
        day = at.date() + timedelta(days=rng.randint(0, 12))
        priority = rng.choice(list(Priority))
        title = rng.choice(TASKS)
        create_follow_up(customer=customer, title=title, due_on=day, priority=priority, actor=user, at=at)
    for customer in Customer.everything.filter(manager=user).order_by("-opened_on", "pk")[:2]:
        with suppress(NotNow, PlaybookRunning):
            start_playbook(customer=customer, key=ONBOARDING, actor=user, at=at)
    if book:
        begin_series(
            customer=book[0],
            title="月末对账并发送余额单",
            frequency=Frequency.MONTH_END,
            starts_on=at.date(),
            actor=user,
            at=at,
        )
