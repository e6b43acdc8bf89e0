"""A bank of any size from one seed, written as feed files row by row: nothing grows in memory but the balances."""

import random
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from depositcrm.demo.world import PRODUCTS, person_name, resident_id

MANAGERS = 6
# Every so many-th customer is one.
ORGANISATIONS = 33
TELLERS = 2
WEALTH = ((0.62, 800, 48_000), (0.28, 48_000, 480_000), (0.085, 450_000, 2_800_000), (0.015, 2_700_000, 9_000_000))
TERMS = tuple(product for product in PRODUCTS if product[3])
Change = tuple[str, date, Decimal]


@dataclass(frozen=True, slots=True)
class Size:
    """How large a bank, and from which seed. `end` is the last day any feed is of."""

    customers: int
    branches: int
    seed: int
    end: date

    def rng(self, purpose: str) -> random.Random:
        """A generator of its own for each purpose, so that no part depends on another."""
        return random.Random(f"{self.seed} {purpose}")


def unit(number: int) -> str:
    """The code of a branch."""
    return f"B{number + 1:04d}"


def units(size: Size) -> Iterator[str]:
    """The branch feed: head office, two regions, branches."""
    yield "code,name,parent_code,kind\n"
    yield "H000,总行,,head_office\nR001,城区分行,H000,region\nR002,郊区分行,H000,region\n"
    for n in range(size.branches):
        yield f"{unit(n)},第{n + 1}支行,R{n % 2 + 1:03d},branch\n"


def people(size: Size) -> Iterator[str]:
    """The staff feed: managers, tellers and a head in each branch; head office and an admin on top."""
    rng = size.rng("staff")
    yield "staff_no,name,role,branch_code\n"
    yield f"HQ,{person_name(rng)},head_office,H000\nADMIN,{person_name(rng)},admin,H000\n"
    for n in range(size.branches):
        yield f"{unit(n)}H,{person_name(rng)},branch_head,{unit(n)}\n"
        yield from (f"{unit(n)}T{k},{person_name(rng)},teller,{unit(n)}\n" for k in range(TELLERS))
        yield from (f"{unit(n)}M{k},{person_name(rng)},manager,{unit(n)}\n" for k in range(MANAGERS))


def products() -> Iterator[str]:
    """The product feed."""
    yield "code,name,kind,term_months,currency\n"
    yield from (f"{code},{name},{kind},{months or ''},CNY\n" for code, name, kind, months, _rate in PRODUCTS)


def customer_no(number: int) -> str:
    """Customer numbers have ten digits."""
    return f"{8_000_000_000 + number}"


def customers(size: Size) -> Iterator[str]:
    """The customer feed, personal numbers and all."""
    rng = size.rng("customers")
    yield (
        "customer_no,name,kind,id_type,id_no,id_expires_on,phone,sex,birth_date,address,occupation,branch_code,"
        "manager_no,opened_on\n"
    )
    for n in range(size.customers):
        born = size.end - timedelta(days=rng.randint(18 * 366, 85 * 365))
        male, branch = rng.random() < 0.5, n % size.branches
        # One in six belongs to nobody.
        manager = f"{unit(branch)}M{n // size.branches % MANAGERS}" if n % 6 else ""
        opened_on = size.end - timedelta(days=rng.randint(90, 4000))
        expires_on = size.end + timedelta(days=rng.randint(-60, 4500))
        if n % ORGANISATIONS == ORGANISATIONS - 1:
            yield (
                f"{customer_no(n)},{person_name(rng)[0]}氏商贸{n}号有限公司,单位,,,,199{rng.randrange(10**8):08d},,,"
                f"本市建设路{n % 300}号,,{unit(branch)},{manager},{opened_on}\n"
            )
            continue
        yield (
            f"{customer_no(n)},{person_name(rng)},个人,居民身份证,{resident_id(rng, born, male)},{expires_on},"
            f"199{rng.randrange(10**8):08d},{'男' if male else '女'},{born},本市建设路{n % 300}号,教师,"
            f"{unit(branch)},{manager},{opened_on}\n"
        )


def account_no(number: int) -> str:
    """Account numbers have sixteen digits."""
    return f"62{number:014d}"


