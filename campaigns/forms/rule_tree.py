"""A rule as it is typed: a tree of groups and conditions in named inputs, before anything is checked."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from campaigns.enums.rule_words import RuleField
from campaigns.rules.segments import FIELDS, Rule, RuleError, check, parts
from core.money import AmountError, parse_amount

ALL, ANY, NONE, IF = "all", "any", "none", "if"
# No page grows past this, whatever is sent.
MOST_NODES: Final = 80
FIRST: Final = RuleField.TIER


@dataclass(slots=True)
class Node:
    """A group (`kind` all, any, none) with what is in it, or a condition (`kind` if) as typed."""

    path: str
    kind: str
    inner: list["Node"] = field(default_factory=list)
    asked: str = FIRST
    op: str = ""
    values: list[str] = field(default_factory=list)
    window: tuple[str, str, str] = ("0", "30", "0")
    fault: str = ""
    is_new: bool = False

    @property
    def value(self) -> str:
        """The one value typed."""
        return self.values[0] if self.values else ""

    @property
    def sort(self) -> str:
        """What kind of value the condition has."""
        return FIELDS[self.asked].kind

    def walk(self) -> Iterator["Node"]:
        """The node and everything in it, in reading order."""
        yield self
        for each in self.inner:
            yield from each.walk()


def read_tree(data: Any, name: str) -> Node:
    """The tree as sent (a QueryDict); an empty group of all where there is none."""
    budget = [MOST_NODES]
    return _read(data, name, "0", budget) or Node("0", ALL)


def _read(data: Any, name: str, path: str, budget: list[int]) -> Node | None:
    kind = data.get(f"{name}-{path}-kind")
    if kind not in (ALL, ANY, NONE, IF) or budget[0] <= 0 or path.count(".") > 8:
        return None
    budget[0] -= 1
    if kind == IF:
        return _condition(data, f"{name}-{path}", path)
    node = Node(path, kind)
    while (inner := _read(data, name, f"{path}.{len(node.inner)}", budget)) is not None:
        node.inner.append(inner)
    return node


def _condition(data: Any, prefix: str, path: str) -> Node:
    asked = data.get(f"{prefix}-field", "")
    asked = asked if asked in FIELDS else FIRST
    op = data.get(f"{prefix}-op", "")
    op = op if op in FIELDS[asked].ops else FIELDS[asked].ops[0]
    window = tuple(data.get(f"{prefix}-{part}", begin) for part, begin in (("from", "0"), ("to", "30"), ("amount", "")))
    is_changed = asked != data.get(f"{prefix}-was", asked)
    values = [] if is_changed else data.getlist(f"{prefix}-value")
    return Node(path, IF, asked=asked, op=op, values=values, window=window)


def tree_of(rule: Rule) -> Node:
    """A kept rule as a tree; its root is always a group."""
    root = _node_of(rule, "0") if rule else Node("0", ALL)
    if root.kind == IF:
        root = Node("0", ALL, [root])
    return _numbered(root, "0")


def _node_of(rule: Rule, path: str) -> Node:
    if "field" in rule:
        value = rule["value"]
        if isinstance(value, Mapping):
            window = (str(value["from"]), str(value["to"]), str(value["amount"]))
            return Node(path, IF, asked=rule["field"], op=rule["op"], window=window)
        values = [str(each) for each in value] if isinstance(value, list) else [str(value)]
        return Node(path, IF, asked=rule["field"], op=rule["op"], values=values)
    if "not" in rule:
        inner = rule["not"]
        within = parts(inner) if "any" in inner else (inner,)
        return Node(path, NONE, [_node_of(each, path) for each in within])
    return Node(path, ALL if "all" in rule else ANY, [_node_of(each, path) for each in parts(rule)])


def _numbered(node: Node, path: str) -> Node:
    node.path = path
    for place, each in enumerate(node.inner):
        _numbered(each, f"{path}.{place}")
    return node


def altered(root: Node, act: str) -> Node:
    """The tree after a button: "add:<path>", "group:<path>" or "remove:<path>"."""
    word, _colon, path = act.partition(":")
    nodes = {node.path: node for node in root.walk()}
    target, holder = nodes.get(path), nodes.get(path.rpartition(".")[0])
    if target is None or len(nodes) >= MOST_NODES:
        return root
    if word == "add" and target.kind != IF:
        target.inner.append(Node("", IF, op=FIELDS[FIRST].ops[0], is_new=True))
    elif word == "group" and target.kind != IF:
        new = Node("", IF, op=FIELDS[FIRST].ops[0], is_new=True)
        target.inner.append(Node("", ANY if target.kind == ALL else ALL, [new]))
    elif word == "remove" and holder is not None:
        holder.inner.remove(target)
    return _numbered(root, "0")


def rule_of(root: Node) -> Rule:
    """The rule a tree means. Raises RuleError, and marks the nodes that are wrong with their fault."""
    places: dict[str, Node] = {}
    rule = _rule(root, "", places)
    try:
        check(rule)
    except RuleError as error:
        places.get(error.path, root).fault = str(error.fault.label)
        raise
    return rule


def _rule(node: Node, path: str, places: dict[str, Node]) -> Rule:
    places[path] = node
    if node.kind == IF:
        return {"field": str(node.asked), "op": str(node.op), "value": _value(node)}
    if node.kind == NONE:
        below = _below(path, 0)
        places[below] = node
        return {"not": {"any": [_rule(each, _below(below, n), places) for n, each in enumerate(node.inner)]}}
    return {node.kind: [_rule(each, _below(path, n), places) for n, each in enumerate(node.inner)]}


def _below(path: str, place: int) -> str:
    return f"{path}.{place}" if path else str(place)


def _value(node: Node) -> Any:
    """The value as a rule keeps it; what cannot be read stays as typed, for `check` to refuse."""
    readers = {
        "numbers": lambda: [_whole(each) for each in node.values],
        "words": lambda: node.values,
        "number": lambda: _whole(node.value),
        "money": lambda: _amount(node.value),
        "rate": lambda: node.value.strip().removesuffix("%"),
        "window": lambda: {
            "from": _whole(node.window[0]),
            "to": _whole(node.window[1]),
            "amount": _amount(node.window[2] or "0"),
        },
    }
    return readers[node.sort]()


def _whole(text: str) -> int | str:
    text = text.strip()
    return int(text) if text.isdecimal() and len(text) < 16 else text


def _amount(text: str) -> str:
    try:
        return str(parse_amount(text)).removesuffix(".00")
    except AmountError:
        return text
