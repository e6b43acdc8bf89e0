"""Fills an empty database with the demo branch, through the product's own services and the same tables."""

import csv
import hashlib
import io
import random
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.contrib.auth.hashers import make_password
from django.utils.translation import gettext_lazy as _

from core import jobs
from core.enums import ActorKind, JobState
from core.errors import DomainError
from core.models import Job
from core.trail import Actor
from customers.enums import FeedKind
from customers.gateways.sheets import Source
from customers.models import Customer
from customers.services import history
from customers.services.feeds import Controls, import_feed
from customers.services.sharing import share_customer
from depositcrm import night
from depositcrm.demo.advice import seed_advice
from depositcrm.demo.campaigns import seed_campaigns
from depositcrm.demo.care import seed_care
from depositcrm.demo.complaints import seed_complaints
from depositcrm.demo.desk import seed_desk
from depositcrm.demo.follow_ups import seed_follow_ups
from depositcrm.demo.kyc import seed_kyc
from depositcrm.demo.maturity import seed_maturity
from depositcrm.demo.portfolio import seed_portfolio
from depositcrm.demo.quality import seed_quality, seed_stages
from depositcrm.demo.tiers import seed_policy_desk
from depositcrm.demo.voices import seed_voices
from depositcrm.demo.week import seed_week
from depositcrm.demo.world import PRODUCTS, DemoCustomer, daily_changes, make_customer, person_name
from insights.services import roll_up_range, start_night
from servicing.enums import Channel, Direction, Topic
from servicing.queries.choices import choices_on
from servicing.services.contacts import log_interaction
from staff.models import User
from tiers.services import retier

SEEDER = Actor(None, "seed_demo", ActorKind.JOB)
MANAGERS_PER_BRANCH = 6
# (sign-in, role, index of the unit: None = head office)
SIGN_INS = (
    ("teller", "teller", 0),
    ("lobby", "lobby", 0),
    ("manager", "manager", 0),
    ("senior", "senior_manager", 0),
    ("expert", "expert", 0),
    ("head", "branch_head", 0),
    ("hq", "head_office", None),
    ("admin", "admin", None),
    ("compliance", "compliance", None),
    ("auditor", "auditor", None),
    ("teller2", "teller", 1),
    ("manager2", "manager", 1),
    ("head2", "branch_head", 1),
)
# Wealth products are talked about by people who are certified, and the demo trains them later.
TOPICS = [topic for topic in Topic if topic != Topic.WEALTH]
NOTES = ("咨询定期利率", "到期续存意向", "办理转账", "询问大额存单额度", "网银登录问题", "预约取款", "")

# Each fills the tables of one noun, after the customers and their nights are there.
PARTS: tuple[Callable[..., None], ...] = (
    seed_quality,
    seed_care,
    seed_maturity,
    seed_kyc,
    seed_portfolio,
    seed_policy_desk,
    seed_desk,
    seed_advice,
    seed_follow_ups,
    seed_voices,
    seed_complaints,
    seed_campaigns,
    seed_week,
)
Say = Callable[[str], None]


class DatabaseNotEmpty(DomainError):
    """The demo branch is only made in an empty database."""

    code = "database_not_empty"
    message = _("There are customers in this database already; the demo branch is made in an empty one only.")


@dataclass(frozen=True, slots=True)
class Plan:
    """How large a demo to make, and from which seed."""

    customers: int
    branches: int
    days: int
    seed: int
    end: date

    @property
    def first(self) -> date:
        """The first day with balances."""
        return self.end - timedelta(days=self.days - 1)


@dataclass(frozen=True, slots=True)
class Seeded:
    """What was made; `digest` is the same for the same plan."""

    customers: int
    accounts: int
    days: int
    seconds: float
    digest: str


