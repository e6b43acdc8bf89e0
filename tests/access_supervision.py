"""Every address of supervision with its declared answers (R01)."""

from staff.access import EVERYONE
from staff.enums import Role
from staff.queries.supervision import OVERSEERS
from tests.access_rules import A, Row, of_a, only, record

# A plan the head of branch A made: head office and compliance see it, the other branch's head does not.
SEEN = of_a(*OVERSEERS, also={"head", "hq", "compliance"})
PLAN, DRAW = {"pk": record("check_plan")}, {"pk": record("check_draw")}
CHECK, SETTLED = {"pk": record("spot_check")}, {"pk": record("spot_check_done")}
# Issued: about the manager, to be put right by the head. The draft exists for nobody it is about.
ISSUED, DRAFT = {"pk": record("check_finding")}, {"pk": record("check_finding_draft")}
TOLD = of_a(*EVERYONE, also={"manager", "head", "hq", "compliance"})
NOT_TOLD = of_a(*EVERYONE, also={"head", "hq", "compliance"})
SUPERVISED: list[Row] = [
    Row("insights:supervision", get=only(*OVERSEERS)),
    Row("insights:supervision_plan_new", get=only(*OVERSEERS), post=only(*OVERSEERS)),
    Row("insights:supervision_plan", PLAN, get=SEEN),
    Row("insights:supervision_draw", PLAN, post=SEEN),
    Row("insights:supervision_end", PLAN, post=SEEN),
    Row("insights:scorer_replace", PLAN, get=SEEN, post=SEEN),
    Row("insights:supervision_redraw", DRAW, get=SEEN),
    Row("insights:supervision_checks", get=only(*OVERSEERS)),
    Row("insights:checks_export", get=only(*OVERSEERS), post=only(*OVERSEERS)),
    Row("insights:supervision_check", CHECK, get=SEEN, post=SEEN),
    Row("insights:supervision_settle", CHECK, post=SEEN),
    Row("insights:supervision_raise", SETTLED, post=SEEN),
    # As the trail; files are asked for on a page auditors do not have.
    Row("insights:openings", get=only(Role.COMPLIANCE, Role.AUDITOR)),
    Row("insights:openings_export", get=only(Role.COMPLIANCE), post=only(Role.COMPLIANCE)),
    Row("customers:openings", A, get=of_a(Role.COMPLIANCE)),
    Row("insights:findings", get=only(*EVERYONE)),
    Row("insights:findings_export", get=only(*OVERSEERS), post=only(*OVERSEERS)),
    Row("insights:finding", ISSUED, get=TOLD),
    Row("insights:finding_step", {**DRAFT, "step": "issue"}, post=NOT_TOLD),
]
