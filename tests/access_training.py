"""Every address of training with its declared answers (R01)."""

from staff.access import EVERYONE, HEADS
from staff.enums import Role
from tests.access_rules import ALL, Row, of_a, only, record
from tests.people import TOKEN

COURSE, QUESTION = {"pk": record("course")}, {"pk": record("question")}
# Courses hold for the whole bank: head office and administrators draw them up.
COURSE_MAKERS = only(Role.HEAD_OFFICE, Role.ADMIN)
# A try is one's own; nobody else opens it.
ATTEMPT = {"pk": record("attempt")}
TRYING = of_a(*EVERYONE, also={"manager", TOKEN})
# A date of branch A concerns its people, and whoever oversees them.
SESSION = {"pk": record("session")}
OF_UNIT = {"teller", "lobby", "manager", "other_manager", "senior", "expert", "head", "hq", "compliance", TOKEN}
# The manager's certificate: their own, and their heads'.
CERTIFICATE = {"pk": record("certificate")}
TRAINED: list[Row] = [
    Row("staff:training", get=ALL),
    Row("staff:training_widget", get=ALL),
    Row("staff:training_matrix", get=only(*HEADS)),
    Row("staff:courses", get=ALL),
    Row("staff:course_new", get=COURSE_MAKERS, post=COURSE_MAKERS),
    Row("staff:course", COURSE, get=ALL),
    Row("staff:course_edit", COURSE, get=COURSE_MAKERS, post=COURSE_MAKERS),
    Row("staff:course_step", {**COURSE, "step": "retire"}, post=COURSE_MAKERS),
    Row("staff:questions", COURSE, get=COURSE_MAKERS),
    Row("staff:question_new", COURSE, get=COURSE_MAKERS, post=COURSE_MAKERS),
    Row("staff:question_import", COURSE, get=COURSE_MAKERS, post=COURSE_MAKERS),
    Row("staff:question_edit", QUESTION, get=COURSE_MAKERS, post=COURSE_MAKERS),
    Row("staff:study", COURSE, get=ALL),
    Row("staff:attempt_start", COURSE, post=ALL),
    Row("staff:attempt", ATTEMPT, get=TRYING, post=TRYING),
    Row("staff:attempt_finish", ATTEMPT, post=TRYING),
    Row("staff:sessions", get=ALL),
    Row("staff:session_new", get=only(*HEADS), post=only(*HEADS)),
    Row("staff:session", SESSION, get=of_a(*EVERYONE, also=OF_UNIT)),
    Row("staff:session_enrol", SESSION, post=of_a(*EVERYONE, also=OF_UNIT)),
    Row("staff:session_leave", SESSION, post=of_a(*EVERYONE, also=OF_UNIT)),
    Row("staff:session_results", SESSION, post=of_a(*HEADS, also={"head", "hq"})),
    Row("staff:session_cancel", SESSION, post=of_a(*HEADS, also={"head", "hq"})),
    Row("staff:certificates", get=ALL),
    Row("staff:certificate_check", get=ALL),
    Row("staff:certificate", CERTIFICATE, get=of_a(*EVERYONE, also={"manager", "head", "hq", "compliance", TOKEN})),
    Row(
        "staff:certificate_revoke",
        CERTIFICATE,
        post=of_a(*HEADS, Role.COMPLIANCE, also={"head", "hq", "compliance"}),
    ),
]
