"""The question what would become of a tier."""

from decimal import Decimal

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _

from tiers.forms.schemes import AmountField

MOST = Decimal(10**12)


class LevelForm(forms.Form):
    """A balance to try, held from the next day on."""

    level = AmountField(
        label=_("If the balance were, yuan"),
        max_length=30,
        required=False,
    )

    def clean_level(self) -> Decimal | None:
        level: Decimal | None = self.cleaned_data["level"]
        if level is not None:
            MinValueValidator(Decimal(0))(level)
            MaxValueValidator(MOST)(level)
        return level
