from typing import Any

from django import template
from django.middleware.csrf import get_token

from core.pages import Listing, State, read_state
from staff.access import is_staff_member
from staff.models import SavedView
from staff.queries import views_of

register = template.Library()


@register.inclusion_tag("staff/views_bar.html", takes_context=True)
def list_views(context: Any, listing: Listing) -> dict[str, Any]:
    """Over a list that has a key: views as tabs and in a menu, the forms to keep them, the way to the columns."""
    request = getattr(context, "request", None)
    if request is None or not listing.spec.list_key or not is_staff_member(request.user):
        return {}
    views = views_of(request.user, listing.spec.list_key)
    current = next((view for view in views if str(view.pk) == listing.saved), None)
    return {
        "listing": listing,
        "tabs": [view for view in views if view.is_pinned or view == current],
        "mine": [view for view in views if view.owner_id == request.user.pk],
        "shared": [view for view in views if view.owner_id != request.user.pk],
        "current": current,
        "is_mine": current is not None and current.owner_id == request.user.pk,
        "is_changed": current is not None and read_state(listing.state) != _state(current),
        "csrf_token": get_token(request),
    }


def _state(view: SavedView) -> State:
    return State(read_state(view.query).query, tuple(view.columns))
