"""A relationship manager keeps a customer's record: what is known, agreed to, to beware of, promised, and taken out."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Download, Page, expect
from python_calamine import CalamineWorkbook

from tests.journeys.conftest import LANGUAGES, PHONE, SCREEN_SIZE, WORK_MS, Desks, keep_screen
from tests.journeys.pages import amount, listed, shown_tab, word

PEOPLE = {"zh-hans": ("卓安然", "19955502001"), "en": ("卓安宁", "19955502002")}
NEW_PHONES = {"zh-hans": "19955503001", "en": "19955503002"}
VIEWS = {"zh-hans": "重点个人客户", "en": "Persons to visit"}
PERSONS = "/customers/?kind=person"
PROMISED_FOR = "2026-12-04"


@pytest.fixture
def number(desks: Desks, language: str) -> str:
    """The number of a person in the manager's book, another one for each language."""
    page = desks.open("manager", path=PERSONS)
    found = page.locator("tbody tr .cell-hint").nth(2 + LANGUAGES.index(language)).inner_text()
    page.close()
    return found


def open_tab(page: Page, number: str, key: str) -> None:
    page.goto(f"/customers/{number}/?tab={key}")
    shown_tab(page, page.locator('[role="tab"][aria-selected="true"]'))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_new_customer_and_the_warning_of_a_second_one(desks: Desks, language: str):
    name, phone = PEOPLE[language]
    page = desks.open("manager", language, path="/customers/new/")
    alike = page.locator("#duplicates")
    page.locator("#id_name").fill(name)
    page.locator("#id_phone").fill(phone)
    expect(alike).to_contain_text(word(language, "Nobody like this so far."))
    page.get_by_role("button", name=word(language, "Create the customer")).click()
    expect(page).to_have_url(re.compile(r"/customers/\w+/\?tab=profile$"))
    made = page.locator(".page-subtitle .num").first.inner_text()
    page.goto("/customers/new/")
    page.locator("#id_phone").press_sequentially(phone)
    expect(alike.get_by_role("link")).to_have_attribute("href", f"/customers/{made}/")
    expect(alike).to_contain_text(f"{phone[:3]}****{phone[-4:]}")
    assert not [url for url in desks.addresses if phone in url]


