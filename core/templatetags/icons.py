"""Icons and badges on pages. A page has hundreds of them: what can be said before is said once."""

from functools import lru_cache

from django import template
from django.contrib.staticfiles.storage import staticfiles_storage
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()
KEPT = 1024


@register.simple_tag
def icon_sheet() -> str:
    """The address of the sheet all icons are on."""
    return _sheet(id(staticfiles_storage))


@register.simple_tag
def icon(name: str, size: str = "", label: str = "") -> SafeString:
    """An icon of the sheet: {% icon "check" "sm" %}; with a label it is spoken, without one it is decoration."""
    return _icon(name, size, str(label), icon_sheet())


@register.simple_tag
def badge(text: str, tone: str = "", icon: str = "") -> SafeString:
    """A short word in a frame: {% badge text "warn" "alert-triangle" %}; components/badge.html tells the tones."""
    cls = f"badge is-{tone}" if tone else "badge"
    return format_html('<span class="{}">{}{}</span>', cls, _icon(icon, "", "", icon_sheet()) if icon else "", text)


@lru_cache(maxsize=4)
def _sheet(_storage: int) -> str:
    return str(staticfiles_storage.url("vendor/icons.svg"))


@lru_cache(maxsize=KEPT)
def _icon(name: str, size: str, label: str, sheet: str) -> SafeString:
    said = format_html('role="img" aria-label="{}"', label) if label else SafeString('aria-hidden="true"')
    cls = f"icon icon-{size}" if size else "icon"
    return format_html('<svg class="{}"\n     {}><use href="{}#{}"></use></svg>', cls, said, sheet, name)