def owner_of(account: int) -> int:
    """Two and a half accounts a customer: every other one has three."""
    return account // 5 * 2 + (account % 5 >= 2)


def accounts(size: Size) -> Iterator[str]:
    """The account feed: one demand account each, the others deposits maturing on both sides of `end`."""
    rng = size.rng("accounts")
    yield (
        "account_no,customer_no,product_code,currency,opened_on,value_date,matures_on,rate,principal,rollover,status\n"
    )
    for n in range(account_count(size)):
        head = f"{account_no(n)},{customer_no(owner_of(n))}"
        if n % 5 in (0, 2):
            yield f"{head},DEMAND,CNY,2020-01-02,,,0.05,,,open\n"
            continue
        code, _name, _kind, months, rate = rng.choice(TERMS)
        length = round((months or 12) * 30.44)
        began = size.end - timedelta(days=rng.randint(0, length))
        yield f"{head},{code},CNY,{began},{began},{began + timedelta(days=length)},{rate},10000.00,Y,open\n"


def account_count(size: Size) -> int:
    """Accounts of the whole bank."""
    return size.customers // 2 * 5 + size.customers % 2 * 2


class Balances:
    """The balance of every account in fen, as of the last day written."""

    def __init__(self, size: Size) -> None:
        self.size = size
        rng = size.rng("balances")
        shares, ranges = [share for share, _, _ in WEALTH], [(low, high) for _, low, high in WEALTH]
        self.fen = array("q", (self._opening(rng, rng.choices(ranges, shares)[0]) for _ in range(account_count(size))))

    def _opening(self, rng: random.Random, wealth: tuple[int, int]) -> int:
        low, high = wealth
        return int(low * (high / low) ** rng.random() * 40)  # two and a half accounts make the customer's wealth

    def history(self, first: date, days: int, daily_share: float) -> Iterator[Change]:
        """Changes of `days` days from `first`, the first of them naming every account."""
        rng = self.size.rng("history")
        for n in range(len(self.fen)):
            number = account_no(n)
            yield number, first, _yuan(self.fen[n])
            day = _next(rng, daily_share)
            while day < days:
                self.fen[n] = _moved(rng, self.fen[n])
                yield number, first + timedelta(days=day), _yuan(self.fen[n])
                day += _next(rng, daily_share)

    def step(self, day: date, share: float) -> int:
        """Move a share of all balances, as of `day`; returns how many."""
        rng, moved = self.size.rng(f"step {day}"), 0
        for n in range(len(self.fen)):
            if rng.random() < share:
                self.fen[n] = _moved(rng, self.fen[n])
                moved += 1
        return moved

    def write_feed(self, path: Path, day: date) -> None:
        """A plain UTF-8 balance feed of every account."""
        with path.open("w", encoding="utf-8", newline="\n") as file:
            file.write("account_no,balance,business_date\n")
            for n, fen in enumerate(self.fen):
                file.write(f"{account_no(n)},{fen // 100}.{fen % 100:02d},{day}\n")

    def write_awkward(self, path: Path, day: date) -> None:
        """The same as a spreadsheet user would send it: GB18030, a title, other columns, thousands separators."""
        with path.open("w", encoding="gb18030", newline="\r\n") as file:
            file.write(f"某某银行存款余额表,,,\n制表日期：{day},,,\n账号,户名,余额,数据日期\n")
            for n, fen in enumerate(self.fen):
                file.write(f'\'{account_no(n)},客户{n % 1000},"{fen // 100:,}.{fen % 100:02d}",{day:%Y年%m月%d日}\n')

    def write_copy(self, path: Path) -> None:
        """The same as PostgreSQL's own text format: what the floor need not even parse."""
        with path.open("w", encoding="ascii", newline="\n") as file:
            for n, fen in enumerate(self.fen):
                file.write(f"{account_no(n)}\t{fen // 100}.{fen % 100:02d}\n")


def _moved(rng: random.Random, fen: int) -> int:
    return max(1, int(fen * (0.9 + rng.random() * 0.2))) + 1


def _next(rng: random.Random, share: float) -> int:
    """Days until the next change of an account."""
    return int(rng.expovariate(share)) + 1


def _yuan(fen: int) -> Decimal:
    return Decimal(fen).scaleb(-2)
