"""The frame's parts that are rendered once: right for every language and every list of places."""

import re
from itertools import groupby

import pytest
from django.urls import reverse
from django.utils.translation import override

from core.templatetags.kept import kept
from depositcrm.shell import FEW, NavItem, _places
from staff.enums import Role


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


@pytest.mark.parametrize("role", Role)
def test_the_places_of_a_role_are_few_groups_of_few(role: Role):
    items = list(_places(role, reverse("staff:training")))
    groups = [(fold, len(list(found))) for fold, found in groupby(items, lambda item: item.fold)]
    # Each group stands once, the work of a day first.
    assert len(dict(groups)) == len(groups) <= 8
    assert groups[0][0] == ""
    assert max(count for _fold, count in groups) <= 9
    assert all(count > 1 for fold, count in groups if fold)
    here = next(item for item in items if item.active)
    opened = {item.fold for item in items if item.fold and item.unfolded}
    assert opened == ({fold for fold, _count in groups if fold} if len(items) <= FEW else {here.fold})


def test_the_group_of_the_page_stands_open():
    items = list(_places(Role.BRANCH_HEAD, reverse("insights:targets")))
    for name in ("_shell/_side_items.html", "_shell/_bottom_items.html"):
        page = kept(name, items)
        folds = re.findall(r'data-fold="(\w+)"( open)?', page)
        assert [fold for fold, is_open in folds if is_open] == ["team"]
        assert len(folds) == len(dict(folds)) == 7
        assert len(re.findall(r"<a ", page)) == len(items)
