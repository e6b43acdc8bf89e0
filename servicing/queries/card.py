"""The counter card: one to tell, one to beware; what to ask is the customers' own question."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.translation import gettext as _

from core.memo import once_a_request
from customers.enums import AccountStatus, Severity
from customers.models import Account, Customer, Promise
from customers.queries.care import Notice, standing_alerts
from servicing.models import FollowUp
from servicing.rules.card import BUILT_IN, CardRules, Told, Weight, age_on, one_to_tell, read_card
from staff.models import User
from staff.queries import policy_on

KIND = "counter_card"
ELDERLY = "elderly"


@dataclass(frozen=True, slots=True)
class Card:
    """What the teller tells ("" = nothing special), what to beware of first (None = nothing), and what else."""

    tell: str
    beware: Notice | None
    more: list[Notice]


@once_a_request
def card_rules(day: date) -> CardRules:
    """The rules of the card in force on `day`."""
    return read_card(policy_on(KIND, day, BUILT_IN).values)


def card_of(customer: Customer, viewer: User, day: date) -> Card:
    """The card of a customer on `day`; amounts never stand on it, whoever looks."""
    rules = card_rules(day)
    told = one_to_tell(_candidates(customer, viewer, day, rules))
    notices = [*standing_alerts(customer, viewer, day), *_elderly(customer, day, rules)]
    return Card(_words(told, day) if told else "", notices[0] if notices else None, notices[1:])


def _elderly(customer: Customer, day: date, rules: CardRules) -> Iterator[Notice]:
    age = age_on(customer.birth_date, day)
    if age is not None and age >= rules.elderly_age:
        words = _(
            "%(age)d years old: speak slowly and plainly, and ask before large cash or a transfer to somebody new."
        )
        yield Notice(ELDERLY, Severity.INFO, "", words % {"age": age})


def _candidates(customer: Customer, viewer: User, day: date, rules: CardRules) -> Iterator[Told]:
    due = FollowUp.objects.visible_to(viewer).open().due_by(day).filter(customer=customer)
    for row in due.select_related("owner").order_by("due_on", "pk")[:5]:
        is_mine = row.owner_id == viewer.pk
        words = row.title or row.get_kind_display()
        # What a colleague wants is between the two of them; that somebody waits may be told.
        yield Told(Weight.MINE if is_mine else Weight.COLLEAGUE, row.due_on, row.owner.name, words if is_mine else "")
    until = day + timedelta(days=rules.promise_days)
    promises = Promise.objects.visible_to(viewer).open().filter(customer=customer, due_on__lte=until)
    for promise in promises.select_related("owner").order_by("due_on", "pk")[:1]:
        yield Told(Weight.PROMISE, promise.due_on, promise.owner.name, promise.text)
    maturing = Account.objects.visible_to(viewer).filter(
        customer=customer, matures_on__range=(day, day + timedelta(days=rules.maturing_days))
    )
    open_ = maturing.exclude(status=AccountStatus.CLOSED).select_related("product")
    for account in open_.order_by("matures_on", "pk")[:1]:
        if account.matures_on:
            yield Told(Weight.MATURITY, account.matures_on, "", account.product.name)


def _words(told: Told, day: date) -> str:
    values = {"name": told.name, "text": told.text, "day": told.on.isoformat(), "n": (told.on - day).days}
    if told.weight == Weight.MINE:
        return _("You wanted to: %(text)s") % values
    if told.weight == Weight.PROMISE:
        return _("Promised for %(day)s by %(name)s: %(text)s") % values
    if told.weight == Weight.COLLEAGUE:
        return _("%(name)s would like a word with the customer today.") % values
    if told.on == day:
        return _("“%(text)s” matures today: renew it?") % values
    return _("“%(text)s” matures on %(day)s, in %(n)d days: what are the plans?") % values
