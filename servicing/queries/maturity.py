"""Reads of the maturity desk: what will mature, with what is planned; what matured, and what became of it.

"Ahead" are deposits (accounts) that mature after the ledger day and hold money; "past" are rows of the desk, which
keep what matured even where the account has moved on. The two never overlap.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce
from django.db.models.query import ModelIterable

from core.clock import SHANGHAI
from core.memo import once_a_request
from customers.enums import AccountStatus
from customers.models import Account, Customer, CustomerShare
from customers.models.accounts import AccountQuerySet
from customers.queries import day_due, ledger_day
from servicing.enums.maturity import Ended, PlanState
from servicing.models import Interaction, Maturity, MaturityQuerySet
from servicing.rules.maturity import BUILT_IN, KIND, Terms, read_terms
from staff.access import BOOK_KEEPERS
from staff.enums import Role
from staff.models import User
from staff.queries import policy_on

HOLDING = (AccountStatus.OPEN, AccountStatus.FROZEN)
PLANNERS = (*BOOK_KEEPERS, Role.BRANCH_HEAD)
DAY = timedelta(days=1)
RECENT_TALKS = timedelta(days=120)


@dataclass(frozen=True, slots=True)
class Window:
    """Days from `first` to `last`, both included; `is_past` when they are over at the ledger day `as_of`."""

    first: date
    last: date
    is_past: bool
    as_of: date


@once_a_request
def terms_on(day: date) -> Terms:
    """The desk's figures in force on `day`."""
    return read_terms(policy_on(KIND, day, BUILT_IN).values)


def book_day(today: date) -> date:
    """The day the desk stands at: the ledger day; before any feed the day before `today`."""
    return ledger_day() or today - DAY


def window(as_of: date, days: int) -> Window:
    """The next `days` days after the ledger day, or, when negative, the last ones up to and including it."""
    if days > 0:
        return Window(as_of + DAY, as_of + days * DAY, False, as_of)
    return Window(as_of + (days + 1) * DAY, as_of, True, as_of)


class WithPlans(ModelIterable):
    """Accounts, each with its row of the desk as `plan`: one not saved yet where nobody and no night made it."""

    def __iter__(self) -> Iterator[Account]:
        rows: list[Any] = list(super().__iter__())
        plans = Maturity.everything.filter(account__in=[row.pk for row in rows])
        known = {(plan.account_id, plan.matures_on): plan for plan in plans.select_related("owner", "talk")}
        for row in rows:
            row.plan = known.get((row.pk, row.matures_on)) or blank(row)
            yield row


def blank(account: Account) -> Maturity:
    """The row of a deposit nobody worked on."""
    matures_on: Any = account.matures_on
    return Maturity(account=account, customer_id=account.customer_id, matures_on=matures_on)


def ahead(user: User | AnonymousUser, as_of: date) -> AccountQuerySet:
    """Deposits in sight that mature after the ledger day and hold money, each with its `plan`; by `due`, its day."""
    rows = (
        Account.objects.visible_to(user)
        .filter(matures_on__gt=as_of, status__in=HOLDING, balance__balance__gt=0)
        .select_related("customer__position", "customer__manager", "product", "balance")
        .annotate(due=day_due(user))
    )
    rows._iterable_class = WithPlans
    return rows


def past(user: User | AnonymousUser, as_of: date) -> MaturityQuerySet:
    """Deposits in sight that matured up to the ledger day, with what matured (yuan); by `due`, their day."""
    return (
        Maturity.objects.visible_to(user)
        .filter(matures_on__lte=as_of, amount__gt=0)
        .select_related("customer__position", "customer__manager", "account__product", "owner", "talk")
        .annotate(due=day_due(user))
    )


