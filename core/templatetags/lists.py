from collections.abc import Iterable
from typing import Any

from django import template
from django.middleware.csrf import get_token
from django.utils.safestring import SafeString

from core.pages.cells import table_rows
from core.pages.lists import Listing, ListRow
from core.wording import listed

register = template.Library()
register.filter("listed", listed)  # {{ names|listed }}


@register.simple_tag(name="table_rows")
def rows_of_table(rows: Iterable[ListRow], selectable: object = None) -> SafeString:
    """The rows of a table's body: {% table_rows rows bulk %}; a tick box each where there is something to do."""
    return table_rows(rows, selectable=bool(selectable))


@register.inclusion_tag("components/bulk_bar.html", takes_context=True)
def bulk_bar(context: Any, listing: Listing) -> dict[str, Any]:
    """The bar of a list's bulk actions."""
    token = get_token(context.request)
    return {"bulk": listing.bulk, "count": listing.page.count, "noun": listing.spec.noun, "csrf_token": token}
