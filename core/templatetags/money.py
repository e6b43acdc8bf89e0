from decimal import Decimal

from django import template
from django.utils.translation import get_language

from core import money

NOTHING = "–"

register = template.Library()


@register.filter
def yuan(value: Decimal | int | None) -> str:
    """The exact amount, "1,234.50"; a dash where there is none."""
    # A variable the context does not have arrives as "".
    return NOTHING if value is None or value == "" else money.format_yuan(value)


@register.filter
def wan(value: Decimal | int | None) -> str:
    """The amount in 万/亿 or K/M after the language in use; a dash where there is none."""
    return NOTHING if value is None or value == "" else money.wan(value, get_language() or "zh-hans")
