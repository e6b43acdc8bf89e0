"""Words of quotes: what is kept as codes and plain numbers, to read in the language in use."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import template
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from core.money import format_yuan
from core.templatetags.money import NOTHING
from servicing.enums import PieceKind, Way
from servicing.queries.quotes import sheets_of, sources_of
from servicing.queries.tenors import tenor_words
from servicing.rules.rates import shown

register = template.Library()

REFUSED: Mapping[str, str | Promise] = {
    "buyer": _("Not for this kind of customer."),
    "minimum": _("Less than the product's minimum."),
    "step": _("Not in the steps the product is sold in."),
    "no_rate": _("No rate is posted."),
    "stepped": _("Step-by-step early rates are known to the core banking system only."),
    "early_never": _("Cannot be taken before maturity."),
    "partial_never": _("No part of it can be taken early."),
    "rest_too_small": _("Too little would remain."),
    "draw_too_small": _("Less than may be taken at once."),
    "no_loan": _("No loan against this product."),
    "loan_too_large": _("More than may be lent against it."),
}


@register.filter
def money_text(value: str) -> str:
    """A kept amount to read: "1234.50" as 1,234.50."""
    return format_yuan(Decimal(value)) if value else NOTHING


@register.filter
def loss_text(value: str) -> str:
    """What a way brings less than waiting; of one that brings more, how much more."""
    loss = Decimal(value)
    return format_yuan(loss) if loss >= 0 else _t("%(amount)s more") % {"amount": format_yuan(-loss)}


@register.filter
def rate_text(value: str | Decimal | None) -> str:
    """A rate with at least two places: 1.45, 2.00."""
    return shown(Decimal(value)) if value not in ("", None) else NOTHING


@register.filter
def piece_words(kind: str) -> str:
    """What a part of a calculation is."""
    return str(PieceKind(kind).label)


@register.filter
def way_words(way: str) -> str:
    """What can be done with a deposit."""
    return str(Way(way).label)


@register.filter
def why_not(code: str) -> str:
    """Why something is not open."""
    return str(REFUSED.get(code, code))


@register.filter
def tenor(code: str) -> str:
    """A term to read; a dash without one."""
    return tenor_words(code) or NOTHING


@register.filter
def named(line: Mapping[str, Any]) -> str:
    """The name of a kept product in the language in use."""
    return str(line["name_zh"] if (get_language() or "").startswith("zh") else line["name_en"])


@register.simple_tag
def rate_of_what(name: str, inputs: Mapping[str, Any]) -> str:
    """What a rate a quote stands on is the rate of."""
    sort, _colon, which = name.partition(":")
    if sort == "loan":
        return _t("Loan against a deposit")
    if sort == "time":
        return _t("Lump-sum time deposit, %(term)s") % {"term": tenor_words(f"{which}m")}
    if sort == "demand":
        return _t("Demand deposit")
    kept = [inputs["product"]] if "product" in inputs else inputs["products"]
    return next((named(product) for product in kept if product["code"] == which), which)


@register.filter
def change_text(change: Decimal | None) -> str:
    """A change of a rate with its sign, in percentage points; a dash without one."""
    return NOTHING if change is None else f"{change:+.2f}"


@register.simple_tag
def sources(inputs: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The posted rates a quote stands on."""
    return sources_of(inputs)


@register.simple_tag
def sheets(inputs: Mapping[str, Any]) -> list[tuple[int, str]]:
    """The rate sheets a quote stands on: version and first day."""
    return sheets_of(inputs)
