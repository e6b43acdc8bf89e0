"""Parts of the frame around every page that are the same for many requests: rendered once, then kept."""

from collections.abc import Hashable, Iterable
from functools import lru_cache

from django import template
from django.template.loader import get_template
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from core.templatetags.icons import icon_sheet

register = template.Library()
KEPT = 512


@register.simple_tag
def kept(name: str, items: Iterable[Hashable]) -> SafeString:
    """The template with nothing but `items`: {% kept "_shell/_side_items.html" nav %}. Once a language and items."""
    return _kept(name, tuple(items), get_language(), icon_sheet())


@lru_cache(maxsize=KEPT)
def _kept(name: str, items: tuple[Hashable, ...], _language: str | None, _sheet: str) -> SafeString:
    return SafeString(get_template(name).render({"items": items}))
