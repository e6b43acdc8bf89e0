"""Whoever looks after the records: findings settled, the question at the counter, two records made one."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.bank import TWIN_NUMBERS
from tests.journeys.conftest import LANGUAGES, SCREEN_SIZE, WORK_MS, Desks, keep_screen
from tests.journeys.pages import figure, word


def first_finding(page: Page, kind: str) -> tuple[str, int]:
    """Go to the findings of a kind: the first one's row, and how many there are."""
    page.goto(f"/quality/?kind={kind}")
    row = page.locator("tr[id^=finding-]").first
    return row.get_attribute("id") or "", figure(page.locator(".page-title .count").inner_text())


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_value_is_confirmed_by_calling_back(desks: Desks, language: str):
    page = desks.open("lobby", language, path="/quality/", size=SCREEN_SIZE)
    if language == "zh-hans":
        expect(page.locator("section[aria-labelledby=completeness-title] tbody tr").first).to_be_visible()
        keep_screen(page, "quality.zh")
    finding, count = first_finding(page, "stale_phone")
    page.locator(f"#{finding}").get_by_role("button", name=word(language, "Confirmed by call-back")).click()
    expect(page.locator(f"#{finding}")).to_contain_text(word(language, "Confirmed by call-back today."))
    _finding, left = first_finding(page, "stale_phone")
    assert left == count - 1
    expect(page.locator(f"#{finding}")).to_have_count(0)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_finding_is_dismissed_for_a_reason(desks: Desks, language: str):
    page = desks.open("lobby", language)
    finding, _count = first_finding(page, "stale_address")
    row = page.locator(f"#{finding}")
    dismiss = word(language, "Set aside")
    row.get_by_role("link", name=dismiss).click()
    expect(row.locator("input[name=reason]")).to_be_focused()
    row.get_by_role("button", name=dismiss).click()
    expect(row.get_by_role("button", name=dismiss)).to_be_visible()  # no reason, no dismissal
    row.locator("input[name=reason]").fill("journey: 刚核对过")
    page.keyboard.press("Enter")
    expect(row).to_contain_text(word(language, "Dismissed."))
    first_finding(page, "stale_address")
    expect(row).to_have_count(0)


@pytest.mark.parametrize("language", LANGUAGES)
def test_one_key_answers_the_question_at_the_counter(desks: Desks, language: str):
    number = TWIN_NUMBERS[LANGUAGES.index(language)]
    page = desks.open("teller", language, path=f"/counter/card/{number}/")
    question = page.locator("[data-ask]")
    expect(question).to_contain_text(word(language, "What is the customer's occupation?"))
    page.wait_for_load_state("networkidle")  # other parts of the card take the focus as they come
    page.keyboard.press("Alt+q")
    expect(question.locator("[data-ask-first]")).to_be_focused()
    page.keyboard.press("3")
    expect(question.get_by_role("status")).to_have_text(word(language, "Noted, thank you."))
    expect(page.locator("[data-counter-choice] input").first).to_be_focused()


@pytest.mark.usefixtures("workers")
@pytest.mark.parametrize("language", LANGUAGES)
def test_two_records_of_one_customer_become_one(desks: Desks, language: str):
    page = desks.open("head", language, size=SCREEN_SIZE, path="/quality/?kind=duplicate_identity")
    found = page.locator("tr[id^=finding-]", has_text=TWIN_NUMBERS[0])
    found.get_by_role("link", name=word(language, "Compare")).click()
    page.locator("input[name=keep][value=a]").check()
    if language == "zh-hans":
        keep_screen(page, "merge.zh")
    page.locator("textarea[name=reason]").fill("journey: 柜面重复开户，已核对证件")
    page.get_by_role("button", name=word(language, "Merge the two records")).click()
    undo = page.get_by_role("button", name=word(language, "Undo the merge"))
    expect(undo.first).to_be_visible(timeout=WORK_MS)
    merged = page.url
    page.goto(f"/customers/{TWIN_NUMBERS[1]}/")
    expect(page).to_have_url(re.compile(f"/customers/{TWIN_NUMBERS[0]}/"))
    expect(page.locator(".page-subtitle").first).to_contain_text(TWIN_NUMBERS[0])
    page.goto(merged)
    undo.first.click()
    page.get_by_role("dialog").get_by_role("button", name=word(language, "Undo the merge")).click()
    expect(page.locator(".page-title .badge")).to_have_text(word(language, "Taken apart again"), timeout=WORK_MS)
    page.goto(f"/customers/{TWIN_NUMBERS[1]}/")
    expect(page.locator(".page-subtitle").first).to_contain_text(TWIN_NUMBERS[1])
