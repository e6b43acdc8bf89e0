"""The categories, products and root causes in force on a day, and the words of those that no longer are."""

from collections.abc import Iterable, Mapping
from datetime import date

from django.utils.translation import get_language

from complaints.rules.choices import BUILT_IN, Cause, IntakeChoices, read_choices
from core.clock import today
from core.memo import once_a_request
from servicing.rules.voice import Named
from staff.enums import PolicyStatus
from staff.models import Policy
from staff.queries import policy_on

KIND = "complaint_choices"
Pairs = list[tuple[str, str]]


@once_a_request
def intake_choices(day: date) -> IntakeChoices:
    """What a case of `day` can be sorted by."""
    return read_choices(policy_on(KIND, day, BUILT_IN).values)


@once_a_request
def known_words(group: str) -> Mapping[str, str]:
    """Every code of a group (categories, products, causes) there ever was with its latest name, in the language in
    use: old cases keep their words."""
    approved = Policy.objects.filter(kind=KIND, status=PolicyStatus.APPROVED).order_by("effective_on", "version")
    found = dict(_pairs(getattr(read_choices(BUILT_IN), group)))
    for values in approved.values_list("values", flat=True):
        found |= dict(_pairs(getattr(read_choices({**BUILT_IN, **values}), group)))
    return found


def word_for(group: str, code: str) -> str:
    """What a code of a group is called in the language in use; an unknown one is itself."""
    return known_words(group).get(code, code)


def offered(group: str) -> Pairs:
    """Codes and words of categories or products to choose from today."""
    return _pairs(getattr(intake_choices(today()), group))


def causes_offered() -> list[tuple[str, Pairs]]:
    """Root causes to choose from today, as a select shows them: what they belong under, with codes and words."""
    choices, language = intake_choices(today()), get_language() or ""
    groups: dict[str, Pairs] = {}
    for cause in choices.leaves():
        top = choices.branch_of(cause.code)
        name = next(each.name(language) for each in choices.causes if each.code == top)
        groups.setdefault(name, []).append((cause.code, cause.name(language)))
    return list(groups.items())


def known(group: str) -> Pairs:
    """Codes and words of a group to look for: also those that are no longer offered."""
    return list(known_words(group).items())


def _pairs(named: Iterable[Named | Cause]) -> Pairs:
    language = get_language() or ""
    return [(one.code, one.name(language)) for one in named]
