"""What people write into templates, offers and the library; nothing here saves."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from campaigns.enums import OfferFault, OfferKind, Subject
from campaigns.forms.rules import RuleTreeField
from campaigns.queries.offers import product_names, sorts_on
from campaigns.queries.wording import word_rules
from campaigns.rules.offers import MOST_MONTHS, MOST_PIECES, OfferError, check_pieces, read_pieces
from campaigns.rules.word_rules import ALWAYS, VARIABLES
from campaigns.services.content import MIN_REASON
from core.clock import today
from core.forms import DAY, choose_from
from customers.enums import ConsentChannel
from servicing.enums import RiskGrade
from staff.models import User
from tiers.queries.display import bands_for_display, tier_name

SHOWN_PIECES = 3
AMOUNT = forms.TextInput({"inputmode": "decimal", "class": "num", "autocomplete": "off"})


class TemplateForm(forms.Form):
    """The words of a message; of a later version name and channel stay as they are."""

    name = forms.CharField(label=pgettext_lazy("thing", "Name"), max_length=80, help_text=_("For colleagues only."))
    channel = forms.ChoiceField(label=_("Channel"), choices=ConsentChannel.choices, initial=ConsentChannel.SMS)
    subject = forms.CharField(
        label=_("Subject"), max_length=120, required=False, help_text=_("Of e-mails and messages in the app.")
    )
    body = forms.CharField(label=_("Words"), max_length=2000, widget=forms.Textarea({"rows": 8}))
    disclosures = forms.MultipleChoiceField(
        label=_("Must also be said"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Beside what the rules ask for over this channel anyway."),
    )

    def __init__(self, *args: Any, version: int = 1, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        language = get_language() or ""
        rules = word_rules(today()).disclosures
        said = {one.code: {"title": one.name(language), "text": one.text} for one in rules if one.when != ALWAYS}
        choices = [(code, _("%(title)s: %(text)s") % words) for code, words in said.items()]
        choose_from(self, disclosures=choices)
        self.fields["body"].help_text = _("Variables: %(names)s") % {
            "names": " ".join("{" + name + "}" for name in VARIABLES)
        }
        if version > 1:
            self.fields["name"].disabled = self.fields["channel"].disabled = True


class PieceForm(forms.Form):
    """A product of an offer."""

    product = forms.ChoiceField(label=_("Product"), required=False)
    months = forms.IntegerField(label=_("Term, months"), required=False, min_value=1, max_value=MOST_MONTHS)
    share = forms.IntegerField(label=_("Share, %"), required=False, min_value=1, max_value=100)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = product_names(today(), get_language() or "")
        known = [(code, names.get(code, code)) for code in sorts_on(today())]
        choose_from(self, product=[("", "—"), *known])


class OfferForm(forms.Form):
    """An offer, with its products as lines; the rule of who is eligible comes from the builder of segments."""

    name = forms.CharField(label=pgettext_lazy("thing", "Name"), max_length=80)
    kind = forms.ChoiceField(label=_("Kind"), choices=OfferKind.choices)
    text = forms.CharField(label=_("In words"), max_length=500, widget=forms.Textarea({"rows": 3}))
    least = forms.DecimalField(
        label=_("Smallest amount, yuan"), min_value=0, max_digits=16, decimal_places=2, initial=0, widget=AMOUNT
    )
    risk = forms.ChoiceField(
        label=_("Risk grade, at least"),
        choices=[("", _("That of its products")), *RiskGrade.choices],
        required=False,
        help_text=_("Above R1 only customers with a valid questionnaire of this grade or a higher one may receive it."),
    )
    starts_on = forms.DateField(label=_("From"), widget=DAY)
    ends_on = forms.DateField(label=_("Until"), widget=DAY)
    rule = RuleTreeField(label=_("Who is eligible"))
    is_new = forms.BooleanField(
        label=_("A new product"), required=False, help_text=_("Compliance has a say in campaigns with it.")
    )

    def __init__(
        self, data: Any = None, *, viewer: User, pieces: Sequence[Mapping[str, Any]] = (), **kwargs: Any
    ) -> None:
        super().__init__(data, **kwargs)
        self.fields["rule"].for_viewer(viewer)  # type: ignore[attr-defined]  # a field of a rule
        extra = max(SHOWN_PIECES - len(pieces), 1) if len(pieces) < MOST_PIECES else 0
        made = forms.formset_factory(PieceForm, extra=extra, max_num=MOST_PIECES, absolute_max=MOST_PIECES)
        self.lines = made(data, initial=[dict(piece) for piece in pieces], prefix="pieces")

    def is_valid(self) -> bool:
        return super().is_valid() and bool(self.lines.is_valid()) and self._makes_an_offer()

    def again(self, viewer: User) -> "OfferForm":
        """The form as typed, nothing checked: for when a line of the rule was added or taken away."""
        initial = {name: self[name].value() for name in self.fields}
        lines = [{name: line[name].value() for name in line.fields} for line in self.lines]
        return OfferForm(viewer=viewer, initial=initial, pieces=[line for line in lines if line["product"]])

    def pieces(self) -> list[dict[str, Any]]:
        """The products as they are kept."""
        found = [line.cleaned_data for line in self.lines if line.cleaned_data.get("product")]
        return [{"product": line["product"], "months": line["months"], "share": line["share"] or 0} for line in found]

    def _makes_an_offer(self) -> bool:
        said = self.cleaned_data
        if said["ends_on"] < said["starts_on"]:
            self.add_error("ends_on", _("The last day is before the first."))
            return False
        try:
            check_pieces(said["kind"], read_pieces(self.pieces()), sorts_on(today()), said["least"])
        except OfferError as error:
            self.add_error(None, str(OfferFault(error.fault).label))
            return False
        return True


class ArticleForm(forms.Form):
    """A piece of the library; of a later version the title stays as it is."""

    title = forms.CharField(label=_("Title"), max_length=80)
    subject = forms.ChoiceField(label=_("About"), choices=Subject.choices)
    body = forms.CharField(label=_("Words"), max_length=8000, widget=forms.Textarea({"rows": 14}))
    tiers = forms.TypedMultipleChoiceField(
        label=_("For tiers"),
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen: for everybody."),
    )
    expires_on = forms.DateField(label=_("Valid until"), widget=DAY)
    review_on = forms.DateField(label=_("Next review on"), widget=DAY)

    def __init__(self, *args: Any, version: int = 1, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        bands = bands_for_display(today())
        tiers = [(band.rank, tier_name(band.rank, bands)) for band in bands]
        choose_from(self, tiers=tiers)
        if version > 1:
            self.fields["title"].disabled = True

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        review, last = values.get("review_on"), values.get("expires_on")
        if review and last and review > last:
            self.add_error("review_on", _("The next review must be on the last valid day or before."))
        return values


class StepForm(forms.Form):
    """A step with a version: what the second person saw, and what they say to it."""

    digest = forms.CharField(widget=forms.HiddenInput, max_length=64, required=False)
    comment = forms.CharField(label=_("Comment"), max_length=300, required=False, widget=forms.Textarea({"rows": 2}))


class RetireForm(forms.Form):
    """Why something is no longer used."""

    reason = forms.CharField(label=_("Reason"), min_length=MIN_REASON, max_length=300)


class ReviewForm(forms.Form):
    """When a piece is looked at next."""

    next_on = forms.DateField(label=_("Next review on"), widget=DAY)


class ToleranceForm(forms.Form):
    """What risk a customer bears, by the bank's questionnaire."""

    grade = forms.ChoiceField(label=_("Bears a risk up to"), choices=RiskGrade.choices)
    assessed_on = forms.DateField(label=_("Answered on"), widget=DAY)
    valid_until = forms.DateField(label=_("Valid until"), widget=DAY)
