"""What is asked for on the manager's day and the calendar; and the editor of the rules of the day."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from core.forms import choose_from
from core.pages.choices import LongSelect
from servicing.enums import Proposal, SkipReason
from servicing.forms.versions import Figure, figures_kind
from servicing.queries.today import KIND
from servicing.rules.today import BUILT_IN, FIGURES, read_today
from staff.models import Branch, User

MOST_KEYS = 60


class WhoForm(forms.Form):
    """Whose day or calendar a head looks at: the unit first where there are many, then the person."""

    branch = forms.ChoiceField(label=_("Branch"), required=False, widget=LongSelect)
    person = forms.ChoiceField(label=_("Colleague"), required=False, widget=LongSelect)

    def __init__(self, data: Any, *, units: Iterable[Branch], people: Iterable[User], nobody: Any) -> None:
        super().__init__(data)
        found = list(units)
        self.people = {user.staff_no: user for user in people}
        if len(found) < 2:
            del self.fields["branch"]
        else:
            choose_from(self, branch=[("", _("All")), *((unit.code, unit.name) for unit in found)])
        choose_from(self, person=[("", nobody), *((key, user.name) for key, user in self.people.items())])

    @property
    def chosen(self) -> User | None:
        """The person asked for."""
        return self.people.get(self.cleaned_data["person"]) if self.is_valid() else None


class VerdictForm(forms.Form):
    """What the person saw of an entry (`keys`), and for a skip why."""

    keys = forms.CharField(max_length=4000)
    why = forms.ChoiceField(choices=[("", ""), *SkipReason.choices], required=False)

    def clean_keys(self) -> list[str]:
        """The names of what the entry was about."""
        return [key for key in self.cleaned_data["keys"].split() if key][:MOST_KEYS]


WORDS = {
    "horizon_days": _("Horizon of the expected benefit, days"),
    "maturity_days": _("Maturing deposits, days ahead"),
    "moves_days": _("Falls and rises of deposits, over so many days"),
    "move_percent": _("A move counts from this share of the deposits on, %"),
    "move_floor": _("A move counts from this amount on, yuan"),
    "promise_days": _("Promises, days before they are due"),
    "birthday_days": _("Birthdays, days ahead"),
    "birthday_tier": _("Birthdays from this tier on"),
    "quiet_days": _("Days after a talk without proposals from figures"),
    "late_percent": _("Added for each day late, %"),
    "late_most": _("Most that lateness adds, %"),
    "high_percent": _("High priority counts, %"),
    "low_percent": _("Low priority counts, %"),
    "further_percent": _("Further reasons count, %"),
    "done_days": _("Days a proposal rests after it was done"),
    "not_now_days": _("Days it rests when the moment was wrong"),
    "contacted_days": _("Days it rests when the talk took place already"),
    "not_wanted_days": _("Days it rests when the customer does not want it"),
    "not_useful_days": _("Days it rests when there was nothing to gain"),
    "wrong_days": _("Days it rests when the reason was wrong"),
    "learn_days": _("Verdicts that teach, of the last days"),
    "learn_done": _("Added to the proposals done (a)"),
    "learn_all": _("Added to all proposals judged (b)"),
    "learn_least": _("Least that verdicts make of a kind, %"),
    "learn_most": _("Most that verdicts make of a kind, %"),
    "shown": _("Entries shown at first"),
}


def _figures() -> Iterable[Figure]:
    for kind in Proposal:
        for name, words in (("base", _("counts for, yuan")), ("chance", _("share a talk moves, %"))):
            yield Figure(f"{name}_{kind}", format_lazy("{} · {}", kind.label, words), *FIGURES[f"{name}_{kind}"])
    for name, words in WORDS.items():
        yield Figure(name, words, *FIGURES[name])


TODAY = figures_kind(
    KIND,
    _("Order of the day"),
    _("What puts a customer on a manager's list of the day, what each reason counts for, and what verdicts teach."),
    BUILT_IN,
    read_today,
    _figures(),
)
