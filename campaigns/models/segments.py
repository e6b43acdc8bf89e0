"""Segments: which customers, by a rule or as a list."""

from typing import Self

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from campaigns.enums import ExclusionUse, SegmentKind
from customers.models import Customer, CustomerRows
from staff.access import BOOK_KEEPERS, HEADS, Scope, has_role, scope_of
from staff.enums import Reach, Role
from staff.models import Branch, User


def units_around(scope: Scope) -> set[int]:
    """Ids of the units of a scope and of those above them: what is run there concerns its customers."""
    paths = Branch.objects.filter(pk__in=scope.branch_ids).values_list("path", flat=True)
    return {int(part) for path in paths for part in path.strip("/").split("/") if part} | set(scope.branch_ids)


def of_units(user: User | AnonymousUser) -> Q:
    """What heads and compliance see of their units and those above, and managers of the unit they work in.

    A condition on rows with `branch`, `created_by` and `of_book` (only over the maker's own book).
    """
    scope = scope_of(user)
    if has_role(user, *HEADS, Role.COMPLIANCE) and scope.reach == Reach.BANK:
        return Q()
    if has_role(user, *HEADS, Role.COMPLIANCE) and scope.reach == Reach.BRANCHES:
        return Q(branch_id__in=sorted(units_around(scope)))
    if has_role(user, *BOOK_KEEPERS) and isinstance(user, User):
        path = Branch.objects.filter(pk=user.branch_id).values_list("path", flat=True).first() or ""
        around = [int(part) for part in path.strip("/").split("/") if part]
        return Q(created_by_id=user.pk) | Q(branch_id__in=[*around, user.branch_id], of_book=False)
    return Q(pk__in=[])


class SegmentQuerySet(models.QuerySet["Segment"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Those of the units that concern this person, and their own; not what a manager made over their own book."""
        return self.filter(of_units(user))

    def live(self) -> Self:
        """Those not put away."""
        return self.filter(archived_at=None)


class Segment(models.Model):
    """Which customers: a `rule` (`campaigns.rules.segments`) read anew each time, or a list of them.

    It draws from the customers of `branch` and the units below it, or, `of_book`, from the maker's own book.
    """

    name = models.CharField(_("name"), max_length=80)
    branch = models.ForeignKey(Branch, models.PROTECT, verbose_name=_("unit"), related_name="+")
    of_book = models.BooleanField(_("only customers of my own"), default=False)
    kind = models.CharField(_("kind"), max_length=4, choices=SegmentKind, default=SegmentKind.RULE)
    rule = models.JSONField(default=dict)
    exclusion = models.CharField(_("leaves customers out"), max_length=6, choices=ExclusionUse, blank=True, default="")
    note = models.CharField(_("note"), max_length=200, blank=True)
    created_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    archived_at = models.DateTimeField(null=True)

    objects = SegmentQuerySet.as_manager()
    everything = models.Manager()

    class Meta:
        verbose_name = _("segment")
        constraints = [
            models.UniqueConstraint(
                fields=["branch", "name"], condition=Q(archived_at=None), name="segment_name_once_a_unit"
            )
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """The page of the segment."""
        return reverse("campaigns:segment", args=[self.pk])


class SegmentMemberQuerySet(CustomerRows["SegmentMember"]):
    pass


class SegmentMember(models.Model):
    """A customer on a list."""

    segment = models.ForeignKey(Segment, models.CASCADE, related_name="+", db_index=False)
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="+", db_index=False)
    added_by = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    added_at = models.DateTimeField()

    objects = SegmentMemberQuerySet.as_manager()
    everything = models.Manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["segment", "customer"], name="segment_member_once")]
        indexes = [models.Index(fields=["customer"], name="segment_member_of_customer")]

    def __str__(self) -> str:
        return f"{self.segment_id}: {self.customer_id}"
