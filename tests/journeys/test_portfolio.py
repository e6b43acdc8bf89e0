"""Customers change hands: a manager asks, the head approves, the new manager has them; the head takes it back."""

from decimal import Decimal

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import LANGUAGES, SCREEN_SIZE, WORK_MS, Desks, keep_screen
from tests.journeys.pages import amount, word

TO = "001M01"  # the senior manager's staff number
CHOSEN = 3


def tick_some(page: Page, language: str) -> tuple[list[str], Decimal]:
    """Tick three customers of one's own book that no other hand-over has; gives their numbers and what they hold."""
    rows = page.locator("tbody tr")
    # The demo's hand-over that waits for the head has the lowest numbers.
    order = sorted(rows.all(), key=lambda row: row.locator(".cell-hint").inner_text(), reverse=True)
    start = CHOSEN * LANGUAGES.index(language)
    numbers, total = [], Decimal(0)
    for row in order[start : start + CHOSEN]:
        row.locator("input[name=selected]").check()
        numbers.append(row.locator(".cell-hint").inner_text())
        total += amount(row.locator("[data-exact]").first.get_attribute("data-exact") or "")
    return numbers, total


@pytest.mark.usefixtures("workers")
@pytest.mark.parametrize("language", LANGUAGES[:1])
def test_customers_are_handed_over_and_taken_back(desks: Desks, language: str):
    page = desks.open("manager", language, size=SCREEN_SIZE, path="/customers/?manager=001M00")
    numbers, total = tick_some(page, language)
    page.locator(".bulk-bar").get_by_role("button", name=word(language, "Hand over")).click()
    page.locator("select[name=to_manager]").select_option(TO)
    page.locator("textarea[name=reason]").fill("客户经理轮岗，就近服务")
    page.get_by_role("button", name=word(language, "See the preview")).click()
    tiles = page.locator(".stat-tile .stat-value")
    asked = word(language, "%(moving)s of %(asked)s") % {"moving": CHOSEN, "asked": CHOSEN}
    expect(tiles.first).to_have_text(asked)
    assert amount(tiles.nth(1).locator("[data-exact]").get_attribute("data-exact") or "") == total
    if language == "zh-hans":
        keep_screen(page, "handover.preview.zh")
    page.get_by_role("button", name=word(language, "Ask the head to approve")).click()
    expect(page.locator("#decision")).to_contain_text(word(language, "Waiting for the head of the unit"))

    head = desks.open("head", language, path=page.url)
    head.get_by_role("button", name=word(language, "Approve"), exact=True).click()
    state = head.locator(".page-title .badge")
    expect(state).to_have_class("badge is-good", timeout=WORK_MS)
    answers = {person: desks.open(person, language) for person in ("manager", "senior")}
    for number in numbers:
        assert status(answers["senior"], number) == 200
        assert status(answers["manager"], number) == 404

    head.get_by_role("button", name=word(language, "Take back")).click()
    head.get_by_role("dialog").get_by_role("button", name=word(language, "Take back")).click()
    expect(state).to_have_text(word(language, "Taken back"), timeout=WORK_MS)
    for number in numbers:
        assert status(answers["manager"], number) == 200


def status(page: Page, number: str) -> int:
    """How the customer's page answers this person."""
    return page.request.get(f"/customers/{number}/").status
