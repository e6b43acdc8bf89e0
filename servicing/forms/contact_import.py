"""The file of contacts to take over."""

from django import forms
from django.utils.translation import gettext_lazy as _

SUFFIXES = (".csv", ".txt", ".tsv", ".gz", ".xlsx")


class ContactUploadForm(forms.Form):
    """One file."""

    file = forms.FileField(
        label=_("File"),
        help_text=_("CSV (UTF-8 or GB18030, also .gz) or XLSX, with headings in Chinese or English."),
        widget=forms.FileInput({"accept": ",".join(SUFFIXES), "class": "is-wide"}),
    )
