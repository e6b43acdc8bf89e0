"""Reads of data quality: open findings, how complete a record is, and the one thing to ask next."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from customers.enums import FlagKind, Occupation, PreferenceKind, PreferenceValue
from customers.models import Customer, CustomerPosition, FieldRefusal, Preference, QualityFlag
from customers.models.customers import CustomerQuerySet, QualityFlagQuerySet
from customers.rules import quality as rules
from customers.rules.profile import PREFERENCES
from customers.rules.quality import BUILT_IN, KIND, WARNINGS, QualityRules, read_quality, weights_of
from staff.queries import policy_on

Text = str | Promise
# Of each field what to ask, and why (PIPL 17: the purpose is said before the question).
QUESTIONS: Mapping[str, tuple[Text, Text]] = {
    "phone": (
        _("Which telephone number may we use?"),
        _("To reach the customer about their own accounts: maturities, losses, fraud."),
    ),
    "address": (
        _("What is the present address?"),
        _("Banking rules ask for it, and letters about accounts go there."),
    ),
    "occupation": (_("What is the customer's occupation?"), _("Rules on knowing one's customer ask for it.")),
    "contact_name": (_("Who speaks for the organisation?"), _("To reach the right person about its accounts.")),
    PreferenceKind.CHANNEL: (
        _("How does the customer like to be contacted?"),
        _("So that we use this way and no other."),
    ),
    PreferenceKind.CONTACT_TIME: (_("When is a call convenient?"), _("So that we do not call at another time.")),
    PreferenceKind.TENOR: (
        _("For how long does the customer like to deposit?"),
        _("To mention only deposits of that length when one matures."),
    ),
    PreferenceKind.RATE_SENSITIVITY: (
        _("How much does the rate matter to the customer?"),
        _("To tell about changes of rates only whom they matter to."),
    ),
    PreferenceKind.LIQUIDITY: (
        _("How much ready money does the customer need?"),
        _("To suggest no longer term than fits."),
    ),
    "email": (_("Which e-mail address may we use?"), _("For statements and confirmations the customer asks for.")),
    "employer": (_("Where does the customer work?"), _("It belongs to the occupation that banking rules ask for.")),
    "birth_date": (_("What is the date of birth?"), _("It must agree with the identity document.")),
}
INPUTS = {"phone": "tel", "email": "email", "birth_date": "date"}


@dataclass(frozen=True, slots=True)
class Choice:
    """An answer to choose: the key that gives it, its value and its words."""

    key: int
    value: str
    label: Text


@dataclass(frozen=True, slots=True)
class Question:
    """One missing field: what to ask, why, and the answers to choose from (none: it is written, as `input_type`)."""

    field: str
    text: Text
    why: Text
    choices: tuple[Choice, ...]
    input_type: str = "text"


@dataclass(frozen=True, slots=True)
class TierCompleteness:
    """How complete the records of a tier are on average, in per cent."""

    tier: int
    customers: int
    percent: int


def rules_on(day: date) -> QualityRules:
    """The rules in force on `day`."""
    return read_quality(policy_on(KIND, day, BUILT_IN).values)


def findings(flags: QualityFlagQuerySet) -> QualityFlagQuerySet:
    """Open findings with all a list shows of them."""
    return flags.open().select_related("customer__branch", "customer__manager", "customer__position")


def findings_by_kind(flags: QualityFlagQuerySet) -> dict[FlagKind, int]:
    """How many of the findings are of each kind, in the order of the kinds; kinds without any are left out."""
    counts = dict(flags.order_by().values_list("kind").annotate(n=Count("pk")))
    return {kind: counts[kind] for kind in FlagKind if kind in counts}


def warnings_of(customer_id: int) -> tuple[FlagKind, ...]:
    """Open findings that whoever serves the customer must know at once; work for the queue is left out."""
    flags = QualityFlag.objects.filter(customer_id=customer_id, kind__in=WARNINGS).open().order_by("kind")
    return tuple(FlagKind(kind) for kind in flags.values_list("kind", flat=True))


def twins(flags: Iterable[QualityFlag], customers: CustomerQuerySet) -> dict[int, str]:
    """By the key of a finding of one identity number, the number of another of `customers` that has it too."""
    alike = [flag for flag in flags if flag.kind == FlagKind.DUPLICATE_IDENTITY]
    values = {bytes(flag.customer.id_no_index or b"") for flag in alike} - {b""}
    if not values:
        return {}
    having: dict[bytes, list[str]] = {}
    for value, number in (
        customers.filter(id_no_index__in=values).order_by("pk").values_list("id_no_index", "customer_no")
    ):
        having.setdefault(bytes(value or b""), []).append(number)
    found = {}
    for flag in alike:
        others = having.get(bytes(flag.customer.id_no_index or b""), [])
        other = next((number for number in others if number != flag.customer.customer_no), None)
        if other:
            found[flag.pk] = other
    return found


def present_fields(customer: Customer) -> set[str]:
    """The fields worth knowing that the record has."""
    return {
        *(field for field, has in _HAS.items() if has(customer)),
        *Preference.everything.filter(customer=customer, ended_at=None).values_list("kind", flat=True),
    }


_HAS = {
    "id_no": lambda customer: customer.id_no_index is not None,
    "phone": lambda customer: customer.phone_index is not None,
    "email": lambda customer: customer.email_index is not None,
    "address": lambda customer: customer.address_cipher is not None,
    "occupation": lambda customer: bool(customer.occupation),
    "employer": lambda customer: bool(customer.employer),
    "contact_name": lambda customer: bool(customer.contact_name),
    "birth_date": lambda customer: customer.birth_date is not None,
}
# The same as conditions on rows.
_ROW_HAS = {
    "id_no": Q(id_no_index__isnull=False),
    "phone": Q(phone_index__isnull=False),
    "email": Q(email_index__isnull=False),
    "address": Q(address_cipher__isnull=False),
    "occupation": ~Q(occupation=""),
    "employer": ~Q(employer=""),
    "contact_name": ~Q(contact_name=""),
    "birth_date": Q(birth_date__isnull=False),
}


def _tier(customer: Customer) -> int:
    # A customer page may have loaded the position already.
    if "position" in customer._state.fields_cache:
        return customer.position.tier
    return CustomerPosition.everything.values_list("tier", flat=True).get(pk=customer.pk)


def completeness_of(customer: Customer, day: date) -> int:
    """How much of what is worth knowing in the customer's tier is known, in whole per cent."""
    weights = weights_of(customer.kind, _tier(customer), rules_on(day).weights)
    return int(rules.completeness(present_fields(customer), weights))


