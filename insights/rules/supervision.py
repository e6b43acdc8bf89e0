"""Supervision (product.md F09, B18): what weighs as risk, the criteria of each area, and a draw anybody can repeat.

A ticket is a number in (0, 1) made of seed and record alone. Weighted by risk, records are taken without replacement
by the highest log(ticket) / weight (Efraimidis and Spirakis 2006): the chance to be next is in proportion to weight.
At random, by the lowest ticket of another round. The same seed and list always give the same sample.
"""

import json
import zlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from math import log
from typing import Any, Final

from servicing.rules.voice import Named, read_named
from staff.enums.supervision import CheckArea, DrawnBy
from staff.rules.supervision import NUMBERS, TWO, Numbers, read_numbers, whole


def _line(code: str, name_zh: str, name_en: str) -> dict[str, str]:
    return {"code": code, "name_zh": name_zh, "name_en": name_en}


# What makes an opened customer page a risk beside the others.
OF_OPENINGS: Final[Mapping[str, int]] = {"outside": 2, "no_need": 3, "many": 2}
# Their bounds: days around an opening in which work for the customer explains it; customers opened in a day.
OPENING_BOUNDS: Final[Mapping[str, int]] = {"need_days": 3, "many_openings": 60}
FACTORS: Final = ("amount", "complaint", "new_staff", "night", "big_export", "earlier", *OF_OPENINGS)
# Until a policy of kind "supervision" says otherwise. A record weighs 1 and what each of its factors adds.
BUILT_IN: Final[Mapping[str, Any]] = {
    **NUMBERS,
    "weights": {
        "amount": 2,
        "complaint": 3,
        "new_staff": 2,
        "night": 2,
        "big_export": 4,
        "earlier": 3,
        **OF_OPENINGS,
    },
    # Yuan a customer holds; days a colleague is new, and a complaint counts; hours of the night; rows of a big file.
    "amount": 500_000,
    "new_days": 180,
    "complaint_days": 90,
    "night_from": 20,
    "night_to": 7,
    "export_rows": 1_000,
    **OPENING_BOUNDS,
    "service": [
        _line("needs", "先了解客户需求再介绍业务", "Asked what the customer needs before naming a product"),
        _line("clear", "利率、期限、提前支取说明清楚", "Rates, terms and early withdrawal explained clearly"),
        _line(
            "record",
            "记录如实、完整、无多余个人信息",
            "The note is true, complete, and holds no needless personal data",
        ),
        _line("promise", "承诺已登记并按期办结", "What was promised is written down and kept"),
    ],
    "data": [
        _line("purpose", "查询或导出有明确业务目的", "Looked up or taken out for a stated business purpose"),
        _line("least", "范围不超过目的所需", "No more than the purpose needs"),
        _line("customer", "属于本人服务的客户", "About customers the person serves"),
    ],
    "conduct": [
        _line("consent", "已取得同意，时间段合规", "With consent, and at a permitted hour"),
        _line(
            "honest", "不承诺收益、不夸大、不贬低同业", "Promised no returns, exaggerated nothing, spoke ill of no one"
        ),
        _line("risk", "说明存款与非存款产品的区别和风险", "Told deposits from other products, with their risks"),
        _line("pressure", "未施压，尊重客户拒绝", "Put no pressure on, took a no for a no"),
    ],
}
LIMITS: Final[Mapping[str, tuple[int, int]]] = {
    "amount": (0, 1_000_000_000),
    "new_days": (0, 1_100),
    "complaint_days": (0, 1_100),
    "night_from": (12, 24),
    "night_to": (0, 12),
    "export_rows": (1, 1_000_000),
    "need_days": (0, 30),
    "many_openings": (1, 10_000),
}
WEIGHTS: Final = (0, 100)


@dataclass(frozen=True, slots=True)
class SupervisionRules:
    """The policy: days and repeats, what each factor adds to a record's weight, its bounds, and criteria by area."""

    numbers: Numbers
    weights: Mapping[str, int]
    bounds: Mapping[str, int]
    criteria: Mapping[str, tuple[Named, ...]]

    def is_night(self, hour: int) -> bool:
        """Whether an hour of the day is outside of work."""
        return hour >= self.bounds["night_from"] or hour < self.bounds["night_to"]

    def weight(self, factors: Iterable[str]) -> float:
        """What a record weighs in a draw by risk: at least 1."""
        return float(1 + sum(self.weights[factor] for factor in factors))


