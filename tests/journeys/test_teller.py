"""A teller at the counter: finds the customer, logs the contact, takes it back; sees no amount anywhere."""

import re
import time

import pytest
from playwright.sync_api import Locator, Page, expect

from core.pinyin import reading
from tests.journeys.conftest import LANGUAGES, Desks, keep_screen
from tests.journeys.pages import opened_tabs, word

MOST_KEYS, MOST_SECONDS = 6, 15
AMOUNT = re.compile(r"\d[\d,]{2,}\.\d{2}\b|\d(?:\.\d)?\s?[万亿]|\d(?:\.\d)?[KM]\b|data-exact|class=\"[^\"]*\bmoney\b")

# One-time keys and places in a list: letters and digits at random.
TOKEN = re.compile(r"\w{32,}|cursor=[^\"]+")


class Keyboard:
    """A person without a mouse; counts what they press."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.pressed = 0

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)
            self.pressed += 1


def hits(page: Page) -> Locator:
    return page.get_by_role("option")


def search(page: Page, text: str) -> None:
    """Type into the box that has the focus by itself."""
    box = page.locator("#counter-q")
    expect(box).to_be_focused()
    box.fill("")
    page.keyboard.type(text)


@pytest.fixture
def someone(desks: Desks) -> tuple[str, str, str]:
    """Name, number and masked phone of a customer of the teller's branch."""
    page = desks.open("teller", path="/customers/")
    row = page.locator("tbody tr").nth(3)
    name = row.locator("td.is-main a").inner_text()
    number = row.locator("td.is-main .cell-hint").inner_text()
    phone = row.get_by_text(re.compile(r"\d{3}\*{4}\d{4}")).inner_text().strip()
    page.close()
    return name, number, phone


@pytest.mark.parametrize("language", LANGUAGES)
def test_logs_a_contact_without_a_mouse(desks: Desks, someone: tuple[str, str, str], language: str):
    name, number, phone = someone
    page = desks.open("teller", language)
    expect(page.get_by_role("heading", level=1)).to_have_text(word(language, "Counter"))
    keys = Keyboard(page)
    began = time.monotonic()
    search(page, phone[-4:])
    keys.press("Enter")
    expect(page.locator("[data-counter-card]")).to_contain_text(number)
    expect(page.locator("[data-counter-choice]").first.locator("input").first).to_be_focused()
    save = page.locator("[data-counter-log] button[type=submit]")
    expect(save).to_be_in_viewport(ratio=1)
    assert page.evaluate("document.scrollingElement.scrollHeight <= innerHeight"), "the counter needs scrolling"
    if language == "zh-hans":
        keep_screen(page, "teller.counter.zh")
    keys.press("1", "1", "Enter")
    done = page.locator("[data-counter-done][role=status]")
    expect(done).to_contain_text(name)
    seconds = time.monotonic() - began
    assert keys.pressed <= MOST_KEYS
    assert seconds <= MOST_SECONDS, f"{seconds:.1f} s"
    expect(page.locator("#counter-q")).to_be_focused()
    undo = page.get_by_role("button", name=word(language, "Undo"))
    expect(undo).to_be_visible()
    page.keyboard.press("Alt+z")
    expect(done).to_have_count(0)
    expect(page.locator("#counter-q")).to_be_focused()


def test_finds_by_name_pinyin_number_and_identity(desks: Desks, someone: tuple[str, str, str]):
    name, number, _phone = someone
    identity = reveal_identity(desks, number)
    page = desks.open("teller")
    found = page.locator("[role=option]", has_text=number)
    for text in (name[-2:], reading(name).full.replace(" ", ""), number, identity):
        search(page, text)
        expect(found).to_be_visible()
        page.keyboard.press("Escape")
    search(page, "查无此人")
    expect(page.locator("#counter-panel")).to_contain_text(
        word("zh-hans", "Nobody found among your branch's customers")
    )
    search(page, number)
    expect(found).to_be_visible()
    expect(page.locator("#counter-q")).to_have_attribute("aria-activedescendant", "counter-hit-1")
    assert not [url for url in desks.addresses if identity in url]


def reveal_identity(desks: Desks, number: str) -> str:
    """The whole identity number, as a teller may see it with a reason."""
    page = desks.open("teller", path=f"/customers/{number}/")
    secret = page.locator("#secret-id_no")
    secret.get_by_role("button").click()
    secret.locator("select").select_option("verify")
    secret.locator("button[type=submit]").click()
    shown = secret.locator("b.num")
    expect(shown).to_have_text(re.compile(r"^\w{8,}$"))
    return shown.inner_text()


@pytest.mark.parametrize("language", LANGUAGES)
def test_sees_no_amount(desks: Desks, someone: tuple[str, str, str], language: str):
    _name, number, _phone = someone
    page = desks.open("teller", language)

    def check() -> None:
        html = TOKEN.sub("", page.content())
        found = AMOUNT.search(html)
        assert not found, f"{page.url}: {html[found.start() - 80 : found.end() + 20]}"

    for path in ("/counter/", f"/counter/card/{number}/", "/customers/", "/contacts/", "/tiers/movers/"):
        page.goto(path)
        check()
    page.goto(f"/customers/{number}/")
    for _tab in opened_tabs(page):
        check()


def test_a_phone_number_in_the_search_box_has_no_address(desks: Desks):
    page = desks.open("teller", path="/customers/")
    for typed in ("13800138000", "11010519491231002X"):
        page.keyboard.press("/")
        expect(page.locator("[data-palette-input]")).to_be_focused()
        page.keyboard.type(typed)
        page.keyboard.press("Enter")
        expect(page.locator(".empty")).to_be_visible()
        page.wait_for_load_state()  # the next key is lost before it
        assert typed not in page.url
        assert not [url for url in desks.addresses if typed in url]
