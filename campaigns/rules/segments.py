"""Rules of segments: the catalogue of what can be asked, what makes a rule, and how it reads as a sentence (M01).

A rule is a tree {"all": [node, ...]} | {"any": [node, ...]} | {"not": node} | {"field", "op", "value"}.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import reduce
from typing import Any, Final

from campaigns.enums.rule_words import Near, RuleFault, RuleField, RuleOp, RuleWords
from customers.enums import ConsentChannel, CustomerKind, ProductKind, Stage

Rule = Mapping[str, Any]
# Words for values only the database knows, by field and value: tiers, branches, managers, lists.
Names = Mapping[str, Mapping[int, str]]

MAX_DEPTH: Final = 4
MAX_CONDITIONS: Final = 40
MAX_VALUES: Final = 200
MAX_DAYS: Final = 3650
MAX_RATE: Final = 1000
TIERS: Final = range(9)
EVERYBODY: Final[Rule] = {"all": []}
GROUPS: Final = ("all", "any")
# What says something of a customer's money.
MONEY: Final = frozenset(
    {
        *(RuleField.NEAR, RuleField.TOTAL, RuleField.ADB_MONTH, RuleField.MATURING),
        *(RuleField.CHANGE_MONTH, RuleField.CHANGE_MONTH_RATE, RuleField.CHANGE_QUARTER, RuleField.CHANGE_QUARTER_RATE),
    }
)
_AMOUNT: Final = re.compile(r"\d{1,14}(\.\d{1,2})?", re.ASCII)


class RuleError(ValueError):
    """A rule that cannot be used; `path` is the place (as "0.1", "" = the root), `fault` says what is wrong there."""

    def __init__(self, path: str, fault: RuleFault) -> None:
        super().__init__(path)
        self.path, self.fault = path, fault


@dataclass(frozen=True, slots=True)
class Field:
    """What can be asked of a field: its comparisons, the kind of its value, the values that exist (None = rows)."""

    ops: tuple[RuleOp, ...]
    kind: str
    choices: tuple[Any, ...] | None = None
    most: int = MAX_DAYS


_IS = (RuleOp.IN, RuleOp.NOT_IN)
_SIZE = (RuleOp.AT_LEAST, RuleOp.BELOW)
_MOVE = (RuleOp.ROSE, RuleOp.FELL)
FIELDS: Final[Mapping[str, Field]] = {
    RuleField.TIER: Field(_IS, "numbers", tuple(TIERS)),
    RuleField.NEAR: Field((RuleOp.IN,), "words", tuple(Near.values)),
    RuleField.TOTAL: Field(_SIZE, "money"),
    RuleField.ADB_MONTH: Field(_SIZE, "money"),
    RuleField.CHANGE_MONTH: Field(_MOVE, "money"),
    RuleField.CHANGE_MONTH_RATE: Field(_MOVE, "rate"),
    RuleField.CHANGE_QUARTER: Field(_MOVE, "money"),
    RuleField.CHANGE_QUARTER_RATE: Field(_MOVE, "rate"),
    RuleField.MATURING: Field((RuleOp.WITHIN,), "window"),
    RuleField.PRODUCTS: Field(_IS, "words", tuple(ProductKind.values)),
    RuleField.STAGE: Field(_IS, "numbers", tuple(Stage.values)),
    RuleField.CONSENT: Field(_IS, "words", tuple(ConsentChannel.values)),
    RuleField.LAST_CONTACT: Field(_SIZE, "number"),
    RuleField.BRANCH: Field(_IS, "numbers"),
    RuleField.MANAGER: Field(_IS, "numbers"),
    RuleField.KIND: Field((RuleOp.IN,), "words", tuple(CustomerKind.values)),
    RuleField.AGE: Field(_SIZE, "number", most=120),
    RuleField.SINCE: Field(_SIZE, "number", most=1200),
    RuleField.LIST: Field(_IS, "numbers"),
}


def check(rule: Rule) -> None:
    """Raise RuleError (a ValueError of the place) unless the rule can be used; {"all": []} alone is everybody."""
    if rule == EVERYBODY:
        return
    _check(rule, "", 1)
    if sum(1 for _leaf in leaves(rule)) > MAX_CONDITIONS:
        raise RuleError("", RuleFault.MANY)


def leaves(rule: Rule) -> Iterator[Rule]:
    """The conditions of a rule, in reading order."""
    if "field" in rule:
        yield rule
    for part in parts(rule):
        yield from leaves(part)


def parts(rule: Rule) -> Sequence[Rule]:
    """What a group holds; nothing for a condition."""
    if "not" in rule:
        return (rule["not"],)
    return next((rule[name] for name in GROUPS if name in rule), ())


def numbers_asked(rule: Rule, field: RuleField) -> set[int]:
    """Every number the conditions on a field name."""
    return {value for leaf in leaves(rule) if leaf["field"] == field for value in leaf["value"]}


def tells_amounts(rule: Rule) -> bool:
    """Whether who meets a rule tells something of their money: nothing for those who see no amounts."""
    return any(leaf["field"] in MONEY for leaf in leaves(rule))


def amount_of(value: Any) -> Decimal:
    """An amount of a rule in yuan."""
    return Decimal(str(value))


def _check(node: Any, path: str, depth: int) -> None:
    if not isinstance(node, Mapping):
        raise RuleError(path, RuleFault.SHAPE)
    if set(node) == {"field", "op", "value"}:
        return _check_leaf(node, path)
    if depth > MAX_DEPTH:
        raise RuleError(path, RuleFault.DEPTH)
    if set(node) == {"not"}:
        return _check_negated(node["not"], path, depth)
    inner = next((node[name] for name in GROUPS if set(node) == {name}), None)
    if not isinstance(inner, list):
        raise RuleError(path, RuleFault.SHAPE)
    if not inner:
        raise RuleError(path, RuleFault.EMPTY)
    for place, each in enumerate(inner):
        _check(each, _below(path, place), depth + 1)
    return None


def _check_negated(inner: Any, path: str, depth: int) -> None:
    if isinstance(inner, Mapping) and "not" in inner:
        raise RuleError(path, RuleFault.SHAPE)
    _check(inner, _below(path, 0), depth)


def _below(path: str, place: int) -> str:
    return f"{path}.{place}" if path else str(place)


def _check_leaf(leaf: Rule, path: str) -> None:
    field = FIELDS.get(leaf["field"]) if isinstance(leaf["field"], str) else None
    if field is None:
        raise RuleError(path, RuleFault.FIELD)
    if leaf["op"] not in field.ops:
        raise RuleError(path, RuleFault.OP)
    fault = _CHECKS[field.kind](field, leaf["value"])
    if fault is not None:
        raise RuleError(path, fault)


def _is_whole(value: Any, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _choice_fault(field: Field, value: Any, sort: type) -> RuleFault | None:
    if not isinstance(value, list) or not 1 <= len(value) <= MAX_VALUES:
        return RuleFault.CHOICE
    fits = all(isinstance(each, sort) and not isinstance(each, bool) for each in value)
    if not fits or (field.choices is not None and not set(value) <= set(field.choices)):
        return RuleFault.CHOICE
    # Without fixed choices they are ids; 0 = nobody.
    return None if field.choices is not None or min(value) >= 0 else RuleFault.CHOICE


def _number_fault(field: Field, value: Any) -> RuleFault | None:
    return None if _is_whole(value, 1, field.most) else RuleFault.NUMBER


def _decimal(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return Decimal(value) if _AMOUNT.fullmatch(str(value)) else None


def _money_fault(_field: Field, value: Any) -> RuleFault | None:
    found = _decimal(value)
    return None if found is not None else RuleFault.AMOUNT


def _rate_fault(_field: Field, value: Any) -> RuleFault | None:
    found = _decimal(value)
    return None if found is not None and 0 < found <= MAX_RATE else RuleFault.RATE


def _window_fault(field: Field, value: Any) -> RuleFault | None:
    if not isinstance(value, Mapping) or set(value) != {"from", "to", "amount"}:
        return RuleFault.WINDOW
    if not (_is_whole(value["to"], 0, MAX_DAYS) and _is_whole(value["from"], 0, value["to"])):
        return RuleFault.WINDOW
    return _money_fault(field, value["amount"])


_CHECKS: Final[Mapping[str, Callable[[Field, Any], RuleFault | None]]] = {
    "numbers": lambda field, value: _choice_fault(field, value, int),
    "words": lambda field, value: _choice_fault(field, value, str),
    "number": _number_fault,
    "money": _money_fault,
    "rate": _rate_fault,
    "window": _window_fault,
}

_LABELS: Final[Mapping[str, Any]] = {
    RuleField.NEAR: Near,
    RuleField.PRODUCTS: ProductKind,
    RuleField.STAGE: Stage,
    RuleField.CONSENT: ConsentChannel,
    RuleField.KIND: CustomerKind,
}


def sentence(rule: Rule, names: Names) -> str:
    """The rule as a person reads it, in the active language; `names` = words for tiers, branches, managers, lists."""
    if rule == EVERYBODY:
        return str(RuleWords.EVERYBODY.label)
    return _say(RuleWords.CUSTOMERS, conditions=_read(rule, names))


def condition_words(leaf: Rule, names: Names) -> str:
    """One condition in words."""
    value, key = leaf["value"], f"{leaf['field']}:{leaf['op']}"
    kind = FIELDS[leaf["field"]].kind
    if kind == "window":
        amount = amount_of(value["amount"])
        words = RuleWords.MATURING_AMOUNT if amount else RuleWords.MATURING
        return _say(words, **{"from": value["from"], "to": value["to"], "amount": _money(amount)})
    if kind in ("numbers", "words"):
        said = _joined(RuleWords.ALSO, [_named(leaf["field"], each, names) for each in value])
    elif kind == "money":
        said = _money(amount_of(value))
    else:
        said = str(value)
    return _say(RuleWords(key), value=said)


def _read(node: Rule, names: Names) -> str:
    if "field" in node:
        return condition_words(node, names)
    if "not" in node:
        return _say(RuleWords.NOT, conditions=_read(node["not"], names))
    said = [_inner(each, names) for each in parts(node)]
    return _joined(RuleWords.AND if "all" in node else RuleWords.OR, said)


def _inner(node: Rule, names: Names) -> str:
    text = _read(node, names)
    return _say(RuleWords.GROUP, conditions=text) if len(parts(node)) > 1 else text


def _named(field: str, value: Any, names: Names) -> str:
    labels = _LABELS.get(field)
    return str(labels(value).label) if labels else str(names.get(field, {}).get(value, value))


def _joined(words: RuleWords, said: Sequence[str]) -> str:
    return reduce(lambda first, second: _say(words, first=first, second=second), said)


def _money(amount: Decimal) -> str:
    whole = amount == amount.to_integral_value()
    return _say(RuleWords.MONEY, amount=f"{amount:,.0f}" if whole else f"{amount:,.2f}")


def _say(words: RuleWords, **values: object) -> str:
    return str(words.label) % values
