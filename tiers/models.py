"""Tier policy as versioned data, and the history it produced."""

from datetime import date
from typing import Self

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from core.models import Job
from customers.models import Customer, in_scope
from staff.access import scope_of
from staff.models import Branch, User
from tiers.enums import Measure, SchemeStatus


class SchemeQuerySet(models.QuerySet["Scheme"]):
    def approved(self) -> Self:
        return self.filter(status=SchemeStatus.APPROVED)

    def in_force_on(self, day: date) -> "Scheme | None":
        """The approved version with the latest effective date not after `day`."""
        return self.approved().filter(effective_on__lte=day).order_by("-effective_on", "-version").first()


class Scheme(models.Model):
    """One version of the tier policy: a measure and bands, in force from `effective_on` until the next version."""

    version = models.IntegerField(_("version"), unique=True)
    name = models.CharField(_("name"), max_length=60)
    measure = models.CharField(_("measure"), max_length=12, choices=Measure, default=Measure.BALANCE)
    effective_on = models.DateField(_("effective from"))
    status = models.CharField(_("status"), max_length=10, choices=SchemeStatus, default=SchemeStatus.DRAFT)
    note = models.CharField(_("reason"), max_length=300, blank=True)
    drafted_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    drafted_at = models.DateTimeField()
    approved_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    approved_at = models.DateTimeField(null=True)

    objects = SchemeQuerySet.as_manager()

    class Meta:
        verbose_name = _("tier scheme")
        constraints = [
            models.CheckConstraint(
                condition=Q(approved_by=None) | ~Q(approved_by=F("drafted_by")), name="scheme_needs_a_second_person"
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} v{self.version}"


class Band(models.Model):
    """A tier of a scheme: from `floor` (yuan, inclusive) up to the next band's floor; the first has floor 0."""

    scheme = models.ForeignKey(Scheme, models.CASCADE, related_name="bands")
    rank = models.SmallIntegerField(_("rank"))
    floor = models.DecimalField(_("from, yuan"), max_digits=18, decimal_places=2)
    letter = models.CharField(_("letter"), max_length=1)
    name_zh = models.CharField(_("Chinese name"), max_length=20)
    name_en = models.CharField(_("English name"), max_length=30)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["scheme", "rank"], name="band_rank_once"),
            models.UniqueConstraint(fields=["scheme", "floor"], name="band_floor_once"),
            models.CheckConstraint(condition=Q(rank__gte=1), name="band_rank_from_one"),
            models.CheckConstraint(
                condition=Q(rank=1, floor=0) | Q(rank__gt=1, floor__gt=0), name="band_first_floor_zero"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rank} {self.name_en} from {self.floor}"


UP, DOWN = "up", "down"


class TierChangeQuerySet(models.QuerySet["TierChange"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Only changes of customers this person may see."""
        return self.filter(in_scope(scope_of(user), "customer__"))

    def moved(self, direction: str = "") -> Self:
        """Moves UP, DOWN or either way (""); a first tiering is no move."""
        moves = self.filter(from_tier__gt=0)
        if direction == UP:
            return moves.filter(to_tier__gt=F("from_tier"))
        return moves.filter(to_tier__lt=F("from_tier")) if direction == DOWN else moves


class TierChange(models.Model):
    """A customer's move between tiers on a business day, with every input of the decision.

    `value` is the measure in yuan over window_from..window_to. The row stands for the customer's tier from `on` until
    its next change; from_tier 0 = first tiering. The database does not check its keys: rows are written by the hundred
    thousand from positions and runs whose own keys it checks, and checking again cost more than all the rest.
    """

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="+", db_index=False, db_constraint=False)
    on = models.DateField()
    from_tier = models.SmallIntegerField()
    to_tier = models.SmallIntegerField()
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
            models.CheckConstraint(condition=~Q(from_tier=F("to_tier")), name="tier_change_changes"),
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
    count neither as up nor as down. `by_tier` maps each rank (as text) to its customers.
    """

    on = models.DateField(unique=True)
    scheme = models.ForeignKey(Scheme, models.PROTECT, related_name="+")
    job = models.ForeignKey(Job, models.SET_NULL, null=True, related_name="+")
    is_open = models.BooleanField(default=True)
    customers = models.IntegerField(default=0)
    first_count = models.IntegerField(default=0)
    up = models.IntegerField(default=0)
    down = models.IntegerField(default=0)
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
