"""Who opened which customer's page: one narrow row a person, customer and day."""

from typing import Self

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from customers.models.customers import Customer
from staff.access import HEADS, has_role, scope_of
from staff.enums import Reach, Role
from staff.models import Branch, User

# Whose openings a head never sees, beside those of another head of the same unit.
ABOVE_HEADS = (Role.HEAD_OFFICE, Role.COMPLIANCE, Role.AUDITOR, Role.ADMIN)


class PageOpeningQuerySet(models.QuerySet["PageOpening"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """As the trail: all for the auditor, for compliance those by people of their units.

        A head sees those of people below, for a check they mark: never of their own seniors or of who is beside them.
        """
        if has_role(user, Role.AUDITOR):
            return self.all()
        if not has_role(user, *HEADS, Role.COMPLIANCE):
            return self.none()
        scope = scope_of(user)
        rows = self.all() if scope.reach == Reach.BANK else self.filter(branch_id__in=sorted(scope.branch_ids))
        if has_role(user, Role.BRANCH_HEAD):
            rows = rows.exclude(person__role__in=ABOVE_HEADS)
            return rows.exclude(person__role=Role.BRANCH_HEAD, person__branch_id=user.branch_id)
        return rows.exclude(person__role__in=ABOVE_HEADS) if has_role(user, Role.HEAD_OFFICE) else rows


class PageOpening(models.Model):
    """A customer's page was opened by somebody on a day of Shanghai's calendar.

    `branch` is the person's unit when they opened it first that day, `times` how often they came back to it (looks a
    few minutes apart count once). `is_outside`: neither of their own book nor of their unit at that time. A row stays
    with the customer whose page it was when that one is merged. The database lets a row grow, nothing else.
    """

    person = models.ForeignKey(User, models.PROTECT, verbose_name=_("person"), related_name="+", db_index=False)
    branch = models.ForeignKey(Branch, models.PROTECT, verbose_name=_("branch"), related_name="+", db_index=False)
    customer = models.ForeignKey(Customer, models.PROTECT, verbose_name=_("customer"), related_name="+", db_index=False)
    on = models.DateField(_("day"))
    first_at = models.DateTimeField(_("first opened at"))
    last_at = models.DateTimeField(_("last opened at"))
    times = models.SmallIntegerField(_("times"), default=1)
    is_outside = models.BooleanField(_("outside of own book and unit"), default=False)

    objects = PageOpeningQuerySet.as_manager()
    everything = models.Manager()

    class Meta:
        verbose_name = _("page opening")
        constraints = [
            models.UniqueConstraint(fields=["person", "on", "customer"], name="opening_once_a_day"),
            models.CheckConstraint(condition=Q(last_at__gte=F("first_at"), times__gte=1), name="opening_grows"),
        ]
        indexes = [
            models.Index(fields=["on", "id"], name="opening_by_day"),
            models.Index(fields=["branch", "on"], name="opening_of_branch"),
            models.Index(fields=["customer", "-on"], name="opening_of_customer"),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} {self.on}: {self.customer_id}"
