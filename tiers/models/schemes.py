"""Versions of the tier scheme and their bands."""

from datetime import date
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from customers.enums import ProductKind
from staff.models import User
from tiers.enums import Measure, SchemeStatus
from tiers.rules import DEFAULT_TRAILING, MAX_TRAILING, MAX_WATCH, MIN_TRAILING


class SchemeQuerySet(models.QuerySet["Scheme"]):
    def approved(self) -> Self:
        return self.filter(status=SchemeStatus.APPROVED)

    def in_force_on(self, day: date) -> "Scheme | None":
        """The approved version with the latest effective date not after `day`."""
        return self.approved().filter(effective_on__lte=day).order_by("-effective_on", "-version").first()


class Scheme(models.Model):
    """One version of the tier policy: what is measured and bands, in force from `effective_on` until the next version.

    `best_of` are the figures whose highest counts when `measure` says so, `counted` the kinds of product whose balances
    count (none = all). Below the floor a tier is kept for `watch_periods` periods. That its bands make a policy (2 to 8
    of them, from zero upwards, ranks without gaps) and that those of an approved version stay as they are, the
    database sees to by triggers (migration 0004).
    """

    version = models.IntegerField(_("version"), unique=True)
    name = models.CharField(_("name"), max_length=60)
    measure = models.CharField(_("measure"), max_length=12, choices=Measure, default=Measure.BALANCE)
    trailing_days = models.SmallIntegerField(
        _("days of the trailing average"), default=DEFAULT_TRAILING, db_default=DEFAULT_TRAILING
    )
    best_of = ArrayField(models.CharField(max_length=12, choices=Measure), default=list, blank=True, db_default=[])
    counted = ArrayField(models.CharField(max_length=12, choices=ProductKind), default=list, blank=True, db_default=[])
    watch_periods = models.SmallIntegerField(_("watch periods"), default=0, db_default=0)
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
            ),
            models.CheckConstraint(
                condition=Q(trailing_days__gte=MIN_TRAILING, trailing_days__lte=MAX_TRAILING),
                name="scheme_trailing_days",
            ),
            models.CheckConstraint(
                condition=Q(watch_periods__gte=0, watch_periods__lte=MAX_WATCH), name="scheme_watch_periods"
            ),
            models.CheckConstraint(
                condition=~Q(measure=Measure.BEST) | Q(best_of__len__gte=2), name="scheme_best_of_several"
            ),
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
            models.UniqueConstraint(fields=["scheme", "letter"], name="band_letter_once"),
            models.CheckConstraint(condition=Q(rank__gte=1), name="band_rank_from_one"),
            models.CheckConstraint(
                condition=Q(rank=1, floor=0) | Q(rank__gt=1, floor__gt=0), name="band_first_floor_zero"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rank} {self.name_en} from {self.floor}"
