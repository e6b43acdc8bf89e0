"""Reads of fraud prompts."""

from datetime import date, datetime, time

from core.clock import SHANGHAI
from core.memo import once_a_request
from servicing.models import FraudCheck, FraudCheckQuerySet
from servicing.rules.fraud import BUILT_IN, Prompt, read_prompt
from staff.access import COUNTER, has_role
from staff.enums import PolicyStatus
from staff.models import Policy, User
from staff.queries import policy_on

KIND = "fraud_prompt"


@once_a_request
def prompt_on(day: date) -> Prompt:
    """The prompt in force on `day`."""
    return read_prompt(policy_on(KIND, day, BUILT_IN).values)


def checks_for(viewer: User, day: date) -> FraudCheckQuerySet:
    """Prompts this person may look at: the counter those of its unit today, head and compliance all of their units."""
    rows = FraudCheck.objects.visible_to(viewer).select_related("customer", "author", "branch").defer("note_cipher")
    if has_role(viewer, *COUNTER):
        return rows.filter(at__gte=_midnight(day))
    return rows


def was_checked(customer_id: int, viewer: User, at: datetime) -> FraudCheck | None:
    """The latest prompt with the customer on the day of `at`: the colleague beside should not ask it all again.

    Those who sell may ask, but learn nothing of what others were told.
    """
    rows = FraudCheck.objects.visible_to(viewer) | FraudCheck.everything.filter(author=viewer)
    rows = rows.filter(customer_id=customer_id, at__gte=_midnight(at.astimezone(SHANGHAI).date()))
    return rows.filter(at__lte=at).select_related("author").order_by("-at").first()


def question_words(language: str) -> dict[str, str]:
    """Every question there ever was by its code, in a language: the latest wording of each."""
    approved = Policy.objects.filter(kind=KIND, status=PolicyStatus.APPROVED).order_by("effective_on", "version")
    versions = [BUILT_IN, *({**BUILT_IN, **values} for values in approved.values_list("values", flat=True))]
    return {one.code: one.text(language) for values in versions for one in read_prompt(values).questions}


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, SHANGHAI)
