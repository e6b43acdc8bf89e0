"""How often an anonymous address may come: pages without sign-in are counted, as nothing else tells visitors apart."""

from django.core.cache import cache
from django.utils.translation import gettext_lazy as _

from core.errors import DomainError

MINUTE = 60
MOST = 60


class TooManyVisits(DomainError):
    """More in a minute than a person clicks."""

    code = "too_many_visits"
    message = _("Too many requests. Wait a little, then try again.")


def count_visit(*, page: str, visitor: str) -> None:
    """Count a visit of a minute. Raises TooManyVisits after 60; with the cache away nobody is counted."""
    key = f"visits:{page}:{visitor}"
    cache.add(key, 0, MINUTE)
    try:
        count = int(cache.incr(key))
    except ValueError:  # the minute ended between the two calls
        return
    if count > MOST:
        raise TooManyVisits()
