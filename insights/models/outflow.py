"""Warnings of deposits about to leave (K09, B4), the losses they are held against, and rules tried on the past."""

from typing import Self

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from customers.models import Customer, CustomerRows
from insights.enums import OutflowSignal, OutflowState, OutflowVerdict
from servicing.models import FollowUp
from staff.models import User


class OutflowWarningQuerySet(CustomerRows["OutflowWarning"]):
    def open(self) -> Self:
        """Those nobody has judged and whose signals were seen lately."""
        return self.filter(state=OutflowState.OPEN)


class OutflowWarning(models.Model):
    """Deposits of a customer that may leave: raised on a business day, renewed while its signals last, judged once.

    `tier` is the rank on the day it was last seen, `balance` what was there that day and `gone` what had left within
    the fortnight before, both yuan. `score` adds up the points of `signals`: a list of {"code", "points", facts}, the
    weightiest first, `main` its code; `version` is that of the rules (0 = built in). Open until `closed_on`.
    """

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="+", db_index=False)
    raised_on = models.DateField(_("warned on"))
    seen_on = models.DateField(_("last seen"))
    tier = models.SmallIntegerField(_("tier"))
    balance = models.DecimalField(_("still here"), max_digits=18, decimal_places=2)
    gone = models.DecimalField(_("gone in 14 days"), max_digits=18, decimal_places=2)
    score = models.SmallIntegerField(_("score"))
    main = models.CharField(_("main sign"), max_length=10, choices=OutflowSignal)
    signals = models.JSONField(default=list)
    version = models.IntegerField(default=0)
    state = models.CharField(_("state"), max_length=7, choices=OutflowState, default=OutflowState.OPEN)
    closed_on = models.DateField(null=True)
    verdict = models.CharField(_("verdict"), max_length=6, choices=OutflowVerdict, blank=True)
    note = models.CharField(_("note"), max_length=300, blank=True)
    judged_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    judged_at = models.DateTimeField(null=True)
    follow_up = models.ForeignKey(FollowUp, models.SET_NULL, null=True, related_name="+", db_index=False)

    objects = OutflowWarningQuerySet.as_manager()
    everything = models.Manager()

    class Meta:
        verbose_name = _("outflow warning")
        constraints = [
            models.UniqueConstraint(fields=["customer"], condition=Q(state="open"), name="outflow_one_open"),
            models.UniqueConstraint(fields=["customer", "raised_on"], name="outflow_once_a_day"),
            models.CheckConstraint(
                condition=Q(state="open", closed_on=None) | (~Q(state="open") & Q(closed_on__isnull=False)),
                name="outflow_closed_on_a_day",
            ),
            models.CheckConstraint(
                condition=Q(state="judged", judged_at__isnull=False, judged_by__isnull=False, verdict__gt="")
                | (~Q(state="judged") & Q(judged_at=None, judged_by=None, verdict="")),
                name="outflow_judged_by_somebody",
            ),
            models.CheckConstraint(condition=Q(seen_on__gte=F("raised_on")), name="outflow_seen_after_raised"),
            models.CheckConstraint(condition=Q(score__gte=0, score__lte=100), name="outflow_score"),
        ]
        indexes = [
            models.Index(fields=["customer", "-raised_on"], name="outflow_of_customer"),
            models.Index(fields=["raised_on"], name="outflow_by_day"),
            models.Index(fields=["closed_on"], name="outflow_closed"),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id} {self.raised_on} {self.main} {self.state}"

    def get_absolute_url(self) -> str:
        """The page of the warning."""
        return reverse("insights:warning", args=[self.pk])


class OutflowLossQuerySet(CustomerRows["OutflowLoss"]):
    pass


class OutflowLoss(models.Model):
    """A customer whose 30-day average on `on` was at most half of that 60 days before; once in 60 days.

    `before` and `after` are those averages in yuan; `tier` is the rank held 60 days before. `warned_on` is the day of
    the first warning raised within those 60 days, null = nobody was warned.
    """

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="+", db_index=False)
    on = models.DateField(_("lost on"))
    tier = models.SmallIntegerField(_("tier"))
    before = models.DecimalField(_("average 60 days before"), max_digits=18, decimal_places=2)
    after = models.DecimalField(_("average"), max_digits=18, decimal_places=2)
    warned_on = models.DateField(_("warned on"), null=True)

    objects = OutflowLossQuerySet.as_manager()
    everything = models.Manager()

    class Meta:
        verbose_name = _("lost deposits")
        constraints = [models.UniqueConstraint(fields=["customer", "on"], name="outflow_loss_once")]
        indexes = [models.Index(fields=["on"], name="outflow_loss_by_day")]

    def __str__(self) -> str:
        return f"{self.customer_id} {self.on}: {self.before} to {self.after}"


class OutflowTrial(models.Model):
    """The rules of a version tried on the past: days `first` to `last` replayed a week apart, and what came of it.

    `results` counts warnings and losses by tier, signal and threshold (rules.outflow_quality.Trial as data).
    """

    first = models.DateField()
    last = models.DateField()
    version = models.IntegerField(default=0)
    results = models.JSONField(default=dict)
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    seconds = models.DecimalField(max_digits=8, decimal_places=1, default=0)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(first__lte=F("last")), name="outflow_trial_days")]

    def __str__(self) -> str:
        return f"{self.first} to {self.last}"
