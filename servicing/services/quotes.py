"""Quotes: interest worked out for a customer and kept with everything it stands on."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from core import trail
from core.clock import SHANGHAI
from core.errors import DomainError
from customers.models import Account, Customer
from servicing.models import Quote
from servicing.queries.products import sheet_on
from servicing.queries.quotes import PostedRates
from servicing.rules import quotes as rules
from staff.access import COUNTER
from staff.models import User

SUBJECT = "servicing.quote"


class QuoteNotPossible(DomainError):
    """The product's interest cannot be worked out here, for the reason given."""

    code = "quote_not_possible"
    message = _("This cannot be worked out here: the core banking system decides.")


REFUSALS: Mapping[str, Any] = {
    "stepped": _("Step-by-step early rates of older deposits are known to the core banking system only."),
    "early_never": _("This product cannot be taken before its maturity."),
    "no_term": _("This product has no term: nothing is lost by taking money out early. Work out its interest instead."),
}


def work_out(*, kind: str, inputs: Mapping[str, Any], posted: PostedRates) -> tuple[dict[str, Any], dict[str, Any]]:
    """The inputs with every rate that was used, and the answer. Raises NoPostedRate, QuoteNotPossible."""
    try:
        result = rules.answer(kind, inputs, posted)
    except rules.NotWorkedOut as error:
        raise QuoteNotPossible(REFUSALS[error.code]) from error
    return {**inputs, "posted": posted.used}, result


@transaction.atomic
def give_quote(
    *,
    customer: Customer,
    kind: str,
    inputs: Mapping[str, Any],
    posted: PostedRates,
    account: Account | None = None,
    actor: User,
    at: datetime,
    once: UUID | None = None,
) -> Quote:
    """Work a quote out and keep it exactly as given; with `once`, sending it again finds the first.

    Raises NoPostedRate, QuoteNotPossible.

    What a teller types is kept as such: colleagues at the counter may open it again, other quotes hold amounts that are
    not for them.
    """
    day = at.astimezone(SHANGHAI).date()
    whole, result = work_out(kind=kind, inputs={**inputs, "at_counter": actor.role in COUNTER}, posted=posted)
    kept = {
        "account": account,
        "kind": kind,
        "inputs": whole,
        "result": result,
        "rates_version": sheet_on(day).version,
        "products_version": inputs.get("products_version", 0),
        "made_by": actor,
        "made_at": at,
    }
    quote, is_new = Quote.everything.get_or_create(customer=customer, once=once or uuid4(), defaults=kept)
    if not is_new:
        return quote
    trail.record(
        actor=actor.actor,
        action="quote",
        subject=SUBJECT,
        subject_id=quote.pk,
        at=at,
        changes={"kind": kind, "rates": quote.rates_version, "products": quote.products_version},
        reason="",
    )
    return quote


def still_reproduces(quote: Quote) -> bool:
    """Whether the kept inputs, with the rates and rules of that day, still give exactly what was told the customer."""
    try:
        return rules.answer(quote.kind, quote.inputs, rules.replay(quote.inputs)) == quote.result
    except (KeyError, ValueError):  # asked for what was not kept: the calculation itself is another by now
        return False
