"""Offers: who is eligible, as SQL for many and explained for one, and what an offer is made up of on a day."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from django.utils.translation import gettext as _t

from campaigns.enums import ContentState, Outside
from campaigns.models import Offer, RiskTolerance
from campaigns.queries import segments
from campaigns.rules.offers import LOWEST, RISK_OUTSIDE, Piece, Sort, buyers_of, read_pieces, risk_of, suits
from campaigns.rules.segments import EVERYBODY, Names, condition_words, sentence, tells_amounts
from core.wording import listed
from customers.enums import CustomerKind
from customers.models import Customer
from servicing.enums import Buyer
from servicing.queries.products import library_on

Condition = tuple[str, dict[str, Any]]
# What a customer says of risk last is what counts, even when an older answer went further.
TOLERANCE = """COALESCE((
    SELECT t.grade >= %({p}risk)s AND t.valid_until >= %({p}day)s FROM campaigns_risktolerance t
    WHERE t.customer_id = p.customer_id ORDER BY t.id DESC LIMIT 1), FALSE)"""
CONDITIONS = """SELECT {conditions} FROM customers_customerposition p JOIN customers_customer c ON c.id = p.customer_id
    WHERE p.customer_id = %(explained)s"""


@dataclass(frozen=True, slots=True)
class Reason:
    """A condition of an offer in words, and whether a customer meets it."""

    words: str
    is_met: bool


@dataclass(frozen=True, slots=True)
class Explained:
    """An offer and why a customer is eligible for it, or not."""

    offer: Offer
    reasons: tuple[Reason, ...]

    @property
    def is_eligible(self) -> bool:
        """Whether every condition is met."""
        return all(reason.is_met for reason in self.reasons)


def offers() -> QuerySet[Offer]:
    """Every offer with who made and approved it, the latest first."""
    return Offer.everything.select_related("created_by", "approved_by").order_by("-pk")


def current_offers(day: date) -> QuerySet[Offer]:
    """Offers in use that hold on a day, the ones that end first on top."""
    now = Offer.everything.filter(state=ContentState.APPROVED, starts_on__lte=day, ends_on__gte=day)
    return now.order_by("ends_on", "pk")


def sorts_on(day: date) -> dict[str, Sort]:
    """What an offer can be made up of on a day, by code: what the product library offers, and what is kept outside."""
    found = {
        product.code: Sort(product.kind, product.risk, product.buyers, product.months)
        for product in library_on(day).products
        if product.is_offered
    }
    outside = {code: Sort(code, risk, frozenset({Buyer.PERSON.value})) for code, risk in RISK_OUTSIDE.items()}
    return {**found, **outside}


def product_names(day: date, language: str) -> dict[str, str]:
    """Names of everything an offer can be made up of."""
    found = {product.code: product.name(language) for product in library_on(day).products}
    return {**found, **{str(value): str(label) for value, label in Outside.choices}}


def risk_on(offer: Offer, day: date) -> str:
    """The risk an offer carries by the library of a day."""
    return risk_of(pieces_of(offer), sorts_on(day), offer.risk)


def holds_wealth(offer: Offer | None) -> bool:
    """Whether an offer has wealth products among its parts: recommending those takes a certificate (F07)."""
    return offer is not None and any(piece.product == Outside.WEALTH for piece in pieces_of(offer))


def pieces_of(offer: Offer) -> Sequence[Piece]:
    """What an offer is made up of; nothing for one that names no products."""
    return read_pieces(offer.pieces) if offer.pieces else ()


def eligible_where(offer: Offer, *, day: date, prefix: str) -> Condition:
    """Who may receive an offer on a day: a condition over `customers_customerposition p` and `customers_customer c`.

    Nobody outside its days, or when it is not in use. `prefix` keeps its parameters apart from others.
    """
    if not holds_on(offer, day):
        return "FALSE", {}
    of_rule = segments.where(offer.rule or EVERYBODY, day=day, prefix=prefix)
    found = [_kinds(offer, day, prefix), _risk(offer, day, prefix), of_rule]
    params = {name: value for _sql, given in found for name, value in given.items()}
    return " AND ".join(f"({sql})" for sql, _given in found), params


def holds_on(offer: Offer, day: date) -> bool:
    """Whether an offer is in use and within its days."""
    return offer.state == ContentState.APPROVED and offer.starts_on <= day <= offer.ends_on


def why_not(offer: Offer, customer: Customer, day: date) -> list[str]:
    """The conditions of an offer a customer does not meet, in words; none = eligible."""
    return [reason.words for reason in explain([offer], customer, day)[0].reasons if not reason.is_met]


def explain(found: Iterable[Offer], customer: Customer, day: date) -> list[Explained]:
    """Why a customer is eligible for offers or not, condition by condition; one statement for any number of them."""
    listed_offers = list(found)
    parts = [_parts(offer.rule) for offer in listed_offers]
    flat = [part for each in parts for part in each]
    names = segments.names_of(flat, day=day)
    met = iter(_met(flat, customer, day))
    tolerance = RiskTolerance.everything.filter(customer=customer).order_by("-pk").first()
    return [
        Explained(
            offer,
            (
                *_own_reasons(offer, customer, tolerance, day),
                *(Reason(_said(part, names), next(met)) for part in each),
            ),
        )
        for offer, each in zip(listed_offers, parts, strict=True)
    ]


def depends_on_amounts(offer: Offer) -> bool:
    """Whether being eligible says something of a customer's money: nothing for those who see no amounts."""
    return tells_amounts(offer.rule or EVERYBODY)


