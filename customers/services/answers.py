"""What customers answer to the question of the day, or do not want to say."""

from datetime import date, datetime

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from core import trail
from core.clock import SHANGHAI
from core.errors import DomainError
from customers.enums import Occupation
from customers.models import Customer, FieldRefusal
from customers.rules.profile import PREFERENCES
from customers.rules.quality import ASKABLE, choices_of
from customers.services import quality
from customers.services.preferences import set_preference
from customers.services.profile import edit_customer
from staff.models import User

# Records are kept in the words of the core's feeds.
RECORD_LANGUAGE = "zh-hans"


class NoSuchQuestion(DomainError):
    """Nothing of this name is asked, or the answer is none of those to choose from."""

    code = "no_such_question"
    message = _("This is not one of the answers to choose from.")


@transaction.atomic
def answer_question(
    *, customer: Customer, field: str, value: str | date, source: str, actor: User, at: datetime
) -> None:
    """Keep the answer with its source and day, and hold the record against the rules again.

    Raises NoSuchQuestion, and what `edit_customer` and `set_preference` raise.
    """
    choices = choices_of(field)
    if field not in ASKABLE or not value or (choices and value not in choices):
        raise NoSuchQuestion()
    day = at.astimezone(SHANGHAI).date()
    if field in PREFERENCES:
        set_preference(
            customer=customer, kind=field, value=str(value), source=source, stated_on=day, actor=actor, at=at
        )
    else:
        kept = _words(str(value)) if field == "occupation" else value
        edit_customer(
            customer=customer, values={field: kept}, version=customer.version, source=source, actor=actor, at=at
        )
    FieldRefusal.objects.filter(customer=customer, field=field).delete()
    quality.recheck(customer_id=customer.pk, day=day)


def _words(occupation: str) -> str:
    with translation.override(RECORD_LANGUAGE):
        return str(Occupation(occupation).label)


@transaction.atomic
def refuse_question(*, customer: Customer, field: str, actor: User, at: datetime) -> None:
    """The customer does not want to say: it is not asked again for the rules' days. Raises NoSuchQuestion."""
    if field not in ASKABLE:
        raise NoSuchQuestion()
    FieldRefusal.objects.update_or_create(
        customer=customer, field=field, defaults={"on": at.astimezone(SHANGHAI).date(), "by": actor}
    )
    trail.record(
        actor=actor.actor,
        action="refuse",
        subject="customers.customer",
        subject_id=customer.customer_no,
        at=at,
        changes={"field": field},
    )
