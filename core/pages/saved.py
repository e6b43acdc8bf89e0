"""Opening a list in a state somebody kept, fitted to what the person opening it may see."""

from typing import Any, Protocol

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext as _

from core.pages.keyset import BadQuery
from core.pages.lists import ListPage
from core.pages.state import COLUMNS, ORDERING, SAVED, VIEW


class Kept(Protocol):
    """A state somebody kept: what `recall` needs of staff.models.SavedView."""

    pk: Any
    query: Any
    columns: Any


def recall(request: HttpRequest, page: ListPage, kept: Kept | None, queryset: QuerySet[Any], *, amounts: bool) -> None:
    """Let the request ask for a kept state; None = nothing is to be opened.

    A right somebody lacks never makes a shared view useless: what needs it is left out, and the person is told.
    Rows are not part of a view: `queryset` is the person's own before and after.
    """
    if kept is None:
        if set(request.GET) == {VIEW} and request.GET[VIEW].isdecimal():
            messages.warning(request, _("This view does not exist any more, or is no longer shared with you."))
        return
    params = QueryDict(kept.query, mutable=True)
    missing = set(params) - page.parameters(queryset, amounts=amounts, request=request) - {ORDERING}
    try:
        page.order(params.get(ORDERING, ""), amounts=amounts)
    except BadQuery:
        missing.add(ORDERING)
    for name in missing:
        del params[name]
    offered = {column.key for column in page.visible_columns(amounts=amounts)}
    columns = [key for key in kept.columns if key in offered]
    if columns:
        params[COLUMNS] = ",".join(columns)
    params[SAVED] = str(kept.pk)
    if missing or len(columns) < len(kept.columns):
        messages.info(request, _("Parts of this view need rights your role does not have; they are left out."))
    request.GET = params  # type: ignore[assignment]  # what the address stands for