def _own_reasons(offer: Offer, customer: Customer, tolerance: RiskTolerance | None, day: date) -> Iterator[Reason]:
    days = {"since": offer.starts_on, "until": offer.ends_on}
    yield Reason(_t("The offer is in use from %(since)s to %(until)s") % days, holds_on(offer, day))
    buyers = buyers_of(pieces_of(offer), sorts_on(day))
    if set(buyers) != set(CustomerKind.values):
        kinds = listed(Buyer(kind).label for kind in sorted(buyers)) or _t("nobody")
        yield Reason(_t("Its products may be held by: %(kinds)s") % {"kinds": kinds}, customer.kind in buyers)
    risk = risk_on(offer, day)
    if risk > LOWEST:
        grade, until = (tolerance.grade, tolerance.valid_until) if tolerance else ("", None)
        said = _t("%(grade)s until %(day)s") % {"grade": grade, "day": until} if grade else _t("never asked")
        words = _t("Bears a risk of %(risk)s by a valid questionnaire (now: %(said)s)") % {"risk": risk, "said": said}
        yield Reason(words, suits(risk, grade, until, day))


def _parts(rule: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The conditions that must all hold, each by itself; of another rule the whole."""
    return list(rule["all"]) if "all" in rule else [rule] if rule else []


def _said(part: Mapping[str, Any], names: Names) -> str:
    return condition_words(part, names) if "field" in part else sentence(part, names)


def _met(parts: Sequence[Mapping[str, Any]], customer: Customer, day: date) -> list[bool]:
    if not parts:
        return []
    made = [segments.where(part, day=day, prefix=f"why{place}_") for place, part in enumerate(parts)]
    params = {name: value for _sql, given in made for name, value in given.items()}
    sql = CONDITIONS.format(conditions=", ".join(f"({condition})" for condition, _given in made))
    with connection.cursor() as cursor:
        cursor.execute(sql, {**params, "explained": customer.pk})
        row = cursor.fetchone()
    return [bool(value) for value in row] if row else [False] * len(parts)


def _kinds(offer: Offer, day: date, prefix: str) -> Condition:
    buyers = buyers_of(pieces_of(offer), sorts_on(day))
    if set(buyers) == set(CustomerKind.values):
        return "TRUE", {}
    return f"c.kind = ANY(%({prefix}kinds)s)", {f"{prefix}kinds": sorted(buyers)}


def _risk(offer: Offer, day: date, prefix: str) -> Condition:
    risk = risk_on(offer, day)
    if risk <= LOWEST:
        return "TRUE", {}
    return TOLERANCE.format(p=prefix), {f"{prefix}risk": risk, f"{prefix}day": day}
