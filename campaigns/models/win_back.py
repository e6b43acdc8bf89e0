"""Winning back customers whose balances fell or left (M18)."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from campaigns.enums import WinBackCause, WinBackState
from campaigns.models.content import Offer
from customers.models import Customer, CustomerRows
from staff.models import User


class WinBackQuerySet(CustomerRows["WinBack"]):
    def open(self) -> Self:
        """Those under way."""
        return self.filter(state=WinBackState.OPEN)


class WinBack(models.Model):
    """One attempt to win a customer back: closed only with a cause, measured on balances and not on calls.

    `before` is the ADB of the 30 days before it was opened, `after` of the 30 days after it was closed, both yuan.
    """

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="+", db_index=False)
    owner = models.ForeignKey(User, models.PROTECT, verbose_name=_("owner"), related_name="+", db_index=False)
    state = models.CharField(_("state"), max_length=6, choices=WinBackState, default=WinBackState.OPEN)
    cause = models.CharField(_("why the money left"), max_length=12, choices=WinBackCause, blank=True)
    offer = models.ForeignKey(Offer, models.PROTECT, null=True, verbose_name=_("offer"), related_name="+")
    note = models.CharField(_("note"), max_length=500, blank=True)
    peak = models.DecimalField(_("highest month ADB of the year before"), max_digits=18, decimal_places=2, default=0)
    before = models.DecimalField(max_digits=18, decimal_places=2)
    after = models.DecimalField(max_digits=18, decimal_places=2, null=True)
    opened_on = models.DateField(_("opened on"))
    opened_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    closed_on = models.DateField(_("closed on"), null=True)
    closed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    measured_on = models.DateField(null=True)
    once = models.UUIDField(null=True, unique=True)

    objects = WinBackQuerySet.as_manager()
    everything = models.Manager()

    class Meta:
        verbose_name = _("win-back")
        constraints = [
            models.UniqueConstraint(
                fields=["customer"], condition=Q(state=WinBackState.OPEN), name="win_back_one_open"
            ),
            models.CheckConstraint(
                condition=Q(state=WinBackState.OPEN) | (~Q(cause="") & Q(closed_on__isnull=False)),
                name="win_back_closed_with_a_cause",
            ),
        ]
        indexes = [
            models.Index(fields=["owner", "state", "-opened_on"], name="win_back_of_owner"),
            models.Index(fields=["customer", "-opened_on"], name="win_back_of_customer"),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id} {self.state}"
