"""The product library and the rate sheet in force on a day, and what a rate was on any day before."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from core.memo import once_a_request
from core.money import ZERO
from customers.models import Account
from servicing.enums import SavingKind
from servicing.rules.library import BUILT_IN as LIBRARY
from servicing.rules.products import Product, product_of, read_products
from servicing.rules.rates import BUILT_IN as NO_RATES
from servicing.rules.rates import RateLine, RateSheet, rate_for, rate_of_kind, read_rates
from staff.enums import PolicyStatus
from staff.models import Branch, Policy

PRODUCTS, RATES = "products", "rates"


@dataclass(frozen=True, slots=True)
class Library:
    """All products as one version says; version 0 = the built-in one, in force since ever (`since` None)."""

    version: int
    since: date | None
    products: tuple[Product, ...]

    def find(self, code: str) -> Product | None:
        """The product of a code of the library."""
        return next((product for product in self.products if product.code == code), None)


@dataclass(frozen=True, slots=True)
class Sheet:
    """All posted rates as one version says; version 0 = none was ever approved."""

    version: int
    since: date | None
    rates: RateSheet


@dataclass(frozen=True, slots=True)
class PostedRate:
    """A rate with where it stands: % a year, the version and its first day, the unit whose line it is ("" = bank)."""

    rate: Decimal
    version: int
    since: date | None
    unit: str
    floor: Decimal


@dataclass(frozen=True, slots=True)
class RateStep:
    """A rate from a day on, by one version; `until` = its last day (None = to this day and on)."""

    since: date
    until: date | None
    version: int
    rate: Decimal | None
    change: Decimal | None


@once_a_request
def library_on(day: date) -> Library:
    """The product library in force on a day."""
    found = Policy.objects.in_force_on(PRODUCTS, day)
    values: Mapping[str, Any] = found.values if found else LIBRARY
    return Library(found.version if found else 0, found.effective_on if found else None, read_products(values))


@once_a_request
def sheet_on(day: date) -> Sheet:
    """The rate sheet in force on a day."""
    found = Policy.objects.in_force_on(RATES, day)
    return Sheet(found.version, found.effective_on, _read(found)) if found else Sheet(0, None, read_rates(NO_RATES))


@once_a_request
def units_of(branch: Branch) -> tuple[str, ...]:
    """Codes of a unit and of all above it, the nearest first: whose lines of the rate sheet hold there."""
    keys = [int(part) for part in branch.path.split("/") if part]
    codes = dict(Branch.objects.filter(pk__in=keys).values_list("pk", "code"))
    return tuple(codes[key] for key in reversed(keys) if key in codes) or (branch.code,)


def unit_names(codes: Collection[str]) -> dict[str, str]:
    """Names of units by their code, as people know them."""
    return dict(Branch.objects.filter(code__in=codes).values_list("code", "name")) if codes else {}


def product_of_account(account: Account, library: Library) -> Product | None:
    """What the library says of an account (its `product` at hand); None = nothing."""
    core = account.product
    return product_of(library.products, core.code, core.kind, core.term_months)


def posted_rate(product: Product, amount: Decimal, units: Sequence[str], day: date) -> PostedRate | None:
    """The rate posted on a day for an amount of a product at a unit (`units` from `units_of`); None = no rate."""
    sheet = sheet_on(day)
    return _posted(sheet, rate_for(sheet.rates, product, amount, units))


def posted_rate_of_kind(
    kind: SavingKind, tenor: str, amount: Decimal, units: Sequence[str], day: date
) -> PostedRate | None:
    """The rate posted on a day for a kind of deposit and term ("12m"), or for the only product of that kind."""
    sheet = sheet_on(day)
    line = rate_of_kind(sheet.rates, kind, tenor, amount, units)
    if line is None:
        alike = [p for p in library_on(day).products if p.kind == kind and p.tenor == tenor and p.is_offered]
        line = rate_for(sheet.rates, alike[0], amount, units) if len(alike) == 1 else None
    return _posted(sheet, line)


def loan_rate_on(day: date) -> PostedRate | None:
    """The rate of a loan against a deposit on a day; None = none is offered."""
    sheet = sheet_on(day)
    rate = sheet.rates.loan_rate
    return None if rate is None else PostedRate(rate, sheet.version, sheet.since, "", ZERO)


def rate_history(product: Product, amount: Decimal, units: Sequence[str], until: date) -> list[RateStep]:
    """The rate of a product at a unit over time, by every version up to a day, the oldest first."""
    approved = Policy.objects.filter(kind=RATES, status=PolicyStatus.APPROVED, effective_on__lte=until)
    # Of several versions for one day only the last ever held.
    versions = {version.effective_on: version for version in approved.order_by("effective_on", "version")}
    days, steps, before = list(versions), list[RateStep](), None
    for place, (since, version) in enumerate(versions.items()):
        line = rate_for(_read(version), product, amount, units)
        last = date.fromordinal(days[place + 1].toordinal() - 1) if place + 1 < len(days) else None
        rate = line.rate if line else None
        change = rate - before if rate is not None and before is not None else None
        steps.append(RateStep(since, last, version.version, rate, change))
        before = rate
    return steps


def _posted(sheet: Sheet, line: RateLine | None) -> PostedRate | None:
    return PostedRate(line.rate, sheet.version, sheet.since, line.unit, line.floor) if line else None


def _read(version: Policy) -> RateSheet:
    return read_rates({**NO_RATES, **version.values})
