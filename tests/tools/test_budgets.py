"""The size checker sees what is too big."""

from pathlib import Path

import pytest

from tools import budgets


def test_everything_past_its_limit_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(budgets, "ROOT", tmp_path)
    (tmp_path / "core" / "migrations").mkdir(parents=True)
    (tmp_path / "templates").mkdir()
    body = "    x = 1\n" * 50
    (tmp_path / "core" / "a.py").write_text(f"def fits():\n{body[:-10]}\ndef long():\n{body}")
    (tmp_path / "core" / "b.py").write_text("class Big:\n" + "    x = 1\n" * 400)
    (tmp_path / "core" / "migrations" / "0001.py").write_text("x = 1\n" * 1000)
    (tmp_path / "templates" / "page.html").write_text("<p>\n" * 151)
    assert budgets.main() == 1
    assert capsys.readouterr().out.splitlines()[1:] == [
        "core/b.py: 401 lines, a file may have 400",
        "core/a.py:52 long: 51 lines, a function may have 50",
        "core/b.py:1 Big: 401 lines, a class may have 150",
        "templates/page.html: 151 lines, a template may have 150",
    ]
