"""How a number of a board is worked out, in words."""

from datetime import date

from django.utils.translation import gettext_lazy as _

from insights.queries.definitions import definition_of
from insights.views.numbers import Text

# What boards count live and the key figures do not keep.
WORDS: dict[str, Text] = {
    "movement": _(
        "Deposits now less deposits at an earlier close, customer by customer. Customers count where they are now, for "
        "both ends: handing them over moves nothing."
    ),
    "closing": _("Deposits now less those of the same units at an earlier close, as they were then."),
    "gained": _("Customers who had nothing at the earlier close and have deposits now."),
    "emptied": _("Customers who had deposits at the earlier close and have nothing now."),
    "maturing": _("Time deposits that mature within the next 30 days, from today on, by what they hold now."),
    "waiting": _(
        "Customers whose last contact is longer ago than the rhythm of their tier allows; without any contact the days "
        "count from the first day of the tier."
    ),
    "overdue": _("Open follow-ups that were due before today."),
    "growth": _(
        "Average of the month so far less that of the month before, without what was handed in or out: new, risen, "
        "fallen, lost, matured and left."
    ),
    "moved": _("Customers whom the last re-tiering moved; a first tiering is no move."),
    "contacts": _("Contacts people had in these days and wrote down; messages of campaigns do not count."),
    "cases": _("Complaints about the unit that are not decided yet."),
    "cases_overdue": _("Undecided complaints whose next deadline, internal or statutory, was before today."),
    "cases_law": _("Undecided complaints whose statutory deadline was before today."),
    "cases_nobody": _("Undecided complaints that nobody handles yet."),
    "silent": _("Customers with deposits and no contact in these days, or ever."),
    "watched": _("Customers found below the floor of a tier they still hold."),
    "near_down": _("Customers so little above the floor of their tier that they may lose it."),
}


def about(code: str, day: date) -> str:
    """The words of a number: of a key figure with the version of its definition in force on `day`."""
    if code in WORDS:
        return str(WORDS[code])
    found = definition_of(code, day)
    since = f" {found.effective_on.isoformat()}" if found.effective_on else ""
    return f"{found.text} (v{found.version}{since})" if found.version else found.text
