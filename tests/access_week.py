"""Every address of the branch head's week with its declared answers (R01)."""

from tests.access_rules import Row

WEEK: list[Row] = []
WEEK_API: list[Row] = []
