"""Know your customer: what is due to be renewed or reviewed, and the reviews that were made."""

from typing import Self

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from customers.enums import KycKind, KycOutcome
from customers.models.customers import Customer, in_scope
from staff.access import scope_of
from staff.models import User


class KycItemQuerySet(models.QuerySet["KycItem"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Only items of customers this person may see."""
        return self.filter(in_scope(scope_of(user), "customer__"))

    def open(self) -> Self:
        """Items still to be done."""
        return self.filter(closed_on=None)


class KycItem(models.Model):
    """A document that runs out or a review that falls due on `due_on`; notice is given in steps before it.

    Nothing about suspicious transactions or their reports may ever be kept here (AML Law 2024, article 35).
    """

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(_("what"), max_length=10, choices=KycKind)
    due_on = models.DateField(_("due on"))
    opened_on = models.DateField(_("noticed on"))
    closed_on = models.DateField(_("done on"), null=True)
    closed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    outcome = models.CharField(_("outcome"), max_length=12, choices=KycOutcome, blank=True)
    note = models.CharField(_("note"), max_length=300, blank=True)

    objects = KycItemQuerySet.as_manager()
    everything = models.Manager()

    class Meta:
        verbose_name = _("KYC item")
        constraints = [
            models.UniqueConstraint(fields=["customer", "kind", "due_on"], name="kyc_item_once"),
            models.UniqueConstraint(fields=["customer", "kind"], condition=Q(closed_on=None), name="kyc_item_one_open"),
        ]
        indexes = [models.Index(fields=["due_on", "id"], name="kyc_item_open_due", condition=Q(closed_on=None))]

    def __str__(self) -> str:
        return f"{self.customer_id} {self.kind} due {self.due_on}"


class KycReview(models.Model):
    """A periodic review as it was made: the grade before and after, by whom, on which day."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="+", db_index=False)
    reviewed_on = models.DateField(_("reviewed on"))
    reviewed_by = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    grade_before = models.CharField(max_length=20, blank=True)
    grade_after = models.CharField(_("risk grade"), max_length=20)
    note = models.CharField(_("note"), max_length=300, blank=True)
    recorded_at = models.DateTimeField()

    class Meta:
        verbose_name = _("KYC review")
        constraints = [models.UniqueConstraint(fields=["customer", "reviewed_on"], name="kyc_review_once_a_day")]

    def __str__(self) -> str:
        return f"{self.customer_id} reviewed {self.reviewed_on}"
