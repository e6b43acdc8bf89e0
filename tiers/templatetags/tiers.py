from typing import Any

from django import template
from django.utils.translation import get_language

from core.clock import today
from tiers.queries import bands_for_display

register = template.Library()


@register.inclusion_tag("components/tier_badge.html")
def tier_badge(rank: int | None, size: str = "", url: str = "") -> dict[str, Any]:
    """The badge of a tier as it is called now: {% tier_badge customer.position.tier size="sm" %}."""
    return {"rank": rank, "name": tier_name(rank), "size": size, "url": url}


@register.simple_tag
def tier_name(rank: int | None) -> str:
    """The name of a tier in the language in use; empty where there is no such tier."""
    language = get_language() or "zh-hans"
    return next((band.name(language) for band in bands_for_display(today()) if band.rank == rank), "")
