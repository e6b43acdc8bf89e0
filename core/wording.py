"""Words put together as the language in use does it."""

from collections.abc import Iterable

from django.utils.translation import get_language


def listed(words: Iterable[object]) -> str:
    """Words one after the other: 电话、短信 in Chinese, "Phone, SMS" in English."""
    return ("、" if (get_language() or "").startswith("zh") else ", ").join(str(word) for word in words)
