from decimal import Decimal

from django import template

from core.privacy import mask_account
from core.templatetags.money import NOTHING

register = template.Library()


@register.filter
def account(number: str) -> str:
    """An account number as it may be shown: its last four digits."""
    return mask_account(number)


@register.filter
def rate(value: Decimal | None) -> str:
    """A rate in per cent with the zeros it does not need taken off: 1.45, 2, 0.3."""
    return NOTHING if value is None else f"{value.normalize():f}"
