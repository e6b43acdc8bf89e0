"""Every address of reports, the inbox of decisions and the palette with its declared answers (R01)."""

from staff.access import BOOK_KEEPERS, HEADS
from staff.enums import Role
from tests.access_rules import ALL, Row, of_a, only, record

READERS = (*BOOK_KEEPERS, *HEADS)
# The head's own, shared with the people of branch A.
REPORT = {"pk": record("report")}
SHARED = of_a(*READERS, also={"manager", "other_manager", "senior", "expert", "head"})
OWNERS = of_a(*READERS, also={"head"})
RUN = {"pk": record("report_run")}
# Another tier of customer a, asked for by the manager.
DECIDED = {"kind": "tiers.override", "pk": record("override")}
DECIDERS = of_a(*HEADS, Role.COMPLIANCE, Role.ADMIN, also={"head", "hq"})
REPORTED: list[Row] = [
    Row("insights:approvals", get=ALL),
    Row("insights:approvals_mine", get=ALL),
    Row("insights:approvals_count", get=ALL),
    Row("insights:approvals_widget", get=ALL),
    Row("insights:approval_decide", DECIDED, get=DECIDERS, post=DECIDERS),
    Row("insights:palette", get=ALL, post=ALL),
    Row("insights:reports", get=only(*READERS)),
    Row("insights:report_new", get=only(*READERS), post=only(*READERS)),
    Row("insights:report_preview", post=only(*READERS)),
    Row("insights:report", REPORT, get=SHARED),
    Row("insights:report_edit", REPORT, get=OWNERS, post=OWNERS),
    Row("insights:report_schedule", REPORT, get=OWNERS, post=OWNERS),
    Row("insights:report_file", REPORT, get=SHARED, post=SHARED),
    Row("insights:report_step", {**REPORT, "step": "copy"}, post=SHARED),
    Row("insights:report_runs", get=only(*READERS)),
    Row("insights:report_run", RUN, get=OWNERS),
    Row("insights:report_run_file", RUN, get=of_a(*READERS, also=set())),  # its file is not there
]
