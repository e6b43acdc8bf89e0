"""What is typed about a campaign and about its moves; nothing here saves."""

from collections.abc import Iterable
from typing import Any
from uuid import uuid4

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaigns.enums import CampaignKind, ExclusionUse, Occasion
from campaigns.models import Article, Campaign, Offer, Segment, Template
from campaigns.queries.approval import FAULTS, price_of
from campaigns.queries.campaigns import units_for
from campaigns.queries.events import event_of, open_for_campaigns
from campaigns.rules.campaigns import SENT_OVER, faults, is_by_call
from campaigns.services.drafts import CampaignFacts
from core.clock import now, today
from core.forms import DAY, choose_from
from core.pages.choices import LongSelect
from customers.enums import ConsentChannel
from staff.access import BOOK_KEEPERS, has_role
from staff.models import Branch, User

KINDS = (CampaignKind.MESSAGE, CampaignKind.CALL, CampaignKind.TRIGGER, CampaignKind.EVENT)
CHANNELS = [(channel.value, channel.label) for channel in SENT_OVER]
OCCASIONS = [("", _("Choose")), *Occasion.choices]
MOST = 99_999_999
# The parts of the page, in order: heading, and the fields of it that the kind of campaign has.
SECTIONS = (
    (_("What it is for"), ("name", "goal", "event", "branch", "of_book")),
    (_("Whom it reaches"), ("segment", "exclusions", "occasion", "days", "amount")),
    (pgettext_lazy("campaign", "What it says"), ("channel", "template", "offer", "article", "script")),
    (_("When, and how it is measured"), ("starts_on", "ends_on", "capacity", "holdout", "cost")),
)
ONLY = {
    CampaignKind.CALL: {"script", "capacity"},
    CampaignKind.TRIGGER: {"occasion", "days", "amount", "channel", "template"},
    CampaignKind.MESSAGE: {"channel", "template"},
    CampaignKind.EVENT: {"channel", "template", "event"},
}


class CampaignForm(forms.Form):
    """A campaign of one kind on one page; a field its kind does not have is not there."""

    name = forms.CharField(label=pgettext_lazy("campaign", "Name"), max_length=80)
    goal = forms.CharField(
        label=_("Goal"), max_length=200, help_text=_("What should be different afterwards, in one sentence.")
    )
    event = forms.ModelChoiceField(
        label=pgettext_lazy("salon", "Event"),
        queryset=None,
        empty_label=_("Choose"),
        help_text=_("The template holds {rsvp}, the link by which each guest answers."),
    )
    branch = forms.ModelChoiceField(
        label=_("Unit"), queryset=None, to_field_name="code", widget=LongSelect, empty_label=None
    )
    of_book = forms.BooleanField(label=_("Only customers of my own"), required=False)
    segment = forms.ModelChoiceField(label=_("Segment"), queryset=None, empty_label=_("Choose"))
    exclusions = forms.ModelMultipleChoiceField(
        label=_("Leave out"),
        queryset=None,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Lists that always leave out do so anyway, as do refusals, complaints and bereavements."),
    )
    occasion = forms.ChoiceField(label=_("Occasion"), choices=OCCASIONS)
    days = forms.IntegerField(
        label=pgettext_lazy("occasion", "Days"),
        min_value=0,
        max_value=365,
        initial=7,
        help_text=_("Before a maturity, or after an opening."),
    )
    amount = forms.DecimalField(
        label=_("From an amount of, yuan"), min_value=0, max_digits=14, decimal_places=2, initial=0
    )
    channel = forms.ChoiceField(label=_("Channel"), choices=CHANNELS)
    template = forms.ModelChoiceField(label=_("Template"), queryset=None, empty_label=_("Choose"))
    offer = forms.ModelChoiceField(
        label=_("Offer"), queryset=None, required=False, empty_label=pgettext_lazy("offer", "None")
    )
    article = forms.ModelChoiceField(
        label=_("Piece of the library"), queryset=None, required=False, empty_label=pgettext_lazy("article", "None")
    )
    script = forms.CharField(
        label=_("What to say"),
        max_length=1000,
        widget=forms.Textarea({"rows": 6}),
        help_text=_("Managers see it beside the customer when they call."),
    )
    starts_on = forms.DateField(label=_("From"), widget=DAY)
    ends_on = forms.DateField(label=pgettext_lazy("campaign", "Until"), widget=DAY)
    capacity = forms.IntegerField(label=_("Calls a manager and workday"), min_value=1, max_value=100, initial=8)
    holdout = forms.IntegerField(
        label=_("Held out, %"),
        min_value=0,
        max_value=50,
        initial=10,
        help_text=_("Of each tier, drawn at launch. Without them nobody can say what the campaign brought."),
    )
    cost = forms.DecimalField(
        label=_("Cost of a contact, yuan"),
        min_value=0,
        max_digits=10,
        decimal_places=2,
        required=False,
        help_text=_("Empty = by the price list of messages."),
    )
    once = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)
    read = forms.CharField(widget=forms.HiddenInput, required=False, max_length=64)

    def __init__(
        self, data: Any = None, *, kind: str, user: User, campaign: Campaign | None = None, **kwargs: Any
    ) -> None:
        super().__init__(data, **kwargs)
        self.kind = kind
        day = today()
        others = set().union(*ONLY.values()) - ONLY[CampaignKind(kind)]
        for name in others:
            del self.fields[name]
        if not has_role(user, *BOOK_KEEPERS):
            del self.fields["of_book"]
        segments = Segment.objects.visible_to(user).live().order_by("name", "pk")
        self._offer("branch", units_for(user))
        self._offer("event", open_for_campaigns(user, now(), campaign))
        self._offer("segment", segments)
        self._offer("exclusions", segments.exclude(exclusion=ExclusionUse.NONE))
        self._offer("template", Template.objects.visible_to(user).in_use().order_by("name", "-version"))
        self._offer("offer", Offer.objects.visible_to(user).in_use().filter(ends_on__gte=day).order_by("name"))
        self._offer("article", Article.objects.visible_to(user).in_use().filter(expires_on__gte=day).order_by("title"))

    def _offer(self, name: str, rows: Any) -> None:
        if name in self.fields:
            choose_from(self, **{name: rows})

    def sections(self) -> Iterable[tuple[Any, list[forms.BoundField]]]:
        """The parts of the page with their fields."""
        for title, names in SECTIONS:
            yield title, [self[name] for name in names if name in self.fields]

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        if not self.errors:
            for fault in faults(self._plain(values), today=today()):
                self.add_error(fault.field if fault.field in self.fields else None, FAULTS[fault.code])
            template, channel = values.get("template"), values.get("channel")
            if template is not None and template.channel != channel:
                self.add_error("template", _("This template is for another channel."))
        return values

    def _plain(self, values: dict[str, Any]) -> dict[str, Any]:
        return {"kind": self.kind, "script": "", "channel": "", "template": None, "occasion": "", **values}

    def facts(self) -> CampaignFacts:
        """The campaign as its service takes it."""
        values = {name: value for name, value in self.cleaned_data.items() if name not in ("once", "read")}
        values["exclusions"] = [row.pk for row in values["exclusions"]]
        if is_by_call(self.kind):
            values["channel"] = ConsentChannel.PHONE
        if values["cost"] is None:
            values["cost"] = price_of(values["channel"], values.get("template"), today())
        return CampaignFacts(kind=self.kind, **{"of_book": False, **values})


