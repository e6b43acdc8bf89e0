"""The list of segments, and the list of the customers on one."""

from dataclasses import replace
from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.utils.timezone import localtime
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaigns.enums import ExclusionUse, SegmentKind
from campaigns.models import Segment, SegmentMember
from core.pages import Cell, Column, ListFilter, ListPage
from core.pages.choices import LoadedChoiceFilter
from servicing.queries.contacts import units_of
from staff.models import Branch

USES = [("audience", _("For campaigns")), ("exclusion", _("As an exclusion"))]
STATES = [("live", _("In use")), ("archived", _("Put away"))]


def _units(request: Any) -> QuerySet[Branch]:
    return units_of(request.user) if request else Branch.objects.none()


def _lists(request: Any) -> QuerySet[Segment]:
    return Segment.objects.visible_to(request.user) if request else Segment.objects.none()


class SegmentFilter(ListFilter):
    """Without a state those in use are shown."""

    text = django_filters.CharFilter(label=pgettext_lazy("segment", "Name"), field_name="name", lookup_expr="icontains")
    kind = django_filters.ChoiceFilter(label=_("Kind"), choices=SegmentKind.choices, empty_label=_("All"))
    use = django_filters.ChoiceFilter(label=_("Use"), choices=USES, method="used_as", empty_label=_("All"))
    unit = LoadedChoiceFilter(
        label=_("Unit"), field_name="branch", queryset=_units, to_field_name="code", empty_label=_("All")
    )
    state = django_filters.ChoiceFilter(label=_("State"), choices=STATES, method="in_state", empty_label=_("All"))

    class Meta:
        model = Segment
        fields: list[str] = []

    def used_as(self, rows: QuerySet[Segment], name: str, use: str) -> QuerySet[Segment]:
        return rows.filter(exclusion=ExclusionUse.NONE) if use == "audience" else rows.exclude(exclusion="")

    def in_state(self, rows: QuerySet[Segment], name: str, state: str) -> QuerySet[Segment]:
        return rows.filter(archived_at=None) if state == "live" else rows.exclude(archived_at=None)


def _name(row: Segment) -> Cell:
    return Cell(row.name, "main", row.get_absolute_url(), hint=row.note)


def _use(row: Segment) -> Cell:
    if row.archived_at:
        return Cell(_t("Put away"), "badge", tone="neutral")
    if row.exclusion:
        return Cell(row.get_exclusion_display(), "badge", tone="warn")
    return Cell(_t("For campaigns"), "badge", tone="info")


SEGMENTS = ListPage(
    columns=(
        Column("name", pgettext_lazy("segment", "Name"), _name, sort=("name", "pk"), stays=True),
        Column("kind", _("Kind"), lambda row: row.get_kind_display()),
        Column("use", _("Use"), _use),
        Column("branch", _("Unit"), lambda row: row.branch.name),
        Column("of_book", _("Only own customers"), lambda row: _t("Yes") if row.of_book else "", is_default=False),
        Column("maker", _("Drawn up by"), lambda row: row.created_by.name),
        Column("uses", _("Campaigns"), lambda row: Cell(row.use_count or 0, "num"), kind="num"),
        Column(
            "changed",
            _("Changed on"),
            lambda row: localtime(row.changed_at).date(),
            kind="date",
            sort=("changed_at", "pk"),
        ),
    ),
    default_order=("-changed_at", "-pk"),
    filterset=SegmentFilter,
    caption=_("Segments"),
    noun=_("segments"),
    row_url=Segment.get_absolute_url,
    list_key="segments",
    empty_title=_("No segments"),
    empty_text=_("A segment says which customers a campaign is for. Begin with a rule, or with a list."),
)


class MemberFilter(ListFilter):
    """Customers on a list."""

    text = django_filters.CharFilter(label=_("Name or number"), method="named")

    class Meta:
        model = SegmentMember
        fields: list[str] = []

    def named(self, rows: QuerySet[SegmentMember], name: str, text: str) -> QuerySet[SegmentMember]:
        return rows.filter(Q(customer__name__startswith=text) | Q(customer__customer_no=text))


class MemberFileFilter(MemberFilter):
    """The same for a file: which list it is of."""

    segment = django_filters.ModelChoiceFilter(label=_("List"), queryset=_lists)


def _customer(row: SegmentMember) -> Cell:
    return Cell(row.customer.name, "main", row.customer.get_absolute_url(), hint=row.customer.customer_no)


MEMBERS = ListPage(
    columns=(
        Column("customer", _("Customer"), _customer, stays=True),
        Column("branch", _("Branch"), lambda row: row.customer.branch.name),
        Column("manager", _("Manager"), lambda row: row.customer.manager.name if row.customer.manager else ""),
        Column("added_by", _("Put on by"), lambda row: row.added_by.name),
        Column("added_at", _("Put on the list"), lambda row: localtime(row.added_at).date(), kind="date"),
    ),
    default_order=("-added_at", "-pk"),
    filterset=MemberFilter,
    caption=_("Customers on the list"),
    noun=_("customers"),
    row_url=lambda row: row.customer.get_absolute_url(),
    list_key="segment_members",
    empty_title=_("Nobody on the list you may see"),
    empty_text=_("Add customers by their numbers."),
)
MEMBERS_FILE = replace(MEMBERS, filterset=MemberFileFilter)
