"""A campaign lives: from a segment over a check and the launch to what it brought a month later."""

import re
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import psycopg2
import pytest
from playwright.sync_api import Browser, Page, expect

from depositcrm.embedded import crew
from tests.journeys.bank import TODAY, Bank, twin_of
from tests.journeys.conftest import PHONE, Desks, keep_screen
from tests.journeys.pages import settled, sideways

BODY = "{name}您好，您的存款即将到期，欢迎到网点了解续存办法。"
DAYS = 30
TICK = "from depositcrm.tasks import tick; tick()"
GAIN = 500_000  # yuan on each account of those contacted


@pytest.fixture
def twin(bank: Bank, tmp_path: Path) -> Iterator[Bank]:
    """A branch of its own with workers: a month passes there."""
    with twin_of(bank, tmp_path) as found:
        found.launch(crew.worker())
        yield found


def test_a_campaign_from_the_segment_to_its_uplift(twin: Bank, browser: Browser, tmp_path: Path):
    desks = Desks(twin, browser, {})
    head = desks.open("head", "zh-hans", path="/segments/new/")
    hq, compliance = desks.open("hq", "en"), desks.open("compliance", "en")
    segmented(head)
    worded(head, hq)
    campaign = drawn_up(head)
    decided(hq, compliance, campaign)
    launched(twin, head, campaign)
    desks.close()

    balances_rise(twin, tmp_path)
    later = Desks(twin, browser, {})
    for language, brought in (("zh-hans", "带来存款"), ("en", "Brought deposits")):
        head = later.open("head", language, path=f"{campaign}results/")
        expect(head.locator("main .badge", has_text=brought).first).to_be_visible()
        expect(head.locator("main")).to_contain_text("95")
        head.set_viewport_size(PHONE)
        assert sideways(head) == []
    keep_screen(later.open("head", "zh-hans", path=f"{campaign}results/"), "head.campaign.zh")
    later.close()


def segmented(head: Page) -> None:
    """Two conditions, one within a group; the sentence and the count follow."""
    head.fill("[name=name]", "有存款的客户")
    head.locator(".rule-acts button").first.click()
    field = head.locator("select[name$='-field']")
    expect(field).to_be_focused()
    settled(head)
    field.select_option("total")
    head.locator("input[name$='-value'][inputmode]").fill("1000")
    head.locator("input[name$='-value'][inputmode]").blur()
    expect(head.locator(".rule-count")).to_contain_text(re.compile(r"\d"))
    head.locator("main button[type=submit].btn-primary").click()
    expect(head.locator("main")).to_contain_text("余额不低于")


def worded(head: Page, hq: Page) -> None:
    """Words of a message: what must be said is added by a button, a second person approves."""
    head.goto("/templates/new/")
    head.fill("[name=name]", "到期续存")
    head.fill("[name=body]", BODY)
    head.locator("button[name=change]").click()
    expect(head.locator("[name=body]")).to_have_value(re.compile(r"\{opt_out\}"))
    head.locator("main button[type=submit].btn-primary").click()
    head.locator("form[action$='/submit/'] button").click()
    hq.goto(head.url)
    hq.locator("button[formaction$='/approve/']").click()
    expect(hq.locator("main .page-title")).to_contain_text("In use")


def drawn_up(head: Page) -> str:
    """The campaign in one page, submitted; gives its address."""
    head.goto("/campaigns/new/?kind=message")
    head.fill("[name=name]", "到期资金续存")
    head.fill("[name=goal]", "让到期资金留在本行")
    head.select_option("[name=segment]", label="有存款的客户")
    head.locator("[name=template] option", has_text="到期续存").first.evaluate("option => option.selected = true")
    head.fill("[name=starts_on]", f"{TODAY:%Y-%m-%d}")
    head.fill("[name=ends_on]", f"{TODAY + timedelta(days=20):%Y-%m-%d}")
    head.fill("[name=holdout]", "20")
    expect(head.locator("#campaign-estimate")).to_contain_text(re.compile(r"\d"))
    head.locator("button[name=submit]").click()
    head.wait_for_url(re.compile(r"/campaigns/\d+/$"))
    return re.sub(r"^https?://[^/]+", "", head.url)


def decided(hq: Page, compliance: Page, campaign: str) -> None:
    """Head office checks it; compliance has a say, because the highest tier is in the audience."""
    for page, step in ((hq, "check"), (compliance, "approve")):
        page.goto(f"{campaign}approval/")
        page.locator(f"button[formaction$='/step/{step}/']").click()
        page.wait_for_url(f"**{campaign}")
    expect(compliance.locator("main")).to_contain_text("Approved")


def launched(twin: Bank, head: Page, campaign: str) -> None:
    """The audience is frozen, and messages leave; who gets none is listed with the reason."""
    head.goto(campaign)
    head.locator("form[action$='/step/launch/'] button").click()
    expect(head.locator(".page-title")).to_contain_text("进行中")
    twin.manage("shell", "-c", TICK)  # the schedule's minute
    head.goto(f"{campaign}outreach/?state=sent")
    while not head.locator("tbody tr").count():
        head.reload()
    expect(head.locator("tbody tr").first).to_contain_text("已发送")
    head.goto(f"{campaign}outreach/?state=suppressed")
    # Whom the draw holds out is chance, so who comes first is, too.
    expect(head.locator("tbody tr", has_text="未同意此渠道").first).to_be_visible()
    keep_screen(head, "head.recipients.zh")
    head.set_viewport_size(PHONE)
    for path in (campaign, f"{campaign}outreach/", "/campaigns/new/", "/segments/new/"):
        head.goto(path)
        assert sideways(head) == []


def balances_rise(twin: Bank, folder: Path) -> None:
    """A month passes: everybody who was contacted brought money the day after, and the night measures it."""
    feed, day = folder / "balances.csv", TODAY.date()
    with closing(psycopg2.connect(twin.env.get("DATABASE_OWNER_URL") or twin.env["DATABASE_URL"])) as database:
        rows = database.cursor()
        rows.execute(
            "SELECT DISTINCT ON (m.customer_id) a.account_no, b.balance FROM campaigns_member m"
            " JOIN customers_account a ON a.customer_id = m.customer_id JOIN customers_accountbalance b"
            " ON b.account_id = a.id WHERE m.arm = 'treated' AND m.campaign_id = (SELECT max(id) FROM"
            " campaigns_campaign) AND a.currency = 'CNY' AND a.status = 'open' ORDER BY m.customer_id, a.id"
        )
        lines = [f"{number},{balance + GAIN}" for number, balance in rows.fetchall()]
    feed.write_text("\n".join(["account_no,balance", *lines, ""]), encoding="utf-8")
    twin.move_to(TODAY + timedelta(days=DAYS + 1))
    for on in (day + timedelta(days=1), day + timedelta(days=DAYS)):
        twin.manage("import_feed", "balances", str(feed), "--business-date", on.isoformat())
    twin.manage("run_night", "--business-date", (day + timedelta(days=DAYS)).isoformat(), "--inline")
