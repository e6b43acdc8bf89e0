"""What the policy desk works with: simulator and back-test, the catalogue, migration and the way to the next tier."""

import re

import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import LANGUAGES, PHONE, WORK_MS, Desks
from tests.journeys.pages import figure, listed, sideways, word

DAYS = {"zh-hans": "2026-12-20", "en": "2027-01-20"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_another_rule_is_tried_on_today_and_on_the_past(desks: Desks, workers: None, language: str):
    page = desks.open("admin", language, path="/tiers/simulator/")
    answer = page.locator("#simulator-answer")
    before = answer.inner_text()
    floor = page.locator("input[name=floor]:not([type=hidden])").first
    floor.fill("80,000")
    floor.press("Tab")
    expect(answer).not_to_have_text(before)
    page.get_by_role("link", name=word(language, "Try it on the last 12 months")).click()
    page.get_by_role("button", name=word(language, "Start"), exact=True).click()
    sides = page.locator("section[aria-labelledby=sides-title]")
    expect(sides).to_be_visible(timeout=WORK_MS)
    expect(sides.locator("tbody tr")).not_to_have_count(0)
    page.set_viewport_size(PHONE)
    assert sideways(page) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_a_tier_brings_is_drafted_by_one_and_approved_by_another(desks: Desks, language: str):
    page = desks.open("admin", language, path="/tiers/entitlements/")
    page.get_by_role("link", name=word(language, "New version")).click()
    line = page.locator("details.line-editor").first
    line.locator("summary").click()
    line.locator("input[name$=quota]").fill("7")
    page.locator("input[name=effective_on]").fill(DAYS[language])
    page.locator("[name=note]").fill(f"{language} 7")
    page.get_by_role("button", name=word(language, "Save the draft")).click()
    page.get_by_role("button", name=word(language, "Submit for approval")).click()
    expect(page.get_by_role("button", name=word(language, "Approve"), exact=True)).to_have_count(0)

    second = desks.open("hq", language, path=page.url)
    approve = second.get_by_role("button", name=word(language, "Approve"), exact=True)
    waiting = approve.count()
    approve.first.click()
    expect(approve).to_have_count(waiting - 1)
    expect(second.locator("main")).to_contain_text(f"{language} 7")


@pytest.mark.parametrize("language", LANGUAGES)
def test_where_customers_went_and_how_far_they_are_from_the_next_tier(desks: Desks, language: str):
    page = desks.open("head", language, path="/tiers/flows/")
    cell = page.locator(".flow-cell a").first
    heads = figure(cell.locator(".flow-heads").inner_text().rsplit(":", 1)[-1])
    cell.click()
    assert listed(page) == heads

    page = desks.open("manager", language, path="/customers/?near=up")
    page.locator("tbody tr td.is-main a").first.click()
    page.goto(page.url.split("?")[0] + "?tab=tier")
    runway = page.locator("#tier-runway")
    expect(runway).to_contain_text(re.compile(r"[\d,]+\.\d\d"))
    runway.locator("input[name=level]").fill("9,000,000")
    runway.get_by_role("button", name=word(language, "Calculate")).click()
    expect(runway.locator("[role=status]")).to_contain_text("9,000,000.00")
