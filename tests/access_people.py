"""Teams, targets, workload, satisfaction and completion with their declared answers (R01)."""

from staff.access import AMOUNT_ROLES, HEADS
from staff.enums import Role
from tests.access_rules import Row, of_a, only, record
from tests.people import TOKEN

# A target of the manager of branch A, and a team there.
TARGET, TEAM = {"pk": record("target")}, {"pk": record("team")}
OF_A = of_a(*HEADS, also={"head", "hq"})
SEEN = of_a(*AMOUNT_ROLES, also={"manager", "head", "hq", TOKEN})
ASKED: list[str] = ["targets", "targets_widget", "completion", "completion_widget"]
VOICES = only(*AMOUNT_ROLES, Role.COMPLIANCE)
LED: list[Row] = [
    Row("staff:teams", get=only(*HEADS)),
    Row("staff:team_new", get=only(*HEADS), post=only(*HEADS)),
    Row("staff:team", TEAM, get=OF_A, post=OF_A),
    Row("staff:targets", get=only(*HEADS)),
    Row("staff:target_new", get=only(*HEADS), post=only(*HEADS)),
    Row("staff:target_adjust", TARGET, get=OF_A, post=OF_A),
    Row("staff:target_decide", TARGET, post=OF_A),
    Row("insights:target", TARGET, get=SEEN),
    *(Row(f"insights:{name}", get=only(*AMOUNT_ROLES)) for name in ASKED),
    Row("insights:satisfaction", get=VOICES),
    Row("insights:satisfaction_widget", get=VOICES),
    Row("insights:workload", get=only(*HEADS)),
]
