"""The addresses of boards with their declared answers (R01)."""

from staff.access import BOOK_KEEPERS, HEADS
from tests.access_rules import Row, only

BOARDS: list[Row] = [
    # Of boards of units; a manager's own kind is refused to heads in the view.
    Row("insights:board_arrange", {"board": "branch"}, get=only(*HEADS), post=only(*HEADS)),
    Row("insights:today_widget", get=only(*BOOK_KEEPERS)),
    Row("insights:averages", get=only(*BOOK_KEEPERS, *HEADS)),
    Row("insights:rhythm", get=only(*BOOK_KEEPERS, *HEADS)),
]
