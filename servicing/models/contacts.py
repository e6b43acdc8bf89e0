"""Contacts with customers."""

from typing import Self

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from customers.models import Customer, in_scope
from servicing.enums import Direction, Mood, Origin
from staff.access import scope_of
from staff.models import Branch, User


class InteractionQuerySet(models.QuerySet["Interaction"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Only contacts with customers this person may see."""
        return self.filter(in_scope(scope_of(user), "customer__"))

    def by_people(self) -> Self:
        """Contacts somebody had and wrote down, not the messages of campaigns."""
        return self.exclude(origin=Origin.CAMPAIGN)


class Interaction(models.Model):
    """One contact with a customer, as the colleague who had it wrote it down.

    `once` is the key of the form it was sent with, so that a form sent twice makes one row.
    """

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="+", db_index=False)
    author = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", db_index=False)
    # Channel, topic and outcome are codes of dated rules (servicing.queries.choices has their words).
    channel = models.CharField(_("channel"), max_length=20)
    direction = models.CharField(_("direction"), max_length=3, choices=Direction, default=Direction.IN)
    topic = models.CharField(_("topic"), max_length=20)
    outcome = models.CharField(_("outcome"), max_length=20)
    note = models.CharField(_("note"), max_length=1000, blank=True)
    # Opens only for the customer's own managers and their head (core.crypto, row key = `once`).
    confidential_cipher = models.BinaryField(null=True)
    next_step = models.CharField(_("next step"), max_length=200, blank=True, default="", db_default="")
    minutes = models.SmallIntegerField(_("minutes"), null=True)
    mood = models.CharField(_("mood"), max_length=8, choices=Mood, blank=True, default="", db_default="")
    origin = models.CharField(max_length=8, choices=Origin, default=Origin.FORM, db_default="form")
    happened_at = models.DateTimeField(_("when"))
    recorded_at = models.DateTimeField()
    once = models.UUIDField(null=True)

    objects = InteractionQuerySet.as_manager()
    everything = models.Manager()

    class Meta:
        verbose_name = _("contact")
        indexes = [
            models.Index(fields=["customer", "-happened_at"], name="interaction_of_customer"),
            models.Index(fields=["branch", "-happened_at"], name="interaction_of_branch"),
            models.Index(fields=["author", "-happened_at"], name="interaction_of_author"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["customer", "once"], condition=Q(once__isnull=False), name="interaction_sent_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.customer_id} {self.channel} {self.happened_at:%F %R}"
