"""The policy desk: versions and other tiers are drawn up or asked for by one person, and approved by another."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import LANGUAGES, PHONE, SCREEN_SIZE, Desks, keep_screen
from tests.journeys.pages import figure, settled, sideways, word

DAYS = {"zh-hans": "2026-12-15", "en": "2027-01-15"}
REASONS = {
    "zh-hans": "改按日均定级，给三个月观察期",
    "en": "Averages instead of closing balances, three months of watch",
}


def draft(page: Page, language: str) -> int:
    """Fill the editor in, measure first; how many the preview says would fall."""
    page.locator("select[name=measure]").select_option("best")
    days = page.locator("input[name=trailing_days]")
    expect(days).to_be_hidden()
    page.locator("input[name=best_of][value=adb_month]").check()
    page.locator("input[name=best_of][value=adb_trailing]").check()
    expect(days).to_be_visible()
    days.fill("60")
    page.locator("input[name=watch_periods]").fill("0")
    floor = page.locator("input[name$='-floor']").nth(1)
    floor.fill("120,000")
    floor.press("Tab")
    falls = page.locator("#preview .down").first
    expect(falls).not_to_have_text(re.compile(r"\b0\b"))
    page.locator("input[name=effective_on]").fill(DAYS[language])
    page.locator("textarea[name=note]").fill(REASONS[language])
    return figure(falls.inner_text())


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_version_is_drafted_by_one_and_approved_by_another(desks: Desks, language: str):
    page = desks.open("admin", language, size=SCREEN_SIZE, path="/tiers/schemes/new/")
    assert draft(page, language) > 0
    page.locator("input[name=watch_periods]").fill("3")
    if language == "zh-hans":
        keep_screen(page, "admin.policy.zh")
    page.get_by_role("button", name=word(language, "Save the draft")).click()
    page.get_by_role("button", name=word(language, "Submit for approval")).click()
    version = page.locator(".crumbs [aria-current]").inner_text()
    expect(page.get_by_role("button", name=word(language, "Approve"), exact=True)).to_have_count(0)

    second = desks.open("hq", language, path="/tiers/schemes/")
    waiting = second.locator(".alert.is-warn", has_text=version)
    expect(waiting).to_contain_text(DAYS[language])
    waiting.get_by_role("link").click()
    second.get_by_role("link", name=word(language, "Compare"), exact=True).click()
    expect(second.locator("section[aria-labelledby=changed]")).to_contain_text(REASONS[language])
    expect(second.locator("section[aria-labelledby=changed]")).to_contain_text("120,000.00")
    second.go_back()
    second.get_by_role("button", name=word(language, "Approve"), exact=True).click()
    expect(second.locator(".page-title")).to_contain_text(DAYS[language])
    second.goto("/tiers/schemes/")
    expect(second.locator(".alert.is-info", has_text=version)).to_contain_text(DAYS[language])


def ask_for_the_first_free(page: Page, language: str) -> None:
    """The form for the first customer of the list who has no other tier yet, and for whom none is asked."""
    ask = page.get_by_role("link", name=word(language, "Ask for another tier"))
    for customer in [link.get_attribute("href") for link in page.locator("tbody tr td.is-main a").all()]:
        page.goto(f"{customer}?tab=tier")
        expect(page.locator(".tab-panel .skeleton")).to_have_count(0)
        settled(page)
        if ask.count():
            break
    ask.click()


@pytest.mark.parametrize("language", LANGUAGES)
def test_another_tier_is_asked_for_by_one_and_given_by_another(desks: Desks, language: str):
    reason = f"{language} 资金在途，月底到账"
    page = desks.open("manager", language, path="/customers/?tier=2")
    ask_for_the_first_free(page, language)
    page.locator("select[name=letter]").select_option("A")
    page.locator("textarea[name=reason]").fill(reason)
    page.get_by_role("button", name=word(language, "Ask for approval")).click()
    expect(page.locator("main")).to_contain_text(reason)
    expect(page.get_by_role("button", name=word(language, "Take back"))).to_be_visible()
    expect(page.get_by_role("button", name=word(language, "Approve"), exact=True)).to_have_count(0)

    second = desks.open("head", language, path="/tiers/overrides/?stage=waiting", size=PHONE)
    assert sideways(second) == []
    second.locator("tbody tr", has_text=reason).locator("td.is-main a").click()
    assert sideways(second) == []
    second.get_by_role("button", name=word(language, "Approve"), exact=True).click()
    expect(second.get_by_role("button", name=word(language, "End the override"))).to_be_visible()
    second.goto("/tiers/overrides/?stage=waiting")
    expect(second.locator("tbody tr", has_text=reason)).to_have_count(0)
