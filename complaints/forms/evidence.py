"""What people send about evidence; nothing here saves."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from complaints.rules.evidence import ENDINGS

MOST_AT_ONCE = 10


class FilesInput(forms.FileInput):
    """A file box that takes several files."""

    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Several files; cleaned to a list of uploads."""

    widget = FilesInput

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile]:
        given = data if isinstance(data, list | tuple) else [data] if data else []
        if len(given) > MOST_AT_ONCE:
            raise ValidationError(_("At most %(count)s files at a time."), params={"count": MOST_AT_ONCE})
        parent = super()
        return [parent.clean(one, initial) for one in given] if given else [parent.clean(None, initial)]


class EvidenceForm(forms.Form):
    """Files for a case, and what they show."""

    files = FilesField(
        label=_("Files"),
        help_text=_("PDF, pictures, text, Word, Excel or sound."),
        widget=FilesInput({"accept": ",".join(f".{ending}" for ending in ENDINGS), "class": "is-wide"}),
    )
    note = forms.CharField(
        label=_("What they show"),
        max_length=200,
        required=False,
        widget=forms.TextInput({"class": "is-wide", "autocomplete": "off"}),
    )


class RemoveForm(forms.Form):
    """Why a file is taken out."""

    reason = forms.CharField(label=_("Reason"), max_length=200, widget=forms.TextInput({"autocomplete": "off"}))
