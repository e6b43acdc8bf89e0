"""Why customers are left out, in words that give nothing away of what is kept from whoever reads them."""

from collections.abc import Collection
from typing import Final

from django.contrib.auth.models import AnonymousUser
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from campaigns.enums import LeftOut, OutreachState
from customers.models import CustomerAlert
from servicing.enums import Refusal
from staff.access import scope_of
from staff.models import User

# What alerts stand behind; the words name no matter the reader is kept away from.
FROM_ALERTS: Final = frozenset({LeftOut.DO_NOT_CONTACT, LeftOut.BEREAVEMENT, LeftOut.COMPLAINT})
NOT_NOW: Final = Refusal.NOT_NOW.value


def kept_apart(customer_ids: Collection[int], viewer: User) -> set[int]:
    """Which of some customers have an alert that is, or was, kept from the viewer."""
    rows = CustomerAlert.everything.filter(customer__in=customer_ids, hidden_from__contains=[viewer.pk])
    return set(rows.values_list("customer_id", flat=True))


def is_kept(viewer: User | AnonymousUser) -> Exists:
    """For rows of customers the same as a condition: whether an alert is, or was, kept from the viewer."""
    rows = CustomerAlert.everything.filter(customer=OuterRef("customer"))
    return Exists(rows.filter(hidden_from__contains=[scope_of(viewer).user_id]))


def reason_code(reason: str, *, is_kept: bool) -> str:
    """A reason to be left out; one that an alert stands behind is only "not now" where that is kept."""
    return NOT_NOW if is_kept and reason in FROM_ALERTS else reason


def reason_words(reason: str, *, is_kept: bool) -> str:
    """The same to read; "" for none."""
    code = reason_code(reason, is_kept=is_kept)
    return str({**dict(LeftOut.choices), NOT_NOW: Refusal.NOT_NOW.label}[code]) if code else ""


def state_words(state: str, *, is_call: bool) -> str:
    """What became of a recipient, to read; a call is made by a manager, not sent."""
    of_calls = {OutreachState.QUEUED: _("To be called"), OutreachState.SENT: _("Called")} if is_call else {}
    return of_calls.get(OutreachState(state)) or str(OutreachState(state).label)