def seed(*, plan: Plan, password: str, at: datetime, say: Say) -> Seeded:
    """Make the whole demo. Raises DatabaseNotEmpty."""
    if Customer.everything.exists():
        raise DatabaseNotEmpty()
    started, digest = time.monotonic(), hashlib.sha256()
    rng = random.Random(plan.seed)  # noqa: S311  a seeded demo, no secret comes from it
    say("units, people, products")
    _make_bank(plan, rng, password, at)
    say(f"{plan.customers} customers")
    people = [make_customer(rng, n, plan.branches, MANAGERS_PER_BRANCH, plan.end) for n in range(1, plan.customers + 1)]
    _feed(FeedKind.CUSTOMERS, *_customer_sheet(people), plan, at)
    accounts = _feed(FeedKind.ACCOUNTS, *_account_sheet(people), plan, at)
    say(f"{plan.days} days of balances of {accounts} accounts")
    changes = _digested(_all_changes(rng, people, plan), digest)
    history.load_history(changes=changes, first=plan.first, last=plan.end)
    _nights(plan, at, say)
    _shares(at)
    say("contacts")
    _contacts(rng, plan, at)
    say("consents, papers, promises, hand-overs, tier policy")
    for part in PARTS:
        # A generator of its own for each, so that one part's change leaves the others as they were.
        part(rng=random.Random(f"{plan.seed} {part.__name__}"), end=plan.end, at=at)  # noqa: S311  no secret
    return Seeded(plan.customers, accounts, plan.days, round(time.monotonic() - started, 1), digest.hexdigest())


def _feed(kind: FeedKind, header: Sequence[str], rows: Iterable[Sequence[object]], plan: Plan, at: datetime) -> int:
    """Import rows through the feed engine; returns how many."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(header)
    writer.writerows(rows)
    content = text.getvalue().encode()
    source = Source(f"demo_{kind}.csv", lambda: io.BytesIO(content))
    controls = Controls(max_rejected=Decimal(0))
    feed = import_feed(
        kind=kind, source=source, business_date=plan.end, controls=controls, actor=SEEDER, at=at, origin="demo"
    )
    if feed.status != "committed":
        raise DomainError(f"{kind}: {feed.message} {feed.notes}")
    return feed.rows


def _unit(number: int) -> str:
    return f"B{number + 1:03d}"


def _make_bank(plan: Plan, rng: random.Random, password: str, at: datetime) -> None:
    units: list[tuple[str, str, str, str]] = [
        ("H000", "示范银行总行", "", "head_office"),
        ("R001", "城区分行", "H000", "region"),
    ]
    units += [(_unit(n), f"第{n + 1}支行" if n else "城中支行", "R001", "branch") for n in range(plan.branches)]
    _feed(FeedKind.BRANCHES, ("code", "name", "parent_code", "kind"), units, plan, at)
    staff = [
        (f"{_unit(b)[1:]}M{m:02d}", person_name(rng), "manager", _unit(b))
        for b in range(plan.branches)
        for m in range(MANAGERS_PER_BRANCH)
    ]
    # The demo's own managers keep the first book of their branch.
    people = {"manager": "001M00", "manager2": "002M00", "senior": "001M01"}
    named = [
        (people.get(name, f"D{place:03d}"), person_name(rng), role, "H000" if unit is None else _unit(unit))
        for place, (name, role, unit) in enumerate(SIGN_INS)
        if unit is None or unit < plan.branches
    ]
    taken = {row[0] for row in named}
    rows = [*named, *(row for row in staff if row[0] not in taken)]
    _feed(FeedKind.STAFF, ("staff_no", "name", "role", "branch_code"), rows, plan, at)
    _open_sign_ins(people, password)
    sheet = [(code, name, kind, months or "", "CNY") for code, name, kind, months, _rate in PRODUCTS]
    _feed(FeedKind.PRODUCTS, ("code", "name", "kind", "term_months", "currency"), sheet, plan, at)


def _open_sign_ins(people: dict[str, str], password: str) -> None:
    """Give the demo people their short sign-in names and the one demo password."""
    sealed = make_password(password)
    for place, (name, _role, _unit_no) in enumerate(SIGN_INS):
        number = people.get(name, f"D{place:03d}")
        User.objects.filter(staff_no=number).update(username=name, password=sealed)


def _customer_sheet(people: list[DemoCustomer]) -> tuple[Sequence[str], Iterator[Sequence[object]]]:
    header = (
        *("customer_no", "name", "kind", "id_type", "id_no", "id_expires_on", "phone", "sex", "birth_date"),
        *("address", "occupation", "branch_code", "manager_no", "opened_on"),
    )
    return header, (
        (
            c.number,
            c.name,
            "person" if c.is_person else "organisation",
            "居民身份证" if c.is_person else "其他",
            c.id_no,
            (c.id_expires_on or "长期") if c.is_person else "",
            c.phone,
            ("男" if c.male else "女") if c.is_person else "",
            c.born if c.is_person else "",
            c.address,
            c.trade,
            _unit(c.branch),
            "" if c.manager is None else f"{_unit(c.branch)[1:]}M{c.manager:02d}",
            c.opened_on,
        )
        for c in people
    )


def _account_sheet(people: list[DemoCustomer]) -> tuple[Sequence[str], Iterator[Sequence[object]]]:
    header = (
        *("account_no", "customer_no", "product_code", "currency", "opened_on", "value_date", "matures_on"),
        *("rate", "principal", "rollover", "status"),
    )
    return header, (
        (
            a.number,
            c.number,
            a.product[0],
            "CNY",
            a.opened_on,
            a.value_date or "",
            a.matures_on or "",
            a.product[4],
            f"{a.fen / 100:.2f}" if a.value_date else "",
            ("Y" if a.rollover else "N") if a.value_date else "",
            "open",
        )
        for c in people
        for a in c.accounts
    )


def _all_changes(rng: random.Random, people: list[DemoCustomer], plan: Plan) -> Iterator[tuple[str, date, Decimal]]:
    for customer in people:
        yield from daily_changes(rng, customer, plan.first, plan.end)


def _digested(
    changes: Iterator[tuple[str, date, Decimal]], digest: "hashlib._Hash"
) -> Iterator[tuple[str, date, Decimal]]:
    for change in changes:
        digest.update(f"{change[0]} {change[1]} {change[2]}\n".encode())
        yield change


def _nights(plan: Plan, at: datetime, say: Say) -> None:
    """Tiers each week and each of the last ten days, then the figures of every day."""
    say("tiers and daily figures")
    for day in (plan.first + timedelta(days=n) for n in range(plan.days)):
        if day >= plan.end - timedelta(days=9) or day.weekday() == 4 or day == plan.first:
            _retier(day, at)
    roll_up_range(plan.first, plan.end)
    seed_stages(end=plan.end, at=at)
    last = start_night(business_day=plan.end, actor=SEEDER, at=at, publish=False)
    if jobs.execute(last.pk, night.climb).state != JobState.DONE:
        raise DomainError(f"the night of {plan.end} did not get done")


def _retier(day: date, at: datetime) -> None:
    job = jobs.enqueue(name="tiers.retier", key=day.isoformat(), business_day=day, actor=SEEDER, at=at, publish=False)

    def lead(_job: Job, progress: jobs.Progress) -> jobs.Counts:
        return retier(business_day=day, actor=SEEDER, at=at, progress=progress)

    job = jobs.execute(job.pk, lead)
    if job.state != JobState.DONE:
        raise DomainError(f"retier {day}: {job.error}")


def _shares(at: datetime) -> None:
    """The head lets the expert in on some of the branch's largest customers."""
    people = {user.username: user for user in User.objects.filter(username__in=["head", "expert"])}
    largest = Customer.everything.filter(branch=people["head"].branch).order_by("-position__total", "pk")[:8]
    for customer in largest:
        share_customer(customer=customer, user=people["expert"], reason="资产配置会诊", actor=people["head"], at=at)


