"""Figures rolled up from several apps, per unit and day."""

from typing import Self

from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.functions import RandomUUID
from django.db import models

from staff.access import scope_of
from staff.enums import Reach
from staff.models import Branch, User


class DepositDay(models.Model):
    """Customers and deposits (yuan) of one branch, manager and tier at the close of a business day."""

    on = models.DateField()
    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", db_index=False)
    manager = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    tier = models.SmallIntegerField()
    customers = models.IntegerField()
    total = models.DecimalField(max_digits=20, decimal_places=2)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["on", "branch", "manager", "tier"], nulls_distinct=False, name="deposit_day_once"
            )
        ]
        indexes = [
            models.Index(fields=["branch", "on"], name="deposit_day_of_branch"),
            models.Index(fields=["manager", "on"], name="deposit_day_of_manager"),
        ]

    def __str__(self) -> str:
        return f"{self.on} {self.branch_id} {self.tier}: {self.customers}"


class BranchDayQuerySet(models.QuerySet["BranchDay"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Only units whose customers this person may see as a whole; a book is not a unit."""
        scope = scope_of(user)
        if scope.reach == Reach.BANK:
            return self.all()
        if scope.reach == Reach.BRANCHES:
            return self.filter(branch_id__in=sorted(scope.branch_ids))
        return self.none()


class BranchDay(models.Model):
    """The same without managers: small enough to read months of the whole bank."""

    on = models.DateField()
    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", db_index=False)
    tier = models.SmallIntegerField()
    customers = models.IntegerField()
    total = models.DecimalField(max_digits=20, decimal_places=2)

    objects = BranchDayQuerySet.as_manager()
    everything = models.Manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["on", "branch", "tier"], name="branch_day_once")]
        indexes = [models.Index(fields=["branch", "on"], name="branch_day_of_branch")]

    def __str__(self) -> str:
        return f"{self.on} {self.branch_id} {self.tier}: {self.customers}"


class PositionWrite(models.Model):
    """A statement that may have changed which positions there are, their branch, tier or total; a trigger notes it.

    No two sets of these rows that were ever seen are equal unless the positions were: a set only grows, and the roll-up
    that sweeps it leaves a fresh row.
    """

    id = models.UUIDField(primary_key=True, db_default=RandomUUID(), editable=False)

    def __str__(self) -> str:
        return str(self.pk)