def ask_next(customer: Customer, day: date) -> Question | None:
    """The missing field that is worth most and may be asked on `day`, in words; None when nothing is to be asked."""
    found = rules_on(day)
    refused = dict(FieldRefusal.objects.filter(customer=customer).values_list("field", "on"))
    weights = weights_of(customer.kind, _tier(customer), found.weights)
    field = rules.ask_next(present_fields(customer), weights, refused, day, found.refusal_days)
    return question_about(field) if field else None


def question_about(field: str) -> Question:
    """The question about a field. Raises KeyError for one that is never asked."""
    text, why = QUESTIONS[field]
    labels = Occupation if field == "occupation" else PreferenceValue
    choices = tuple(
        Choice(key, value, labels(value).label) for key, value in enumerate(rules.choices_of(field), start=1)
    )
    return Question(field, text, why, choices, INPUTS.get(field, "text"))


def completeness_by_tier(customers: CustomerQuerySet, day: date) -> list[TierCompleteness]:
    """Of `customers`, how complete the records of each tier are on average; the highest tier first.

    Two grouped scans, whatever the number of fields.
    """
    known = {f"has_{field}": Count("pk", filter=condition) for field, condition in _ROW_HAS.items()}
    groups: Iterable[Any] = customers.order_by().values("position__tier", "kind").annotate(n=Count("pk"), **known)
    stated = (
        Preference.everything.filter(ended_at=None, customer__in=customers.order_by())
        .values_list("customer__position__tier", "customer__kind", "kind")
        .annotate(n=Count("pk"))
    )
    said = {(tier, kind, preference): n for tier, kind, preference, n in stated}
    by_rank = rules_on(day).weights
    heads: dict[int, int] = {}
    shares: dict[int, Decimal] = {}
    for group in groups:
        tier, kind, n = group["position__tier"], group["kind"], group["n"]
        weights = weights_of(kind, tier, by_rank)
        counts = {f: said.get((tier, kind, f), 0) if f in PREFERENCES else group[f"has_{f}"] for f in weights}
        share = Decimal(sum(weights[f] * counts[f] for f in weights)) / (sum(weights.values()) or 1)
        heads[tier] = heads.get(tier, 0) + n
        shares[tier] = shares.get(tier, Decimal(0)) + share
    return [
        TierCompleteness(tier, heads[tier], int(100 * shares[tier] / heads[tier]))
        for tier in sorted(heads, reverse=True)
    ]
