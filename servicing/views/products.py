"""The product library, and which rate held when."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from core.charts import Chart, Series
from core.clock import today
from core.money import ZERO
from servicing.enums import Buyer, SavingKind
from servicing.forms.products import product_facts
from servicing.forms.rates import LookupForm
from servicing.queries import products as queries
from servicing.queries.products import PostedRate, RateStep
from servicing.rules.products import Product
from staff.access import EVERYONE, HEADS, has_role, roles
from staff.enums import Role
from staff.models import Branch
from staff.services.policies import Text

READERS = (Role.ADMIN, *HEADS, Role.COMPLIANCE, Role.AUDITOR)
EDITORS = (Role.ADMIN, Role.HEAD_OFFICE)
# Shown as the head of a product, not among its facts.
HEAD = frozenset({"name_zh", "name_en", "text_zh", "text_en", "fees_zh", "fees_en", "kind", "is_offered"})


@dataclass(frozen=True, slots=True)
class ProductCard:
    """A product as the library shows it: its names and texts in the language in use, all else as facts."""

    product: Product
    name: str
    text: str
    fees: str
    kind: str
    facts: list[dict[str, Text]]
    rate: PostedRate | None


@dataclass(frozen=True, slots=True)
class RateRow:
    """A product with the rates posted for it, one for each amount from which another holds; `called`: unit names."""

    product: Product
    name: str
    rates: list[PostedRate]
    called: Mapping[str, str]

    @property
    def lines(self) -> list[tuple[PostedRate, str]]:
        """Each rate with the name of the unit it is posted for ("" = whole bank)."""
        return [(rate, self.called.get(rate.unit, rate.unit)) for rate in self.rates]


@roles(*EVERYONE)
@require_GET
def product_list(request: HttpRequest) -> HttpResponse:
    """The library as it stands today, by what is looked for and who may hold it."""
    day, language = today(), get_language() or ""
    library, units = queries.library_on(day), queries.units_of(request.user.branch)
    text, buyer = request.GET.get("q", "").strip()[:40], request.GET.get("buyer", "")
    found = [p for p in library.products if _is_meant(p, text, buyer, is_old="old" in request.GET)]
    context = {
        **_frame(request, queries.PRODUCTS),
        "library": library,
        "cards": [_card(product, language, units, day) for product in found],
        "q": text,
        "buyer": buyer,
        "buyers": Buyer.choices,
        "old": "old" in request.GET,
        "day": day,
        "page_title": _("Products"),
    }
    return render(request, "servicing/products.html", context)


def _frame(request: HttpRequest, kind: str) -> dict[str, Any]:
    return {
        "kind": kind,
        "may_read": has_role(request.user, *READERS),
        "may_edit": has_role(request.user, *EDITORS),
    }


def _is_meant(product: Product, text: str, buyer: str, *, is_old: bool) -> bool:
    words = (product.name_zh, product.name_en, product.code, *product.core_codes, str(SavingKind(product.kind).label))
    has_text = not text or any(text.lower() in word.lower() for word in words)
    return has_text and (not buyer or buyer in product.buyers) and (product.is_offered or is_old)


def _card(product: Product, language: str, units: tuple[str, ...], day: date) -> ProductCard:
    facts = product_facts(product)
    lines = [{"label": label, "value": text} for name, (label, text) in facts.items() if text and name not in HEAD]
    rate = queries.posted_rate(product, max(product.minimum, ZERO), units, day)
    kind = str(SavingKind(product.kind).label)
    return ProductCard(
        product, product.name(language), product.text(language), product.fees(language), kind, lines, rate
    )


@roles(*EVERYONE)
@require_GET
def rate_page(request: HttpRequest) -> HttpResponse:
    """Which rates held on a day at a unit: of every product, or of one for an amount, with its history."""
    language, day = get_language() or "", today()
    library = queries.library_on(day)
    names = {product.code: product.name(language) for product in library.products}
    given = {"day": day.isoformat(), "branch": request.user.branch.code, "product": "", **request.GET.dict()}
    data = QueryDict(mutable=True)
    data.update(given)
    form = LookupForm(data, products=names)
    context = {**_frame(request, queries.RATES), "form": form, "page_title": _("Rates")}
    if form.is_valid():
        context |= _rates(*form.asked(), names=names)
    status = 200 if form.is_valid() else 422
    return render(request, "servicing/rates.html", context, status=status)


def _rates(day: date, code: str, branch: Branch, amount: Decimal | None, *, names: dict[str, str]) -> dict[str, Any]:
    units, sheet = queries.units_of(branch), queries.sheet_on(day)
    library = queries.library_on(day)
    asked = [product for product in library.products if code in ("", product.code)]
    called = queries.unit_names(units)
    rows = [RateRow(p, names.get(p.code, p.code), _tiers(p, amount, units, day, sheet), called) for p in asked]
    found: dict[str, Any] = {"day": day, "branch": branch, "sheet": sheet, "amount": amount, "asked": code}
    found["rows"] = [row for row in rows if row.rates or code]
    if code and asked:
        steps = queries.rate_history(asked[0], amount or asked[0].minimum, units, max(day, today()))
        found |= {"steps": list(reversed(steps)), "chart": _chart(names.get(code, code), steps, max(day, today()))}
    return found


def _tiers(
    product: Product, amount: Decimal | None, units: tuple[str, ...], day: date, sheet: queries.Sheet
) -> list[PostedRate]:
    """The rate for an amount; without one, a rate for each amount from which another holds."""
    floors = [amount] if amount is not None else sorted({product.minimum, *(line.floor for line in sheet.rates.lines)})
    found: list[PostedRate] = []
    for floor in floors:
        rate = (
            queries.posted_rate(product, floor, units, day) if amount is not None or floor >= product.minimum else None
        )
        if rate is not None and (not found or found[-1].rate != rate.rate):
            found.append(rate)
    return found


def _chart(name: str, steps: list[RateStep], until: date) -> Chart | None:
    drawn = [step for step in steps if step.rate is not None]
    if not drawn:
        return None
    labels = [step.since.isoformat() for step in drawn]
    values = [step.rate for step in drawn]
    if labels[-1] != until.isoformat():
        labels.append(until.isoformat())
        values.append(values[-1])
    series = Series(_("Rate, % a year"), values, step=True)
    return Chart("rate-history", name, "line", _("From"), labels, [series], unit="percent", zero=True)
