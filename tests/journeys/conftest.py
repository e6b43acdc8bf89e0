"""One browser and one demo branch for all journeys; nothing may go wrong behind the pages."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, expect, sync_playwright

from depositcrm.embedded import crew
from tests.journeys.bank import PASSWORD, Bank, opened

CHROMIUM = os.environ.get("DEPOSITCRM_CHROMIUM", "")
FLAGS = (
    *("--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update"),
    *("--disable-sync", "--disable-quic"),
    # Whatever is asked for outside is not found, and the journey hears of it.
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
)
LANGUAGES = ("zh-hans", "en")
WORK_MS = 40_000  # a worker may be waking up
PATIENCE_MS = 30_000  # the machine may be busy with another suite
DESK, PHONE = {"width": 1366, "height": 768}, {"width": 360, "height": 740}
# How htmx notes that a newer request took the place of one under way.
ABORTED = ("htmx:sendAbort", "htmx:afterRequest")
SCREENS = Path(__file__).parents[2] / "docs" / "screens"
SCREEN_SIZE = {"width": 1280, "height": 800}
# `./run test` has said that there is no browser, and fails for it where CI asks it to.
collect_ignore_glob = [] if CHROMIUM else ["test_*.py"]
expect.set_options(timeout=PATIENCE_MS)


def pytest_report_header() -> str:
    return f"browser: {CHROMIUM or 'NONE, the journeys are left out'}"


@pytest.fixture(scope="package")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bank]:
    """The demo branch with its doors open."""
    with opened(tmp_path_factory.mktemp("bank")) as found:
        yield found


@pytest.fixture(scope="package")
def workers(bank: Bank) -> None:
    """Celery's workers on the bank's own queue; they end with the bank."""
    bank.launch(crew.worker())


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """The one browser. Package scope: with its event loop about, Django refuses the database to later tests."""
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS), chromium_sandbox=os.geteuid() != 0)


@dataclass
class Desks:
    """Opens pages as somebody, and keeps what went wrong behind them."""

    bank: Bank
    browser: Browser
    sessions: dict[str, object]
    faults: list[str] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)
    contexts: list[BrowserContext] = field(default_factory=list)

    def open(
        self,
        name: str,
        language: str = "zh-hans",
        *,
        size: dict[str, int] = DESK,
        path: str = "/",
        theme: str = "light",
    ) -> Page:
        """A signed-in page of the demo person `name`, in a language and a theme."""
        if name not in self.sessions:
            context = self._context(DESK, theme)
            sign_in(self._page(context), name)
            self.sessions[name] = context.storage_state()
        page = self._page(self._context(size, theme, self.sessions[name]))
        page.goto(path)
        if page.locator("html").get_attribute("lang") != language:
            page.locator(".topbar details.menu summary").click()
            page.locator(f".topbar button[name=language][value={language}]").click()
        expect(page.locator("html")).to_have_attribute("lang", language)
        page.wait_for_load_state()  # a key pressed before the scripts are there is lost
        return page

    def nobody(self, size: dict[str, int] = DESK, theme: str = "light") -> Page:
        """A page nobody has signed in on."""
        return self._page(self._context(size, theme))

    def allow(self, status: int) -> None:
        """The journey provoked answers with this status: the browser's own note of them is no fault."""
        self.faults = [fault for fault in self.faults if f"status of {status}" not in fault]

    def close(self) -> None:
        """Nothing went wrong behind the pages, nothing was asked for outside, nobody's number in an address."""
        for context in self.contexts:
            context.close()
        outside = [url for url in self.addresses if not url.startswith((self.bank.url, "data:", "blob:"))]
        assert not outside, outside
        assert not self.faults, self.faults

    def _context(self, size: dict[str, int], theme: str, session: object = None) -> BrowserContext:
        context = self.browser.new_context(
            base_url=self.bank.url,
            viewport=size,  # type: ignore[arg-type]
            storage_state=session,  # type: ignore[arg-type]
            color_scheme=theme,  # type: ignore[arg-type]
            reduced_motion="reduce",
            locale="zh-CN",
            accept_downloads=True,
        )
        context.set_default_timeout(PATIENCE_MS)
        self.contexts.append(context)
        return context

    def _page(self, context: BrowserContext) -> Page:
        page = context.new_page()
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.faults.append(f"{page.url}: {error}"))
        page.on("request", self._asked)
        return page

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not message.text.startswith(ABORTED):
            self.faults.append(f"{message.location.get('url', '')}: {message.text}")

    def _asked(self, request: Request) -> None:
        self.addresses.append(request.url)


@pytest.fixture(scope="package")
def sessions() -> dict[str, object]:
    """Who has signed in already."""
    return {}


@pytest.fixture
def desks(bank: Bank, browser: Browser, sessions: dict[str, object]) -> Iterator[Desks]:
    """Pages of people; at the end nothing may have gone wrong behind them."""
    found = Desks(bank, browser, sessions)
    yield found
    found.close()


def sign_in(page: Page, name: str) -> None:
    """By the form, as people do."""
    page.goto("/accounts/login/")
    page.locator("input[name=login]").fill(name)
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("main button[type=submit]").click()
    expect(page.locator("nav.sidebar, nav.bottom-nav").first).to_be_attached()


def keep_screen(page: Page, name: str) -> None:
    """A picture for the documentation, only when it is missing or asked for: a test run leaves the tree as it was."""
    target = SCREENS / f"{name}.png"
    if target.exists() and os.environ.get("DEPOSITCRM_SCREENS") != "1":
        return
    SCREENS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=target, animations="disabled", caret="hide")