def _contacts(rng: random.Random, plan: Plan, at: datetime) -> None:
    """Three months of contacts of the first two branches: tellers and managers, as they would be logged."""
    people = list(User.objects.filter(role__in=["teller", "manager", "senior_manager"]).select_related("branch"))
    for author in people:
        mine = Customer.objects.visible_to(author).order_by("customer_no")[:60]
        if author.branch.code not in {"B001", "B002"}:
            continue
        for customer in mine:
            for _again in range(rng.choice((0, 0, 1, 1, 2))):
                _contact(rng, author, customer, plan, at)


def _contact(rng: random.Random, author: User, customer: Customer, plan: Plan, at: datetime) -> None:
    is_teller = author.role == "teller"
    noon = at.replace(year=plan.end.year, month=plan.end.month, day=plan.end.day, hour=9, minute=0, second=0)
    happened = noon - timedelta(days=rng.randint(0, 60)) + timedelta(minutes=rng.randint(0, 480))
    channel = Channel.COUNTER if is_teller else rng.choice([Channel.PHONE, Channel.VISIT, Channel.WECOM])
    log_interaction(
        actor=author,
        customer=customer,
        channel=channel,
        direction=Direction.IN if is_teller else Direction.OUT,
        topic=rng.choice(TOPICS),
        outcome=rng.choice(sorted(choice.code for choice in choices_on(plan.end).outcomes_for(channel))),
        note=rng.choice(NOTES),
        happened_at=min(happened, at),
        at=at,
    )
