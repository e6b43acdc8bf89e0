"""The field of a form that takes a rule: a builder of groups and conditions (templates/campaigns/_rule.html)."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from campaigns.enums.rule_words import Near, RuleField, RuleOp
from campaigns.forms.rule_tree import ALL, ANY, IF, NONE, Node, altered, read_tree, rule_of, tree_of
from campaigns.queries.segment_pages import lists_of
from campaigns.rules.segments import EVERYBODY, FIELDS, TIERS, Rule, RuleError
from core.clock import today
from customers.enums import ConsentChannel, CustomerKind, ProductKind, Stage
from staff.access import BOOK_KEEPERS, scope_of
from staff.enums import Reach, Role
from staff.models import Branch, User
from tiers.queries.display import bands_for_display, tier_name

ACT: Final = "rule_act"
MOST_PEOPLE: Final = 500
KINDS: Final = ((ALL, _("all of these")), (ANY, _("any of these")), (NONE, _("none of these")))
_NAMED: Final[Mapping[str, Any]] = {
    RuleField.NEAR: Near,
    RuleField.PRODUCTS: ProductKind,
    RuleField.STAGE: Stage,
    RuleField.CONSENT: ConsentChannel,
    RuleField.KIND: CustomerKind,
}
# Long lists are boxes; the others are ticked.
BOXES: Final = (RuleField.BRANCH, RuleField.MANAGER, RuleField.LIST)


@dataclass(frozen=True, slots=True)
class Part:
    """A node as the builder shows it: names of its inputs begin with `prefix`."""

    node: Node
    prefix: str
    parts: tuple["Part", ...]
    ops: tuple[tuple[str, str], ...]
    choices: tuple[tuple[str, str, bool], ...]
    is_box: bool
    may_remove: bool
    may_nest: bool


class RuleWidget(forms.Widget):
    """The builder: reads the tree as it was sent, shows it with what the `viewer` may choose from."""

    template_name = "campaigns/_rule.html"
    viewer: User | None = None
    # Only what was sent to be saved is told off; a condition just added is not.
    shows_faults = False

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Node:
        """The tree as sent, after the button that was pressed."""
        tree = read_tree(data, name)
        act = data.get(ACT, "")
        return altered(tree, act) if act else tree

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        """Whether the form had no builder."""
        return f"{name}-0-kind" not in data

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        """The parts to show."""
        tree = value if isinstance(value, Node) else tree_of(value or EVERYBODY)
        if self.shows_faults:
            with suppress(RuleError):
                rule_of(tree)
        offered = Offered(self.viewer, tree)
        context = super().get_context(name, "", attrs)
        context["widget"] |= {
            "root": part_of(tree, name, offered),
            "kinds": KINDS,
            "fields": RuleField.choices,
            "act": ACT,
            "faults": [node.fault for node in tree.walk() if node.fault],
        }
        return context


class RuleTreeField(forms.Field):
    """A rule; `for_viewer` says whose branches, managers and lists it offers."""

    widget = RuleWidget

    def for_viewer(self, viewer: User) -> None:
        """Offer what this person may choose from."""
        self.widget.viewer = viewer  # type: ignore[attr-defined]  # the widget of this field

    def clean(self, value: Any) -> Rule:
        """The rule as it is kept."""
        self.widget.shows_faults = True  # type: ignore[attr-defined]  # the widget of this field
        try:
            return rule_of(value)
        except RuleError as error:
            raise ValidationError(error.fault.label, code=error.fault.value) from error

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Whether it is another rule."""
        try:
            return bool(rule_of(data) != (initial or EVERYBODY))
        except RuleError:
            return True


class Offered:
    """What can be chosen, each list read once a page and only when a condition asks for it."""

    def __init__(self, viewer: User | None, tree: Node) -> None:
        self.viewer = viewer
        self.chosen = {field: self._chosen(tree, field) for field in BOXES}
        self.known: dict[str, list[tuple[str, str]]] = {}

    def _chosen(self, tree: Node, field: str) -> set[int]:
        texts = (text for node in tree.walk() if node.kind == IF and node.asked == field for text in node.values)
        return {int(text) for text in texts if text.isdecimal() and len(text) < 16}

    def choices(self, field: str) -> list[tuple[str, str]]:
        """Values of a field with their words."""
        if field not in self.known:
            self.known[field] = [(str(key), str(word)) for key, word in self._read(field)]
        return self.known[field]

    def _read(self, field: str) -> Iterable[tuple[Any, Any]]:
        if field in _NAMED:
            return _NAMED[field].choices  # type: ignore[no-any-return]  # pairs of value and label
        if field == RuleField.TIER:
            bands = bands_for_display(today())
            ranks = [0, *(band.rank for band in bands)] if bands else TIERS
            return [(rank, tier_name(rank, bands)) for rank in ranks]
        if self.viewer is None:
            return []
        if field == RuleField.BRANCH:
            return _units(self.viewer).values_list("pk", "name")
        if field == RuleField.LIST:
            return lists_of(self.viewer).values_list("pk", "name")
        return [(0, _("Without a manager")), *self._people(self.viewer)]

    def _people(self, viewer: User) -> list[tuple[int, str]]:
        """Managers of the viewer's units: those chosen, and as many more as a box can hold."""
        people = User.objects.filter(role__in=[*BOOK_KEEPERS, Role.BRANCH_HEAD], branch__in=_units(viewer).order_by())
        named = list(User.objects.filter(pk__in=self.chosen[RuleField.MANAGER]).values_list("pk", "name"))
        more = people.filter(is_active=True).exclude(Q(pk__in=[pk for pk, _name in named])).order_by("name", "pk")
        return [*named, *more.values_list("pk", "name")[:MOST_PEOPLE]]


def _units(viewer: User) -> Any:
    scope, units = scope_of(viewer), Branch.objects.order_by("code")
    return units if scope.reach == Reach.BANK else units.filter(pk__in=scope.branch_ids)


def part_of(node: Node, name: str, offered: Offered) -> Part:
    """A node with everything in it, as the builder shows it."""
    field = FIELDS[node.asked]
    is_choice = node.kind == IF and node.sort in ("numbers", "words")
    chosen = set(node.values)
    return Part(
        node=node,
        prefix=f"{name}-{node.path}",
        parts=tuple(part_of(each, name, offered) for each in node.inner),
        ops=tuple((op.value, str(RuleOp(op).label)) for op in field.ops),
        choices=tuple((key, word, key in chosen) for key, word in offered.choices(node.asked)) if is_choice else (),
        is_box=node.asked in BOXES,
        may_remove="." in node.path,
        may_nest=node.path.count(".") < 3,
    )
