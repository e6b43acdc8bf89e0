"""How often an anonymous address may come: pages without sign-in are counted, as nothing else tells visitors apart."""

from django.core.cache import cache
from django.utils.translation import gettext_lazy as _

from core.errors import DomainError
from servicing.rules.surveys import digest_of

MINUTE = 60
MOST = 60
# What people at one counter can answer in a minute.
MOST_ANSWERS = 12


class TooManyVisits(DomainError):
    """More in a minute than a person clicks."""

    code = "too_many_visits"
    message = _("Too many requests. Wait a little, then try again.")


def count_visit(*, page: str, visitor: str, most: int | None = None) -> None:
    """Count a visit of a minute to a page. Raises TooManyVisits after `most` (60); with the cache away nobody is."""
    key = f"visits:{page}:{visitor}"
    cache.add(key, 0, MINUTE)
    try:
        count = int(cache.incr(key))
    except ValueError:  # the minute ended between the two calls
        return
    if count > (most or MOST):
        raise TooManyVisits()


def count_answer(*, kiosk: str) -> None:
    """Count an answer of a minute at an open kiosk, by its key, wherever its page was opened. Raises TooManyVisits."""
    count_visit(page="kiosk_answer", visitor=digest_of(kiosk).hex(), most=MOST_ANSWERS)
