"""A case lives: taken in at the counter, investigated, decided by two people, closed, and looked at from above."""

import re

import pytest
from django.utils import translation
from playwright.sync_api import Locator, Page, expect

from complaints.enums import CaseState
from tests.journeys.conftest import LANGUAGES, PHONE, SCREEN_SIZE, Desks, keep_screen
from tests.journeys.pages import listed, settled, sideways

CUSTOMERS = {"zh-hans": 14, "en": 15}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_case_from_the_counter_to_the_review(desks: Desks, language: str):
    summary = f"提前支取少付利息 {language}"
    manager = desks.open("manager", language, path="/customers/", size=SCREEN_SIZE)
    customer = manager.locator("tbody tr td.is-main .cell-hint").nth(CUSTOMERS[language]).inner_text().split()[0]
    case = taken_in(desks.open("teller", language), customer, summary)

    given_to(head := desks.open("head", language), manager, case, summary, language)
    investigated(manager, case, language)
    decided(head, manager, case, language)
    reviewed(desks, case, language, asked_by=manager)
    teller = desks.open("teller", language, path="/complaints/?state=")
    assert listed(teller) > 0
    on_the_page(teller, case, "reopened", language)
    teller.set_viewport_size(PHONE)
    for path in (case, "/complaints/", "/complaints/new/"):
        teller.goto(path)
        assert sideways(teller) == []


def taken_in(teller: Page, customer: str, summary: str) -> str:
    """One key from the counter's card leads to the form, which knows the customer; gives the address of the case."""
    expect(teller.locator("#counter-q")).to_be_focused()
    teller.keyboard.type(customer)
    expect(teller.locator("[role=option]", has_text=customer)).to_be_visible()
    settled(teller)
    teller.keyboard.press("Enter")
    expect(teller.locator("[data-counter-card] [data-counter-choice] input").first).to_be_focused()
    teller.keyboard.press("c")
    teller.wait_for_url("**/complaints/new/**")
    expect(teller.locator("[name=customer_no]")).to_have_value(customer)
    teller.select_option("[name=category]", index=1)
    teller.fill("[name=summary]", summary)
    teller.fill("[name=account]", "柜员没有告诉我可以部分提前支取，利息全按活期算。")
    teller.keyboard.press("Control+Enter")
    teller.wait_for_url(re.compile(r"/complaints/TS"))
    expect(teller.locator("main")).not_to_contain_text("利息全按活期算")  # sealed until somebody opens it
    return re.sub(r"^https?://[^/]+", "", teller.url)


def given_to(head: Page, manager: Page, case: str, summary: str, language: str) -> None:
    """The head finds it by its clock and gives it to a manager."""
    head.goto("/complaints/?state=registered")
    expect(head.locator("tbody tr", has_text=summary)).to_have_count(1)
    on_the_page(head, case, "registered", language)
    name = manager.locator(".topbar details.menu summary").inner_text().split("\n")[1]
    head.select_option("[name=accept-handler]", label=name)
    take(head, "accept-handler")
    on_the_page(head, case, "accepted", language)


def investigated(manager: Page, case: str, language: str) -> None:
    """The manager reaches the complainant, files what was found, and proposes a decision."""
    on_the_page(manager, case, "accepted", language)
    send(manager, manager.locator("form[action$='/step/investigate/'] button"))
    on_the_page(manager, case, "investigating", language)
    if language == "zh-hans":
        keep_screen(manager, "manager.case.zh")
    fold(manager, "attempt-how")
    manager.check("[name=attempt-result][value=reached]")
    take(manager, "attempt-how")
    expect(manager.locator("#clocks .promise").first).to_be_visible()
    fold(manager, "files")
    recording = {"name": "说明.txt", "mimeType": "text/plain", "buffer": "柜员没有说明部分支取".encode()}
    manager.set_input_files("[name=files]", recording)
    take(manager, "files")
    expect(manager.locator("#evidence")).to_contain_text("说明.txt")
    fold(manager, "propose-facts")
    manager.check("[name=propose-finding][value=upheld]")
    manager.fill("[name=propose-facts]", "柜员没有说明可以部分提前支取。")
    manager.fill("[name=propose-words]", "您反映的情况属实，我行补足利息差额并致歉。")
    manager.fill("[name=propose-amount]", "126.50")
    take(manager, "propose-remedy", ("propose-remedy", "refund"))
    on_the_page(manager, case, "proposed", language)
    expect(manager.locator("[name=answer-delivery]")).to_have_count(0)  # not by whoever proposed


