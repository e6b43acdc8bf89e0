"""R01 and R02: every address x person x method has a declared answer, and what is not yours looks as if it were not."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from django.db import transaction
from django.urls import reverse

from staff.access import AMOUNT_ROLES, BOOK_KEEPERS, COUNTER, CUSTOMER_ROLES, EVERYONE, HEADS, MANAGERS, SERVING
from staff.enums import Role
from staff.queries import EXPORT_DECIDERS
from tests.world import ANONYMOUS, EVERYBODY, PEOPLE, TOKEN, World, addresses, build, undone

pytestmark = pytest.mark.django_db

# Every person tries these; the others are tried by a few, as hardly any address has them.
METHODS, SELDOM = ("get", "post"), ("put", "patch", "delete")
FEW = ("manager", "admin")
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


PUBLIC = Rule(frozenset(EVERYBODY))
ALL = only(*EVERYONE)
ADMIN = only(Role.ADMIN)
MAKERS = only(Role.ADMIN, Role.HEAD_OFFICE)
SCHEMES = only(Role.ADMIN, *HEADS, Role.COMPLIANCE, Role.AUDITOR)
LOGGERS = (*COUNTER, *BOOK_KEEPERS, Role.BRANCH_HEAD)
SERVERS = (*COUNTER, *MANAGERS)
# The contact's own author: to colleagues there is none to change or take back.
AUTHOR = {"teller"}
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
ALERT, PROMISE = {"pk": record("alert")}, {"pk": record("promise")}
PROSPECT = {"number": "PROSPa"}
EXPORT = {"pk": record("export")}
FINDING = {"pk": record("finding")}
MERGE = {"pk": record("merge")}
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
KYC_ITEM = {"pk": record("kyc_item")}
RULES = {"kind": "kyc", "version": 1}

# A thing nobody here has switched on.
NONE_YET = Rule(frozenset(), ALL.inside)

PAGES = [
    # Django's form views take PUT for POST.
    Row("account_login", get=PUBLIC, post=PUBLIC, put=PUBLIC),
    Row("account_logout", get=PUBLIC, post=PUBLIC),
    Row("account_inactive", get=PUBLIC),
    Row("account_reauthenticate", get=ALL, post=ALL, put=ALL),
    Row("account_change_password", get=ALL, post=ALL, put=ALL),
    Row("mfa_index", get=ALL),
    Row(
        "mfa_authenticate", get=PUBLIC, post=PUBLIC, put=PUBLIC
    ),  # half-way through signing in; sends everybody else there
    Row("mfa_reauthenticate", get=ALL, post=ALL, put=ALL),
    Row("mfa_activate_totp", get=ALL, post=ALL, put=ALL),
    Row("mfa_deactivate_totp", get=NONE_YET, post=NONE_YET, put=NONE_YET),
    Row("mfa_view_recovery_codes", get=NONE_YET),
    Row("mfa_generate_recovery_codes", get=ALL, post=ALL, put=ALL),
    Row("mfa_download_recovery_codes", get=NONE_YET),
    Row("usersessions_list", get=ALL, post=ALL, put=ALL),
    Row("set_language", post=PUBLIC),
    Row("gallery", get=ALL),
    Row("health_live", get=PUBLIC),
    Row("health_ready", get=PUBLIC),
    Row("metrics", get=MISSING_TO_ALL),
    Row("api_docs", get=ALL),
    Row("insights:home", get=ALL),
    Row("insights:branch", {"code": "01A"}, get=of_a(*HEADS)),
    Row("insights:tier_history", get=only(*AMOUNT_ROLES)),
    Row("insights:moves", get=only(*AMOUNT_ROLES)),
    Row("insights:maturities", get=only(*AMOUNT_ROLES)),
    Row("insights:silent", get=only(*AMOUNT_ROLES)),
    Row("insights:timeline", A, get=of_a(*CUSTOMER_ROLES)),
    Row("insights:jobs", get=MAKERS),
    Row("insights:liveness", get=MAKERS),
    Row("insights:calendar", get=MAKERS, post=ADMIN),
    Row("insights:calendar_clear", DAY, post=ADMIN),
    Row("insights:run_night", DAY, post=ADMIN),
    Row("insights:rerun_job", JOB, post=ADMIN),
    Row("customers:list", get=only(*CUSTOMER_ROLES)),
    Row("customers:find", post=only(*CUSTOMER_ROLES)),
    Row("customers:export", get=only(*CUSTOMER_ROLES), post=only(*CUSTOMER_ROLES)),
    Row("customers:new", get=only(*SERVING), post=only(*SERVING)),
    Row("customers:duplicates", post=only(*SERVING)),
    Row("customers:detail", A, get=of_a(*CUSTOMER_ROLES)),
    Row("customers:edit", A, get=of_a(*SERVING), post=of_a(*SERVING)),
    Row("customers:history", A, get=of_a(*CUSTOMER_ROLES)),
    Row("customers:preference", {**A, "kind": "channel"}, get=of_a(*SERVING), post=of_a(*SERVING)),
    Row("customers:profile", A, get=of_a(*CUSTOMER_ROLES)),
    Row("customers:holdings", A, get=of_a(*CUSTOMER_ROLES)),
    Row("customers:balances", A, get=of_a(*AMOUNT_ROLES)),
    Row("customers:reveal", {**A, "field": "phone"}, get=of_a(*CUSTOMER_ROLES), post=of_a(*CUSTOMER_ROLES)),
    Row("customers:team", A, get=of_a(*CUSTOMER_ROLES)),
    # Only the manager and heads decide who else sees a customer: colleagues who see it are refused.
    Row("customers:set_backup", A, post=of_a(*BOOK_KEEPERS, *HEADS)),
    Row("customers:share", A, post=of_a(*BOOK_KEEPERS, *HEADS)),
    Row("customers:unshare", {**A, "staff_no": "NO-expert"}, post=of_a(*BOOK_KEEPERS, *HEADS)),
    Row("customers:consents", A, get=of_a(*CUSTOMER_ROLES)),
    Row("customers:consent_record", A, get=of_a(*SERVING), post=of_a(*SERVING)),
    Row("customers:alert_new", A, get=of_a(*SERVING), post=of_a(*SERVING)),
    Row("customers:alert_dismiss", ALERT, get=of_a(*SERVING), post=of_a(*SERVING)),
    Row("customers:alert_end", ALERT, get=of_a(*SERVING), post=of_a(*SERVING)),
    Row("customers:promises", A, get=of_a(*CUSTOMER_ROLES)),
    Row("customers:promise_new", A, get=of_a(*SERVING), post=of_a(*SERVING)),
    Row("customers:promise_close", PROMISE, get=of_a(*SERVING), post=of_a(*SERVING)),
    Row("customers:promise_change", PROMISE, get=of_a(*SERVING), post=of_a(*SERVING)),
    Row("customers:my_promises", get=only(*SERVING, Role.HEAD_OFFICE)),
    Row("customers:prospects", get=only(*SERVING, Role.HEAD_OFFICE)),
    Row("customers:prospect_new", get=only(*SERVING), post=only(*SERVING)),
    Row("customers:prospect_check", post=only(*SERVING)),
    Row("customers:prospect", PROSPECT, get=of_a(*SERVING, Role.HEAD_OFFICE)),
    Row("customers:prospect_edit", PROSPECT, get=of_a(*SERVING), post=of_a(*SERVING)),
    Row("customers:prospect_drop", PROSPECT, post=of_a(*SERVING)),
    Row("customers:prospect_convert", PROSPECT, get=of_a(*SERVING), post=of_a(*SERVING)),
    Row("customers:wordings", get=only(*CUSTOMER_ROLES, Role.AUDITOR)),
    Row("customers:wording_new", get=only(Role.COMPLIANCE), post=only(Role.COMPLIANCE)),
    Row("customers:handovers", get=only(*AMOUNT_ROLES)),
    Row("customers:handover_new", get=only(*MANAGERS, *HEADS), post=only(*MANAGERS, *HEADS)),
    Row("customers:handover", HANDOVER, get=of_a(*AMOUNT_ROLES, also=SIDES)),
    Row("customers:handover_progress", HANDOVER, get=of_a(*AMOUNT_ROLES, also=SIDES)),
    Row("customers:handover_submit", HANDOVER, post=of_a(*MANAGERS, *HEADS, also=SIDES)),
    Row("customers:handover_discard", HANDOVER, post=of_a(*MANAGERS, *HEADS, also=SIDES)),
    Row("customers:handover_decide", HANDOVER, post=of_a(*MANAGERS, *HEADS, also=SIDES)),
    Row("customers:handover_undo", HANDOVER, post=of_a(*HEADS, also=SIDES)),
    Row("insights:handover_pack", HANDOVER, get=of_a(*AMOUNT_ROLES, also=SIDES)),
    Row("customers:insurance", A, get=of_a(*AMOUNT_ROLES)),
    Row("customers:kyc", get=only(*CUSTOMER_ROLES)),
    Row("customers:kyc_item", KYC_ITEM, get=of_a(*CUSTOMER_ROLES)),
    Row("customers:kyc_settle", KYC_ITEM, post=of_a(*SERVING)),
    Row("customers:policies", get=SCHEMES),
    Row("customers:policy", {"kind": "kyc"}, get=SCHEMES),
    Row("customers:policy_draft", {"kind": "kyc"}, get=MAKERS, post=MAKERS),
    Row("customers:policy_edit", RULES, get=MAKERS, post=MAKERS),
    Row("customers:policy_submit", RULES, post=MAKERS),
    Row("customers:policy_decide", RULES, post=MAKERS),
    Row("customers:policy_discard", RULES, post=MAKERS),
    Row("customers:policy_rollback", RULES, post=MAKERS),
    Row("customers:lifecycle", A, get=of_a(*CUSTOMER_ROLES)),
    Row("customers:ask", A, get=of_a(*SERVING)),
    Row("customers:answer", A, post=of_a(*SERVING)),
    Row("customers:quality", get=only(*CUSTOMER_ROLES)),
    Row("customers:quality_tiles", get=only(*CUSTOMER_ROLES)),
    Row("customers:completeness", get=only(*CUSTOMER_ROLES)),
    Row("customers:quality_confirm", FINDING, post=of_a(*SERVING)),
    Row("customers:quality_dismiss", FINDING, get=of_a(*SERVING), post=of_a(*SERVING)),
    Row("customers:merge", get=only(*HEADS), post=only(*HEADS)),
    Row("customers:merges", get=only(*HEADS)),
    # Of two customers of branches A and B: only who sees both.
    Row("customers:merge_result", MERGE, get=of_a(*HEADS, also={"hq"})),
    Row("customers:merge_progress", MERGE, get=of_a(*HEADS, also={"hq"})),
    Row("customers:merge_undo", MERGE, post=of_a(*HEADS, also={"hq"})),
    Row("customers:feeds", get=MAKERS),
    Row("customers:feed_upload", get=ADMIN, post=ADMIN),
    Row("customers:feed_columns", get=MAKERS),
    Row("customers:feed_sample", {"kind": "balances"}, get=MAKERS),
    Row("customers:feed", FEED, get=MAKERS),
    Row("customers:feed_progress", FEED, get=MAKERS),
    Row("customers:feed_import", FEED, post=ADMIN),
    Row("customers:feed_discard", FEED, post=ADMIN),
    Row("customers:feed_rejects", FEED, get=ADMIN),
    Row("tiers:schemes", get=SCHEMES),
    Row("tiers:scheme_new", get=MAKERS, post=MAKERS),
    Row("tiers:scheme_preview", post=MAKERS),
    Row("tiers:scheme", DRAFT, get=SCHEMES),
    Row("tiers:scheme_edit", DRAFT, get=MAKERS, post=MAKERS),
    Row("tiers:scheme_compare", get=SCHEMES),
    Row("tiers:scheme_rollback", SCHEME, get=MAKERS, post=MAKERS),
    Row("tiers:scheme_submit", DRAFT, post=MAKERS),
    Row("tiers:scheme_decide", DRAFT, post=MAKERS),
    Row("tiers:overrides", get=only(*AMOUNT_ROLES, Role.COMPLIANCE)),
    Row(
        "tiers:override_export",
        get=only(*AMOUNT_ROLES, Role.COMPLIANCE),
        post=only(*AMOUNT_ROLES, Role.COMPLIANCE),
    ),
    Row("tiers:override_of", A, get=of_a(*CUSTOMER_ROLES)),
    Row("tiers:override_new", A, get=of_a(*BOOK_KEEPERS, Role.BRANCH_HEAD), post=of_a(*BOOK_KEEPERS, Role.BRANCH_HEAD)),
    Row("tiers:override", OVERRIDE, get=of_a(*AMOUNT_ROLES, Role.COMPLIANCE)),
    Row("tiers:override_decide", OVERRIDE, post=of_a(*AMOUNT_ROLES)),
    Row("tiers:override_end", OVERRIDE, post=of_a(*AMOUNT_ROLES)),
    Row("tiers:catalogue", get=ALL),
    Row("tiers:entitlements_of", A, get=of_a(*CUSTOMER_ROLES)),
    Row("tiers:standards", get=ALL),
    Row("tiers:standards_counts", get=only(*CUSTOMER_ROLES, Role.ADMIN)),
    Row("tiers:runway", A, get=of_a(*CUSTOMER_ROLES)),
    Row("tiers:simulator", get=only(Role.ADMIN, *HEADS)),
    Row("tiers:simulator_answer", get=only(Role.ADMIN, *HEADS)),
    Row("tiers:backtests", get=only(Role.ADMIN, *HEADS), post=MAKERS),
    Row("tiers:backtest", BACKTEST, get=only(Role.ADMIN, *HEADS)),
    Row("tiers:backtest_progress", BACKTEST, get=only(Role.ADMIN, *HEADS)),
    Row("tiers:backtest_again", BACKTEST, post=MAKERS),
    Row("tiers:flows", get=only(*AMOUNT_ROLES, Role.ADMIN)),
    Row("tiers:flow_board", get=only(*AMOUNT_ROLES, Role.ADMIN)),
    Row("tiers:flow_names", get=only(*AMOUNT_ROLES)),
    Row("tiers:flow_export", get=only(*AMOUNT_ROLES), post=only(*AMOUNT_ROLES)),
    Row("tiers:movers", get=only(*CUSTOMER_ROLES)),
    Row("tiers:of_customer", A, get=of_a(*CUSTOMER_ROLES)),
    Row("tiers:explanation", A, get=of_a(*CUSTOMER_ROLES)),
    Row("tiers:watch", get=only(*CUSTOMER_ROLES)),
    Row("tiers:runs", get=SCHEMES),
    Row("tiers:run", RUN, get=SCHEMES),
    Row("servicing:counter", get=only(*SERVERS)),
    Row("servicing:counter_search", post=only(*SERVERS)),
    Row("servicing:counter_card", A, get=of_a(*SERVERS)),
    Row("servicing:counter_log", A, post=of_a(*SERVERS)),
    Row("servicing:contacts", get=only(*CUSTOMER_ROLES)),
    Row("servicing:log", A, get=of_a(*LOGGERS), post=of_a(*LOGGERS)),
    Row("servicing:change", CONTACT, get=of_a(*LOGGERS, also=AUTHOR), post=of_a(*LOGGERS, also=AUTHOR)),
    Row("servicing:undo", CONTACT, post=of_a(*LOGGERS, also=AUTHOR)),
    Row("staff:users", get=only(Role.ADMIN, *HEADS)),
    Row("staff:user_create", get=ADMIN, post=ADMIN),
    Row("staff:user_edit", PERSON, get=ADMIN, post=ADMIN),
    Row("staff:user_password", PERSON, get=ADMIN, post=ADMIN),
    Row("staff:tokens", get=ALL, post=ALL),
    Row("staff:token_revoke", {"token_id": record("token")}, post=of_a(*EVERYONE, also={"teller"})),
    Row("staff:trail", get=only(Role.COMPLIANCE, Role.AUDITOR)),
    Row("staff:profile", get=ALL, post=ALL),
    Row("staff:view_save", post=ALL),
    Row("staff:view_change", VIEW, post=of_a(*EVERYONE, also={"teller"})),
    Row("staff:view_delete", VIEW, post=of_a(*EVERYONE, also={"teller"})),
    Row("staff:exports", get=only(*CUSTOMER_ROLES)),
    Row("staff:export_detail", EXPORT, get=of_a(*CUSTOMER_ROLES, also={"manager"})),
    Row("staff:export_progress", EXPORT, get=of_a(*CUSTOMER_ROLES, also={"manager"})),
    Row("staff:export", EXPORT, get=of_a(*CUSTOMER_ROLES, also=set())),  # it is not made yet
    Row("staff:export_withdraw", EXPORT, post=of_a(*CUSTOMER_ROLES, also={"manager"})),
    Row("staff:exports_waiting", get=only(*EXPORT_DECIDERS)),
    Row(
        "staff:export_decide",
        EXPORT,
        get=of_a(*EXPORT_DECIDERS, also={"head", "hq", "compliance"}),
        post=of_a(*EXPORT_DECIDERS, also={"head", "hq", "compliance"}),
    ),
]
READERS = only(*CUSTOMER_ROLES)
API = [
    Row("api_schema", get=ALL),
    Row("customers-list", get=READERS, post=only(*SERVING)),
    Row("customers-find", post=READERS),
    Row("customers-detail", A, get=of_a(*CUSTOMER_ROLES), patch=of_a(*SERVING)),
    Row("customers-accounts", A, get=of_a(*CUSTOMER_ROLES)),
    Row("customers-balances", A, get=of_a(*CUSTOMER_ROLES)),
    Row("customers-tiers", A, get=of_a(*CUSTOMER_ROLES)),
    Row("customers-timeline", A, get=of_a(*CUSTOMER_ROLES)),
    Row("customers-reveal", A, post=of_a(*CUSTOMER_ROLES)),
    Row("feeds-list", get=MAKERS, post=ADMIN),
    Row("feeds-detail", FEED, get=MAKERS),
    Row("feeds-commit", FEED, post=ADMIN),
    Row("feeds-rejects", FEED, get=ADMIN),
    Row("tiers-list", get=ALL),
    Row("tiers-schemes", get=ALL, post=MAKERS),
    Row("tiers-submit", DRAFT, post=MAKERS),
    Row("tiers-approve", DRAFT, post=MAKERS),
    Row("tiers-reject", DRAFT, post=MAKERS),
    Row("tiers-lookup", post=only(*COUNTER)),
    Row("tiers-simulations", post=MAKERS),
    Row("consents-list", get=READERS, post=only(*LOGGERS)),
    Row("interactions-list", get=READERS, post=only(*LOGGERS)),
]
TABLE = {row.name: row for row in (*PAGES, *API)}
API_NAMES = {row.name for row in API}


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: object) -> Iterator[World]:
    with django_db_blocker.unblock(), transaction.atomic():  # type: ignore[attr-defined]
        yield build()
        transaction.set_rollback(True)


def address(row: Row, world: World, **instead: object) -> str:
    values = {**row.kwargs, **instead}
    for key, value in values.items():
        if isinstance(value, str) and value.startswith("record:"):
            values[key] = world.records[value.removeprefix("record:")].pk
    return reverse(row.name, kwargs=values)


def answer(response: object, is_api: bool) -> str:
    """What the answer means: in, sign in, refused, missing, no such method, or broken."""
    status = response.status_code  # type: ignore[attr-defined]
    if status == 302 and response.headers["Location"].startswith("/accounts/login/?next="):  # type: ignore[attr-defined]
        return "sign in"
    if status == 401:
        return "sign in" if is_api else "broken 401"
    if status >= 500 or status == 429:
        return f"broken {status}"
    return {403: "refused", 404: "missing", 405: "no method"}.get(status, "in")


def expected(rule: Rule | None, persona: str, is_api: bool) -> set[str]:
    if rule is None:
        return {"no method", "refused", "sign in", "missing", "sent away"}
    signed_in = persona in PEOPLE or (persona == TOKEN and is_api)
    if not signed_in and ANONYMOUS not in rule.inside | rule.missing:
        return {"sign in"}
    if persona in rule.inside:
        return {"in"}
    return {"missing"} if persona in rule.missing else {"refused"}


def test_every_address_has_a_row():
    known = {name for name, _route, _view in addresses()}
    assert known - set(TABLE) == set(), "addresses without a declared answer"
    assert set(TABLE) - known == set(), "rows without an address"


def test_the_table_is_large_enough():
    assert len(TABLE) * len(EVERYBODY) * len(METHODS) >= 1_500


@pytest.mark.parametrize("name", TABLE)
def test_each_person_gets_the_declared_answer(world: World, name: str):
    row, is_api = TABLE[name], name in API_NAMES
    wrong = []
    for method in (*METHODS, *SELDOM):
        rule = getattr(row, method, None)
        for persona in EVERYBODY if rule or method in METHODS else FEW:
            with undone():
                kind = {"content_type": "application/json"} if is_api and method != "get" else {}
                response = getattr(world.client(persona), method)(address(row, world), **kind)
                got = answer(response, is_api)
                if rule is None and 300 <= response.status_code < 400 and got == "in":
                    got = "sent away"
            if got not in expected(rule, persona, is_api):
                wrong.append((method, persona, got, sorted(expected(rule, persona, is_api))))
    assert wrong == []


FOREIGN = [row for row in TABLE.values() if row.kwargs.get("customer_no")]
ONE_TIME = re.compile(rb'(csrfmiddlewaretoken" value="|X-CSRFToken": ")[^"]+')


@pytest.mark.parametrize("persona", ["teller_b", "manager_b", "head_b", "other_manager"])
@pytest.mark.parametrize("name", [row.name for row in FOREIGN])
def test_a_foreign_record_looks_as_if_it_did_not_exist(world: World, name: str, persona: str):
    row, answers = TABLE[name], []
    for number in ("CUSTa", "CUSTx"):
        with undone():
            client = world.client(persona)
            response = getattr(client, "get" if row.get else "post")(address(row, world, customer_no=number))
        # The page repeats its own address and carries one-time tokens; nothing else may differ.
        body = ONE_TIME.sub(b"", response.content).replace(number.encode(), b"")
        headers = {key: value for key, value in response.headers.items() if key != "X-Request-ID"}
        answers.append((response.status_code, headers, body))
    assert answers[0] == answers[1]
    assert answers[0][0] in {403, 404}
