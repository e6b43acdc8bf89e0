"""A segment's rule as a condition in SQL, over `customers_customerposition p` and `customers_customer c`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final

from campaigns.enums.rule_words import Near, RuleField, RuleOp
from campaigns.rules.segments import EVERYBODY, Rule, amount_of, check, parts
from campaigns.rules.spans import Span, last_month, last_quarter
from customers.enums import AccountStatus, ConsentDecision, ConsentPurpose
from customers.queries.balances import ledger_day
from customers.rules.kyc import add_months
from customers.rules.periods import periods_of

# What re-tiering writes on the position: the sum of 1 (the next tier is close) and 2 (losing this one is).
NEAR: Final = {Near.UP: {1, 3}, Near.DOWN: {2, 3}}
MATURING: Final = (AccountStatus.OPEN, AccountStatus.FROZEN)
# Of the statements of (purpose, channel, customer) the one made last holds, as in customers.queries.consents.
CONSENT: Final = """EXISTS (
    SELECT 1 FROM customers_consent n
    WHERE n.purpose = {purpose} AND n.channel = ANY({channels}) AND n.customer_id = p.customer_id
      AND n.decision = {given} AND NOT EXISTS (
        SELECT 1 FROM customers_consent l
        WHERE l.purpose = n.purpose AND l.channel = n.channel AND l.customer_id = n.customer_id
          AND (l.stated_at, l.id) > (n.stated_at, n.id)))"""
HOLDS: Final = """EXISTS (
    SELECT 1 FROM customers_account a
    WHERE a.customer_id = p.customer_id AND a.status <> {closed}
      AND a.product_id = ANY(ARRAY(SELECT d.id FROM customers_product d WHERE d.kind = ANY({kinds}))))"""
MATURES: Final = """EXISTS (
    SELECT 1 FROM customers_account a
    WHERE a.customer_id = p.customer_id AND a.status = ANY({open}) AND a.matures_on BETWEEN {first} AND {last})"""
# Not asked customer by customer: sums of the few that mature are found once and looked up.
MATURES_WORTH: Final = """p.customer_id IN (
    SELECT a.customer_id FROM customers_account a JOIN customers_accountbalance b ON b.account_id = a.id
    WHERE a.status = ANY({open}) AND a.matures_on BETWEEN {first} AND {last}
    GROUP BY a.customer_id HAVING sum(b.value) >= {amount})"""
UNITS: Final = """p.branch_id IN (
    SELECT b.id FROM staff_branch b JOIN staff_branch u ON starts_with(b.path, u.path) WHERE u.id = ANY({ids}))"""
ON_LIST: Final = """EXISTS (
    SELECT 1 FROM campaigns_segmentmember m WHERE m.customer_id = p.customer_id AND m.segment_id = ANY({ids}))"""
# S(t) of architecture.md 6, where no mark of the position stands for it.
SUM_UNTIL: Final = """(CASE WHEN p."on" <= {at} THEN p.day_sum + p.total * ({at} - p."on") ELSE coalesce((
    SELECT h.day_sum + h.total * ({at} - h."on") FROM customers_positionchange h
    WHERE h.customer_id = p.customer_id AND h."on" <= {at} ORDER BY h."on" DESC LIMIT 1), 0) END)"""


@dataclass(frozen=True, slots=True)
class _Build:
    """A condition under way: on which day, with balances of which day, and the values it names."""

    day: date
    as_of: date | None
    prefix: str
    values: dict[str, Any] = field(default_factory=dict)

    def put(self, value: Any, cast: str = "") -> str:
        """A place for the value."""
        name = f"{self.prefix}_{len(self.values)}"
        self.values[name] = value
        return f"%({name})s{cast}"

    def on(self, day: date) -> str:
        """A place for a day."""
        return self.put(day, "::date")


def where(rule: Rule, *, day: date, prefix: str = "r") -> tuple[str, dict[str, Any]]:
    """The rule on `day` as a condition that is true or false, never null, with parameters named from `prefix`.

    It stands over `customers_customerposition p LEFT JOIN customers_customer c ON c.id = p.customer_id`. Balances and
    averages are those of the ledger day. Raises RuleError.
    """
    check(rule)
    build = _Build(day, ledger_day(), prefix)
    return ("TRUE" if rule == EVERYBODY else _node(build, rule)), build.values


def _node(build: _Build, node: Rule) -> str:
    if "field" in node:
        text = _LEAVES[node["field"]](build, node["op"], node["value"])
        is_negated = node["op"] == RuleOp.NOT_IN
        return f"NOT {text}" if is_negated else text
    inner = [_node(build, part) for part in parts(node)]
    if "not" in node:
        return f"NOT ({inner[0]})"
    return f"({(' AND ' if 'all' in node else ' OR ').join(inner)})"


def _tier(build: _Build, _op: str, value: list[int]) -> str:
    return f"(p.tier = ANY({build.put(value)}))"


def _near(build: _Build, _op: str, value: list[str]) -> str:
    codes = sorted(set().union(*(NEAR[Near(each)] for each in value)))
    return f"(p.near = ANY({build.put(codes)}))"


def _stage(build: _Build, _op: str, value: list[int]) -> str:
    return f"(p.stage = ANY({build.put(value)}))"


def _size(build: _Build, op: str, measure: str, value: Any) -> str:
    return f"({measure} {'>=' if op == RuleOp.AT_LEAST else '<'} {build.put(value)})"


def _total(build: _Build, op: str, value: Any) -> str:
    return _size(build, op, "p.total", amount_of(value))


def _adb(build: _Build, op: str, value: Any) -> str:
    return _size(build, op, _average(build, _running(build, "month")), amount_of(value))


def _running(build: _Build, period: str) -> Span | None:
    if build.as_of is None:
        return None
    periods = periods_of(build.as_of)
    return Span(periods.month_start if period == "month" else periods.quarter_start, build.as_of)


def _before(build: _Build, period: str) -> Span | None:
    if build.as_of is None:
        return None
    return last_month(build.as_of) if period == "month" else last_quarter(build.as_of)


def _average(build: _Build, span: Span | None) -> str:
    """The average daily balance over a span, in yuan to the fen; 0 before the first balance."""
    if span is None:
        return "0::numeric"
    total = f"{_sum_until(build, span.last)} - {_sum_until(build, span.first - timedelta(days=1))}"
    return f"coalesce(round(({total}) / {build.put(span.days)}, 2), 0)"


def _sum_until(build: _Build, at: date) -> str:
    if at == build.as_of:
        return f'(p.day_sum + p.total * ({build.on(at)} - p."on"))'
    periods = periods_of(build.as_of or at)
    marks = {"year": periods.year_start, "quarter": periods.quarter_start, "month": periods.month_start}
    mark = next((name for name, start in marks.items() if start - timedelta(days=1) == at), "")
    return f"p.{mark}_mark" if mark else SUM_UNTIL.format(at=build.on(at))


def _change(period: str, *, is_rate: bool) -> Callable[[_Build, str, Any], str]:
    def made(build: _Build, op: str, value: Any) -> str:
        now, before = (_average(build, span(build, period)) for span in (_running, _before))
        grown = f"({now} - {before})" if op == RuleOp.ROSE else f"({before} - {now})"
        if not is_rate:
            return f"({grown} >= {build.put(amount_of(value))})"
        return f"({before} > 0 AND {grown} * 100 >= {before} * {build.put(amount_of(value))})"

    return made


def _maturing(build: _Build, _op: str, value: Mapping[str, Any]) -> str:
    first, last = (build.on(build.day + timedelta(days=value[end])) for end in ("from", "to"))
    places = {"open": build.put([str(each) for each in MATURING]), "first": first, "last": last}
    amount = amount_of(value["amount"])
    return MATURES_WORTH.format(**places, amount=build.put(amount)) if amount else MATURES.format(**places)


def _products(build: _Build, _op: str, value: list[str]) -> str:
    return HOLDS.format(closed=build.put(str(AccountStatus.CLOSED)), kinds=build.put(value))


def _consent(build: _Build, _op: str, value: list[str]) -> str:
    purpose, given = build.put(str(ConsentPurpose.MARKETING)), build.put(str(ConsentDecision.GIVEN))
    return CONSENT.format(purpose=purpose, channels=build.put(value), given=given)


def _last_contact(build: _Build, op: str, value: int) -> str:
    day = build.on(build.day - timedelta(days=value))
    if op == RuleOp.AT_LEAST:
        return f"(p.last_contact_on IS NULL OR p.last_contact_on <= {day})"
    return f"(p.last_contact_on IS NOT NULL AND p.last_contact_on > {day})"


def _branch(build: _Build, _op: str, value: list[int]) -> str:
    return UNITS.format(ids=build.put(value))


def _manager(build: _Build, _op: str, value: list[int]) -> str:
    named = f"(p.manager_id IS NOT NULL AND p.manager_id = ANY({build.put(value)}))"
    return f"(p.manager_id IS NULL OR {named})" if 0 in value else named


def _kind(build: _Build, _op: str, value: list[str]) -> str:
    return f"(c.kind = ANY({build.put(value)}))"


def _since(build: _Build, op: str, column: str, day: date) -> str:
    sign = "<=" if op == RuleOp.AT_LEAST else ">"
    return f"({column} IS NOT NULL AND {column} {sign} {build.on(day)})"


def _age(build: _Build, op: str, value: int) -> str:
    return _since(build, op, "c.birth_date", add_months(build.day, -12 * value))


def _customer_since(build: _Build, op: str, value: int) -> str:
    return _since(build, op, "c.opened_on", add_months(build.day, -value))


def _list(build: _Build, _op: str, value: list[int]) -> str:
    return ON_LIST.format(ids=build.put(value))


_LEAVES: Final[Mapping[str, Callable[[_Build, str, Any], str]]] = {
    RuleField.TIER: _tier,
    RuleField.NEAR: _near,
    RuleField.TOTAL: _total,
    RuleField.ADB_MONTH: _adb,
    RuleField.CHANGE_MONTH: _change("month", is_rate=False),
    RuleField.CHANGE_MONTH_RATE: _change("month", is_rate=True),
    RuleField.CHANGE_QUARTER: _change("quarter", is_rate=False),
    RuleField.CHANGE_QUARTER_RATE: _change("quarter", is_rate=True),
    RuleField.MATURING: _maturing,
    RuleField.PRODUCTS: _products,
    RuleField.STAGE: _stage,
    RuleField.CONSENT: _consent,
    RuleField.LAST_CONTACT: _last_contact,
    RuleField.BRANCH: _branch,
    RuleField.MANAGER: _manager,
    RuleField.KIND: _kind,
    RuleField.AGE: _age,
    RuleField.SINCE: _customer_since,
    RuleField.LIST: _list,
}
