"""X15: every page in Chinese without a stray English word, and in English without a stray Chinese one.

What is read for its words is looked through for script, style and addresses that a strict browser refuses, too (R27).
"""

import json
import re
from collections.abc import Iterator, Sequence
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.apps import apps
from django.db import transaction
from django.db.models import CharField, Field, Model, TextField

from campaigns.rules import word_rules
from core import gallery
from customers.rules import feeds, kyc
from servicing.rules import contact_import
from tests.access_rules import Row
from tests.access_table import PAGES
from tests.people import ANONYMOUS, World
from tests.strictness import faults
from tests.test_access import address
from tests.world import build, undone, unrecorded

pytestmark = pytest.mark.django_db

# One person of each role that has pages of its own, and nobody.
PERSONAS = (
    "teller",
    "manager",
    "head",
    "hq",
    "admin",
    "compliance",
    "auditor",
    ANONYMOUS,
)
# Names of things that are called the same in both languages, keys of the keyboard, and codes of formats.
PROPER = {
    *("English", "Excel", "Word", "JavaScript", "Authorization", "Bearer", "Idempotency", "Key"),
    *("CSV", "XLSX", "UTF", "GB", "GZ", "gz", "ID", "CNY", "OK", "API", "OpenAPI", "QR", "TOTP", "IP"),
    *("AUC", "Welch", "PDF", "zip", "MB", "Ctrl", "Alt", "Shift", "Enter", "Esc", "Tab", "Chrome", "Firefox"),
}
OWN_APPS = ("staff", "customers", "tiers", "servicing", "complaints", "campaigns")
OWN_NAMES = {"简体中文", "中文"}
# Files not for reading, and pages that answer a program.
NOT_PAGES = {"mfa_download_recovery_codes", "customers:feed_sample", "customers:feed_rejects", "metrics"}
RULES = [f"customers:policy{page}" for page in ("", "_draft", "_edit", "_submit", "_decide", "_rollback", "_discard")]
SHOWN_ATTRIBUTES = ("aria-label", "aria-description", "title", "placeholder", "alt", "data-label", "data-confirm")
UNREAD = {"script", "style", "code", "kbd", "pre", "svg"}
VOID = {"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}

WORD = re.compile(r"(?<![\w.:/@*-])[A-Za-z]{2,}(?![\w.:/@]|-\w)")
HAN = re.compile(r"[\u3400-\u9fff]+")
CODE = re.compile(r"[a-z0-9-]*")
NAVIGATION = re.compile(r'<nav class="(?:sidebar|bottom-nav)".*?</nav>', re.DOTALL)


class Reader(HTMLParser):
    """What a person reads of a page, or has read to them; the words of charts too."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._open: list[str] = []
        self._unread = 0
        self._data = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.texts += [text for name in SHOWN_ATTRIBUTES if (text := values.get(name))]
        if tag == "input" and values.get("type") in {"submit", "button"}:
            self.texts.append(values.get("value") or "")
        if tag not in VOID:
            self._open.append(tag)
            self._unread += tag in UNREAD
            self._data = tag if tag == "script" and values.get("type") == "application/json" else ""

    def handle_endtag(self, tag: str) -> None:
        while tag in self._open:
            closed = self._open.pop()
            self._unread -= closed in UNREAD
            if closed == tag:
                break
        self._data = ""

    def handle_data(self, data: str) -> None:
        if self._data:
            self.texts += _strings(json.loads(data))
        elif not self._unread and data.strip():
            self.texts.append(" ".join(data.split()))


def _strings(value: object) -> Iterator[str]:
    """The words of a chart: beside them stand addresses, and codes such as the kind of chart and its unit."""
    if isinstance(value, str) and not value.startswith(("/", "?", "#")) and not CODE.fullmatch(value):
        yield value
    if isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _strings(one)


def read(content: bytes, *, framed: bool = True) -> list[str]:
    """The texts of a page; without the ways from page to page, which are the same on all, unless `framed`."""
    reader, page = Reader(), content.decode()
    reader.feed(page if framed else NAVIGATION.sub("", page))
    return reader.texts


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: object) -> Iterator[World]:
    with django_db_blocker.unblock(), transaction.atomic(), unrecorded():  # type: ignore[attr-defined]
        yield build()
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def data(world: World) -> str:
    """Names, notes and numbers of the database; they stay as they are in every language."""
    return "\n".join(_values(*(model for app in OWN_APPS for model in apps.get_app_config(app).get_models())))


def _values(*models: type[Model]) -> Iterator[str]:
    for model in models:
        names = [field.attname for field in model._meta.concrete_fields if _is_text(field)]
        for row in model._base_manager.values_list(*names) if names else ():
            yield from filter(None, row)


def _is_text(field: Field) -> bool:  # type: ignore[type-arg]
    return isinstance(field, CharField | TextField) and not field.choices


def _samples() -> dict[str, set[str]]:
    """What single pages show beside the database's words: sample rows, and feed columns in both languages."""
    columns = [column for kind in feeds.COLUMNS.values() for column in kind]
    grades = str(kyc.BUILT_IN["words"])
    headings = str(contact_import.HEADINGS)
    said = str(word_rules.BUILT_IN)
    messages = {*HAN.findall(said), *word_rules.VARIABLES, "name", "opt_out"}
    taken_over = {*HAN.findall(headings), *WORD.findall(headings)}
    words = (feeds.ROLE_WORDS, feeds.UNIT_WORDS, feeds.PRODUCT_WORDS, feeds.KIND_WORDS, feeds.SEX_WORDS)
    return {
        "gallery": set(HAN.findall(Path(gallery.__file__).read_text(encoding="utf-8"))),
        "customers:feed_columns": {
            *(text for column in columns for text in (column.name, column.heading)),
            *(word for known in (*words, feeds.STATUS_WORDS) for word in known),
            *("长期", "身份证", "年", "月", "日", "是"),
        },
        # What messages must say is said to customers, in Chinese; variables are codes.
        **{f"campaigns:template{page}": messages for page in ("", "_new", "_edit")},
        "servicing:contact_import": taken_over,
        "servicing:contact_rejects": taken_over,
        # Risk grades as core systems write them, in either language.
        **{page: {*HAN.findall(grades), *WORD.findall(grades)} for page in RULES},
    }


SAMPLES = _samples()


def pages(world: World, row: Row, language: str, personas: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """(persona, page) for those of the personas who may open it."""
    for persona in personas:
        with undone():
            client = world.client(persona)
            client.cookies["language"] = language
            response = client.get(address(row, world), follow=True)
        assert response.status_code < 500, (persona, row.name)
        if "html" in response.headers.get("Content-Type", ""):
            yield persona, response.content


# Who reads the same words as another where both may go.
ALIKE = {"hq": "head", "auditor": "compliance"}


def may_open(row: Row) -> list[str]:
    inside = row.get.inside if row.get else frozenset()
    return [persona for persona in PERSONAS if persona in inside and ALIKE.get(persona) not in inside]


READ = [row for row in PAGES if row.get and row.name not in NOT_PAGES]
TAKEN = [row for row in PAGES if row.post and row.post.inside & set(PERSONAS)]


@pytest.mark.parametrize("row", READ, ids=lambda row: row.name)
def test_no_english_word_on_a_chinese_page(world: World, data: str, row: Row):
    known, stray, refused = {*WORD.findall(data), *PROPER, *SAMPLES.get(row.name, ())}, set(), set()
    for persona, page in pages(world, row, "zh-hans", may_open(row)):
        texts = read(page, framed=row.name == "insights:home")
        stray |= {(persona, text) for text in texts if text not in data and set(WORD.findall(text)) - known}
        refused |= {(persona, fault) for fault in faults(page.decode())}
    assert (stray, refused) == (set(), set())


@pytest.mark.parametrize("row", TAKEN, ids=lambda row: row.name)
def test_no_english_word_in_the_answer_to_an_empty_form(world: World, data: str, row: Row):
    persona = next(persona for persona in PERSONAS if persona in row.post.inside)  # type: ignore[union-attr]
    with undone():
        client = world.client(persona)
        client.cookies["language"] = "zh-hans"
        response = client.post(address(row, world), follow=True)
    assert response.status_code < 500
    known = {*WORD.findall(data), *PROPER, *SAMPLES.get(row.name, ())}
    texts = read(response.content) if "html" in response.headers.get("Content-Type", "") else []
    assert [text for text in texts if text not in data and set(WORD.findall(text)) - known] == []


@pytest.mark.parametrize("row", READ, ids=lambda row: row.name)
def test_no_chinese_word_on_an_english_page(world: World, data: str, row: Row):
    # Two people are enough: nothing of a page is written in Chinese (below), so what is left comes with values.
    known, people = {*OWN_NAMES, *SAMPLES.get(row.name, ())}, may_open(row)
    stray = {
        (persona, text)
        for persona, page in pages(world, row, "en", [*dict.fromkeys([*people[:1], *people[-1:]])])
        for text in read(page, framed=row.name == "insights:home")
        if any(run not in data and run not in known for run in HAN.findall(text))
    }
    assert stray == set()


# Names of the languages, the characters amounts are shortened by, and headings of feeds.
CHINESE = {"templates/_shell/language.html", "templates/components/money.html", "templates/customers/columns.html"}


def test_no_template_is_written_in_chinese():
    written = {str(path) for path in Path("templates").rglob("*.html") if HAN.search(path.read_text(encoding="utf-8"))}
    assert written == CHINESE


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_a_page_says_which_language_it_is_in(world: World, language: str):
    client = world.client("manager")
    client.cookies["language"] = language
    assert f'lang="{language}"' in client.get("/").content.decode().lower().replace("zh-cn", "zh-hans")


def test_refusals_speak_the_readers_language(world: World):
    for path, status in (("/trail/", 403), ("/customers/CUSTb/", 404)):
        client = world.client("manager")
        client.cookies["language"] = "zh-hans"
        response = client.get(path)
        assert response.status_code == status
        assert [text for text in read(response.content) if re.search(r"[A-Za-z]{2,} [A-Za-z]{2,}", text)] == []
