"""The channels, topics and outcomes in force on a day, and the words of those that no longer are."""

from datetime import date

from django.utils.translation import get_language

from core.clock import today
from core.memo import once_a_request
from servicing.rules.choices import BUILT_IN, Choice, Choices, known_of, read_choices
from staff.enums import PolicyStatus
from staff.models import Policy
from staff.queries import policy_on

KIND = "contact_choices"
Pairs = list[tuple[str, str]]


@once_a_request
def choices_on(day: date) -> Choices:
    """What a contact of `day` can say."""
    return read_choices(policy_on(KIND, day, BUILT_IN).values)


@once_a_request
def known_choices() -> Choices:
    """Every channel, topic and outcome there ever was, as it is called now."""
    approved = Policy.objects.filter(kind=KIND, status=PolicyStatus.APPROVED).order_by("effective_on", "version")
    versions = [read_choices({**BUILT_IN, **values}) for values in approved.values_list("values", flat=True)]
    return known_of([read_choices(BUILT_IN), *versions])


def word_for(group: str, code: str) -> str:
    """What a code is called in the language in use, also one that is no longer offered; an unknown one is itself."""
    language = get_language() or ""
    found = (choice.name(language) for choice in getattr(known_choices(), group) if choice.code == code)
    return next(found, code)


def offered(group: str) -> Pairs:
    """Codes and words of a group to choose from today."""
    return _pairs(choices_on(today()).offered(group))


def outcomes_offered(channel: str) -> Pairs:
    """Codes and words of the outcomes a contact over `channel` can have today."""
    return _pairs(choices_on(today()).outcomes_for(channel))


def known(group: str) -> Pairs:
    """Codes and words of a group to look for: also those that are no longer offered."""
    return _pairs(getattr(known_choices(), group))


def _pairs(choices: tuple[Choice, ...]) -> Pairs:
    language = get_language() or ""
    return [(choice.code, choice.name(language)) for choice in choices]
