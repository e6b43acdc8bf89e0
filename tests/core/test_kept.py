"""The frame's parts that are rendered once: right for every language and every list of places."""

from django.utils.translation import override

from core.templatetags.kept import kept
from depositcrm.shell import NavItem


def places(active: str) -> list[NavItem]:
    return [NavItem(url.strip("/"), url, "home", url == active, "群") for url in ("/a/", "/b/", "/c/", "/d/", "/e/")]


def test_each_list_of_places_is_its_own():
    first, second = (kept("_shell/_side_items.html", places(url)) for url in ("/a/", "/b/"))
    assert first == kept("_shell/_side_items.html", places("/a/")) != second
    assert first.split('aria-current="page"')[0].count("<a ") == 1
    assert second.split('aria-current="page"')[0].count("<a ") == 2


def test_each_language_has_its_own():
    said = {}
    for language in ("en", "zh-hans"):
        with override(language):
            said[language] = kept("_shell/_bottom_items.html", places("/a/"))
    assert "More" in said["en"]
    assert "更多" in said["zh-hans"]
