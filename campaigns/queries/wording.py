"""The words of a campaign for each of its customers, and the rules that words keep to."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date

from django.conf import settings
from django.db.models import Min
from django.utils.translation import get_language

from campaigns.enums import Flaw
from campaigns.models import Campaign
from campaigns.queries.events import event_of, said_of
from campaigns.rules.salutations import salutation
from campaigns.rules.word_rules import BUILT_IN, KIND, WordRules, read_words, variables_in
from campaigns.rules.wording import Fault, in_general, render
from core.memo import once_a_request
from customers.enums import AccountStatus, CustomerKind
from customers.models import Account, Customer
from servicing.queries.surveys import bank_name
from staff.queries import policy_on

OptOut = Callable[[int], str]
# What of an event the words may name.
EVENT = ("event", "event_at", "event_place", "rsvp")


@dataclass(frozen=True, slots=True)
class Words:
    """What one customer is told."""

    subject: str
    body: str


@once_a_request
def word_rules(day: date) -> WordRules:
    """The rules of words in force on `day`."""
    return read_words(policy_on(KIND, day, BUILT_IN).values)


def fault_words(fault: Fault, rules: WordRules) -> str:
    """A fault for people to read."""
    language = get_language() or ""
    names = {one.code: f"{one.name(language)} “{one.text}”" for one in rules.disclosures}
    what = names.get(fault.what, fault.what) if fault.code == Flaw.DISCLOSURE else fault.what
    return str(Flaw(fault.code).label) % {"what": what} if fault.what else str(Flaw(fault.code).label)


def words_for(
    campaign: Campaign,
    customer_ids: Collection[int],
    *,
    opt_out: OptOut,
    rsvp: OptOut | None = None,
    day: date | None = None,
) -> dict[int, Words]:
    """By customer id what a campaign says to them, in three statements for any number; calls say the script.

    `opt_out` makes the address to leave by, `rsvp` the one to answer an invitation by: without it the words show none
    that works, as nobody but the customer is to have it. A maturity is the first one from `day` on, the campaign's
    first day if none is given. Customers that do not exist are missing.
    """
    template = campaign.template
    subject, body = (template.subject, template.body) if template else ("", campaign.script)
    return rendered(subject, body, campaign, customer_ids, opt_out=opt_out, rsvp=rsvp, day=day or campaign.starts_on)


def rendered(
    subject: str,
    body: str,
    campaign: Campaign | None,
    customer_ids: Collection[int],
    *,
    opt_out: OptOut,
    rsvp: OptOut | None = None,
    day: date,
    masked: bool = False,
) -> dict[int, Words]:
    """By customer id some words with their variables filled in, in the language of the bank's letters.

    `masked` = for a reader who decides about the words, not about the customer. Raises ValueError(variable).
    """
    named = set(variables_in(f"{subject}\n{body}"))
    shared = {"bank": bank_name(), **_of_campaign(campaign, named)}
    maturing = _maturities(customer_ids, day) if "matures_on" in named else {}
    rows = Customer.everything.filter(pk__in=customer_ids).select_related("branch", "manager")
    found = {}
    for customer in rows.only("name", "kind", "sex", "branch__name", "manager__name"):
        values = {**shared, **_of_customer(customer, masked)}
        values["matures_on"] = maturing.get(customer.pk) or _in_general("matures_on")
        values["opt_out"] = opt_out(customer.pk) if "opt_out" in named else ""
        if rsvp is not None and "rsvp" in named:
            values["rsvp"] = rsvp(customer.pk) or values["rsvp"]
        found[customer.pk] = Words(render(subject, values), render(body, values))
    return found


def masked_name(name: str) -> str:
    """A name of which only the first sign stays: 张**."""
    return name[:1] + "*" * max(len(name) - 1, 1)


def _of_customer(customer: Customer, masked: bool) -> Mapping[str, str]:
    said = salutation(customer.name, customer.sex) if customer.kind == CustomerKind.PERSON else customer.name
    return {
        "name": masked_name(customer.name) if masked else customer.name,
        # A surname alone masks as much as the name of one sign.
        "salutation": masked_name(said) if masked and said == customer.name else said,
        "branch": customer.branch.name,
        # Nobody's customer is the branch's.
        "manager": customer.manager.name if customer.manager else customer.branch.name,
    }


def _of_campaign(campaign: Campaign | None, named: Collection[str]) -> Mapping[str, str]:
    offer, article = (campaign.offer, campaign.article) if campaign else (None, None)
    event = said_of(event_of(campaign)) if set(EVENT) & set(named) else {}
    return {
        **{name: event.get(name) or _in_general(name) for name in EVENT},
        "offer": offer.name if offer else _in_general("offer"),
        "offer_until": offer.ends_on.isoformat() if offer else _in_general("offer_until"),
        "article": article.title if article else _in_general("article"),
        "article_text": article.body if article else "",
    }


def _in_general(name: str) -> str:
    return in_general(name, settings.LANGUAGE_CODE)


def _maturities(customer_ids: Collection[int], day: date) -> dict[int, str]:
    accounts = Account.everything.filter(customer__in=customer_ids, status=AccountStatus.OPEN, matures_on__gte=day)
    found = accounts.order_by().values_list("customer").annotate(first=Min("matures_on"))
    return {customer_id: first.isoformat() for customer_id, first in found}
