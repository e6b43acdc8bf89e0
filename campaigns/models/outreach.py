"""Outreach: one message or call to one customer, and where it stands. The outbox of campaigns."""

from typing import Self

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from campaigns.enums import LeftOut, OutreachState, Receipt
from campaigns.models.campaigns import Campaign
from customers.enums import ConsentChannel
from customers.models import Customer, CustomerRows
from servicing.models import FollowUp
from staff.models import User


class OutreachQuerySet(CustomerRows["Outreach"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Only outreach to customers this person may see, of campaigns they may see."""
        campaigns = Campaign.objects.visible_to(user).values("pk")
        return super().visible_to(user).filter(campaign__in=campaigns)


class Outreach(models.Model):
    """One contact with one customer: (campaign, customer, step, occasion) is there once, whatever was tried twice.

    A row is claimed (`SENDING`, `claimed_at`) and committed before anything leaves the house; what is found claimed by
    nobody alive is `UNKNOWN` and never sent again by itself. `reason` says why it was left out or waits; a waiting one
    is not tried before `not_before`. `provider_no` is the provider's number, `key` what it knows the message by.
    A call has its follow-up; `score` is what the model gave it.
    """

    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    step = models.SmallIntegerField(default=1)
    occasion_key = models.CharField(max_length=40, default="", blank=True)
    channel = models.CharField(_("channel"), max_length=8, choices=ConsentChannel)
    state = models.CharField(_("state"), max_length=10, choices=OutreachState, default=OutreachState.QUEUED)
    reason = models.CharField(_("why not"), max_length=14, choices=LeftOut, blank=True, default="")
    not_before = models.DateTimeField(_("not before"), null=True)
    owner = models.ForeignKey(
        User, models.PROTECT, null=True, verbose_name=_("caller"), related_name="+", db_index=False, db_constraint=False
    )
    follow_up = models.ForeignKey(
        FollowUp, models.SET_NULL, null=True, related_name="+", db_index=False, db_constraint=False
    )
    score = models.FloatField(_("likely to agree"), null=True)
    attempts = models.SmallIntegerField(default=0)
    claimed_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(_("sent at"), null=True)
    provider_no = models.CharField(max_length=64, blank=True, default="")
    receipt = models.CharField(_("receipt"), max_length=11, choices=Receipt, blank=True, default="")
    receipt_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    objects = OutreachQuerySet.as_manager()
    everything = models.Manager()

    class Meta:
        verbose_name = _("outreach")
        constraints = [
            models.UniqueConstraint(fields=["campaign", "customer", "step", "occasion_key"], name="outreach_once"),
            models.CheckConstraint(
                condition=~Q(state=OutreachState.SENT) | Q(sent_at__isnull=False), name="outreach_sent_at_a_time"
            ),
            models.CheckConstraint(
                condition=~Q(state=OutreachState.SUPPRESSED) | ~Q(reason=""), name="outreach_left_out_for_a_reason"
            ),
            models.CheckConstraint(
                condition=~Q(state=OutreachState.SENDING) | Q(claimed_at__isnull=False), name="outreach_claimed_at"
            ),
        ]
        indexes = [
            models.Index(
                fields=["channel", "not_before", "id"],
                name="outreach_queue",
                condition=Q(state=OutreachState.QUEUED),
            ),
            models.Index(fields=["claimed_at"], name="outreach_claimed", condition=Q(state=OutreachState.SENDING)),
            models.Index(fields=["campaign", "state", "id"], name="outreach_of_campaign"),
            models.Index(fields=["customer", "-id"], name="outreach_of_customer"),
            models.Index(fields=["follow_up"], name="outreach_by_follow_up", condition=Q(follow_up__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.campaign_id}: {self.customer_id} {self.state}"


class AppMessage(models.Model):
    """A message in the customer's own inbox of the bank's app, written in the transaction that marks it sent."""

    outreach = models.OneToOneField(Outreach, models.CASCADE, related_name="+")
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="+", db_index=False)
    subject = models.CharField(max_length=120, blank=True)
    words = models.CharField(max_length=2000)
    at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)

    objects = CustomerRows.as_manager()
    everything = models.Manager()

    class Meta:
        indexes = [models.Index(fields=["customer", "-at"], name="app_message_of_customer")]

    def __str__(self) -> str:
        return f"{self.customer_id} {self.at:%F %R}"
