"""Key figures per unit, day and measure, and the customers of each closed month they stand on."""

from typing import Self

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Q

from customers.models import Customer, in_scope
from insights.enums import UnitKind
from insights.rules.measures import ALL_TIERS
from staff.access import BOOK_KEEPERS, HEADS, has_role, scope_of
from staff.enums import Reach
from staff.models import Branch, TeamMember, User


class KpiQuerySet(models.QuerySet["Kpi"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Heads see the units below their own and the people in them; who keeps a book their own figures and those of
        a team of their unit they lead. Nobody sees the figures of a colleague."""
        scope = scope_of(user)
        if has_role(user, *HEADS):
            return self if scope.reach == Reach.BANK else self.filter(branch_id__in=sorted(scope.branch_ids))
        if not has_role(user, *BOOK_KEEPERS):
            return self.none()
        here = sorted(scope.branch_ids)  # a lead who moved leads no more, whatever the team still says
        led = TeamMember.objects.filter(team__lead_id=scope.user_id, team__branch__in=here).values("team_id")
        own = Q(unit_kind=UnitKind.PERSON, unit_id=scope.user_id)
        return self.filter(own | Q(unit_kind=UnitKind.TEAM, unit_id__in=led))


class Kpi(models.Model):
    """A measure of a unit on a business day: `value`, and for shares and means what it is divided by (`base`).

    `unit_id` is a branch for the bank, a region or a branch, else a team or a person; `branch` is the unit they belong
    to. `tier` is ALL_TIERS but for measures that are kept by tier, and only for the bank, regions and branches. Rows
    that would be nought are not kept. Amounts are yuan.
    """

    on = models.DateField()
    unit_kind = models.CharField(max_length=6, choices=UnitKind)
    unit_id = models.BigIntegerField()
    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", db_index=False)
    tier = models.SmallIntegerField(default=ALL_TIERS, db_default=ALL_TIERS)
    measure = models.CharField(max_length=24)
    value = models.DecimalField(max_digits=20, decimal_places=2)
    base = models.DecimalField(max_digits=20, decimal_places=2, null=True)

    objects = KpiQuerySet.as_manager()
    everything = models.Manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["unit_kind", "unit_id", "measure", "tier", "on"], name="kpi_once")
        ]
        indexes = [models.Index(fields=["on"], name="kpi_of_day")]

    def __str__(self) -> str:
        return f"{self.on} {self.unit_kind} {self.unit_id} {self.measure}: {self.value}"


class KpiDay(models.Model):
    """A business day whose figures were rolled up: when, by which version of the definitions (0 = built in)."""

    on = models.DateField(primary_key=True)
    definitions = models.IntegerField(default=0)
    rows = models.IntegerField(default=0)
    made_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.on}: {self.rows}"


class MonthCloseQuerySet(models.QuerySet["MonthClose"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Only of customers in sight now, wherever they were then."""
        return self.filter(in_scope(scope_of(user), "customer__"))


class MonthClose(models.Model):
    """A customer at the close of a month: whose, of which unit and tier, and its average daily balance of that month.

    `month` is the first day of the month. `adb` and `total` are yuan to the cent. Customers without any balance in the
    month and none at its close have no row.
    """

    pk = models.CompositePrimaryKey("month", "customer_id")
    month = models.DateField()
    customer = models.ForeignKey(Customer, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False)
    branch_id = models.BigIntegerField()
    manager_id = models.BigIntegerField(null=True)
    tier = models.SmallIntegerField()
    adb = models.DecimalField(max_digits=18, decimal_places=2)
    total = models.DecimalField(max_digits=18, decimal_places=2)

    objects = MonthCloseQuerySet.as_manager()
    everything = models.Manager()

    class Meta:
        indexes = [models.Index(fields=["branch_id", "month"], name="month_close_of_branch")]

    def __str__(self) -> str:
        return f"{self.month} {self.customer_id}: {self.adb}"
