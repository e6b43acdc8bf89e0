"""Two records of one customer made one, and everything needed to take that back."""

from typing import Self

from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from core.models import Job
from customers.enums import MergeState
from customers.models.customers import Customer, in_scope
from staff.access import scope_of
from staff.models import User


class MergeQuerySet(models.QuerySet["Merge"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Only merges whose two customers this person may see."""
        scope = scope_of(user)
        return self.filter(in_scope(scope, "kept__"), in_scope(scope, "dropped__"))


class Merge(models.Model):
    """`dropped` became part of `kept`: which values were chosen, which rows moved, and both records as they were.

    `choices` maps a field to "kept" or "dropped". `moved` maps each mover to the rows that changed customer, by table;
    `accounts` are the dropped number's own, those the core opens under it later included. `snapshot_cipher` seals both
    records and every row that had to go, as they were: until `undo_until` both are restored exactly.
    """

    kept = models.ForeignKey(Customer, models.PROTECT, related_name="+")
    dropped = models.ForeignKey(Customer, models.PROTECT, related_name="+")
    choices = models.JSONField(default=dict)
    reason = models.CharField(_("reason"), max_length=200)
    requested_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    requested_at = models.DateTimeField()
    state = models.CharField(_("state"), max_length=8, choices=MergeState, default=MergeState.WAITING)
    job = models.ForeignKey(Job, models.SET_NULL, null=True, related_name="+")
    moved = models.JSONField(default=dict)
    accounts = ArrayField(models.BigIntegerField(), default=list)
    snapshot_cipher = models.BinaryField(null=True)
    done_at = models.DateTimeField(null=True)
    undo_until = models.DateTimeField(null=True)
    undone_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    objects = MergeQuerySet.as_manager()
    everything = models.Manager()

    class Meta:
        verbose_name = _("merge")
        constraints = [
            models.CheckConstraint(condition=~Q(kept=F("dropped")), name="merge_of_two"),
            models.UniqueConstraint(
                fields=["dropped"], condition=Q(state__in=["waiting", "done", "undoing"]), name="merge_dropped_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.dropped_id} into {self.kept_id} {self.state}"
