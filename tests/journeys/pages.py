"""What several journeys do on a page."""

import re
from collections.abc import Iterator
from decimal import Decimal

from django.utils import translation
from playwright.sync_api import Locator, Page, expect


def word(language: str, text: str) -> str:
    """What a page says for an English text; in English, the text itself."""
    with translation.override(language):
        return translation.gettext(text)


def figure(text: str) -> int:
    """The first whole number in a text: "共 1,204 条" is 1204."""
    found = re.search(r"\d[\d,]*", text)
    return int(found.group().replace(",", "")) if found else 0


def amount(text: str) -> Decimal:
    """An exact amount as it is printed: "+1,234.50"."""
    return Decimal(text.replace(",", "").replace("+", "").strip() or "0")


def settled(page: Page) -> None:
    """What was loaded is in place: keys here come faster than any hand."""
    expect(page.locator(".htmx-added, .htmx-settling, .htmx-request")).to_have_count(0)


def listed(page: Page) -> int:
    """How many rows the list on the page has, by its own count."""
    pager = page.locator(".pager > span").first
    expect(pager.or_(page.locator(".empty").first).first).to_be_visible()
    return figure(pager.inner_text()) if pager.count() else 0


def total(page: Page) -> Decimal:
    """What the list says its rows add up to; else its last column of money, over all pages."""
    said = page.locator(".page-subtitle [data-exact]")
    return amount(said.get_attribute("data-exact") or "") if said.count() else sum(_amounts(page), Decimal(0))


def _amounts(page: Page) -> Iterator[Decimal]:
    while True:
        for row in page.locator("tbody tr").all():
            # The last one is what the list is about: before and now stand left of the movement.
            cell = row.locator("td.is-change, td.is-money, td.is-wan").last
            exact = cell.locator("[data-exact]")
            yield amount(exact.get_attribute("data-exact") or "") if exact.count() else amount(cell.inner_text())
        onward = page.locator("a[rel=next]")
        if not onward.count():
            return
        page.goto(onward.get_attribute("href") or "")


def sideways(page: Page) -> list[str]:
    """What makes the page scroll sideways, if anything does."""
    page.wait_for_load_state("domcontentloaded")
    wide: list[str] = page.evaluate(
        """() => {
            const room = document.documentElement.clientWidth;
            if (document.scrollingElement.scrollWidth <= room) return [];
            return [...document.querySelectorAll("body *")]
                .filter((one) => one.getBoundingClientRect().right > room + 1)
                .map((one) => `${one.tagName}.${one.className}`).slice(0, 8);
        }"""
    )
    return [f"{page.url} scrolls sideways: {wide}"] if wide else []


def opened_tabs(page: Page) -> Iterator[str]:
    """Open every tab of a customer page, one after the other; gives what each is called."""
    tabs = page.get_by_role("tab")
    for place in range(tabs.count()):
        tabs.nth(place).click()
        yield shown_tab(page, tabs.nth(place))


def shown_tab(page: Page, tab: Locator) -> str:
    """Wait until the content of a tab is there."""
    expect(tab).to_have_attribute("aria-selected", "true")
    panel = page.locator("#customer-tab")
    expect(panel.locator(".skeleton")).to_have_count(0)
    expect(panel.locator(":scope > *").first).to_be_attached()
    return tab.inner_text().strip()
