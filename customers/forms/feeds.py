"""The upload of feed files."""

from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _

from core.clock import today
from core.forms import DAY
from customers.enums import FeedKind

MAX_FILES = 20
FEED_SUFFIXES = (".csv", ".txt", ".tsv", ".gz", ".xlsx")


class FilesInput(forms.ClearableFileInput):
    """A file box that takes several files."""

    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Several files; cleaned to a list of uploads."""

    widget = FilesInput

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile]:
        given = data if isinstance(data, list | tuple) else [data] if data else []
        if len(given) > MAX_FILES:
            raise ValidationError(_("At most %(count)s files at a time."), params={"count": MAX_FILES})
        parent = super()
        return [parent.clean(one, initial) for one in given] if given else [parent.clean(None, initial)]


class FeedUploadForm(forms.Form):
    """Feed files with what their sender says about them."""

    files = FilesField(
        label=_("Files"),
        help_text=_("CSV (UTF-8 or GB18030, also .gz) or XLSX. Several files are checked one after the other."),
        widget=FilesInput({"accept": ",".join(FEED_SUFFIXES), "class": "is-wide"}),
    )
    kind = forms.ChoiceField(
        label=_("Kind"),
        choices=[("", _("Recognise by the header")), *FeedKind.choices],
        required=False,
    )
    business_date = forms.DateField(
        label=_("Business date"),
        initial=today,
        validators=[MinValueValidator(date(1990, 1, 1)), MaxValueValidator(date(2099, 12, 31))],
        widget=DAY,
        help_text=_("The day whose close of business the file describes."),
    )
    control_rows = forms.IntegerField(
        label=_("Number of rows it must hold"), min_value=0, required=False, help_text=_("For a single file.")
    )
    control_total = forms.DecimalField(
        label=_("Total it must add up to"),
        max_digits=22,
        decimal_places=2,
        required=False,
        help_text=_("Balances or principals, for a single file."),
        widget=forms.TextInput({"inputmode": "decimal", "class": "money-input"}),
    )
    max_rejected = forms.DecimalField(
        label=_("Unusable rows allowed, %"),
        min_value=0,
        max_value=100,
        decimal_places=2,
        initial=Decimal(1),
        help_text=_("With more than that nothing is imported."),
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if len(data.get("files") or ()) > 1 and (data.get("kind") or self._has_controls(data)):
            message = _("With several files the kind is recognised by itself and no control figures can be given.")
            raise ValidationError(message, code="one_file_only")
        return data

    def share(self) -> Decimal:
        """The allowed share of unusable rows, 0..1."""
        return Decimal(self.cleaned_data["max_rejected"]) / 100

    @staticmethod
    def _has_controls(data: dict[str, Any]) -> bool:
        return data.get("control_rows") is not None or data.get("control_total") is not None
