"""A file of questions: CSV or XLSX with headings in Chinese or English, read and checked as a whole."""

import csv
import io
import zipfile
from collections.abc import Iterator, Mapping
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from python_calamine import CalamineError, CalamineWorkbook

from staff.enums.training import QuestionKind
from staff.forms.training import fault_words
from staff.rules.training import Asked, question_faults, read_row

MOST_LINES: Final = 500
MOST_BYTES: Final = 2_000_000
# What a workbook may come to once unpacked.
MOST_UNPACKED: Final = 50_000_000
HEADINGS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("kind", "type", "题型"), "kind"),
    **dict.fromkeys(("text", "question", "题目", "题干"), "text"),
    **dict.fromkeys(("right", "answer", "答案", "正确答案"), "right"),
    **dict.fromkeys(("explanation", "解析", "说明"), "explanation"),
    **{name: letter for letter in "abcdefgh" for name in (letter, f"option {letter}", f"选项{letter}")},
}
KINDS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("single", "单选", "单选题"), QuestionKind.SINGLE),
    **dict.fromkeys(("several", "multiple", "多选", "多选题"), QuestionKind.SEVERAL),
    **dict.fromkeys(("true_false", "true/false", "判断", "判断题"), QuestionKind.TRUE_FALSE),
}
YES_NO: Final[Mapping[str, str]] = {
    **dict.fromkeys(("对", "正确", "是", "true", "t", "√", "yes"), "A"),
    **dict.fromkeys(("错", "错误", "否", "false", "f", "×", "no"), "B"),
}


class QuestionFileForm(forms.Form):
    """A file of questions; after `is_valid` `asked` holds them."""

    file = forms.FileField(
        label=_("File"),
        help_text=_(
            "CSV or XLSX with the headings kind, question, A to H, answer, explanation; in Chinese or English."
        ),
        widget=forms.FileInput({"accept": ".csv,.xlsx", "class": "is-wide"}),
    )
    asked: list[Asked]

    def clean_file(self) -> Any:
        """Read and checked: every line that cannot be used is named with what is wrong."""
        uploaded = self.cleaned_data["file"]
        with uploaded.open() as stream:
            data = stream.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            raise ValidationError(_("The file is too large."))
        rows = [_named(row) for row in _rows(data, uploaded.name)]
        lines = [(place, row) for place, row in enumerate(rows, start=2) if any(row.values())]
        if not 1 <= len(lines) <= MOST_LINES:
            raise ValidationError(_("The file needs 1 to %(most)s questions.") % {"most": MOST_LINES})
        self.asked = [_asked(row) for _place, row in lines]
        wrong = [
            _("Line %(line)s: %(faults)s") % {"line": place, "faults": words}
            for (place, _row), asked in zip(lines, self.asked, strict=True)
            if (words := _fault(asked))
        ]
        if wrong:
            raise ValidationError([ValidationError(words) for words in wrong[:20]])
        return uploaded


def _fault(asked: Asked) -> str:
    if asked.kind not in QuestionKind.values:
        return str(_("This kind of question does not exist."))
    is_long = len(asked.text) > 500 or len(asked.explanation) > 500 or any(len(one) > 200 for one in asked.options)
    return str(_("A text is too long.")) if is_long else fault_words(question_faults(asked))


def _asked(row: Mapping[str, str]) -> Asked:
    kind = KINDS.get(row.get("kind", "").strip().lower(), row.get("kind", ""))
    said = {**row, "kind": str(kind)}
    if kind == QuestionKind.TRUE_FALSE:
        said |= {"a": row.get("a") or "对", "b": row.get("b") or "错"}
        right = row.get("right", "").strip().lower()
        said["right"] = YES_NO.get(right, right)
    return read_row(said)


def _named(row: Mapping[str, str]) -> dict[str, str]:
    known = {HEADINGS.get(heading.strip().lower()): value.strip() for heading, value in row.items()}
    return {name: value for name, value in known.items() if name}


def _rows(data: bytes, name: str) -> Iterator[dict[str, str]]:
    table = _workbook(data) if name.lower().endswith(".xlsx") else _csv(data)
    headings = [str(cell) for cell in table[0]] if table else []
    if not {"kind", "text", "right"} <= {HEADINGS.get(heading.strip().lower()) for heading in headings}:
        raise ValidationError(_("The first line needs the headings kind, question and answer."))
    for row in table[1 : MOST_LINES + 2]:
        yield dict(zip(headings, (_text(cell) for cell in row), strict=False))


def _text(cell: Any) -> str:
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)


def _csv(data: bytes) -> list[list[str]]:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        return list(csv.reader(io.StringIO(text, newline="")))
    raise ValidationError(_("The file cannot be read."))


def _workbook(data: bytes) -> list[list[Any]]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            size = sum(part.file_size for part in archive.infolist())
        if size > MOST_UNPACKED:
            raise ValidationError(_("The file is too large."))
        return CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0).to_python()
    except (CalamineError, zipfile.BadZipFile, ValueError) as error:
        raise ValidationError(_("The file cannot be read.")) from error