def in_state(accounts: AccountQuerySet, state: PlanState) -> AccountQuerySet:
    """Those of deposits ahead whose work has come so far: a talk counts as one whether or not a plan came of it."""
    talked, planned = _plans(talk__isnull=False), _plans(Q(talk__isnull=False) | ~Q(aim="undecided"))
    if state == PlanState.TALKED:
        return accounts.filter(Exists(talked))
    if state == PlanState.OPEN:
        return accounts.filter(~Exists(planned))
    return accounts.filter(Exists(planned), ~Exists(talked))


def owned_by(accounts: AccountQuerySet, owner: User) -> AccountQuerySet:
    """Those of deposits ahead this person sees to: named for them, or of their customers and nobody else named."""
    # Keys, not subqueries: PostgreSQL would read the whole desk for them.
    current = Maturity.everything.filter(measured_on=None, matures_on=F("account__matures_on"))
    named = list(current.filter(owner=owner).values_list("account", flat=True))
    taken = current.filter(customer__manager=owner, owner__isnull=False).exclude(owner=owner)
    others = list(taken.values_list("account", flat=True))
    return accounts.filter(Q(pk__in=named) | Q(customer__manager=owner) & ~Q(pk__in=others))


def _plans(*conditions: Q, **equal: Any) -> QuerySet[Maturity]:
    mine = Maturity.everything.filter(account=OuterRef("pk"), matures_on=OuterRef("matures_on"))
    return mine.filter(*conditions, **equal)


def ended(maturities: MaturityQuerySet, how: Ended) -> MaturityQuerySet:
    """Those of matured deposits that ended so."""
    return maturities.filter(outcome="" if how == Ended.WAITING else how)


def seen_to_by(maturities: MaturityQuerySet, owner: User) -> MaturityQuerySet:
    """Those of matured deposits this person saw to."""
    return maturities.annotate(seen_to=Coalesce("owner", "customer__manager")).filter(seen_to=owner.pk)


def maturing_unplanned(user: User | AnonymousUser, until: date, since: date | None = None) -> AccountQuerySet:
    """Deposits in sight that mature up to `until`, neither planned nor spoken of; the earliest first."""
    as_of = ledger_day() if since is None else since - DAY
    rows: Any = in_state(ahead(user, as_of or date.min).filter(matures_on__lte=until), PlanState.OPEN)
    found: AccountQuerySet = rows.order_by("due", "pk")
    return found


def maturity_of(user: User | AnonymousUser, account_id: int, day: date) -> Maturity | None:
    """The row of a deposit maturing on `day`, unsaved where there is none yet; None when out of sight or not so."""
    rows = Maturity.objects.visible_to(user).filter(account=account_id, matures_on=day)
    row = rows.select_related("account__product", "account__balance", "customer__manager", "owner", "talk").first()
    if row is not None:
        return row
    accounts = Account.objects.visible_to(user).filter(pk=account_id, matures_on=day, status__in=HOLDING)
    account = accounts.select_related("product", "balance", "customer__manager").first()
    return blank(account) if account else None


def owners_for(customer: Customer) -> QuerySet[User]:
    """Who may see to a customer's maturity: whoever owns, backs up or shares the customer, and the branch's head."""
    shared = CustomerShare.objects.filter(customer=customer).values_list("user", flat=True)
    keys = {customer.manager_id, customer.backup_id, *shared} - {None}
    people = Q(pk__in=keys, role__in=BOOK_KEEPERS) | Q(role=Role.BRANCH_HEAD, branch=customer.branch_id)
    return User.objects.filter(people, is_active=True).order_by("name", "pk")


def talks_for(customer: Customer, viewer: User, day: date, also: int | None = None) -> QuerySet[Interaction]:
    """The customer's recent contacts that may be named as the talk about a maturity, and `also`; latest first."""
    mine = Interaction.objects.visible_to(viewer).filter(customer=customer).select_related("author")
    since = datetime.combine(day - RECENT_TALKS, time.min, SHANGHAI)
    return mine.filter(Q(happened_at__gte=since) | Q(pk=also)).order_by("-happened_at", "-pk")
