"""Every address of the branch head's week with its declared answers (R01)."""

from staff.access import AMOUNT_ROLES, HEADS
from staff.enums import Role
from tests.access_boards import BOARDS
from tests.access_people import LED
from tests.access_reports import REPORTED
from tests.access_rules import A, Row, of_a, only, record
from tests.access_supervision import SUPERVISED
from tests.access_training import TRAINED

# A warning about customer a.
WARNING = {"pk": record("warning")}
WARNINGS: list[Row] = [
    Row("insights:warnings", get=only(*AMOUNT_ROLES)),
    Row("insights:warnings_export", get=only(*AMOUNT_ROLES), post=only(*AMOUNT_ROLES)),
    Row("insights:losses_export", get=only(*AMOUNT_ROLES), post=only(*AMOUNT_ROLES)),
    Row("insights:warnings_widget", get=only(*AMOUNT_ROLES)),
    Row("insights:outflow_losses", get=only(*AMOUNT_ROLES)),
    Row("insights:outflow_quality", get=only(*AMOUNT_ROLES)),
    Row("insights:outflow_try", post=only(Role.HEAD_OFFICE)),
    Row("insights:warning_of_customer", A, get=of_a(*AMOUNT_ROLES)),
    Row("insights:warning", WARNING, get=of_a(*AMOUNT_ROLES)),
    Row("insights:warning_judge", WARNING, post=of_a(*AMOUNT_ROLES)),
    Row("insights:warning_follow_up", WARNING, post=of_a(*AMOUNT_ROLES)),
]
# Each their own unit's; without a scope for it nobody asks the API.
FIGURES: list[Row] = [
    Row("insights:measures", get=only(*AMOUNT_ROLES)),
    Row("insights:measure", {"code": "adb"}, get=only(*AMOUNT_ROLES)),
    # Whose figure and of which day stands in the query: without one the address is refused as such.
    Row("insights:figure", get=only(*AMOUNT_ROLES)),
]
# Why deposits grew, who was lost, what was dressed up: of one's own book or units.
TRUTH: list[Row] = [
    Row("insights:bridge", get=only(*AMOUNT_ROLES)),
    Row("insights:bridge_rows", get=only(*AMOUNT_ROLES)),
    Row("insights:bridge_export", get=only(*AMOUNT_ROLES), post=only(*AMOUNT_ROLES)),
    Row("insights:bridge_widget", get=only(*AMOUNT_ROLES)),
    Row("insights:churn", get=only(*AMOUNT_ROLES)),
    Row("insights:churned", get=only(*AMOUNT_ROLES)),
    Row("insights:churned_export", get=only(*AMOUNT_ROLES), post=only(*AMOUNT_ROLES)),
    Row("insights:churn_widget", get=only(*AMOUNT_ROLES)),
    Row("insights:flow_widget", get=only(*AMOUNT_ROLES)),
    Row("insights:spikes", get=only(*HEADS)),
    Row("insights:spiked", get=only(*HEADS)),
    Row("insights:spiked_export", get=only(*HEADS), post=only(*HEADS)),
]
WEEK: list[Row] = [*TRUTH, *FIGURES, *BOARDS, *WARNINGS, *REPORTED, *SUPERVISED, *TRAINED, *LED]
WEEK_API: list[Row] = [Row("kpis-list", get=only(*HEADS))]
