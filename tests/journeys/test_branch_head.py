"""A branch head: every figure leads to the rows behind it, at the desk and on the phone."""

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import LANGUAGES, PHONE, SCREEN_SIZE, Desks, keep_screen
from tests.journeys.pages import amount, figure, listed, opened_tabs, sideways, total, word


def tiles(page: Page) -> list[tuple[str, str, str, str]]:
    """Label, text, exact amount ("" for a count) and address of each tile."""
    page.locator("[data-part=trend] figure.chart").scroll_into_view_if_needed()
    expect(page.locator("[data-part=trend] figure.chart")).to_have_attribute("data-ready", "")
    found = []
    for tile in page.locator(".stat-tile").all():
        link, value = tile.locator(".stat-value a"), tile.locator(".stat-value a > *")
        exact = value.get_attribute("data-exact") or ""
        found.append((tile.locator(".stat-label").inner_text(), value.inner_text(), exact, link.get_attribute("href")))
    return found


def test_every_tile_is_the_rows_behind_it(desks: Desks):
    page = desks.open("head", size=SCREEN_SIZE)
    found = tiles(page)
    keep_screen(page, "head.home.zh")
    assert len(found) == 8
    for label, text, exact, url in found:
        page.goto(url)
        if exact:
            assert total(page) == amount(exact), label
        else:
            assert listed(page) == figure(text), label


def test_the_figures_are_the_same_in_english(desks: Desks):
    chinese = tiles(desks.open("head"))
    page = desks.open("head", "en", size=SCREEN_SIZE)
    english = tiles(page)
    keep_screen(page, "head.home.en")
    assert [tile[2:] for tile in chinese] == [tile[2:] for tile in english]
    assert not {tile[0] for tile in chinese} & {tile[0] for tile in english}


@pytest.mark.parametrize("language", LANGUAGES)
def test_contacts_of_a_colleague_and_customers_of_a_tier(desks: Desks, language: str):
    page = desks.open("head", language)
    card = page.get_by_role("region", name=word(language, "Contacts per colleague, 7 days"))
    busiest = card.locator("tbody tr").first
    wanted = figure(busiest.locator("td.num").first.inner_text())
    busiest.get_by_role("link").first.click()
    assert listed(page) == wanted > 0
    page.goto("/")
    tier = page.locator("section[aria-labelledby=by-tier] tbody tr").nth(1)
    heads = figure(tier.locator("td.num").first.inner_text())
    money = tier.locator("[data-exact]").get_attribute("data-exact") or ""
    tier.locator("td.num a").first.click()
    assert listed(page) == heads > 0
    assert total(page) == amount(money)


def test_reads_the_branch_on_a_phone(desks: Desks):
    page = desks.open("head", size=PHONE)
    keep_screen(page, "head.phone.zh")
    chart = page.locator("[data-part=trend] figure.chart")
    chart.scroll_into_view_if_needed()
    expect(chart).to_have_attribute("data-ready", "")
    assert not sideways(page)
    places = page.locator(".bottom-nav a.bottom-item")
    expect(places).to_have_count(4)
    for place in range(4):
        places.nth(place).click()
        expect(places.nth(place)).to_have_attribute("aria-current", "page")
        assert not sideways(page)
    # Where the others lead is looked at on a phone, too (test_looks).
    page.locator(".bottom-nav details.menu > summary").click()
    expect(page.locator(".bottom-nav .menu-item").first).to_be_visible()
    page.goto("/customers/")
    page.locator("tbody tr td.is-main a").first.click()
    for _tab in opened_tabs(page):
        assert not sideways(page)
