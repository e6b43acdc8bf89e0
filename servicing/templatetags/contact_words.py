from django import template

from servicing.queries.choices import word_for

register = template.Library()


@register.filter
def channel_word(code: str) -> str:
    """Where a contact took place, in words: {{ contact.channel|channel_word }}."""
    return word_for("channels", code)


@register.filter
def topic_word(code: str) -> str:
    """What a contact was about, in words."""
    return word_for("topics", code)


@register.filter
def outcome_word(code: str) -> str:
    """How a contact ended, in words."""
    return word_for("outcomes", code)
