"""The editor of what contacts can say, and the rules of the counter card and of referrals."""

from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from core.forms import choose_from
from core.wording import listed
from servicing.forms.lines import LineForm, LinesForm, Sort
from servicing.forms.versions import Figure, figures_kind
from servicing.queries import card, choices, referrals
from servicing.rules import card as card_rules
from servicing.rules import referrals as referral_rules
from servicing.rules.choices import BUILT_IN, GROUPS, MAX_LINES, NAME, OFFERED, Choice, ChoicesError, read_choices
from staff.services.policies import PolicyKind, Text

TITLES: Mapping[str, Text] = {"channels": _("Channels"), "topics": _("Topics"), "outcomes": _("Outcomes")}
FAULTS: Mapping[str, Text] = {
    "code": _("A code is small letters, digits and underscores, beginning with a letter."),
    "code_twice": _("This code stands there already."),
    "name": _("Both names are needed, with at most 30 characters."),
    "name_twice": _("Something with this name is offered already."),
    "channels": _("An outcome needs at least one channel."),
    "no_outcome": _("A channel that is offered needs at least one outcome."),
    "needed_counter": _("The counter has to stay: tellers log there."),
    "needed_lobby": _("The lobby has to stay: lobby managers log there."),
    "needed_complaint": _("Dissatisfaction has to stay: complaints are taken in under it."),
    "needed_done": _("“Handled” has to stay: the counter's forms use it."),
    "needed_referred": _("“Handed to a manager” has to stay: referrals are logged with it."),
}


class ChoiceLine(LineForm):
    """A channel or topic: its names, and whether it is offered."""

    name_zh = forms.CharField(label=_("Chinese name"), max_length=NAME)
    name_en = forms.CharField(label=_("English name"), max_length=NAME)
    offered = forms.BooleanField(
        label=_("Offered"), required=False, help_text=_("No longer offered: old contacts keep its name.")
    )

    def title(self) -> str:
        """Both names."""
        names = " ".join(str(self[name].value() or "") for name in ("name_zh", "name_en")).strip()
        return names if self["offered"].value() else _t("%(name)s (not offered)") % {"name": names}


class OutcomeLine(ChoiceLine):
    """An outcome: also where it is possible, and whether the customer was reached."""

    reached = forms.BooleanField(
        label=_("Customer was reached"), required=False, help_text=_("Only then the contact rhythm begins anew.")
    )
    channels = forms.MultipleChoiceField(label=_("Possible over"), widget=forms.CheckboxSelectMultiple, required=False)

    def __init__(self, *args: Any, channels: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choose_from(self, channels=channels)


class ChoicesForm(LinesForm):
    """A version of what contacts can say."""

    sorts = (
        Sort("channels", TITLES["channels"], _("Add a channel"), ChoiceLine, MAX_LINES),
        Sort("topics", TITLES["topics"], _("Add a topic"), ChoiceLine, MAX_LINES),
        Sort("outcomes", TITLES["outcomes"], _("Add an outcome"), OutcomeLine, MAX_LINES),
    )

    def line_extras(self, key: str) -> dict[str, Any]:
        """The channels as they stand in the editor now, for the outcomes."""
        if key != "outcomes":
            return {}
        field = "name_en" if (get_language() or "").startswith("en") else "name_zh"
        lines = self.groups["channels"].lines
        pairs = [(str(line["code"].value() or ""), str(line[field].value() or "")) for line in lines]
        return {"channels": [(code, name or code) for code, name in pairs if code]}

    def words_for(self, error: ValueError) -> Text:
        if str(error) == "too_many_offered":
            return _t("The counter's number keys reach %(most)d at most.") % {"most": OFFERED}
        return FAULTS.get(str(error), super().words_for(error))

    def where(self, error: ValueError) -> tuple[str, int, str]:
        return (error.group, error.place, error.field) if isinstance(error, ChoicesError) else ("", 0, "")


def _parts(values: Mapping[str, Any]) -> dict[str, tuple[Text, str]]:
    found: dict[str, tuple[Text, str]] = {}
    read, language = read_choices(values), get_language() or ""
    names = {channel.code: channel.name(language) for channel in read.channels}
    for group in GROUPS:
        for place, choice in enumerate(getattr(read, group), start=1):
            for field, text in _texts(choice, place, group, names).items():
                found[f"{group}.{choice.code}.{field}"] = (f"{TITLES[group]} · {choice.code} · {_label(field)}", text)
    return found


def _label(field: str) -> Text:
    return _("Place") if field == "place" else OutcomeLine.base_fields[field].label or field


def _texts(choice: Choice, place: int, group: str, names: Mapping[str, str]) -> dict[str, str]:
    yes, no = _t("Yes"), _t("No")
    texts = {
        "place": str(place),
        "name_zh": choice.name_zh,
        "name_en": choice.name_en,
        "offered": yes if choice.offered else no,
    }
    if group == "outcomes":
        channels = listed(words for code, words in names.items() if code in choice.channels)
        texts |= {"reached": yes if choice.reached else no, "channels": channels}
    return texts


def _summary(values: Mapping[str, Any]) -> Iterator[tuple[Text, str]]:
    read, language = read_choices(values), get_language() or ""
    for group in GROUPS:
        yield TITLES[group], listed(choice.name(language) for choice in read.offered(group))
    for channel in read.offered("channels"):
        words = listed(outcome.name(language) for outcome in read.outcomes_for(channel.code))
        yield _t("Outcomes: %(channel)s") % {"channel": channel.name(language)}, words
    lost = [outcome.name(language) for outcome in read.outcomes if not outcome.reached]
    yield _t("Customer not reached"), listed(lost)


CONTACT_CHOICES = PolicyKind(
    choices.KIND,
    _("Contacts: channels, topics, outcomes"),
    _("What a contact can say, over which channel, and which outcomes count as having reached the customer."),
    BUILT_IN,
    read_choices,
    form=ChoicesForm,
    parts=_parts,
    summary=_summary,
)
COUNTER_CARD = figures_kind(
    card.KIND,
    _("Counter card"),
    _("What the card at the counter tells ahead of time, and from which age on it asks for care."),
    card_rules.BUILT_IN,
    card_rules.read_card,
    (
        Figure("maturing_days", _("A maturity is told so many days ahead"), *card_rules.FIGURES["maturing_days"]),
        Figure("promise_days", _("A promise is told so many days ahead"), *card_rules.FIGURES["promise_days"]),
        Figure("elderly_age", _("Elderly from this age on"), *card_rules.FIGURES["elderly_age"]),
    ),
)
REFERRAL_POINTS = figures_kind(
    referrals.KIND,
    _("Referrals"),
    _("Points for whoever sends a customer on, and how soon the customer is contacted."),
    referral_rules.BUILT_IN,
    referral_rules.read_points,
    (
        Figure(
            "accepted",
            _("Points once it is taken"),
            *referral_rules.FIGURES["accepted"],
            _("Points are no money and do not depend on any amount."),
        ),
        Figure("succeeded", _("More points once it succeeds"), *referral_rules.FIGURES["succeeded"]),
        Figure("contact_days", _("First contact within so many days"), *referral_rules.FIGURES["contact_days"]),
    ),
)
