"""Products and rates of the demo: a library, two rate sheets one after the other, one that waits, and some quotes."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from customers.models import Account
from depositcrm.demo.world import PRODUCTS
from servicing.enums import QuoteKind
from servicing.queries.products import library_on
from servicing.queries.quotes import PostedRates, holding_terms, inputs_for
from servicing.rules.library import BUILT_IN
from servicing.rules.products import read_products
from servicing.rules.rates import read_rates
from servicing.services.quotes import give_quote
from staff.enums import Role
from staff.models import Policy, User
from staff.services import policies
from staff.services.policies import Reader

# Beside those of the demo's own products: kind, term and rate in per cent a year.
MORE = (
    *(("lump_sum", "60m", "1.30"), ("notice", "1d", "0.10"), ("agreement", "", "0.10")),
    *(("cd", "12m", "1.15"), ("cd", "24m", "1.20")),
    *((kind, "12m", "0.65") for kind in ("instalment", "principal_kept", "lump_in")),
    *((kind, "36m", "0.85") for kind in ("instalment", "principal_kept", "lump_in")),
    *((kind, "60m", "0.85") for kind in ("instalment", "principal_kept", "lump_in")),
)
SINCE_DAYS, CHANGED_DAYS, AHEAD_DAYS = 1500, 60, 10
HIGHER = Decimal("0.15")
QUOTES = 6


def seed_advice(*, rng: Random, end: date, at: datetime) -> None:
    """The library in force, a rate sheet of years ago, today's and the next one, and quotes of the demo's people."""
    admin = User.objects.filter(role=Role.ADMIN).order_by("pk").first()
    officer = User.objects.filter(role=Role.HEAD_OFFICE, branch__parent=None).order_by("pk").first()
    if admin is None or officer is None or Policy.objects.filter(kind="rates").exists():
        return
    began, changed = end - timedelta(days=SINCE_DAYS), end - timedelta(days=CHANGED_DAYS)
    _approve("products", _library(), began, "产品库首次启用", (admin, officer), at, read_products)
    _approve("rates", _sheet(HIGHER, "3.85"), began, "挂牌利率首次启用", (admin, officer), at, read_rates)
    _approve("rates", _sheet(Decimal(0), "3.45"), changed, "下调存款挂牌利率", (admin, officer), at, read_rates)
    draft = policies.draft_policy(
        kind="rates",
        values=_sheet(Decimal("-0.05"), "3.35"),
        effective_on=max(end, at.date()) + timedelta(days=AHEAD_DAYS),
        note="总行资产负债委员会决议：再降5个基点",
        actor=admin,
        at=at,
        read=read_rates,
    )
    policies.submit(policy=draft, actor=admin, at=at)
    _quotes(rng, at)


def _library() -> dict[str, Any]:
    """The built-in products under the core codes of the demo bank."""
    own = {product[0] for product in PRODUCTS}
    return {"items": [{**item, "core_codes": [item["code"]]} if item["code"] in own else item for item in _items()]}


def _items() -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = BUILT_IN["items"]
    return items


def _sheet(more: Decimal, loan: str) -> dict[str, Any]:
    """All rates by so much higher or lower; large sums and the first branch have a little more."""
    lines = [_line(rate, more, product=code) for code, _name, _kind, _months, rate in PRODUCTS]
    lines += [_line(rate, more, kind=kind, tenor=tenor) for kind, tenor, rate in MORE]
    lines.append(_line("1.30", more, product="TD36", floor="200000.00"))
    lines.append(_line("1.00", more, product="TD12", unit="B001"))
    return {"lines": lines, "loan_rate": loan, "loan_share": "90"}


def _line(rate: str, more: Decimal, **fields: str) -> dict[str, str]:
    base = {"product": "", "kind": "", "tenor": "", "floor": "0.00", "unit": "", **fields}
    is_demand = base["product"] == "DEMAND"
    return {**base, "rate": f"{Decimal(rate) if is_demand else max(Decimal(rate) + more, Decimal('0.05')):.2f}"}


def _approve(
    kind: str,
    values: Mapping[str, Any],
    effective_on: date,
    note: str,
    people: tuple[User, User],
    at: datetime,
    read: Reader,
) -> None:
    """A version as it was drawn up and approved on its first day."""
    moment = at - timedelta(days=(at.date() - effective_on).days)
    draft = policies.draft_policy(
        kind=kind, values=values, effective_on=effective_on, note=note, actor=people[0], at=moment, read=read
    )
    policies.submit(policy=draft, actor=people[0], at=moment)
    draft.refresh_from_db()
    digest = policies.digest_of(draft)
    policies.decide(policy=draft, digest=digest, approve=True, actor=people[1], at=moment, read=read, comment="同意")


def _quotes(rng: Random, at: datetime) -> None:
    """What the demo's manager and teller told some customers with time deposits."""
    day = at.date()
    for username in ("manager", "teller"):
        person = User.objects.filter(username=username).select_related("branch").first()
        if person is None:
            continue
        rows = Account.objects.visible_to(person).filter(
            matures_on__gt=day + timedelta(days=30), value_date__lt=day, status="open", principal__gte=20_000
        )
        rows = rows.select_related("product", "balance", "customer__branch").order_by("pk")[:40]
        for account in rng.sample(list(rows), min(QUOTES, len(rows))):
            _quote(account, person, day, at)


def _quote(account: Account, person: User, day: date, at: datetime) -> None:
    terms, library = holding_terms(account, person, day), library_on(day)
    if terms is None or terms.since is None or terms.until is None or not account.principal:
        return
    amount = terms.amount or Decimal(50_000)
    posted = PostedRates(library=library, branch=account.customer.branch, amount=amount, language="zh-hans")
    said = {
        "product": terms.product.code,
        "amount": f"{amount:.2f}",
        "since": terms.since.isoformat(),
        "until": terms.until.isoformat(),
        "rate": f"{terms.rate:f}" if terms.rate is not None else "",
        "day": day.isoformat(),
        "part": f"{amount / 4:.2f}",
        "wait_until": "",
        "elsewhere": "1.80" if person.username == "manager" else "",
    }
    give_quote(
        customer=account.customer,
        kind=QuoteKind.EARLY,
        inputs=inputs_for(QuoteKind.EARLY, said, posted),
        posted=posted,
        account=account,
        actor=person,
        at=at,
    )