@pytest.mark.parametrize("language", LANGUAGES)
def test_two_who_edit_at_once(desks: Desks, number: str, language: str):
    phone = NEW_PHONES[language]
    first, second = (desks.open("manager", language, path=f"/customers/{number}/edit/") for _tab in range(2))
    save = word(language, "Save")
    first.locator("#id_employer").fill("第一机械厂")
    first.locator("#id_phone").fill(phone)
    first.get_by_role("button", name=save, exact=True).click()
    expect(first).to_have_url(re.compile(r"\?tab=profile$"))
    second.locator("#id_employer").fill("第二纺织厂")
    second.get_by_role("button", name=save, exact=True).click()
    expect(second.locator(".page-title")).to_have_text(word(language, "Somebody else changed this record"))
    desks.allow(409)
    field = second.locator("fieldset.field")
    expect(field).to_have_count(1)
    expect(field).to_contain_text("第一机械厂")
    expect(field).to_contain_text("第二纺织厂")
    second.locator("#mine_employer").check()
    second.get_by_role("button", name=word(language, "Save what was chosen")).click()
    expect(second).to_have_url(re.compile(r"\?tab=profile$"))
    expect(second.locator("#customer-tab")).to_contain_text("第二纺织厂")
    open_tab(second, number, "history")
    latest = second.locator("#customer-tab .timeline-item")
    expect(latest.first).to_contain_text("第一机械厂 → 第二纺织厂")
    expect(latest.nth(1)).to_contain_text(f"{phone[:3]}****{phone[-4:]}")
    assert phone not in second.content()


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_the_customer_prefers_and_agrees_to(desks: Desks, number: str, language: str):
    page = desks.open("manager", language)
    open_tab(page, number, "profile")
    wish = page.locator("#preference-channel")
    wish.get_by_role("button").click()
    wish.locator("select[name=value]").select_option("wecom")
    wish.get_by_role("button", name=word(language, "Save")).click()
    expect(wish).to_contain_text(word(language, "WeCom"))
    open_tab(page, number, "consents")
    # The demo asks about neither of the two.
    cell = page.locator("#customer-tab td", has=page.locator("a[href*='purpose=survey&channel=mail']"))
    form = page.locator("#consent-form")
    cell.get_by_role("link").click()
    form.get_by_role("button", name=word(language, "Record the consent")).click()
    expect(cell.locator(".badge")).to_have_text(word(language, "Given"))
    cell.get_by_role("link").click()
    form.get_by_role("button", name=word(language, "Record the withdrawal")).click()
    expect(cell.locator(".badge")).to_have_text(word(language, "Withdrawn"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_alert_reaches_the_counter(desks: Desks, number: str, language: str):
    text = f"journey {language}: 先核对再办理"
    page = desks.open("manager", language, path=f"/customers/{number}/")
    page.get_by_role("link", name=word(language, "New alert")).click()
    dialog = page.locator("#care-dialog")
    dialog.locator("select[name=kind]").select_option("fraud_risk")
    dialog.locator("select[name=severity]").select_option("critical")
    dialog.locator("input[name=text]").fill(text)
    dialog.locator("button[type=submit]").click()
    said = "The alert stands on the customer's page, at the counter and on calls."
    expect(dialog).to_contain_text(word(language, said))
    page.keyboard.press("Escape")
    expect(page.locator("#customer-alerts .alert.is-bad", has_text=text)).to_be_visible()
    teller = desks.open("teller", language, path=f"/counter/card/{number}/")
    expect(teller.locator("[data-counter-card] .alert.is-bad", has_text=text)).to_be_visible()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_promise_is_made_and_kept(desks: Desks, number: str, language: str):
    text = f"journey {language}: 寄送利率表"
    page = desks.open("manager", language)
    open_tab(page, number, "promises")
    panel = page.locator("#customer-tab")
    panel.locator("input[name=text]").fill(text)
    panel.locator("input[name=due_on]").fill(PROMISED_FOR)
    panel.locator("form[action$='/promises/new/'] button[type=submit]").click()
    promise = panel.locator("li.promise", has_text=text)
    promise.get_by_role("button", name=word(language, "Kept")).click()
    expect(panel.locator("tbody tr", has_text=text).locator(".badge.is-good")).to_be_visible()


@pytest.mark.usefixtures("workers")
@pytest.mark.parametrize("language", LANGUAGES[:1])
def test_the_list_as_a_workbook_is_the_list_on_the_page(desks: Desks, language: str):
    page = desks.open("manager", language, path=f"{PERSONS}&columns=tier,balance,phone,opened_on&ordering=-balance")
    count = listed(page)
    shown = [shown_row(row) for row in page.locator("tbody tr").all()]
    heads = [head.strip() for head in page.locator("thead th[scope=col]:not(.is-select)").all_inner_texts()]
    page.locator(".page-head").get_by_role("link", name=word(language, "Export")).click()
    page.locator("textarea[name=reason]").fill("journey: 季度走访名单")
    page.get_by_role("button", name=word(language, "Ask for the file")).click()
    link = page.get_by_role("link", name=word(language, "Download"))
    expect(link).to_be_visible(timeout=WORK_MS)
    with page.expect_download() as download:
        link.click()
    sheet = read_sheet(download.value)
    top = next(place for place, row in enumerate(sheet) if word(language, "Customer number") in row)
    assert sheet[top] == [word(language, "Customer number"), *heads]
    rows = [row for row in sheet[top + 1 :] if row[0]]
    assert len(rows) == count > 0
    assert [[row[0], row[1], round(float(row[3] or 0), 2), row[4]] for row in rows[: len(shown)]] == shown


def shown_row(row: object) -> list[object]:
    """Number, name, exact balance and masked phone of a row of the page."""
    number, name = row.locator(".cell-hint").inner_text(), row.locator("td.is-main a").inner_text()
    exact = row.locator("[data-exact]").first.get_attribute("data-exact") or ""
    phone = row.get_by_text(re.compile(r"\*{4}"))
    return [number, name, float(amount(exact)), phone.inner_text().strip() if phone.count() else ""]


def read_sheet(download: Download) -> list[list[object]]:
    """The cells of the one sheet in a downloaded workbook."""
    assert download.suggested_filename.endswith(".xlsx")
    book = CalamineWorkbook.from_path(str(Path(download.path())))
    return book.get_sheet_by_index(0).to_python(skip_empty_area=False)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_view_of_chosen_columns_opens_first(desks: Desks, language: str):
    page = desks.open("senior", language, size=SCREEN_SIZE, path=PERSONS)
    page.get_by_role("button", name=word(language, "Choose columns")).click()
    columns = page.locator("#columns-dialog")
    columns.locator("input[value=branch]").uncheck()
    columns.locator("input[value=stage]").check()
    columns.get_by_role("button", name=word(language, "Show")).click()
    expect(page.locator("thead")).to_contain_text(word(language, "Life-cycle stage"))
    page.wait_for_load_state()  # its buttons open nothing before
    chosen = page.locator("thead").inner_text()
    assert word(language, "Branch") not in chosen
    page.get_by_role("button", name=word(language, "Save view")).click()
    page.locator("#view-save-name").fill(VIEWS[language])
    page.keyboard.press("Enter")
    mine = page.get_by_role("button", name=word(language, "This view"))
    expect(mine).to_be_visible()
    page.wait_for_load_state()
    mine.click()
    page.get_by_role("button", name=word(language, "Open the list with it")).click()
    page.goto("/customers/")
    expect(page.locator(".view-tab[aria-current=true]")).to_have_text(VIEWS[language])
    assert page.locator("thead").inner_text() == chosen
    if language == "zh-hans":
        keep_screen(page, "customers.list.zh")
    mine.click()  # the next journey finds the list as it was
    view = page.locator("#view-dialog")
    view.locator("summary").click()
    view.get_by_role("button", name=word(language, "Delete"), exact=True).click()
    expect(page.locator(".view-tab[aria-current=true]")).to_have_text(word(language, "All"))


def test_pictures_of_the_record(desks: Desks):
    page = desks.open("manager", size=SCREEN_SIZE, path="/customers/?ordering=-balance")
    number = page.locator("tbody tr .cell-hint").first.inner_text()
    open_tab(page, number, "profile")
    expect(page.locator("[data-ask]")).to_be_visible()
    keep_screen(page, "customer.record.zh")
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    open_tab(page, number, "profile")
    expect(page.locator("[data-ask]")).to_be_visible()
    keep_screen(page, "customer.phone.zh")
