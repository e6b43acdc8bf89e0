"""Words for the codes complaints are sorted by."""

from django import template

from complaints.queries.choices import word_for

register = template.Library()


@register.filter
def category_word(code: str) -> str:
    """What a category is called, also one that is no longer offered."""
    return word_for("categories", code)


@register.filter
def product_word(code: str) -> str:
    """What a product is called, also one that is no longer offered."""
    return word_for("products", code)


@register.filter
def cause_word(code: str) -> str:
    """What a root cause is called, also one that is no longer offered."""
    return word_for("causes", code)
