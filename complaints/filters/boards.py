"""The filters of the board."""

from complaints.filters.cases import CaseFilter


class BoardFilter(CaseFilter):
    """Cases that are not ended; the columns of the board are their states."""

    kept = frozenset({"number", "due", "law", "grade", "handler", "desk", "unit", "area", "category"})
    usual = "live"