def read_supervision(values: Mapping[str, Any]) -> SupervisionRules:
    """The rules of a policy of kind "supervision". Raises ValueError: the name of a value, or read_named's.

    What came to be looked at after a version was approved counts as built in.
    """
    values = {**OPENING_BOUNDS, **values}
    numbers, weights = read_numbers(values), values.get("weights")
    weights = {**OF_OPENINGS, **weights} if isinstance(weights, Mapping) else {}
    if not all(whole(weights.get(factor), WEIGHTS) for factor in FACTORS):
        raise ValueError("weights")
    for name, limits in LIMITS.items():
        if not whole(values.get(name), limits):
            raise ValueError(name)
    criteria = {str(area): read_named(values.get(area), str(area), most=12) for area in CheckArea}
    bounds = {name: int(values[name]) for name in LIMITS}
    return SupervisionRules(numbers, {factor: weights[factor] for factor in FACTORS}, bounds, criteria)


@dataclass(frozen=True, slots=True)
class Lot:
    """A record in a draw: its name ("contact:17"), the unit it counts for, and its weight (> 0)."""

    name: str
    unit: int
    weight: float


@dataclass(frozen=True, slots=True)
class Drawn:
    """A record that was taken, and by which part of the draw."""

    lot: Lot
    drawn_by: DrawnBy


def ticket(seed: int, name: str, part: str) -> float:
    """A number in (0, 1), the same for the same three, unrelated to anything else."""
    digits = sha256(f"{seed}:{part}:{name}".encode()).digest()[:8]
    return (int.from_bytes(digits, "big") + 0.5) / 2**64


def draw_sample(lots: Iterable[Lot], *, seed: int, per_unit: int, risk_percent: int) -> list[Drawn]:
    """`per_unit` records of each unit: `risk_percent` of them (rounded half up) by weight, the rest at random from what
    is left. Fewer where a unit has fewer. In the order of units, risk first."""
    by_unit: dict[int, list[Lot]] = defaultdict(list)
    for lot in lots:
        by_unit[lot.unit].append(lot)
    risky = (per_unit * risk_percent + 50) // 100
    return [one for unit in sorted(by_unit) for one in _of_unit(by_unit[unit], seed, risky, per_unit)]


def _of_unit(lots: Sequence[Lot], seed: int, risky: int, per_unit: int) -> Iterable[Drawn]:
    heavy = sorted(lots, key=lambda lot: (-log(ticket(seed, lot.name, "risk")) / lot.weight, lot.name))[:risky]
    taken = {lot.name for lot in heavy}
    left = (lot for lot in lots if lot.name not in taken)
    drawn = sorted(left, key=lambda lot: (ticket(seed, lot.name, "random"), lot.name))[: per_unit - len(heavy)]
    yield from (Drawn(lot, DrawnBy.RISK) for lot in heavy)
    yield from (Drawn(lot, DrawnBy.RANDOM) for lot in drawn)


def scorers_of(name: str, pool: Collection[int], *, seed: int) -> tuple[int, int]:
    """The two of a pool of people who score a record, drawn by the same seed. Raises ValueError with fewer than two."""
    first, second = sorted(pool, key=lambda one: (ticket(seed, f"{name}:{one}", "scorer"), one))[:TWO]
    return first, second


def freeze(lots: Iterable[Lot]) -> tuple[bytes, str]:
    """The list of a draw, compressed, and the SHA-256 of what it says."""
    rows = sorted([lot.name, lot.unit, lot.weight] for lot in lots)
    text = json.dumps(rows, ensure_ascii=True, separators=(",", ":")).encode()
    return zlib.compress(text), sha256(text).hexdigest()


def thaw(data: bytes) -> tuple[list[Lot], str]:
    """The list of a draw and its SHA-256, from what was kept."""
    text = zlib.decompress(data)
    return [Lot(*row) for row in json.loads(text)], sha256(text).hexdigest()
