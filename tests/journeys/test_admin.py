"""An administrator: thresholds with a second person, people, feed files, the night."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from depositcrm.night import STEPS
from tests.journeys.bank import LEDGER_DAY
from tests.journeys.conftest import LANGUAGES, SCREEN_SIZE, WORK_MS, Desks, keep_screen
from tests.journeys.pages import figure, listed, word

DAYS = {"zh-hans": "2026-12-01", "en": "2027-01-01"}
REASONS = {"zh-hans": "潜力层级客户过多，提高门槛", "en": "Too many customers in the second tier"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_new_thresholds_need_a_second_person(desks: Desks, language: str):
    page = desks.open("admin", language, size=SCREEN_SIZE, path="/tiers/schemes/")
    page.get_by_role("link", name=word(language, "New version"), exact=True).click()
    preview = page.locator("#preview")
    falls = preview.locator(".down").first
    expect(falls).to_have_text(re.compile(r"\b0\b"))
    floor = page.locator("input[name$='-floor']").nth(1)
    floor.fill("100,000")
    floor.press("Tab")
    expect(falls).not_to_have_text(re.compile(r"\b0\b"))
    moved = figure(falls.inner_text())
    page.locator("input[name=effective_on]").fill(DAYS[language])
    page.locator("textarea[name=note]").fill(REASONS[language])
    expect(falls).to_contain_text(str(moved))
    if language == "zh-hans":
        keep_screen(page, "admin.scheme.zh")
    page.get_by_role("button", name=word(language, "Save the draft")).click()
    page.get_by_role("button", name=word(language, "Submit for approval")).click()
    address = page.url
    expect(page.get_by_role("button", name=word(language, "Submit for approval"))).to_have_count(0)
    expect(page.get_by_role("button", name=word(language, "Approve"), exact=True)).to_have_count(0)
    second = desks.open("hq", language, path=address)
    expect(second.locator("main")).to_contain_text(DAYS[language])
    second.get_by_role("button", name=word(language, "Approve"), exact=True).click()
    expect(second.locator(".page-title")).to_contain_text(word(language, "Approved"))
    expect(second.locator(".page-head")).to_contain_text(DAYS[language])


def test_finds_and_adds_people(desks: Desks):
    page = desks.open("admin", path="/people/?role=teller")
    assert listed(page) == 2
    page.goto("/people/new/")
    fields = {"name": "柯晓燕", "staff_no": "J100", "username": "journey", "password": "Blue-Lantern-42"}
    for name, value in fields.items():
        page.locator(f"input[name={name}]").fill(value)
    page.locator("select[name=role]").select_option("lobby")
    page.locator("select[name=branch]").select_option(index=3)
    page.locator("main form button[type=submit]").click()
    page.goto("/people/?q=J100")
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator("tbody tr")).to_contain_text("柯晓燕")


@pytest.mark.usefixtures("workers")
@pytest.mark.parametrize("language", LANGUAGES[:1])
def test_a_feed_file_is_checked_before_it_is_imported(desks: Desks, tmp_path: Path, language: str):
    mark = language[0].upper()
    file = tmp_path / f"products_{mark}.csv"
    rows = ["code,name,kind,term_months,currency", f"J{mark}1,旅程一,term,12,CNY", f"J{mark}2,旅程二,lottery,12,CNY"]
    file.write_text("\n".join(rows), encoding="utf-8")
    page = desks.open("admin", language, path="/feeds/upload/")
    page.locator("input[type=file]").set_input_files(file)
    page.locator("input[name=business_date]").fill(LEDGER_DAY)
    page.locator("input[name=max_rejected]").fill("50")
    page.get_by_role("button", name=word(language, "Upload and check")).click()
    do_import = page.get_by_role("button", name=word(language, "Import now")).first
    expect(do_import).to_be_visible(timeout=WORK_MS)
    rejects = page.locator("#rejects")
    expect(rejects.locator("tbody tr")).to_have_count(1)
    with page.expect_download() as download:
        rejects.get_by_role("link").click()
    assert "旅程二" in Path(download.value.path()).read_text(encoding="utf-8-sig")
    do_import.click()
    page.get_by_role("dialog").get_by_role("button", name=word(language, "Import now")).click()
    expect(page.locator(".page-title")).to_contain_text(word(language, "Imported"), timeout=WORK_MS)
    page.goto("/feeds/")
    expect(page.locator("tbody tr").first).to_contain_text(file.name)


@pytest.mark.usefixtures("workers")
def test_the_night_is_run_again_from_the_console(desks: Desks):
    page = desks.open("admin", path="/jobs/")
    night = page.locator(f"section[aria-labelledby='night-{LEDGER_DAY.replace('-', '')}']")
    before = started(page)
    night.get_by_role("button", name=word("zh-hans", "Run again")).click()
    expect(page.locator("#messages")).to_contain_text(LEDGER_DAY)
    expect(page.locator("#liveness .badge.is-bad")).to_have_count(0, timeout=WORK_MS)
    expect(night.locator("tbody tr")).to_have_count(len(STEPS))
    # The console looks again by itself every ten seconds.
    expect(night.locator("tbody time").last).not_to_have_text(before, timeout=WORK_MS)
    expect(night.locator("tbody .badge.is-good")).to_have_count(len(STEPS), timeout=WORK_MS)
    expect(night.locator(".card-actions .badge.is-good")).to_be_visible(timeout=WORK_MS)


def started(page: Page) -> str:
    """When the last step of the latest night began."""
    return page.locator("section[aria-labelledby^='night-'] tbody time").last.inner_text()
