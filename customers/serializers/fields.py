"""Fields that several serializers share. Money is a string, yuan unless a currency is named."""

from datetime import date
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from rest_framework import serializers

# No ledger here is older, and nobody feeds the next century.
DAYS = [MinValueValidator(date(1990, 1, 1)), MaxValueValidator(date(2099, 12, 31))]


def money(**options: Any) -> serializers.DecimalField:
    """A field of yuan with two places."""
    return serializers.DecimalField(max_digits=22, decimal_places=2, allow_null=True, read_only=True, **options)
