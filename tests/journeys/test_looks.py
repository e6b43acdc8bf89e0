"""Every page of every role's navigation: accessible in both themes and languages, and never wider than a phone."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.journeys.conftest import DESK, LANGUAGES, PHONE, Desks
from tests.journeys.pages import fits

AXE = Axe()
ROLES = ("teller", "lobby", "manager", "senior", "expert", "head", "hq", "admin", "compliance", "auditor")
# Pages that are not in the navigation.
BESIDES = {
    "teller": ("/profile/",),
    "admin": ("/tiers/schemes/new/", "/feeds/upload/", "/feeds/columns/", "/people/new/"),
    "manager": ("/moves/", "/silent/"),
}
# Structure and names do not change with the theme, nor colours with the language.
ALL_RULES = {"resultTypes": ["violations"]}
COLOURS = {**ALL_RULES, "runOnly": {"type": "rule", "values": ["color-contrast"]}}
STRUCTURE = {**ALL_RULES, "rules": {"color-contrast": {"enabled": False}}}
# The sixth row looks like the first, and looking is slow.
FIRST_ROWS = {"exclude": [["tbody tr:nth-child(n+6)"], [".timeline-item:nth-child(n+6)"]]}


def violations(page: Page, options: dict[str, Any]) -> list[str]:
    """What is serious or worse, with the elements meant."""
    found = AXE.run(page, FIRST_ROWS, options).response["violations"]
    return [
        f"{page.url} {rule['id']}: {[node['html'][:120] for node in rule['nodes'][:3]]}"
        for rule in found
        if rule["impact"] in {"serious", "critical"}
    ]


def look(page: Page, language: str) -> list[str]:
    """A page already loaded: at the desk, in both themes, and how wide it is on a phone."""
    expect(page.locator(".skeleton:visible")).to_have_count(0)
    if language == LANGUAGES[0]:
        found = violations(page, ALL_RULES)
        page.emulate_media(color_scheme="dark")
        expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
        found += violations(page, COLOURS)
        page.emulate_media(color_scheme="light")
    else:
        found = violations(page, STRUCTURE)
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    fits(page)
    page.set_viewport_size(DESK)  # type: ignore[arg-type]
    return found


@pytest.mark.parametrize("role", ROLES)
def test_every_page_of_the_role(desks: Desks, role: str):
    found: list[str] = []
    for language in LANGUAGES:
        page = desks.open(role, language)
        places = [item.get_attribute("href") or "" for item in page.locator(".side-nav a").all()]
        for place in (*places, *BESIDES.get(role, ())):
            page.goto(place)
            found += look(page, language)
        page.close()
    assert not found, "\n".join(found)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_customer_page_with_its_tabs(desks: Desks, language: str):
    page = desks.open("manager", language, path="/customers/")
    page.locator("tbody tr td.is-main a").first.click()
    found: list[str] = []
    for tab in ("balances", "profile", "holdings", "tier", "timeline"):
        page.goto(f"{page.url.partition('?')[0]}?tab={tab}")
        found += look(page, language)
    assert not found, "\n".join(found)


@pytest.mark.parametrize("language", LANGUAGES)
def test_pages_without_a_session(desks: Desks, language: str):
    page = desks.nobody()
    page.goto("/accounts/login/")
    page.locator(f"button[value={language}]").click()
    expect(page.locator("html")).to_have_attribute("lang", language)
    found = look(page, language)
    page.goto("/nowhere/")
    found += look(page, language)
    desks.allow(404)
    assert not found, "\n".join(found)


def test_the_keyboard_alone(desks: Desks):
    page = desks.open("manager")
    page.keyboard.press("Tab")
    skip = page.locator(".skip-link")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.keyboard.press("/")
    expect(page.locator("[data-search]").first).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    sheet = page.locator("#shortcuts")
    expect(sheet).to_be_visible()
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    page.goto("/customers/")
    for _step in range(25):
        page.keyboard.press("Tab")
        assert page.evaluate(FOCUS_IS_SEEN), page.evaluate("document.activeElement.outerHTML.slice(0, 200)")


# An outline or a ring of shadow, on the element or on the tile it fills.
FOCUS_IS_SEEN = """() => {
    const rings = (one) => {
        const style = getComputedStyle(one);
        return (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1) || style.boxShadow !== "none";
    };
    const focused = document.activeElement;
    return focused === document.body || rings(focused) || rings(focused.parentElement);
}"""
