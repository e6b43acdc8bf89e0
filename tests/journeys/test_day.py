"""A day in the life of a teller and of the manager the teller sends somebody to."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import LANGUAGES, PHONE, SCREEN_SIZE, Desks, keep_screen
from tests.journeys.pages import listed, sideways, word

CUSTOMERS = {"zh-hans": 20, "en": 21}  # nobody has sent them on in the demo


def sent_on(page: Page, language: str, number: str, note: str) -> None:
    """By keys alone: found at the counter, sent to their manager with a word."""
    expect(page.locator("#counter-q")).to_be_focused()
    page.keyboard.type(number)
    expect(page.locator("[role=option]", has_text=number)).to_be_visible()
    page.keyboard.press("Enter")
    card = page.locator("[data-counter-card]")
    expect(card).to_contain_text(number)
    expect(card.locator("[data-card=tell]")).to_be_visible()
    expect(card.locator("[data-counter-choice] input").first).to_be_focused()
    page.keyboard.press("r")
    form = page.locator(f"[data-counter-card][aria-label='{word(language, 'Send to a manager')}'] form")
    expect(form.locator("[data-counter-choice] input").first).to_be_focused()
    page.keyboard.press("1")
    form.locator("[name=note]").fill(note)
    page.keyboard.press("Enter")
    expect(page.locator("[data-counter-done][role=status]")).to_be_visible()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_teller_sends_somebody_on_and_hears_of_it(desks: Desks, language: str):
    note = f"{language} 想了解大额存单"
    book = desks.open("manager", language, path="/customers/")
    number = book.locator("tbody tr td.is-main .cell-hint").nth(CUSTOMERS[language]).inner_text().split()[0]

    teller = desks.open("teller", language)
    sent_on(teller, language, number, note)

    # The manager hears of it by the bell, takes it, talks, and says what came of it.
    manager = desks.open("manager", language, path="/referrals/")
    manager.locator("tbody tr", has_text=number).first.locator("td.is-main a").click()
    expect(manager.locator("main")).to_contain_text(note)
    manager.get_by_role("button", name=word(language, "Take it")).click()
    expect(manager.get_by_role("button", name=word(language, "Take it"))).to_have_count(0)
    here = manager.url

    teller.goto(here)
    expect(teller.locator("main")).to_contain_text(word(language, "Taken"))
    teller.set_viewport_size(PHONE)
    assert sideways(teller) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_managers_day(desks: Desks, language: str):
    page = desks.open("manager", language, path="/today/", size=SCREEN_SIZE)
    entries = page.locator("[data-day-entry]")
    expect(entries.first).to_be_visible()
    if language == "zh-hans":
        keep_screen(page, "manager.today.zh")
    first = entries.first.locator("h2").inner_text()
    second = entries.nth(1).locator("h2").inner_text()

    # Done by one key: the next comes by itself; Undo brings it back.
    page.keyboard.press("j")
    page.keyboard.press("k")
    page.keyboard.press("d")
    expect(entries.first.locator("h2")).to_have_text(second)
    page.get_by_role("button", name=word(language, "Undo")).click()
    expect(entries.first.locator("h2")).to_have_text(first)
    page.keyboard.press("j")
    page.keyboard.press("k")
    page.keyboard.press("s")
    page.keyboard.press("4")
    expect(entries.first.locator("h2")).not_to_have_text(first)

    # Something to do for the next customer, written down on their page and done from the list.
    title = f"{language} 送产品资料"
    page.goto(entries.first.locator("h2 a").get_attribute("href") or "")
    number = page.url.rstrip("/").rsplit("/", 1)[-1]
    page.goto(f"/follow-ups/new/{number}/")
    page.locator("[name=title]").fill(title)
    page.get_by_role("button", name=word(language, "Write it down")).click()
    page.wait_for_url(f"**/customers/{number}/**")
    page.goto("/follow-ups/")
    row = page.locator("tbody tr", has_text=title)
    expect(row).to_have_count(1)

    # The desk of what matures: the ladder, and the deposits behind it.
    page.goto("/maturity-desk/")
    expect(page.get_by_role("region", name=word(language, "Day by day")).locator("tbody a").first).to_be_visible()
    page.goto("/maturity-desk/ahead/")
    assert listed(page) > 0

    # The month at a glance, and all of it on a phone.
    page.goto("/agenda/")
    expect(page.locator("main")).to_contain_text(re.compile(r"20\d\d"))
    page.set_viewport_size(PHONE)
    for path in ("/today/", "/agenda/", "/maturity-desk/", "/follow-ups/", "/calculator/"):
        page.goto(path)
        assert sideways(page) == []
