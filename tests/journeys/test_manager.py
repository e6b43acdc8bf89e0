"""A relationship manager's morning: the book, who moved, what matures, one customer, one contact."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import LANGUAGES, SCREEN_SIZE, Desks, keep_screen
from tests.journeys.pages import figure, listed, opened_tabs, shown_tab, word


def open_first_customer(page: Page) -> None:
    page.locator("tbody tr td.is-main a").first.click()
    expect(page.get_by_role("tablist")).to_be_visible()


@pytest.mark.parametrize("language", LANGUAGES)
def test_walks_from_the_board_to_a_customer(desks: Desks, language: str):
    page = desks.open("manager", language)
    expect(page.get_by_role("heading", level=1)).to_have_text(word(language, "My customers"))
    if language == "zh-hans":
        page.set_viewport_size(SCREEN_SIZE)  # type: ignore[arg-type]
        keep_screen(page, "manager.home.zh")
    chart = page.locator("[data-part=trend] figure.chart")
    chart.scroll_into_view_if_needed()
    expect(chart).to_have_attribute("data-ready", "")
    book = page.locator(".stat-tile").nth(1)
    wanted = figure(book.locator(".stat-value").inner_text())
    book.get_by_role("link").click()
    assert listed(page) == wanted > 0
    page.goto("/")
    page.get_by_role("link", name=word(language, "All movers"), exact=True).first.click()
    expect(page).to_have_url(re.compile("/tiers/movers/"))
    assert listed(page) > 0
    page.goto("/")
    page.get_by_role("link", name=word(language, "All maturities"), exact=True).click()
    expect(page).to_have_url(re.compile("/maturities/"))
    assert listed(page) > 0
    open_first_customer(page)


@pytest.mark.parametrize("language", LANGUAGES)
def test_opens_every_tab_by_click_and_by_arrow_key(desks: Desks, language: str):
    page = desks.open("manager", language, path="/customers/")
    open_first_customer(page)
    clicked = list(opened_tabs(page))
    assert len(clicked) == len(set(clicked)) == 12
    tabs = page.get_by_role("tab")
    for place in range(len(clicked)):
        page.keyboard.press("ArrowRight")
        expect(tabs.nth(place)).to_be_focused()
        assert shown_tab(page, tabs.nth(place)) == clicked[place]
    tabs.filter(has_text=word(language, "Balances")).click()
    chart = page.locator("#customer-tab figure.chart")
    expect(chart).to_have_attribute("data-ready", "")
    twin = chart.locator(".chart-table")
    expect(twin).to_be_hidden()
    chart.locator(".chart-toggle").click()
    expect(twin.locator("tbody tr").first).to_be_visible()


def test_pictures_of_a_customer(desks: Desks):
    page = desks.open("manager", size=SCREEN_SIZE, path="/moves/")
    open_first_customer(page)
    page.get_by_role("tab", name=word("zh-hans", "Balances")).click()
    expect(page.locator("#customer-tab figure.chart")).to_have_attribute("data-ready", "")
    keep_screen(page, "customer.zh")
    page.emulate_media(color_scheme="dark")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    keep_screen(page, "customer.dark.zh")


@pytest.mark.parametrize("language", LANGUAGES)
def test_logs_a_contact_that_stands_in_the_timeline(desks: Desks, language: str):
    page = desks.open("manager", language, path="/customers/")
    note = f"journey {language}"
    open_first_customer(page)
    page.get_by_role("tab", name=word(language, "Timeline")).click()
    expect(page.locator("#timeline")).to_be_visible()
    page.keyboard.press("Alt+n")
    dialog = page.get_by_role("dialog", name=word(language, "Log a contact"))
    expect(dialog.locator("select[name=channel]")).to_be_visible()
    dialog.locator("select[name=topic]").select_option("rate")
    dialog.locator("select[name=outcome]").select_option("interested")
    dialog.locator("textarea[name=note]").fill(note)
    page.keyboard.press("Control+Enter")
    expect(dialog.get_by_role("status")).to_contain_text(word(language, "The contact was written down."))
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page.locator(".timeline-item").first).to_contain_text(note)


def test_a_phone_number_is_shown_for_a_reason_that_is_kept(desks: Desks):
    page = desks.open("manager", path="/customers/")
    number = page.locator("tbody tr .cell-hint").first.inner_text()
    page.goto(f"/customers/{number}/?tab=profile")
    phone = page.locator("#secret-phone")
    expect(phone).to_contain_text("****")
    phone.get_by_role("button").click()
    send = phone.locator("button[type=submit]")
    send.click()
    expect(phone.locator("b.num")).to_have_count(0)  # no reason, no number
    phone.locator("select").select_option("contact")
    send.click()
    expect(phone.locator("b.num")).to_have_text(re.compile(r"^1\d{10}$"))
    shown = phone.locator("b.num").inner_text()
    trail = desks.open("auditor", path=f"/trail/?action=reveal&number={number}")
    entry = trail.locator("tbody tr").first
    expect(entry).to_contain_text("001M00")
    expect(entry).to_contain_text(word("zh-hans", "Contact the customer"))
    assert shown not in trail.content()