def initial_of(campaign: Campaign, *, digest: str) -> dict[str, Any]:
    """What the form of a draft begins with; `digest` stands for what it showed."""
    names = [name for name in CampaignForm.base_fields if name not in ("read", "event")]
    values: dict[str, Any] = {name: getattr(campaign, name) for name in names}
    return {**values, "event": event_of(campaign), "branch": campaign.branch.code, "read": digest}


class EstimateForm(forms.Form):
    """What of a draft tells its reach and cost; whatever is missing yet is left out."""

    segment = forms.ModelChoiceField(queryset=None)
    branch = forms.ModelChoiceField(queryset=None, to_field_name="code")
    of_book = forms.BooleanField(required=False)
    exclusions = forms.ModelMultipleChoiceField(queryset=None, required=False)
    template = forms.ModelChoiceField(queryset=None, required=False)
    holdout = forms.IntegerField(min_value=0, max_value=50)
    cost = forms.DecimalField(min_value=0, max_value=MOST, required=False)

    def __init__(self, data: Any = None, *, user: User, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        segments = Segment.objects.visible_to(user).live()
        rows: dict[str, Any] = {
            "segment": segments,
            "exclusions": segments,
            "branch": Branch.objects.filter(pk__in=units_for(user)),
            "template": Template.objects.visible_to(user).in_use(),
        }
        for name, found in rows.items():
            choose_from(self, **{name: found})

    def draft(self, kind: str, user: User) -> Campaign:
        """The campaign as far as its reach goes; never saved."""
        values = self.cleaned_data
        draft = Campaign(kind=kind, created_by=user, branch=values["branch"], segment=values["segment"])
        draft.of_book = bool(values["of_book"]) or draft.segment.of_book
        draft.exclusions = [row.pk for row in values["exclusions"]]
        draft.holdout, draft.cost = values["holdout"], values["cost"]
        if draft.cost is None:
            template = values["template"]
            channel = template.channel if template else ConsentChannel.PHONE
            draft.cost = price_of(channel, template, today())
        return draft


class MoveForm(forms.Form):
    """A word on a move; for those against somebody's work it is why."""

    note = forms.CharField(label=_("Reason"), max_length=300, required=False, widget=forms.Textarea({"rows": 2}))
    digest = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput)