def decided(head: Page, manager: Page, case: str, language: str) -> None:
    """A second person approves; the letter says it; its way to the complainant is kept, and the case closes."""
    on_the_page(head, case, "proposed", language)
    take(head, "answer-delivery", ("answer-delivery", "post"))
    on_the_page(head, case, "answered", language)
    head.goto(f"{case}letter/")
    expect(head.locator("main")).to_contain_text("126.50")
    on_the_page(manager, case, "answered", language)
    fold(manager, "deliver-proof")
    manager.fill("[name=deliver-proof]", "挂号信回执 RA123456789CN")
    take(manager, "deliver-proof")
    expect(manager.locator("[name=close-cause]")).to_have_count(1)
    fold(manager, "close-cause")
    manager.select_option("[name=close-cause]", index=1)
    take(manager, "close-cause")
    on_the_page(manager, case, "closed", language)


def reviewed(desks: Desks, case: str, language: str, *, asked_by: Page) -> None:
    """The complainant does not agree; the unit above looks at it and has it decided again."""
    fold(asked_by, "ask-reason")
    asked_by.fill("[name=ask-reason]", "补偿金额过低")
    take(asked_by, "ask-reason")
    expect(asked_by.locator("[name=ask-reason]")).to_have_count(0)
    above = desks.open("hq", language, path="/complaints/reviews/")
    number = case.strip("/").split("/")[-1]
    expect(above.locator("tbody tr", has_text=number)).to_have_count(1)
    on_the_page(above, case, "closed", language)
    fold(above, "decide-words")
    above.check("[name=decide-outcome][value=changed]")
    above.fill("[name=decide-words]", "请重新核定补偿金额。")
    above.fill("[name=decide-proof]", "书面通知回执")
    take(above, "decide-words")
    on_the_page(above, case, "reopened", language)


def on_the_page(page: Page, case: str, state: str, language: str) -> None:
    """Load the case; it stands as said, and nothing of it is still on its way."""
    page.goto(case)
    with translation.override(language):
        label = str(CaseState(state).label)
    expect(page.locator("h1")).to_contain_text(label)
    expect(page.locator("main .skeleton:visible")).to_have_count(0)


def fold(page: Page, field: str) -> None:
    """Open the step with this field, if it is not open."""
    step = page.locator("details.fold", has=page.locator(f"[name={field}]"))
    if step.get_attribute("open") is None:
        step.locator("summary").click()


def take(page: Page, field: str, *chosen: tuple[str, str]) -> None:
    """Send the form with this field, and wait until the answer is there."""
    fold(page, field)
    for name, value in chosen:
        page.select_option(f"[name={name}]", value)
    send(page, page.locator("form", has=page.locator(f"[name={field}]")).locator("button[type=submit]"))


def send(page: Page, button: Locator) -> None:
    """Press it, and wait for the answer: another page, where it leads to one."""
    page.evaluate("document.documentElement.dataset.wasHere = ''")
    with page.expect_response(lambda answer: answer.request.method == "POST") as caught:
        button.click()
    if caught.value.status == 302 or "hx-redirect" in caught.value.headers:
        expect(page.locator("html[data-was-here]")).to_have_count(0)
    expect(page.locator("main .skeleton:visible, .htmx-request")).to_have_count(0)
