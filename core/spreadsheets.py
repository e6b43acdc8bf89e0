"""What leaves for a spreadsheet must open as text, never as a formula."""

import re

# Full-width signs begin formulas in Chinese and Japanese editions, and blanks before a sign do not stop all programs.
_FORMULA = re.compile(r"[\t\r\n]|\s*[=+\-@＝＋－＠]")
_NUMBER = re.compile(r"[+-]?[0-9][0-9,]*(\.[0-9]+)?")


def harmless(text: str) -> str:
    """The cell with an apostrophe before anything a spreadsheet would calculate; the feed import takes it off again."""
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text
