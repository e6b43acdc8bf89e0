"""Who looks after a customer: every change of owner and backup, and hand-overs of many at once."""

from typing import Self

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from core.models import Job
from customers.enums import HandoverRefusal, HandoverResult, HandoverState, OwnerRole
from customers.models.customers import Customer, in_scope
from staff.access import scope_of
from staff.enums import Reach
from staff.models import Approval, Branch, User

# What its earlier manager gave away, whether it came back later or not.
GIVEN = (HandoverResult.MOVED, HandoverResult.UNDONE, HandoverResult.KEPT)


class HandoverQuerySet(models.QuerySet["Handover"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Both sides and whoever asked see it; heads see those of the units below them. Drafts are their makers'."""
        scope = scope_of(user)
        if scope.reach == Reach.NOTHING:
            return self.none()
        theirs = self.exclude(~Q(requested_by_id=scope.user_id), state=HandoverState.DRAFT)
        if scope.reach == Reach.BANK:
            return theirs
        given = HandoverItem.everything.filter(manager_before_id=scope.user_id, result__in=GIVEN)
        mine = Q(to_manager_id=scope.user_id) | Q(from_manager_id=scope.user_id) | Q(requested_by_id=scope.user_id)
        mine |= Q(pk__in=given.values("handover_id"))
        if scope.reach == Reach.BRANCHES and scope.amounts:
            mine |= Q(branch_id__in=sorted(scope.branch_ids))
        return theirs.filter(mine)


class Handover(models.Model):
    """Customers that pass from their manager to another: asked for, approved, done as a job, undone on request.

    Heads act at once; a manager's own request waits for the head. `undo_until` is the last moment to take it back.
    """

    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+")
    from_manager = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    to_manager = models.ForeignKey(User, models.PROTECT, verbose_name=_("new manager"), related_name="+")
    backup = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, verbose_name=_("backup manager"), related_name="+"
    )
    reason = models.CharField(_("reason"), max_length=200)
    requested_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    requested_at = models.DateTimeField()
    state = models.CharField(_("state"), max_length=10, choices=HandoverState, default=HandoverState.DRAFT)
    approval = models.ForeignKey(Approval, models.PROTECT, null=True, related_name="+")
    job = models.ForeignKey(Job, models.SET_NULL, null=True, related_name="+")
    moved_count = models.IntegerField(default=0)
    refused_count = models.IntegerField(default=0)
    moved_total = models.DecimalField(_("deposits handed over, yuan"), max_digits=20, decimal_places=2, default=0)
    done_at = models.DateTimeField(null=True)
    undo_until = models.DateTimeField(null=True)
    undone_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    objects = HandoverQuerySet.as_manager()
    everything = models.Manager()

    class Meta:
        verbose_name = _("hand-over")
        indexes = [models.Index(fields=["branch", "-id"], name="handover_of_branch")]

    def __str__(self) -> str:
        return f"{self.pk} to {self.to_manager_id} {self.state}"


class HandoverItemQuerySet(models.QuerySet["HandoverItem"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Only customers this person may still see: who handed one over sees it no more."""
        return self.filter(in_scope(scope_of(user), "customer__"))


class HandoverItem(models.Model):
    """One customer of a hand-over: whose it was, and what became of it (every refusal with its reason).

    `moved` keeps what an undo needs: the backup it left (`backup`) and the ids of what passed on (`promises`, ...).
    """

    handover = models.ForeignKey(Handover, models.CASCADE, related_name="items", db_index=False)
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="+", db_index=False)
    manager_before = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    backup_before = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    result = models.CharField(_("result"), max_length=10, choices=HandoverResult, default=HandoverResult.WAITING)
    reason = models.CharField(_("why not"), max_length=40, choices=HandoverRefusal, blank=True)
    moved = models.JSONField(default=dict)

    objects = HandoverItemQuerySet.as_manager()
    everything = models.Manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["handover", "customer"], name="handover_item_once")]
        indexes = [
            models.Index(fields=["customer"], name="handover_of_customer"),
            models.Index(fields=["manager_before", "result"], name="handover_given"),
        ]

    def __str__(self) -> str:
        return f"{self.handover_id} {self.customer_id} {self.result}"


class OwnershipChangeQuerySet(models.QuerySet["OwnershipChange"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Only changes of customers this person may see."""
        return self.filter(in_scope(scope_of(user), "customer__"))


class OwnershipChange(models.Model):
    """A customer's owner or backup changed: from whom, to whom, when, and through what."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="+", db_index=False)
    role = models.CharField(max_length=8, choices=OwnerRole)
    from_user = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    to_user = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    at = models.DateTimeField()
    on = models.DateField()
    handover = models.ForeignKey(Handover, models.SET_NULL, null=True, related_name="+", db_index=False)
    actor_no = models.CharField(max_length=40)

    objects = OwnershipChangeQuerySet.as_manager()
    everything = models.Manager()

    class Meta:
        indexes = [
            models.Index(fields=["customer", "-at"], name="ownership_of_customer"),
            models.Index(fields=["from_user", "-on"], name="ownership_left", condition=Q(from_user__isnull=False)),
            models.Index(fields=["to_user", "-on"], name="ownership_joined", condition=Q(to_user__isnull=False)),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(from_user=None) | Q(to_user=None) | ~Q(from_user=F("to_user")),
                name="ownership_changes",
            )
        ]

    def __str__(self) -> str:
        return f"{self.customer_id} {self.role} {self.on}"
