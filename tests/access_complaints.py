"""Every address of complaints with its declared answers (R01)."""

from staff.access import CUSTOMER_ROLES, HEADS
from staff.enums import Role
from tests.access_rules import (
    CASE,
    CASE_FILE,
    CASE_SEEN,
    MISSING_TO_ALL,
    MORE_TIME,
    OVERSEERS,
    PROBLEM,
    PUBLIC,
    READERS,
    A,
    Row,
    of_a,
    only,
    record,
)

COMPLAINTS = [
    Row("complaints:inbox", get=only(*CUSTOMER_ROLES)),
    Row("complaints:inbox_export", get=only(*CUSTOMER_ROLES), post=only(*CUSTOMER_ROLES)),
    Row("complaints:assign_several", post=only(*HEADS, Role.COMPLIANCE)),
    Row("complaints:board", get=only(*CUSTOMER_ROLES)),
    Row("complaints:board_lane", {"state": "investigating"}, get=only(*CUSTOMER_ROLES)),
    Row("complaints:board_move", {**CASE, "move": "investigate"}, post=of_a(*CUSTOMER_ROLES, also=CASE_SEEN)),
    Row("complaints:statistics", get=only(*HEADS, Role.COMPLIANCE)),
    Row("complaints:statistics_file", post=only(*HEADS, Role.COMPLIANCE)),
    Row("complaints:detail", CASE, get=of_a(*CUSTOMER_ROLES, also=CASE_SEEN)),
    Row("complaints:account", CASE, post=of_a(*CUSTOMER_ROLES, also=CASE_SEEN)),
    Row("complaints:history", CASE, get=of_a(*CUSTOMER_ROLES, also=CASE_SEEN)),
    Row("complaints:step", {**CASE, "step": "withdraw"}, post=of_a(*CUSTOMER_ROLES, also=CASE_SEEN)),
    Row("complaints:clocks", CASE, get=of_a(*CUSTOMER_ROLES, also=CASE_SEEN)),
    Row("complaints:clocks_step", {**CASE, "step": "attempt"}, post=of_a(*CUSTOMER_ROLES, also=CASE_SEEN)),
    Row("complaints:extension_step", MORE_TIME, post=of_a(*CUSTOMER_ROLES, also=CASE_SEEN)),
    Row("complaints:decision", CASE, get=of_a(*CUSTOMER_ROLES, also=CASE_SEEN)),
    Row("complaints:decision_step", {**CASE, "step": "propose"}, post=of_a(*CUSTOMER_ROLES, also=CASE_SEEN)),
    Row("complaints:letter", {"number": "TS-a3"}, get=of_a(*CUSTOMER_ROLES, also=CASE_SEEN)),
    # Nothing is decided there yet, so that no PDF is made for each person.
    Row("complaints:letter_pdf", CASE, get=of_a(*CUSTOMER_ROLES, also=set())),
    Row("complaints:reviews", get=only(*HEADS, Role.COMPLIANCE)),
    Row("complaints:review_step", {"number": "TS-a3", "step": "ask"}, post=of_a(*CUSTOMER_ROLES, also=CASE_SEEN)),
    Row(
        "complaints:evidence",
        CASE,
        get=of_a(*CUSTOMER_ROLES, also=CASE_SEEN),
        post=of_a(*CUSTOMER_ROLES, also=CASE_SEEN),
    ),
    Row("complaints:evidence_file", CASE_FILE, get=of_a(*CUSTOMER_ROLES, also=CASE_SEEN)),
    Row("complaints:evidence_remove", CASE_FILE, post=of_a(*CUSTOMER_ROLES, also=CASE_SEEN)),
    Row("complaints:pack", CASE, post=of_a(*HEADS, Role.COMPLIANCE, also=CASE_SEEN)),
    Row("complaints:cause", CASE, post=of_a(*CUSTOMER_ROLES, also=CASE_SEEN)),
    Row(
        "complaints:actions",
        CASE,
        get=of_a(*CUSTOMER_ROLES, also=CASE_SEEN),
        post=of_a(*CUSTOMER_ROLES, also=CASE_SEEN),
    ),
    Row("complaints:action_list", get=only(*CUSTOMER_ROLES)),
    # Its owner is the teller.
    Row(
        "complaints:action",
        {"pk": record("action")},
        get=of_a(*CUSTOMER_ROLES, also=CASE_SEEN - {"manager"}),
        post=of_a(*CUSTOMER_ROLES, also=CASE_SEEN - {"manager"}),
    ),
    Row("complaints:problems", get=only(*HEADS, Role.COMPLIANCE)),
    Row("complaints:problem", PROBLEM, get=of_a(*OVERSEERS, also=CASE_SEEN), post=of_a(*OVERSEERS, also=CASE_SEEN)),
    Row("complaints:problem_action", PROBLEM, post=of_a(*OVERSEERS, also=CASE_SEEN)),
    Row("complaints:register", get=only(*CUSTOMER_ROLES), post=only(*CUSTOMER_ROLES)),
    Row("complaints:new", A, get=of_a(*CUSTOMER_ROLES), post=of_a(*CUSTOMER_ROLES)),
    Row("complaints:alike", post=only(*CUSTOMER_ROLES)),
    Row(
        "complaints:same",
        CASE,
        get=of_a(*CUSTOMER_ROLES, also=CASE_SEEN),
        post=of_a(*CUSTOMER_ROLES, also=CASE_SEEN),
    ),
    Row("complaints:of_customer", A, get=of_a(*CUSTOMER_ROLES)),
    # Anybody may complain; the answer's token is nobody's.
    Row("complaints:public", get=PUBLIC, post=PUBLIC),
    Row("complaints:public_done", {"token": "nobody-signed-this"}, get=MISSING_TO_ALL),
]
COMPLAINTS_API = [
    Row("complaints-list", get=READERS, post=only(*CUSTOMER_ROLES)),
    Row("complaints-detail", CASE, get=of_a(*CUSTOMER_ROLES, also=CASE_SEEN)),
    Row("complaints-move", {**CASE, "move": "withdraw"}, post=of_a(*CUSTOMER_ROLES, also=CASE_SEEN)),
]
