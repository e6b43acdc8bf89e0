"""Several cases given to one handler at once: each by the rules of one, those that cannot go told with the reason."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from complaints.models import Complaint
from complaints.rules.moves import LIVE
from complaints.services.cases import assign_handler
from core.errors import DomainError
from staff.models import User

MOST = 200


class HasEnded(DomainError):
    """Nobody handles a case that has ended."""

    code = "complaint_ended"
    message = _("The case has ended.")


class IsTheirs(DomainError):
    """Nothing would change."""

    code = "complaint_same_handler"
    message = _("Is theirs already.")


@dataclass(slots=True)
class Several:
    """What became of several cases: the numbers of those that went, and why the others did not."""

    done: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)


def assign_several(*, cases: Iterable[Complaint], handler: User, actor: User, at: datetime) -> Several:
    """Give cases to somebody, each with its own trail entry, at most MOST of them. Raises nothing: see `refused`."""
    found = Several()
    for case in list(cases)[:MOST]:
        try:
            _assign(case, handler, actor, at)
        except DomainError as error:
            found.refused[case.number] = str(error)
        else:
            found.done.append(case.number)
    return found


@transaction.atomic
def _assign(case: Complaint, handler: User, actor: User, at: datetime) -> None:
    if case.state not in LIVE:
        raise HasEnded()
    if case.handler_id == handler.pk:
        raise IsTheirs()
    assign_handler(complaint=case, handler=handler, actor=actor, at=at)
