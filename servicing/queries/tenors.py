"""Terms of deposits in words: rate sheets and products write them as "12m" and "7d"."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

# Terms that lines may speak of by kind.
TENORS: Mapping[str, str | Promise] = {
    "1m": _("1 month"),
    "3m": _("3 months"),
    "6m": _("6 months"),
    "9m": _("9 months"),
    "12m": _("1 year"),
    "18m": _("18 months"),
    "24m": _("2 years"),
    "36m": _("3 years"),
    "60m": _("5 years"),
}
NOTICE_TENORS: Mapping[str, str | Promise] = {"1d": _("1 day of notice"), "7d": _("7 days of notice")}


def tenor_words(tenor: str) -> str:
    """A term to read: "12m" is a year; "" without one."""
    known = TENORS.get(tenor) or NOTICE_TENORS.get(tenor)
    if known:
        return str(known)
    unit = _t("%(n)s months") if tenor.endswith("m") else _t("%(n)s days of notice")
    return unit % {"n": tenor[:-1]} if tenor else ""
