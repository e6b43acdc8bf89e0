"""Saved views of lists: filters, order and columns under a name. A view never carries rows."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from core import trail
from core.errors import DomainError
from core.pages import holds_personal
from staff.models import SavedView, User

VIEWS_MAX = 50
NAME_MAX, QUERY_MAX = 60, 1000
LIST_KEY = re.compile(r"[a-z_]{1,40}")
COLUMN_KEY = re.compile(r"[a-z0-9_]{1,40}")
COLUMNS_MAX = 40


class BadView(DomainError):
    """No name, a name or state that is too long, or a list that cannot exist."""

    code = "bad_view"
    message = _("A view needs a name of at most %(most)s characters, and not too many filters.")


class ViewNameTaken(DomainError):
    """The person has another view of this name on the list."""

    code = "view_name_taken"
    message = _("You already have a view called %(name)s on this list.")


class PersonalView(DomainError):
    """A whole identity or telephone number would be stored in clear."""

    code = "personal_view"
    message = _("Whole identity and telephone numbers cannot be kept in a view. Take the search text away first.")


class TooManyViews(DomainError):
    """More views than anybody finds their way in."""

    code = "too_many_views"
    message = _("You have %(most)s views on this list already. Delete one first.")


class NotYourView(DomainError):
    """Only its owner changes a view, shared or not."""

    code = "not_your_view"
    message = _("Only the person who saved this view can change it.")


@transaction.atomic
def save_view(*, owner: User, list_key: str, name: str, query: str, columns: Sequence[str], at: datetime) -> SavedView:
    """Keep the state of a list under a name, for oneself. `query` is a query string without page marker and columns.

    Raises BadView, PersonalView, ViewNameTaken, TooManyViews.
    """
    name = _checked_name(name)
    if not LIST_KEY.fullmatch(list_key):
        raise BadView(most=NAME_MAX)
    _check_state(query, columns)
    User.objects.select_for_update().get(pk=owner.pk)  # two windows saving at once
    mine = SavedView.objects.filter(owner=owner, list_key=list_key)
    if mine.filter(name=name).exists():
        raise ViewNameTaken(name=name)
    if mine.count() >= VIEWS_MAX:
        raise TooManyViews(most=VIEWS_MAX)
    view = SavedView.objects.create(
        owner=owner, list_key=list_key, name=name, query=query, columns=list(columns), created_at=at, updated_at=at
    )
    _record(view, "create", owner, at, {})
    return view


@transaction.atomic
def rename_view(*, view: SavedView, name: str, actor: User, at: datetime) -> SavedView:
    """Call one's own view differently. Raises BadView, PersonalView, ViewNameTaken, NotYourView."""
    name = _checked_name(name)
    view = _own(view, actor)
    others = SavedView.objects.filter(owner=actor, list_key=view.list_key).exclude(pk=view.pk)
    if others.filter(name=name).exists():
        raise ViewNameTaken(name=name)
    return _change(view, actor, at, name=name)


@transaction.atomic
def update_view(*, view: SavedView, query: str, columns: Sequence[str], actor: User, at: datetime) -> SavedView:
    """Replace the filters, order and columns of one's own view. Raises BadView, PersonalView, NotYourView."""
    _check_state(query, columns)
    return _change(_own(view, actor), actor, at, query=query, columns=list(columns))


@transaction.atomic
def share_view(*, view: SavedView, is_shared: bool, actor: User, at: datetime) -> SavedView:
    """Offer one's own view to the people of one's unit, or take it back; they see their own rows by it."""
    return _change(_own(view, actor), actor, at, branch_id=actor.branch_id if is_shared else None)


@transaction.atomic
def pin_view(*, view: SavedView, is_pinned: bool, actor: User, at: datetime) -> SavedView:
    """Show one's own view as a tab over the list (to everybody who has it), or no longer."""
    return _change(_own(view, actor), actor, at, is_pinned=is_pinned)


@transaction.atomic
def make_default_view(*, view: SavedView, is_default: bool, actor: User, at: datetime) -> SavedView:
    """Open the list with one's own view from now on, in place of the one before; or with none."""
    User.objects.select_for_update().get(pk=actor.pk)
    view = _own(view, actor)
    if is_default:
        others = SavedView.objects.filter(owner=actor, list_key=view.list_key, is_default=True).exclude(pk=view.pk)
        others.update(is_default=False, updated_at=at)
    return _change(view, actor, at, is_default=is_default)


@transaction.atomic
def delete_view(*, view: SavedView, actor: User, at: datetime) -> None:
    """Forget one's own view, for everybody it was shared with too. Raises NotYourView."""
    view = _own(view, actor)
    _record(view, "delete", actor, at, {"shared": view.branch_id is not None})
    view.delete()


def _own(view: SavedView, actor: User) -> SavedView:
    found = SavedView.objects.select_for_update().filter(pk=view.pk, owner=actor).first()
    if found is None:
        raise NotYourView()
    return found


def _checked_name(name: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > NAME_MAX or "\x00" in name:
        raise BadView(most=NAME_MAX)
    if holds_personal(f"name={name}"):
        raise PersonalView()
    return name


def _check_state(query: str, columns: Sequence[str]) -> None:
    is_short = len(query) <= QUERY_MAX and len(columns) <= COLUMNS_MAX and "%00" not in query
    if not is_short or not all(COLUMN_KEY.fullmatch(key) for key in columns):
        raise BadView(most=NAME_MAX)
    if holds_personal(query):
        raise PersonalView()


def _change(view: SavedView, actor: User, at: datetime, **values: object) -> SavedView:
    changed = [field for field, value in values.items() if getattr(view, field) != value]
    if not changed:
        return view
    for field in changed:
        setattr(view, field, values[field])
    view.updated_at = at
    view.save(update_fields=[*changed, "updated_at"])
    shares = "branch_id" in changed and view.branch_id is not None
    # Names and search texts are the person's own words: that they changed is enough.
    _record(view, "share" if shares else "change", actor, at, {"changed": sorted(changed)})
    return view


def _record(view: SavedView, action: str, actor: User, at: datetime, changes: Mapping[str, object]) -> None:
    named = {"list": view.list_key, **changes}
    trail.record(actor=actor.actor, action=action, subject="staff.savedview", subject_id=view.pk, at=at, changes=named)
