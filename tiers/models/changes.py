"""What re-tiering did: each change of a customer's standing, and each run with its totals."""

from datetime import date
from typing import Self

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce
from django.db.models.lookups import Exact

from core.models import Job
from customers.models import Customer, in_scope
from staff.access import scope_of
from staff.models import Branch, User
from tiers.enums import Event, Measure
from tiers.models.overrides import TierOverride
from tiers.models.schemes import Scheme

UP, DOWN = Event.UP.value, Event.DOWN.value
NEVER = date(1, 1, 1)


class TierChangeQuerySet(models.QuerySet["TierChange"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Only changes of customers this person may see."""
        return self.filter(in_scope(scope_of(user), "customer__"))

    def moved(self, direction: str = "") -> Self:
        """Moves UP, DOWN or either way (""); neither a first tiering, nor a watch, nor a new number is a move."""
        return self.filter(event__in=[direction] if direction else [UP, DOWN])


class TierChange(models.Model):
    """A change of a customer's standing on a business day, with every input of the decision.

    `value` is `measure` in yuan over window_from..window_to, by which `scheme` decided; with a best-of scheme the
    figure that was highest. Before and after: the tier in effect (from 0 = first tiering), the tier by the rule alone
    while an override holds (`*_ruled`, else null), the day a watch began (`*_watch`, null = none). Tiers before are
    numbered by the scheme of the run before, tiers after by the row's own: whether it is a move, and which way, says
    `event`. The row stands for the customer's standing from `on` until its next one. The database does not check its
    keys: rows are written by the hundred thousand from positions and runs whose own keys it checks, and checking again
    cost more than all the rest.
    """

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="+", db_index=False, db_constraint=False)
    on = models.DateField()
    event = models.CharField(max_length=10, choices=Event, default=Event.FIRST, db_default=Event.FIRST)
    from_tier = models.SmallIntegerField()
    to_tier = models.SmallIntegerField()
    from_ruled = models.SmallIntegerField(null=True)
    to_ruled = models.SmallIntegerField(null=True)
    from_watch = models.DateField(null=True)
    to_watch = models.DateField(null=True)
    override = models.ForeignKey(
        TierOverride, models.SET_NULL, null=True, related_name="+", db_index=False, db_constraint=False
    )
    scheme = models.ForeignKey(Scheme, models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    measure = models.CharField(max_length=12, choices=Measure)
    value = models.DecimalField(max_digits=18, decimal_places=2)
    window_from = models.DateField()
    window_to = models.DateField()
    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    manager = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False, db_constraint=False)
    job = models.ForeignKey(Job, models.SET_NULL, null=True, related_name="+", db_index=False, db_constraint=False)

    objects = TierChangeQuerySet.as_manager()
    everything = models.Manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["customer", "on"], name="tier_change_once_a_day"),
            models.CheckConstraint(
                # By a new scheme the same number may be another tier.
                condition=Q(event__in=[Event.UP, Event.DOWN, Event.RENUMBERED])
                | ~Q(
                    Exact(F("from_tier"), F("to_tier")),
                    Exact(Coalesce("from_ruled", Value(0)), Coalesce("to_ruled", Value(0))),
                    Exact(Coalesce("from_watch", Value(NEVER)), Coalesce("to_watch", Value(NEVER))),
                ),
                name="tier_change_changes",
            ),
        ]
        indexes = [
            models.Index(fields=["on", "branch"], name="tier_change_day_branch"),
            models.Index(fields=["manager", "on"], name="tier_change_manager_day"),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id} {self.on}: {self.from_tier} to {self.to_tier}"


class RetierRunQuerySet(models.QuerySet["RetierRun"]):
    def finished(self) -> Self:
        """Runs whose totals stand; one that is being re-done keeps its former totals until it ends."""
        return self.filter(finished_at__isnull=False)


class RetierRun(models.Model):
    """The re-tiering of one business day and its totals; later days are re-done when an earlier one is.

    `is_open` while `job` is still writing the day's history. `first_count` = customers tiered for the first time, who
    count neither as up nor as down; `watched` and `overridden` those who stand so at the day's close. `by_tier` maps
    each rank (as text) to its customers.
    """

    on = models.DateField(unique=True)
    scheme = models.ForeignKey(Scheme, models.PROTECT, related_name="+")
    job = models.ForeignKey(Job, models.SET_NULL, null=True, related_name="+")
    is_open = models.BooleanField(default=True)
    customers = models.IntegerField(default=0)
    first_count = models.IntegerField(default=0)
    up = models.IntegerField(default=0)
    down = models.IntegerField(default=0)
    watched = models.IntegerField(default=0, db_default=0)
    overridden = models.IntegerField(default=0, db_default=0)
    by_tier = models.JSONField(default=dict)
    finished_at = models.DateTimeField(null=True)

    objects = RetierRunQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(is_open=True) | Q(finished_at__isnull=False), name="retier_run_closed_when_finished"
            )
        ]

    def __str__(self) -> str:
        return f"{self.on}: {self.up} up, {self.down} down"
