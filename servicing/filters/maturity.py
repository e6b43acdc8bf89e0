"""The lists of the maturity desk: what matures and what matured, and the choices of the ladder over both."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import django_filters
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from core.clock import today
from core.forms import DAY
from core.pages import Cell, Column, ListFilter, ListPage
from core.pages.choices import LoadedChoiceFilter
from customers.models import Account, Product
from servicing.enums import MaturityAim, MoneyWent
from servicing.enums.maturity import Ended, PlanState
from servicing.models import Maturity
from servicing.queries import maturity as queries
from staff.models import Branch, User
from staff.queries import people_offered
from tiers.queries import bands_for_display, branches_of, managers_of, tier_name

NOBODY = "none"
PLACES = ("tier", "product", "branch", "manager")
PEOPLE = ("manager", "owner")
TONES = {"rolled": "good", "partly": "warn", "left": "bad", "": ""}
SPANS = {"next7": 7, "next30": 30, "next90": 90, "past30": -30, "past90": -90}


def _branches(request: Any) -> QuerySet[Branch]:
    return branches_of(request.user) if request else Branch.objects.none()


def _people(request: Any) -> QuerySet[User]:
    return managers_of(request.user) if request else User.objects.none()


def _products(request: Any) -> QuerySet[Product]:
    return Product.objects.exclude(kind="demand").order_by("name", "pk")


def _tiers() -> Iterator[tuple[int, str]]:
    bands = bands_for_display(today())
    yield from ((band.rank, tier_name(band.rank, bands)) for band in reversed(bands))
    yield 0, tier_name(0, bands)


class PlaceFilter(ListFilter):
    """Deposits, or the desk's rows of them, by tier, product, branch and manager of their customers."""

    tier = django_filters.ChoiceFilter(
        label=_("Tier"), field_name="customer__position__tier", choices=[], empty_label=_("All")
    )
    product = LoadedChoiceFilter(
        label=_("Product"), queryset=_products, to_field_name="code", empty_label=_("All"), method="by_product"
    )
    branch = LoadedChoiceFilter(
        label=_("Branch"),
        field_name="customer__branch",
        queryset=_branches,
        to_field_name="code",
        empty_label=_("All"),
    )
    manager = LoadedChoiceFilter(
        label=_("Manager"),
        field_name="customer__manager",
        queryset=_people,
        to_field_name="staff_no",
        empty_label=_("All"),
        null_label=_("Without a manager"),
        null_value=NOBODY,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # What a list itself filters by comes first.
        self.form.order_fields([*(name for name in self.form.fields if name not in PLACES), *PLACES])
        fields = self.form.fields
        fields["tier"].choices = list(_tiers())
        if self.request is None:
            return
        if len(fields["branch"].loaded) == 1 and not self.data.get("branch"):
            del fields["branch"]
        for name in PEOPLE:
            if name in fields:
                given = [self.data.get("branch") or "", self.data.get(name) or ""]
                people = people_offered(fields[name].queryset, self.request.user, *given)
                fields[name].offer(people)

    def by_product(self, rows: QuerySet[Any], name: str, product: Product) -> QuerySet[Any]:
        return rows.filter(**{"product" if rows.model is Account else "account__product": product})

    def as_given(self, rows: QuerySet[Any], name: str, value: object) -> QuerySet[Any]:
        """For what the view reads."""
        return rows


class LadderFilter(PlaceFilter):
    """Whose deposits the ladder counts; the days, steps and lines are read by the view."""

    span = django_filters.ChoiceFilter(
        label=_("Days"),
        method="as_given",
        empty_label=None,
        choices=[
            ("next7", _("The next 7 days")),
            ("next30", _("The next 30 days")),
            ("next90", _("The next 90 days")),
            ("past30", _("The past 30 days")),
            ("past90", _("The past 90 days")),
        ],
    )
    step = django_filters.ChoiceFilter(
        label=_("By day or week"),
        method="as_given",
        empty_label=None,
        choices=[("day", _("By day")), ("week", _("By week"))],
    )
    by = django_filters.ChoiceFilter(
        label=_("Lines"),
        method="as_given",
        empty_label=None,
        choices=[("tier", _("By tier")), ("product", _("By product")), ("people", _("By manager or branch"))],
    )


class AheadFilter(PlaceFilter):
    """Deposits ahead; days with both ends included."""

    since = django_filters.DateFilter(label=_("From"), field_name="matures_on", lookup_expr="gte", widget=DAY)
    until = django_filters.DateFilter(label=_("To"), field_name="matures_on", lookup_expr="lte", widget=DAY)
    state = django_filters.ChoiceFilter(
        label=_("State"), choices=PlanState.choices, empty_label=_("All"), method="by_state"
    )
    owner = LoadedChoiceFilter(
        label=_("Sees to it"), queryset=_people, to_field_name="staff_no", empty_label=_("All"), method="by_owner"
    )

    def by_state(self, rows: Any, name: str, value: str) -> QuerySet[Any]:
        return queries.in_state(rows, PlanState(value))

    def by_owner(self, rows: Any, name: str, person: User) -> QuerySet[Any]:
        return queries.owned_by(rows, person)


class PastFilter(PlaceFilter):
    """Matured deposits; days with both ends included."""

    since = django_filters.DateFilter(label=_("From"), field_name="matures_on", lookup_expr="gte", widget=DAY)
    until = django_filters.DateFilter(label=_("To"), field_name="matures_on", lookup_expr="lte", widget=DAY)
    outcome = django_filters.ChoiceFilter(
        label=_("Outcome"), choices=Ended.choices, empty_label=_("All"), method="by_outcome"
    )
    went = django_filters.ChoiceFilter(label=_("Where to"), choices=MoneyWent.choices, empty_label=_("All"))
    owner = LoadedChoiceFilter(
        label=_("Sees to it"), queryset=_people, to_field_name="staff_no", empty_label=_("All"), method="by_owner"
    )

    def by_outcome(self, rows: Any, name: str, value: str) -> QuerySet[Any]:
        return queries.ended(rows, Ended(value))

    def by_owner(self, rows: Any, name: str, person: User) -> QuerySet[Any]:
        return queries.seen_to_by(rows, person)


def desk_url(account_id: int, day: date) -> str:
    """The page of a deposit maturing on a day."""
    return reverse("servicing:maturity", args=[account_id, day.isoformat()])


def _customer(row: Any) -> Cell:
    return Cell(row.customer.name, "main", row.customer.get_absolute_url(), hint=row.customer.customer_no)


def _tier(row: Any) -> Cell:
    rank = row.customer.position.tier
    return Cell(tier_name(rank, bands_for_display(today())), "tier", rank=rank)


def _owner(plan: Maturity, row: Any) -> Cell:
    if plan.owner:
        return Cell(plan.owner.name, hint=_t("named"))
    manager = row.customer.manager
    return Cell(manager.name if manager else None)


def _intended(plan: Maturity) -> Cell:
    """The plan as a badge; a talk without a decision says so."""
    if plan.aim != MaturityAim.UNDECIDED:
        return Cell(plan.get_aim_display(), "badge", tone="bad" if plan.aim == MaturityAim.LEAVE else "good")
    if plan.talk_id:
        return Cell(PlanState.TALKED.label, "badge", tone="info")
    return Cell(PlanState.OPEN.label, "badge", tone="warn")


def _rate(row: Account) -> str | None:
    return None if row.rate is None else f"{row.rate.normalize():f}"


def _talk(plan: Maturity) -> Any:
    return plan.talk.happened_at.astimezone(queries.SHANGHAI).date() if plan.talk else None


def _ended(row: Maturity) -> Cell:
    label = row.get_outcome_display() or Ended.WAITING.label
    return Cell(label, "badge", tone=TONES[row.outcome])


def _matures(row: Any) -> Cell:
    account = row.pk if isinstance(row, Account) else row.account_id
    return Cell(row.matures_on, "date", desk_url(account, row.matures_on))


def ahead_list(order: str = "due") -> ListPage:
    """The list of deposits ahead, by `order`: "due", or of a whole bank "matures_on", which an index serves."""
    return ListPage(
        columns=(
            Column("matures_on", _("Matures on"), _matures, sort=order),
            Column("customer", _("Customer"), _customer),
            Column("tier", _("Tier"), _tier),
            Column("product", _("Product"), "product__name"),
            Column("value", _("Amount, yuan"), "balance__value", kind="money", sort="balance__value", amounts=True),
            Column("rate", _("Rate, % a year"), _rate, kind="num"),
            Column("rollover", _("Renewal"), lambda row: {True: _("automatic"), False: _("none")}.get(row.rollover)),
            Column("owner", _("Sees to it"), lambda row: _owner(row.plan, row)),
            Column("plan", _("Plan"), lambda row: _intended(row.plan)),
            Column("talk", _("Talk"), lambda row: _talk(row.plan), kind="date"),
        ),
        default_order=(order,),
        filterset=AheadFilter,
        caption=_("Maturing deposits"),
        noun=_("deposits"),
        row_url=lambda row: desk_url(row.pk, row.matures_on),
        empty_title=_("Nothing matures"),
        empty_text=_("No deposit in sight matures in these days, or none is left by the filters."),
    )


def past_list(order: str = "due") -> ListPage:
    """The list of matured deposits, the latest first, by `order` as above."""
    return ListPage(
        columns=(
            Column("matures_on", _("Matured on"), _matures, sort=order),
            Column("customer", _("Customer"), _customer),
            Column("tier", _("Tier"), _tier),
            Column("product", _("Product"), "account__product__name"),
            Column("value", _("Matured, yuan"), "amount", kind="money", sort="amount", amounts=True),
            Column("stayed", _("Stayed, yuan"), kind="money", sort="stayed", amounts=True),
            Column("outcome", _("Outcome"), _ended),
            Column("went", _("Where to"), lambda row: row.get_went_display()),
            Column("owner", _("Sees to it"), lambda row: _owner(row, row)),
            Column("plan", _("Plan"), _intended),
        ),
        default_order=(f"-{order}",),
        filterset=PastFilter,
        caption=_("Matured deposits"),
        noun=_("deposits"),
        row_url=lambda row: desk_url(row.account_id, row.matures_on),
        empty_title=_("Nothing matured"),
        empty_text=_("No deposit in sight matured in these days, or none is left by the filters."),
    )


AHEAD, PAST = ahead_list(), past_list()
AHEAD_OF_BANK, PAST_OF_BANK = ahead_list("matures_on"), past_list("matures_on")
