"""What is typed about segments and lists; nothing here saves."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaigns.enums import ExclusionUse
from campaigns.forms.rules import RuleTreeField
from campaigns.models import Segment
from campaigns.queries.campaigns import units_for
from campaigns.rules.segments import EVERYBODY
from campaigns.services.segments import MOST, SegmentFacts
from core.forms import choose_from
from core.pages.choices import LongSelect
from customers.services.sheets import Source, UnreadableFile, open_sheet
from staff.access import BOOK_KEEPERS, has_role
from staff.models import User

MOST_TEXT = 200_000
MOST_BYTES = 20 * 1024**2
MOST_SIGNS = 64


class SegmentForm(forms.Form):
    """A segment by a rule."""

    name = forms.CharField(label=pgettext_lazy("segment", "Name"), max_length=80)
    branch = forms.ModelChoiceField(
        label=_("Unit"), queryset=None, to_field_name="code", widget=LongSelect, empty_label=None
    )
    of_book = forms.BooleanField(label=_("Only customers of my own"), required=False)
    exclusion = forms.ChoiceField(
        label=_("Use as an exclusion"),
        choices=ExclusionUse.choices,
        required=False,
        help_text=_("An exclusion is asked again at each launch and before each message."),
    )
    note = forms.CharField(label=_("Note"), max_length=200, required=False)
    rule = RuleTreeField(label=_("Which customers"))

    def __init__(self, data: Any = None, *, viewer: User, segment: Segment | None = None) -> None:
        super().__init__(data, initial=_initial(segment, viewer))
        choose_from(self, branch=units_for(viewer))
        if not has_role(viewer, *BOOK_KEEPERS):
            del self.fields["of_book"]
        else:
            choices = [pair for pair in ExclusionUse.choices if pair[0] != ExclusionUse.ALWAYS]
            choose_from(self, exclusion=choices)
        if "rule" in self.fields:
            self.fields["rule"].for_viewer(viewer)  # type: ignore[attr-defined]  # a field of a rule

    def facts(self) -> SegmentFacts:
        """What was typed, as the services take it."""
        values = {name: self.cleaned_data[name] for name in ("name", "branch", "exclusion", "note")}
        of_book = self.cleaned_data.get("of_book", False)
        return SegmentFacts(**values, of_book=of_book, rule=self.cleaned_data.get("rule", {}))


class NumbersFields(forms.Form):
    """Customer numbers, typed or as a file."""

    numbers = forms.CharField(
        label=_("Customer numbers"),
        required=False,
        max_length=MOST_TEXT,
        widget=forms.Textarea({"rows": 6, "spellcheck": "false", "autocapitalize": "off"}),
        help_text=_("One on each line."),
    )
    file = forms.FileField(
        label=_("Or a file"),
        required=False,
        help_text=_("CSV or XLSX; the numbers stand in the first column."),
        widget=forms.FileInput({"accept": ".csv,.txt,.tsv,.xlsx"}),
    )

    def clean_file(self) -> list[tuple[int, str]]:
        """Lines of the file: place and number."""
        return read_numbers(self.cleaned_data["file"])

    def lines(self) -> list[tuple[int, str]]:
        """Every number given, with its line."""
        return [*typed_numbers(self.cleaned_data["numbers"]), *self.cleaned_data["file"]]


class ListForm(NumbersFields, SegmentForm):
    """A list, with the customers it begins with; more can be added later."""

    rule = None  # type: ignore[assignment]  # a list has no rule

    def __init__(self, data: Any = None, files: Any = None, *, viewer: User, segment: Segment | None = None) -> None:
        super().__init__(data, viewer=viewer, segment=segment)
        self.files = files or {}


class NumbersForm(NumbersFields):
    """More customers for a list."""

    def clean(self) -> dict[str, Any]:
        """There is something to add."""
        found = super().clean() or {}
        if not found.get("numbers") and not found.get("file") and not self.errors:
            raise ValidationError(_("Give at least one number."), code="nothing")
        return found


class KeepForm(forms.Form):
    """What the list of a rule's present customers is called."""

    name = forms.CharField(label=_("Name of the list"), max_length=80)


def typed_numbers(text: str) -> Iterator[tuple[int, str]]:
    """Lines of a text box: place and number."""
    return ((place, line) for place, line in enumerate(text.splitlines(), start=1))


def read_numbers(file: Any) -> list[tuple[int, str]]:
    """First cells of a file with their lines. Raises ValidationError."""
    if not file:
        return []
    if file.size > MOST_BYTES:
        raise ValidationError(_t("The file is too large."), code="too_large")
    try:
        rows = open_sheet(Source(file.name, file.open), lambda _cells: False).rows()
        # One more than a list holds is enough to refuse it; nothing longer is a number.
        return [(line, cells[0].replace("\x00", "")[:MOST_SIGNS]) for line, cells in islice(rows, MOST + 1) if cells]
    except UnreadableFile as error:
        raise ValidationError(str(error) or _t("The file cannot be read."), code="unreadable") from error


def _initial(segment: Segment | None, viewer: User) -> dict[str, Any]:
    if segment is None:
        return {"branch": viewer.branch.code, "rule": EVERYBODY, "of_book": has_role(viewer, *BOOK_KEEPERS)}
    names = ("name", "of_book", "exclusion", "note", "rule")
    return {"branch": segment.branch.code, **{name: getattr(segment, name) for name in names}}
