"""A made-up branch network: names, numbers and money that look and behave like a bank's, from one seed.

Everything is drawn from one random generator in a fixed order, so the same seed gives the same bytes. No person and
no number is anybody's: names are random, identity numbers use area 999999's neighbours, phones an unused prefix.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈仇单解查"
)
DOUBLE_SURNAMES = ("欧阳", "司马", "上官", "诸葛", "尉迟")
GIVEN = "伟芳娜敏静秀丽强磊军洋勇艳杰娟涛明超兰霞平刚桂英华玉萍红玲芬燕梅鑫宇浩轩梓涵子欣怡晨思远雨桐佳琪博文志国建安宁"
TRADES = (
    "教师",
    "公务员",
    "工程师",
    "医生",
    "个体经营者",
    "退休",
    "会计",
    "销售",
    "自由职业",
    "工人",
    "企业管理人员",
    "",
)
PLACES = ("朝阳路", "解放大街", "人民南路", "建设路", "和平里", "文化街", "长江路", "中山路", "友谊路", "滨河路")
FIRMS = ("贸易", "科技", "餐饮", "建材", "物流", "教育咨询", "服装", "机械")
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
# (share of customers, lowest and highest typical wealth in yuan): most are small, few hold most of the money.
WEALTH = ((0.62, 800, 48_000), (0.28, 48_000, 480_000), (0.085, 450_000, 2_800_000), (0.015, 2_700_000, 9_000_000))
# Code, name, kind, term in months, rate in per cent a year.
PRODUCTS = (
    ("DEMAND", "活期存款", "demand", None, "0.05"),
    ("TD03", "整存整取三个月", "term", 3, "0.65"),
    ("TD06", "整存整取六个月", "term", 6, "0.85"),
    ("TD12", "整存整取一年", "term", 12, "0.95"),
    ("TD24", "整存整取二年", "term", 24, "1.05"),
    ("TD36", "整存整取三年", "term", 36, "1.25"),
    ("NT07", "七天通知存款", "notice", None, "0.30"),
    ("CD36", "大额存单三年", "cd", 36, "1.55"),
)
TERMS = tuple(p for p in PRODUCTS if p[3])
CENT = Decimal("0.01")


@dataclass(slots=True)
class DemoAccount:
    """An account and how its balance moves; amounts in whole fen."""

    number: str
    product: tuple[str, str, str, int | None, str]
    opened_on: date
    value_date: date | None
    matures_on: date | None
    fen: int
    rollover: bool


@dataclass(slots=True)
class DemoCustomer:
    """A customer with accounts; `habit` is the chance that the demand balance moves on a day."""

    number: str
    name: str
    is_person: bool
    id_no: str
    id_expires_on: date | None
    phone: str
    male: bool
    born: date
    trade: str
    address: str
    branch: int
    manager: int | None
    opened_on: date
    salary_day: int
    salary_fen: int
    habit: float
    accounts: list[DemoAccount] = field(default_factory=list)


def person_name(rng: random.Random) -> str:
    """A Chinese name; one in a hundred has a two-character surname."""
    surname = rng.choice(DOUBLE_SURNAMES) if rng.random() < 0.01 else rng.choice(SURNAMES)
    return surname + "".join(rng.choice(GIVEN) for _ in range(rng.choice((1, 2, 2, 2))))


def resident_id(rng: random.Random, born: date, male: bool) -> str:
    """A well-formed identity number of nobody: its area code is not in use."""
    body = f"110199{born:%Y%m%d}{rng.randrange(0, 1000) // 2 * 2 + int(male):03d}"
    body = body[:17]
    return body + "10X98765432"[sum(int(d) * w for d, w in zip(body, WEIGHTS, strict=True)) % 11]


def make_customer(rng: random.Random, number: int, branches: int, managers: int, end: date) -> DemoCustomer:
    """Customer `number` with accounts as of some day before `end`."""
    male, is_person = rng.random() < 0.5, rng.random() > 0.03
    born = end - timedelta(days=rng.randint(18 * 366, 85 * 365))
    branch = rng.randrange(branches) if rng.random() > 0.35 else rng.randrange(min(2, branches))
    _share, low, high = rng.choices(WEALTH, [w[0] for w in WEALTH])[0]
    wealth = int(low * (high / low) ** rng.random())
    opened_on = end - timedelta(days=rng.randint(20, 4000))
    expires = None if born.year < end.year - 60 else end + timedelta(days=rng.randint(-120, 4500))
    name = (
        person_name(rng)
        if is_person
        else f"{rng.choice('华鑫盛宏泰安瑞恒')}{rng.choice(GIVEN)}{rng.choice(FIRMS)}有限公司"
    )
    return DemoCustomer(
        number=f"{8_000_000 + number:010d}",
        name=name,
        is_person=is_person,
        id_no=resident_id(rng, born, male),
        id_expires_on=expires,
        phone=f"199{rng.randrange(10**8):08d}",
        male=male,
        born=born,
        trade=rng.choice(TRADES) if is_person else "",
        address=f"本市{rng.choice(PLACES)}{rng.randint(1, 300)}号",
        branch=branch,
        manager=rng.randrange(managers) if wealth > 30_000 or rng.random() < 0.3 else None,
        opened_on=opened_on,
        salary_day=rng.choice((5, 10, 10, 15, 25)),
        salary_fen=rng.randint(3_500, 26_000) * 100 if rng.random() < 0.4 else 0,
        habit=rng.choice((0.02, 0.08, 0.15, 0.3)),
        accounts=_accounts(rng, number, wealth * 100, opened_on, end),
    )


def _accounts(rng: random.Random, number: int, fen: int, opened_on: date, end: date) -> list[DemoAccount]:
    demand = DemoAccount(f"62{number:012d}01", PRODUCTS[0], opened_on, None, None, 0, False)
    found, rest = [demand], fen
    for place in range(rng.choice((0, 0, 1, 1, 2, 3)) if fen > 1_000_000 else 0):
        part = rest * rng.randint(20, 60) // 100
        product = rng.choice(TERMS[:-1] if part < 20_000_000 else TERMS)
        length = timedelta(days=round((product[3] or 12) * 30.44))
        value_date = max(opened_on, end - length + timedelta(days=rng.randint(-45, length.days - 1)))
        rollover = rng.random() < 0.5
        number_text = f"62{number:012d}{place + 2:02d}"
        found.append(DemoAccount(number_text, product, value_date, value_date, value_date + length, part, rollover))
        rest -= part
    demand.fen = rest
    return found


def daily_changes(
    rng: random.Random, customer: DemoCustomer, first: date, last: date
) -> Iterator[tuple[str, date, Decimal]]:
    """The customer's end-of-day balances, one for each change; the first day names every account."""
    demand, terms = customer.accounts[0], customer.accounts[1:]
    balances = {demand.number: demand.fen}
    yield demand.number, first, _yuan(demand.fen)
    for term in terms:
        balances[term.number] = term.fen if term.value_date and term.value_date <= first else 0
        yield term.number, first, _yuan(balances[term.number])
    day, chance = first, rng.random
    while day < last:
        day += timedelta(days=1)
        moved = _move_terms(rng, customer, day, balances)
        if customer.salary_fen and day.day == customer.salary_day:
            balances[demand.number] += customer.salary_fen if _is_paid(customer, day, last) else 0
            moved.add(demand.number)
        elif chance() < customer.habit:
            balances[demand.number] += _spending(rng, balances[demand.number])
            moved.add(demand.number)
        if moves := _dressing(customer, day, first, balances[demand.number]):
            balances[demand.number] += moves
            moved.add(demand.number)
        if share := _leaving(customer, day, last):
            balances[demand.number] -= balances[demand.number] * share // 100
            moved.add(demand.number)
        for number in sorted(moved):
            yield number, day, _yuan(balances[number])


