"""Quotes as they are asked for and read: the rates they stand on, and what they said to the customer."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from core.errors import DomainError
from core.money import ZERO
from customers.models import Account, Customer
from servicing.enums import QuoteKind, SavingKind
from servicing.models import Quote
from servicing.queries.products import (
    Library,
    PostedRate,
    library_on,
    loan_rate_on,
    posted_rate,
    posted_rate_of_kind,
    product_of_account,
    sheet_on,
    unit_names,
    units_of,
)
from servicing.rules.explaining import running_term
from servicing.rules.products import Product, kept
from staff.access import scope_of
from staff.models import Branch, User

SHOWN = 50


class NoPostedRate(DomainError):
    """The sheet of the day has no such rate."""

    code = "no_posted_rate"
    message = _("No rate was posted on %(day)s for %(what)s. Choose another day, or type the rate of the deposit.")


class NoSuchProduct(DomainError):
    """The library does not know the code."""

    code = "no_such_product"
    message = _("The product library has no such product.")


class PostedRates:
    """Answers which rate was posted, and writes down each answer with its version for the quote (`used`)."""

    def __init__(self, *, library: Library, branch: Branch, amount: Decimal, language: str) -> None:
        self.library, self.amount, self.language = library, amount, language
        self.units = units_of(branch)
        self.used: dict[str, dict[str, Any]] = {}

    def __call__(self, name: str, day: date) -> Decimal:
        """The rate of a name ("demand", "loan", "time:12", "product:TD12") on a day. Raises NoPostedRate."""
        found = self._find(name, day)
        if found is None:
            raise NoPostedRate(day=day.isoformat(), what=self._words(name))
        self.used[f"{name}@{day.isoformat()}"] = {
            "rate": f"{found.rate.normalize():f}",
            "version": found.version,
            "since": found.since.isoformat() if found.since else "",
            "unit": found.unit,
            "floor": f"{found.floor:.2f}",
        }
        return found.rate

    def has(self, product: Product, day: date) -> bool:
        """Whether everything a comparison needs of a product is posted."""
        if product.kind == SavingKind.DEMAND_OR_TIME:
            return self._find("demand", day) is not None and self._find("time:12", day) is not None
        return self._find(f"product:{product.code}", day) is not None

    def _find(self, name: str, day: date) -> PostedRate | None:
        what, _colon, which = name.partition(":")
        if what == "loan":
            return loan_rate_on(day)
        if what == "time":
            return posted_rate_of_kind(SavingKind.LUMP_SUM, f"{which}m", self.amount, self.units, day)
        if what == "demand":
            return posted_rate_of_kind(SavingKind.DEMAND, "", self.amount, self.units, day)
        _library, product = _product_at(self.library, which, day)
        return posted_rate(product, self.amount, self.units, day)

    def _words(self, name: str) -> str:
        product = self.library.find(name.partition(":")[2])
        if product is not None:
            return product.name(self.language)
        kind = {"loan": _("loans against deposits"), "demand": SavingKind.DEMAND.label}
        return str(kind.get(name, SavingKind.LUMP_SUM.label))


@dataclass(frozen=True, slots=True)
class HoldingTerms:
    """An account as the explainer begins with it; `amount` None = to be typed. A deposit that has renewed since the
    core told us is taken at its running term (`is_renewed`)."""

    account: Account
    product: Product
    amount: Decimal | None
    rate: Decimal | None
    since: date | None
    until: date | None
    is_renewed: bool


def holding_terms(account: Account, user: User, day: date) -> HoldingTerms | None:
    """What the explainer knows of an account (product and balance at hand) on a day; None = no product of the library.

    Amounts only for those who may see amounts of money; everybody else types what the customer says.
    """
    product = product_of_account(account, library_on(day))
    if product is None:
        return None
    balance = getattr(account, "balance", None)
    held = balance.balance if balance and balance.balance > ZERO else account.principal
    amount = held if scope_of(user).amounts else None
    since, until = account.value_date or account.opened_on, account.matures_on
    if account.rollover and product.months and since and until and until <= day:
        first, last = running_term(since, until, product.months, day)
        return HoldingTerms(account, product, amount, None, first, last, is_renewed=True)
    return HoldingTerms(account, product, amount, account.rate, since, until, is_renewed=False)


def account_of(customer: Customer, pk: str, user: User) -> Account | None:
    """The customer's account of this key, with product and balance, if the person may see it."""
    if not pk.isdecimal() or len(pk) > 18:
        return None
    rows = Account.objects.visible_to(user).filter(customer=customer, pk=int(pk))
    return rows.select_related("product", "balance").first()


def quotes_of(customer: Customer, user: User) -> QuerySet[Quote]:
    """The customer's quotes this person may read, the latest first."""
    rows = Quote.objects.visible_to(user).filter(customer=customer)
    return rows.select_related("made_by", "account").order_by("-made_at", "-pk")


def inputs_for(kind: str, said: Mapping[str, Any], posted: PostedRates) -> dict[str, Any]:
    """Everything a quote stands on but the rates: what was typed (`forms.quotes.WorkForm.plain`), and the products as
    the library of the deposit's first day has them, so that a later version changes nothing.
    """
    if kind == QuoteKind.NEW:
        day, library = date.fromisoformat(said["day"]), posted.library
        offered = [product for product in library.products if product.is_offered]
        rated = [product.code for product in offered if posted.has(product, day)]
        kept_products = [kept(product) for product in offered]
        return {**said, "products": kept_products, "rated": rated, "products_version": library.version}
    library, product = _product_at(posted.library, said["product"], date.fromisoformat(said["since"]))
    found = {**said, "product": kept(product), "products_version": library.version}
    if kind == QuoteKind.EARLY:
        sheet = sheet_on(date.fromisoformat(said["day"])).rates
        found |= {"has_loan": sheet.loan_rate is not None, "loan_share": f"{sheet.loan_share:f}"}
    return found


def products_to_choose(library: Library, kind: str, language: str) -> dict[str, str]:
    """Names of the products a kind of quote can be about, by code."""
    early = (SavingKind.LUMP_SUM, SavingKind.CD, SavingKind.NOTICE)
    return {p.code: p.name(language) for p in library.products if kind != QuoteKind.EARLY or p.kind in early}


def _product_at(library: Library, code: str, day: date) -> tuple[Library, Product]:
    """The product as it was on a day; as it is now when the library of that day did not have it."""
    for found in (library_on(day), library):
        product = found.find(code)
        if product is not None:
            return found, product
    raise NoSuchProduct()


def sources_of(inputs: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The posted rates a quote stands on as they were kept, each once with the days it was asked for and its unit."""
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    names = unit_names({posted["unit"] for posted in inputs.get("posted", {}).values() if posted["unit"]})
    for key, posted in sorted(inputs.get("posted", {}).items()):
        name, _at, day = key.partition("@")
        alike = (name, posted["rate"], posted["version"], posted["unit"])
        unit = names.get(posted["unit"], posted["unit"])
        found.setdefault(alike, {"name": name, "unit_name": unit, "days": [], **posted})["days"].append(day)
    return list(found.values())


def sheets_of(inputs: Mapping[str, Any]) -> list[tuple[int, str]]:
    """Version and first day of every rate sheet a quote stands on."""
    return sorted({(posted["version"], posted["since"]) for posted in inputs.get("posted", {}).values()})
