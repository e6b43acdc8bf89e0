"""What each key figure is, in words, by the numbers of the version in force on a day (K14)."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext_lazy

from core.memo import once_a_request
from core.money import format_yuan
from insights.rules.measures import BUILT_IN, Definitions, read_definitions
from staff.models import Policy
from staff.queries import policy_on

KIND = "kpi_definitions"
Text = Any

# Label and definition of each measure; {…} are numbers of the definitions in force.
WORDS: dict[str, tuple[Text, Text]] = {
    "deposits": (
        gettext_lazy("Deposits"),
        gettext_lazy("All deposits in yuan at the close of the day."),
    ),
    "customers": (
        gettext_lazy("Customers"),
        gettext_lazy("Customers in the books at the close of the day."),
    ),
    "adb": (
        gettext_lazy("ADB of the month"),
        gettext_lazy(
            "Average daily balance of the month up to the day: the sum of the balances at the close of each day, "
            "divided by the calendar days so far. Rounded to the cent for each customer."
        ),
    ),
    "adb_before": (
        gettext_lazy("ADB of the month before"),
        gettext_lazy("Average daily balance of the whole month before, where each customer was at its close."),
    ),
    "adb_new": (
        gettext_lazy("New"),
        gettext_lazy("ADB of customers who had none the month before."),
    ),
    "adb_up": (
        gettext_lazy("Risen"),
        gettext_lazy("How much the ADB of customers rose who had some the month before."),
    ),
    "adb_down": (
        gettext_lazy("Fallen"),
        gettext_lazy("How much the ADB of customers fell who still have some, less what matured and left."),
    ),
    "adb_lost": (
        gettext_lazy("Lost"),
        gettext_lazy("ADB of the month before of customers who have none any more, less what matured and left."),
    ),
    "adb_matured_left": (
        gettext_lazy("Matured and left"),
        gettext_lazy(
            "What of a fall were deposits that matured since the month before began and had left when they were "
            "measured 30 days on; at most the fall."
        ),
    ),
    "adb_handed_in": (
        gettext_lazy("Handed in"),
        gettext_lazy("ADB of the month before of customers taken over since, from others. It is no growth."),
    ),
    "adb_handed_out": (
        gettext_lazy("Handed out"),
        gettext_lazy("ADB of the month before of customers handed over to others since. It is no loss."),
    ),
    "churn": (
        gettext_lazy("Churn"),
        gettext_lazy(
            "Of the customers with deposits when the quarter began, the share lost since. Lost: all accounts are "
            "closed; or the month's ADB is at least {churn_fall} % below that of the month before the quarter; or for "
            "{churn_inactive} days no balance moved and nobody spoke to the customer, and no time deposit runs. "
            "Counted where the customer is now, in the tier it had then."
        ),
    ),
    "churn_closed": (
        gettext_lazy("Lost: accounts closed"),
        gettext_lazy("Customers with deposits when the quarter began whose accounts are all closed."),
    ),
    "churn_fallen": (
        gettext_lazy("Lost: ADB fell"),
        gettext_lazy("Customers whose ADB is at least {churn_fall} % below that of the month before the quarter."),
    ),
    "churn_inactive": (
        gettext_lazy("Lost: inactive"),
        gettext_lazy(
            "Customers without a time deposit for whom no balance moved and whom nobody spoke to for "
            "{churn_inactive} days."
        ),
    ),
    "moved_up": (
        gettext_lazy("Moved up"),
        gettext_lazy("Customers who reached a higher tier on the day; a first tiering is none."),
    ),
    "moved_down": (
        gettext_lazy("Moved down"),
        gettext_lazy("Customers who went to a lower tier on the day."),
    ),
    "maturing": (
        gettext_lazy("Maturing soon"),
        gettext_lazy("Deposits in yuan that mature within the {maturing_days} days after the day."),
    ),
    "contacts": (
        gettext_lazy("Contacts"),
        gettext_lazy("Contacts people had on the day and wrote down; messages of campaigns do not count."),
    ),
    "in_rhythm": (
        gettext_lazy("Within the contact rhythm"),
        gettext_lazy(
            "Of the customers whose tier is promised a contact rhythm, the share spoken to within it. Without any "
            "contact yet, the days count from the first day of the tier."
        ),
    ),
    "follow_ups": (
        gettext_lazy("Follow-ups done in time"),
        gettext_lazy(
            "Of the follow-ups due on the day, the share done by its close. Skipped and cancelled ones do not count."
        ),
    ),
    "overdue": (
        gettext_lazy("Follow-ups overdue"),
        gettext_lazy("Follow-ups due on the day or before and still open at its close."),
    ),
    "calls": (
        gettext_lazy("Campaign calls made in time"),
        gettext_lazy(
            "Of the campaign calls due on the day, the share done by its close. What came of them counts apart."
        ),
    ),
    "calls_agreed": (
        gettext_lazy("Campaign calls: agreed"),
        gettext_lazy("Campaign calls done on the day after which the customer agreed or was interested."),
    ),
    "complaints": (
        gettext_lazy("Complaints received"),
        gettext_lazy("Complaints received on the day about the unit, by the day the statutory clock began."),
    ),
    "complaints_open": (
        gettext_lazy("Complaints open"),
        gettext_lazy("Complaints about the unit not decided at the close of the day."),
    ),
    "complaints_late": (
        gettext_lazy("Complaints past the deadline"),
        gettext_lazy("Complaints not decided although their statutory deadline ended with the day or before."),
    ),
    "satisfaction": (
        gettext_lazy("Satisfaction"),
        gettext_lazy(
            "Mean of the marks from 0 to 10 in surveys answered in the period. Fewer than {small_sample} answers "
            "are a small sample."
        ),
    ),
    "satisfaction_squares": (
        gettext_lazy("Satisfaction: mean of squares"),
        gettext_lazy("Mean of the squared marks, for the margin of error."),
    ),
    "response": (
        gettext_lazy("Response to surveys"),
        gettext_lazy("Survey links used in the period, of those sent in it."),
    ),
    "warnings": (
        gettext_lazy("Outflow warnings open"),
        gettext_lazy("Outflow warnings nobody has judged at the close of the day."),
    ),
    "warnings_right": (
        gettext_lazy("Outflow warnings that were right"),
        gettext_lazy("Of the outflow warnings judged right or wrong on the day, the share judged right."),
    ),
}


@dataclass(frozen=True, slots=True)
class Defined:
    """A measure in words: its label, what it is, and the version (0 = built in) in force since a day (None = ever)."""

    label: str
    text: str
    version: int
    effective_on: date | None


@dataclass(frozen=True, slots=True)
class InForce:
    """The definitions of a day with their version."""

    definitions: Definitions
    version: int
    effective_on: date | None


@once_a_request
def in_force_on(day: date) -> InForce:
    """The definitions in force on a day, and since when."""
    found = policy_on(KIND, day, BUILT_IN)
    since = Policy.objects.in_force_on(KIND, day) if found.version else None
    return InForce(read_definitions(found.values), found.version, since.effective_on if since else None)


def definitions_on(day: date) -> Definitions:
    """The numbers the definitions of a day stand on."""
    return in_force_on(day).definitions


def label_of(code: str) -> str:
    """What a measure is called. Raises KeyError for one there is not."""
    return str(WORDS[code][0])


def definition_of(code: str, day: date) -> Defined:
    """A measure in words as it was defined on a day. Raises KeyError for one there is not."""
    label, text = WORDS[code]
    found = in_force_on(day)
    return Defined(str(label), _filled(str(text), found.definitions), found.version, found.effective_on)


def _filled(text: str, definitions: Definitions) -> str:
    for name in Definitions.__slots__:
        value = getattr(definitions, name)
        text = text.replace(f"{{{name}}}", format_yuan(value) if name == "spike_amount" else str(value))
    return text