def _move_terms(rng: random.Random, customer: DemoCustomer, day: date, balances: dict[str, int]) -> set[str]:
    """Term deposits that begin or mature today; matured money renews, lands on the demand account, or leaves."""
    moved: set[str] = set()
    demand = customer.accounts[0].number
    for term in customer.accounts[1:]:
        if term.value_date == day:
            balances[term.number] = term.fen
            moved.add(term.number)
        elif term.matures_on == day and not term.rollover:
            stays = rng.random() < 0.7
            balances[demand] += balances[term.number] if stays else 0
            balances[term.number] = 0
            moved |= {term.number, demand}
    return moved


def _spending(rng: random.Random, fen: int) -> int:
    """What a day of ordinary banking adds to or takes from a demand account, in fen."""
    draw = rng.random()
    if draw < 0.62:
        return -min(max(fen, 0), int(max(fen, 50_000) * rng.random() * 0.12))
    if draw < 0.97:
        return int(max(fen, 200_000) * rng.random() * 0.10)
    return int(max(fen, 500_000) * rng.random() * 1.2)


def _is_paid(customer: DemoCustomer, day: date, last: date) -> bool:
    """Of some customers the salary goes to another bank since six weeks."""
    return int(customer.number) % 19 != 0 or day < last - timedelta(days=42)


def _leaving(customer: DemoCustomer, day: date, last: date) -> int:
    """Per cent of the demand balance that a customer on the way to another bank takes on a day: some do so these days,
    some did within the last three months."""
    number, ago = int(customer.number), (last - day).days
    if number % 17 == 0:
        return {4: 30, 3: 35, 2: 40}.get(ago, 0)
    if number % 37 == 0:
        begun = 30 + number % 50
        return {begun: 45, begun - 8: 50, begun - 16: 90}.get(ago, 0)
    return 0


def _dressing(customer: DemoCustomer, day: date, first: date, held: int) -> int:
    """Fen that come on the last day of a month and are gone by the 5th: a few lend a manager their money for it."""
    number = int(customer.number)
    if number % 91 != 5 or customer.manager is None:
        return 0
    fen = 12_000_000 + sum(account.fen for account in customer.accounts) * 65 // 100
    if (day + timedelta(days=1)).day == 1:
        return fen
    has_come = day.replace(day=1) - timedelta(days=1) > first
    return -min(fen, max(held, 0) * 98 // 100) if has_come and day.day == 2 + number % 3 else 0


def _yuan(fen: int) -> Decimal:
    return Decimal(fen).scaleb(-2).quantize(CENT)
