"""The statistics as a file, in the shape a regulator asks for: one row per unit and category, then the sums."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from complaints.enums import Finding
from complaints.queries.choices import word_for
from complaints.queries.statistics import ReportLine
from complaints.rules.statistics import Figures, total
from core.exporting import Sheet
from core.pages import Cell


def report_sheet(*, mark: tuple[str, ...], author: str, at: datetime) -> Sheet:
    """The file around the rows; `mark` are the lines on top that say whose file it is and of what."""
    headings = (
        _("Unit code"),
        _("Unit complained of"),
        _("Category"),
        _("Cases"),
        _("Sent by the regulator"),
        _("Answered in time"),
        _("Past the statutory deadline"),
        _("Clock runs"),
        _("Ended without an answer"),
        _("On time, %"),
        *(str(finding.label) for finding in Finding),
    )
    kinds = ("text", "text", "text", *("num",) * (len(headings) - 3))
    return Sheet(_("Statistics of complaints"), mark, headings, kinds, author, at)


def report_rows(lines: Sequence[ReportLine]) -> Iterator[list[Cell]]:
    """The cells of every line, and the sums as the last row."""
    for line in lines:
        category = word_for("categories", line.category)
        named = [line.unit_code, line.unit_name, category]
        yield _row(named, line.figures, line.regulator, [line.findings.get(finding, 0) for finding in Finding])
    findings = [sum(line.findings.get(finding, 0) for line in lines) for finding in Finding]
    sums = total(line.figures for line in lines)
    yield _row([_("Total"), "", ""], sums, sum(line.regulator for line in lines), findings)


def _row(named: list[str], figures: Figures, regulator: int, findings: list[int]) -> list[Cell]:
    counts = [figures.cases, regulator, figures.on_time, figures.late, figures.running, figures.none]
    numbers = [*counts, figures.rate, *findings]
    return [*(Cell(text) for text in named), *(Cell(number, "num") for number in numbers)]
