"""Every page of every role's navigation: accessible in both themes and languages, and never wider than a phone."""

from collections.abc import Sequence
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.journeys.bank import TWIN_NUMBERS as TWINS
from tests.journeys.conftest import DESK, LANGUAGES, PHONE, Desks
from tests.journeys.pages import sideways

AXE = Axe().axe_script
ROLES = ("teller", "lobby", "manager", "senior", "expert", "head", "hq", "admin", "compliance", "auditor")
# Who works on the same pages as another, and sees them the same.
LIKE = {"lobby": "teller", "senior": "manager", "expert": "manager", "hq": "head", "compliance": "head"}
# Pages that are not in the navigation.
BESIDES = {
    "teller": ("/profile/", "/complaints/new/", "/complaints/board/"),
    "lobby": ("/customers/new/", "/customers/new/?kind=organisation", "/prospects/new/"),
    "admin": ("/tiers/schemes/new/", "/feeds/upload/", "/feeds/columns/", "/people/new/", "/rules/quality/"),
    "manager": ("/moves/", "/silent/", "/customers/export/", "/handovers/new/"),
    "head": ("/handovers/new/", "/merges/new/", f"/merges/new/?a={TWINS[0]}&b={TWINS[1]}", "/exports/waiting/"),
    "compliance": ("/wordings/new/",),
}
WCAG = {
    "resultTypes": ["violations"],
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]},
}
SPOILED = {
    "resultTypes": ["violations"],
    "runOnly": {
        "type": "rule",
        "values": ["color-contrast", "target-size", "scrollable-region-focusable", "valid-lang"],
    },
}
# The fourth row looks like the first, the frame is the same around every page, and looking is slow, even at what is
# there and left out: it is emptied before, and keeps its place.
LATER_ROWS = "tbody tr:nth-child(n+4), .timeline-item:nth-child(n+4)"
FRAME = ".sidebar, .topbar, .bottom-nav"


# Only what is serious or worse leaves the page: carrying the whole answer out takes as long as finding it.
AUDIT = """async ([known, options]) => {
    document.querySelectorAll(known).forEach((one) => one.replaceChildren());
    const found = await axe.run(options);
    const serious = found.violations.filter((rule) => ["serious", "critical"].includes(rule.impact));
    return serious.map((rule) => [rule.id, rule.nodes.slice(0, 3).map((node) => node.html.slice(0, 120))]);
}"""


def violations(page: Page, *, framed: bool = True, rules: dict[str, Any] | None = None) -> list[str]:
    """What is serious or worse, with the elements meant; of the frame too unless told not to. Last act on a page."""
    page.evaluate(AXE)
    known = LATER_ROWS if framed else f"{LATER_ROWS}, {FRAME}"
    found = page.evaluate(AUDIT, [known, rules or WCAG])
    return [f"{page.url} {rule}: {elements}" for rule, elements in found]


def settled(page: Page) -> None:
    """Nothing on the page is still on its way."""
    expect(page.locator(".skeleton:visible")).to_have_count(0)


# Names do not change with the theme, nor colours with the language: two looks see all of both. The dark one on a phone
# and in English, whose words are the longer ones and break less; it looks for what theme and size can spoil.
LOOKS = tuple(zip(LANGUAGES, ("light", "dark"), (DESK, PHONE), strict=True))
# Pages these two share are looked at on the one's desk and on the other's phone.
SHARED = {"head": LOOKS[:1], "manager": LOOKS[1:]}


def looks(desks: Desks, person: str, places: Sequence[str], wanted: Sequence[Any] = LOOKS) -> list[str]:
    """Faults of pages."""
    found: list[str] = []
    for language, theme, size in wanted if places else ():
        page = desks.open(person, language, theme=theme)
        expect(page.locator("html")).to_have_attribute("data-bs-theme", theme)
        page.set_viewport_size(size)
        for place in places:
            page.goto(place)
            settled(page)
            if size == PHONE:
                found += sideways(page)
            found += violations(page, framed=place == places[0], rules=SPOILED if size == PHONE else WCAG)
    return found


def navigation(desks: Desks, role: str) -> list[str]:
    """The addresses a role can go to from any page."""
    links = desks.open(role).locator(".side-nav a").all()
    return [link.get_attribute("href") or "" for link in links]


@pytest.mark.parametrize("role", ROLES)
def test_every_page_of_the_role(desks: Desks, role: str):
    alike = navigation(desks, LIKE[role]) if role in LIKE else []
    places = [place for place in navigation(desks, role) if place not in alike or place == "/"]
    other = set(navigation(desks, "head" if role == "manager" else "manager")) - {"/"} if role in SHARED else set()
    found = looks(desks, role, [*(one for one in places if one not in other), *BESIDES.get(role, ())])
    found += looks(desks, role, [one for one in places if one in other], SHARED.get(role, ()))
    assert not found, "\n".join(found)


def test_a_case_with_its_parts(desks: Desks):
    page = desks.open("head", path="/complaints/")
    case = page.locator("tbody tr td.is-main a").first.get_attribute("href")
    found = looks(desks, "head", [f"{case}", "/complaints/board/", "/complaints/statistics/"])
    assert not found, "\n".join(found)


def test_a_customer_page_with_its_tabs(desks: Desks):
    page = desks.open("manager", path="/customers/")
    customer = page.locator("tbody tr td.is-main a").first.get_attribute("href")
    tabs = ("balances", "profile", "holdings", "tier", "lifecycle", "timeline", "consents", "promises", "history")
    pages = [*(f"{customer}?tab={tab}" for tab in tabs), f"{customer}edit/", f"{customer}team/"]
    found = looks(desks, "manager", pages)
    assert not found, "\n".join(found)


def test_the_pages_behind_a_list(desks: Desks):
    places = []
    for path, link in (("/kyc/", "td.is-main a"), ("/handovers/", "td.is-main a"), ("/prospects/", "td.is-main a")):
        page = desks.open("manager", path=path)
        places.append(page.locator(f"tbody tr {link}").first.get_attribute("href") or "")
        page.close()
    found = looks(desks, "manager", places)
    assert not found, "\n".join(found)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pages_without_a_session(desks: Desks, theme: str):
    found: list[str] = []
    for language in LANGUAGES:
        page, phone = desks.nobody(theme=theme), desks.nobody(PHONE, theme)
        for one in (page, phone):
            one.goto("/accounts/login/")
            one.locator(f"button[value={language}]").click()
            expect(one.locator("html")).to_have_attribute("lang", language)
        found += sideways(phone) + violations(page)
        page.goto("/nowhere/")
        found += violations(page)
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
    expect(page.locator("[data-palette-input]")).to_be_focused()
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
