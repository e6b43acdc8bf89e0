"""Catalogues without GNU gettext: what the sources use is found, what is compiled is what Python's gettext reads."""

import gettext
from io import BytesIO
from pathlib import Path

import pytest

from tools import translations
from tools.translations import Key

CATALOGUE = r"""
msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\n"
"Plural-Forms: nplurals=1; plural=0;\n"

#: somewhere.py:1
msgid "Sign in"
msgstr "登录"

msgctxt "of a ledger"
msgid "Balance"
msgstr "余额"

msgid "%(count)s customer"
msgid_plural "%(count)s customers"
msgstr[0] "%(count)s 位"
"客户"

#, fuzzy
msgid "Guess"
msgstr "猜"

#~ msgid "Gone"
#~ msgstr "没了"
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(translations, "ROOT", tmp_path)
    folder = tmp_path / "locale" / "zh_Hans" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "django.po").write_text(CATALOGUE)
    return tmp_path


def source(project: Path, name: str, text: str) -> None:
    (project / name).parent.mkdir(parents=True, exist_ok=True)
    (project / name).write_text(text)


def test_compiled_catalogue(project: Path) -> None:
    translations.compile_all()
    binary = (project / "locale/zh_Hans/LC_MESSAGES/django.mo").read_bytes()
    words = gettext.GNUTranslations(BytesIO(binary))
    assert words.gettext("Sign in") == "登录"
    assert words.pgettext("of a ledger", "Balance") == "余额"
    assert words.gettext("Balance") == "Balance"
    assert words.ngettext("%(count)s customer", "%(count)s customers", 3) == "%(count)s 位客户"
    assert words.gettext("Guess") == "Guess"


def test_messages_of_sources(project: Path) -> None:
    source(
        project,
        "core/a.py",
        '_("One" " long text")\ngettext_lazy("Lazy")\nngettext("day", "days", n)\npgettext("c", "Two")\n_(name)\n',
    )
    source(
        project,
        "templates/a.html",
        """{% translate 'Say "hi"' %}{% blocktranslate trimmed %}
        Dear
        {{ name }} {% endblocktranslate %}{% translate "Open" context "a door" %}{{ _("Filter") }}
        {% blocktranslate count n=n %}{{ n }} row{% plural %}{{ n }} rows{% endblocktranslate %} _(not this)""",
    )
    assert set(translations.used_messages()) == {
        Key("One long text"),
        Key("Lazy"),
        Key("day"),
        Key("Two", "c"),
        Key('Say "hi"'),
        Key("Dear %(name)s"),
        Key("Open", "a door"),
        Key("Filter"),
        Key("%(n)s row"),
    }


def test_faults(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source(
        project,
        "core/a.py",
        '_("Sign in")\n_("New")\n_("Guess")\nngettext("%(count)s customer", "%(count)s customers", 1)\n',
    )
    assert translations.check() == 1
    assert capsys.readouterr().out.splitlines() == [
        "zh_Hans: core/a.py:2: not in the catalogue: 'New'",
        "zh_Hans: no longer used: 'Balance' (context 'of a ledger')",
        "zh_Hans: fuzzy: 'Guess'",
    ]


@pytest.mark.parametrize(
    ("english", "chinese", "fault"),
    [
        ("Hello %(name)s", "你好 %(nmae)s", "a placeholder the English has not"),
        ("Hello %(name)s", "你好", "a placeholder is lost"),
        ("Hello", "", "not translated"),
    ],
)
def test_faulty_entry(project: Path, english: str, chinese: str, fault: str) -> None:
    path = project / "a.po"
    path.write_text(f'msgid "{english}"\nmsgstr "{chinese}"\n')
    (line,) = translations.faults(path, {Key(english): "core/a.py:1"})
    assert fault in line


def test_missing_entries_can_be_appended(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source(project, "core/a.py", '_("Say \\"hi\\"\\nand go")\n')
    translations.missing()
    added = capsys.readouterr().out
    path = project / "added.po"
    path.write_text(added)
    assert [entry.key for entry in translations.read_catalogue(path)] == [Key('Say "hi"\nand go')]


def test_a_counted_message_needs_its_plural(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source(project, "core/a.py", 'ngettext("%(n)s day", "%(n)s days", n)\n')
    translations.missing()
    added = capsys.readouterr().out
    assert 'msgid_plural "%(n)s days"\nmsgstr[0] ""' in added
    path = project / "a.po"
    path.write_text('msgid "%(n)s day"\nmsgstr "%(n)s 天"\n')
    (line,) = translations.faults(path, translations.used_messages())
    assert "msgid_plural is missing" in line


def test_unreadable_catalogue_names_its_line(project: Path) -> None:
    path = project / "a.po"
    path.write_text('msgid "a"\nnonsense\n')
    with pytest.raises(ValueError, match=r"a\.po:2"):
        translations.read_catalogue(path)
