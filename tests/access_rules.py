"""The words of the access table: who gets in, to whom a thing does not exist, and what an address is."""

from dataclasses import dataclass, field

from staff.access import AMOUNT_ROLES, BOOK_KEEPERS, COUNTER, CUSTOMER_ROLES, EVERYONE, HEADS, MANAGERS, SERVING
from staff.enums import Role
from tests.people import EVERYBODY, PEOPLE, TOKEN

METHODS, SELDOM = ("get", "post"), ("put", "patch", "delete")
# Who tries the methods an address does not have.
# Who sees customer a, of branch A and of the manager there.
SEE_A = {"teller", "lobby", "manager", "head", "hq", "compliance", TOKEN}
ROLE = {**{persona: role for persona, (role, _unit) in PEOPLE.items()}, TOKEN: "manager"}


@dataclass(frozen=True)
class Rule:
    """Who gets in, and to whom the thing does not exist; everybody else is sent to sign in or refused."""

    inside: frozenset[str]
    missing: frozenset[str] = frozenset()


def only(*roles: str) -> Rule:
    return Rule(frozenset(persona for persona in EVERYBODY if ROLE.get(persona) in roles))


def of_a(*roles: str, also: set[str] | None = None) -> Rule:
    """For these roles, about customer a."""
    holders = only(*roles).inside
    return Rule(holders & (SEE_A if also is None else also), holders - (SEE_A if also is None else also))


READERS = only(*CUSTOMER_ROLES)
PUBLIC = Rule(frozenset(EVERYBODY))
ALL = only(*EVERYONE)
ADMIN = only(Role.ADMIN)
MAKERS = only(Role.ADMIN, Role.HEAD_OFFICE)
SCHEMES = only(Role.ADMIN, *HEADS, Role.COMPLIANCE, Role.AUDITOR)
LOGGERS = (*COUNTER, *BOOK_KEEPERS, Role.BRANCH_HEAD)
SERVERS = (*COUNTER, *MANAGERS)
# The contact's own author: to colleagues there is none to change or take back.
AUTHOR = {"teller"}
# Of what the manager has to do for customer a: not the counter's business.
SEES_TASK = {"manager", "head", "hq", "compliance", TOKEN}
WORKERS = (*SERVING, Role.HEAD_OFFICE)
TASK = of_a(*WORKERS, also=SEES_TASK)
# Who gives quotes: compliance sees no amounts.
QUOTERS = (*COUNTER, *AMOUNT_ROLES)
# A referral is its two colleagues' and their heads'; other tellers learn nothing of it.
SENT_ON = {"teller", "manager", "head", "hq", TOKEN}
# Who may read fraud prompts: nobody who sells.
FRAUD = (*COUNTER, Role.BRANCH_HEAD, Role.COMPLIANCE)
MISSING_TO_ALL = Rule(frozenset(), frozenset(EVERYBODY))


@dataclass(frozen=True)
class Row:
    """An address, what to put into it, and a rule for each method it has; other methods are never answered."""

    name: str
    kwargs: dict[str, object] = field(default_factory=dict)
    get: Rule | None = None
    post: Rule | None = None
    put: Rule | None = None
    patch: Rule | None = None


def record(name: str) -> str:
    return f"record:{name}"


A = {"customer_no": "CUSTa"}
FEED, JOB, DRAFT, CONTACT = ({"pk": record(name)} for name in ("feed", "job", "draft", "contact"))
REFERRAL, FRAUD_CHECK = {"pk": record("referral")}, {"pk": record("fraud_check")}
ALERT, PROMISE = {"pk": record("alert")}, {"pk": record("promise")}
PROSPECT = {"number": "PROSPa"}
EXPORT = {"pk": record("export")}
FINDING = {"pk": record("finding")}
MERGE = {"pk": record("merge")}
FOLLOW_UP = {"pk": record("follow_up")}
BACKTEST = {"pk": record("backtest")}
OVERRIDE, SCHEME = {"pk": record("override")}, {"pk": record("scheme")}
RUN = {"pk": record("run")}
PERSON = {"staff_no": "NO-teller_b"}
# Shared with the branch: colleagues open it, its owner alone changes it.
VIEW = {"pk": record("view")}
HANDOVER = {"pk": record("handover")}
# Of a hand-over from the manager to a colleague: both, and the heads above them.
SIDES = {"manager", "other_manager", "head", "hq"}
DAY = {"day": "2026-11-19"}
FEEDBACK, WAVE, NOTICE = {"pk": record("feedback")}, {"pk": record("wave")}, {"pk": record("notice")}
VOICE_KEEPERS = (*COUNTER, *BOOK_KEEPERS, *HEADS)
# Of feedback about customer a which the teller wrote down and the manager owns.
HEARD = {"teller", "manager", "head", "hq", "compliance"}
KYC_ITEM = {"pk": record("kyc_item")}
# The case of customer a which the teller wrote down and the manager handles.
CASE, CASE_SEEN = {"number": "TS-a1"}, {"teller", "manager", "head", "hq", "compliance", TOKEN}
CASE_FILE, PROBLEM = {**CASE, "pk": record("evidence")}, {"pk": record("problem")}
MORE_TIME = {**CASE, "pk": record("extension"), "step": "decide"}
OVERSEERS = (*HEADS, Role.COMPLIANCE)
TERM = {"account": record("term"), "day": "2026-11-27"}
PLANNERS = (*BOOK_KEEPERS, Role.BRANCH_HEAD)
RULES = {"kind": "kyc", "version": 1}

# A thing nobody here has switched on.
NONE_YET = Rule(frozenset(), ALL.inside)
