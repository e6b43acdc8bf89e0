"""A branch head's week: the board on Monday's phone, warnings, a target, a spot check, and a report for Friday."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.journeys.bank import TODAY
from tests.journeys.conftest import LANGUAGES, PHONE, Desks, keep_screen
from tests.journeys.pages import amount, listed, settled, sideways, word


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_week_of_a_branch_head(desks: Desks, language: str):
    other = next(one for one in LANGUAGES if one != language)
    head = desks.open("head", language)
    monday_reads_the_board_on_the_phone(desks, language)
    tuesday_answers_a_warning(head, language)
    wednesday_sets_a_target(head, desks.open("hq", other), language)
    desks.allow(422)  # the refusal
    thursday_checks_blind(head, language)
    friday_builds_a_report(head, language)


def monday_reads_the_board_on_the_phone(desks: Desks, language: str) -> None:
    """Figures first, how fresh they are, and why the average grew: every bar opens who it is."""
    phone = desks.open("head", language, size=PHONE)
    expect(phone.locator(".fresh").first).to_contain_text(re.compile(r"\d{4}-\d\d-\d\d"))
    expect(phone.locator(".skeleton:visible")).to_have_count(0)
    assert sideways(phone) == []
    phone.goto("/bridge/")
    rows = phone.locator("[aria-labelledby=bars] tr")
    opening, *parts, closing = [exact(row) for row in rows.all()]
    assert (len(parts), opening + sum(parts)) == (7, closing)
    rows.locator("a").first.click()
    assert listed(phone) > 0
    assert sideways(phone) == []


def exact(row: Locator) -> Decimal:
    """The amount of a row to the cent."""
    return amount(row.locator("[data-exact]").first.get_attribute("data-exact") or "")


def tuesday_answers_a_warning(head: Page, language: str) -> None:
    """Why money may leave, what to say, and whether it was right."""
    head.goto("/warnings/")
    head.locator("tbody tr td.is-main a").first.click()
    card = head.locator("[id^=warning-]").first
    expect(card).to_contain_text(word(language, "Was the warning right?"))
    card.locator("button[value=right]").click()
    expect(card).to_contain_text(word(language, "Right"))
    card.locator("button[value=undo]").click()
    expect(card.locator("button[value=right]")).to_be_visible()
    head.goto("/warnings/quality/")
    expect(head.locator("main table").first).to_be_visible()


def wednesday_sets_a_target(head: Page, hq: Page, language: str) -> None:
    """A size on one day is refused with the reason; a fair one is approved by the unit above, from its inbox."""
    head.goto("/targets/new/")
    head.locator("[name=of][value=person]").check()
    head.select_option("[name=person]", index=1 + LANGUAGES.index(language))
    head.select_option("[name=measure]", "month_end")
    head.select_option("[name=period]", "quarter")
    head.locator("[name=when][value=next]").check()
    head.fill("[name=aim]", "90")
    head.fill("[name=note]", "明年一季度")
    save = head.locator("main form button[type=submit].btn-primary")
    save.click()
    expect(head.locator("main form")).to_contain_text("2018")  # the notice that forbids it
    expect(head.locator("[name=aim]")).to_have_value("90")
    head.select_option("[name=measure]", "follow_ups")
    save.click()
    head.wait_for_url(re.compile(r"/targets/\d+/$"))
    target = re.sub(r"^https?://[^/]+", "", head.url)
    hq.goto("/approvals/")
    hq.locator(f".inbox-item a[href='{target}']").first.click()
    hq.locator("button[name=decision][value=approve], button[value=approve]").first.click()
    head.reload()
    expect(head.locator("main .badge").first).to_have_text(word(language, "In force"))


def thursday_checks_blind(head: Page, language: str) -> None:
    """Nobody chooses whom to check: the seed is on the trail before the draw, and gives the same sample again."""
    head.goto("/supervision/plans/new/")
    head.fill("[name=name]", f"服务质量抽查 {language}")
    head.select_option("[name=area]", "service")
    head.select_option("[name=kind]", "surprise")
    head.fill("[name=per_unit]", "3")
    head.fill("[name=starts_on]", f"{TODAY - timedelta(days=60):%Y-%m-%d}")
    head.fill("[name=ends_on]", f"{TODAY - timedelta(days=1):%Y-%m-%d}")
    for box in head.locator("[name=scorers]").all()[:3]:
        box.check()
    head.locator("main form button[type=submit].btn-primary").click()
    head.locator("form[action$='/draw/'] button").click()
    again = head.get_by_role("button", name=word(language, "Draw again from the seed")).first
    expect(again).to_be_visible()
    head.wait_for_load_state()
    again.click()
    expect(head.locator("[id^=draw-]").first).to_contain_text("3")


def friday_builds_a_report(head: Page, language: str) -> None:
    """Deposits by person and month, saved, opened by the keyboard alone."""
    head.goto("/reports/new/")
    name = f"周报 {language}"
    head.fill("[name=name]", name)
    head.locator("[name=measures][value=adb]").check()
    head.locator("[name=rows]").select_option("unit")
    head.locator("[name=columns]").select_option("measure")
    head.locator("[name=unit_kind]").select_option("person")
    settled(head)
    expect(head.locator("#report-preview tbody tr:visible").first).to_be_visible()
    head.locator("#report-form button[type=submit].btn-primary").click()
    expect(head.locator("main .page-title")).to_have_text(name)
    if language == LANGUAGES[0]:
        keep_screen(head, "head.report.zh")
    head.wait_for_load_state()
    head.keyboard.press("/")
    head.keyboard.type(word(language, "Key figures"))
    expect(head.locator("#palette [role=option][aria-selected=true]")).to_contain_text(word(language, "Key figures"))
    head.keyboard.press("Enter")
    head.wait_for_url(re.compile(r"/measures/$"))
