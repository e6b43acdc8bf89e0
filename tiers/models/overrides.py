"""A tier given by people instead of the rule, for a while."""

from typing import Self

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from customers.models import Customer, in_scope
from staff.access import scope_of
from staff.models import User
from tiers.enums import OverrideStatus


class TierOverrideQuerySet(models.QuerySet["TierOverride"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Only overrides of customers this person may see."""
        return self.filter(in_scope(scope_of(user), "customer__"))


class TierOverride(models.Model):
    """A tier (by its letter, which lasts across scheme versions) a customer is in from `starts_on` to `ends_on`, both
    included, whatever the rule says. One person asks, another decides; runs see it from the first one after that."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="+")
    letter = models.CharField(_("tier"), max_length=1)
    reason = models.CharField(_("reason"), max_length=300)
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("until"))
    status = models.CharField(max_length=10, choices=OverrideStatus, default=OverrideStatus.WAITING)
    requested_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    requested_at = models.DateTimeField()
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    comment = models.CharField(max_length=300, blank=True, default="")
    ended_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    ended_at = models.DateTimeField(null=True)

    objects = TierOverrideQuerySet.as_manager()
    everything = models.Manager()

    class Meta:
        verbose_name = _("tier override")
        constraints = [
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="override_ends_after_it_starts"),
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("requested_by")), name="override_needs_a_second_person"
            ),
            models.CheckConstraint(
                condition=~Q(status=OverrideStatus.APPROVED) | Q(decided_by__isnull=False), name="override_was_decided"
            ),
            models.UniqueConstraint(
                fields=["customer"],
                condition=Q(status__in=[OverrideStatus.WAITING, OverrideStatus.APPROVED]),
                name="override_one_at_a_time",
            ),
        ]
        indexes = [
            models.Index(fields=["ends_on"], name="override_running", condition=Q(status=OverrideStatus.APPROVED))
        ]

    def __str__(self) -> str:
        return f"{self.customer_id}: {self.letter} {self.starts_on} to {self.ends_on}"
