"""What whoever serves a customer must know or has promised."""

from datetime import date
from typing import Self

from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from customers.enums import AlertKind, PromiseState, Severity
from customers.models.customers import Customer, in_scope
from staff.access import scope_of
from staff.models import User


class CustomerAlertQuerySet(models.QuerySet["CustomerAlert"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Only alerts of customers this person may see, and none kept from them."""
        scope = scope_of(user)
        return self.filter(in_scope(scope, "customer__")).exclude(hidden_from__contains=[scope.user_id])

    def active_on(self, day: date) -> Self:
        """Alerts that hold on a day: begun, not ended (the end date is still a day of the alert), not dismissed."""
        running = Q(ends_on=None) | Q(ends_on__gte=day)
        return self.filter(running, starts_on__lte=day, dismissed_at=None)


class CustomerAlert(models.Model):
    """A warning on the customer for everybody who serves them, until its end date or a reasoned dismissal.

    Those in `hidden_from` do not read it; what it forbids holds for them all the same. With `case_no` it stands for a
    case of that number and ends with it, by nobody's hand.
    """

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(_("kind"), max_length=16, choices=AlertKind)
    severity = models.CharField(_("severity"), max_length=8, choices=Severity)
    text = models.CharField(_("text"), max_length=200, blank=True)
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("until"), null=True, blank=True)
    raised_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    raised_at = models.DateTimeField()
    dismissed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    dismissed_at = models.DateTimeField(null=True)
    dismiss_reason = models.CharField(_("reason"), max_length=200, blank=True)
    hidden_from = ArrayField(models.BigIntegerField(), default=list, db_default=[])
    case_no = models.CharField(max_length=20, blank=True, db_default="")

    objects = CustomerAlertQuerySet.as_manager()
    everything = models.Manager()

    class Meta:
        verbose_name = _("alert")
        indexes = [
            models.Index(fields=["customer"], name="alert_standing", condition=Q(dismissed_at=None)),
            models.Index(fields=["case_no"], name="alert_of_case", condition=~Q(case_no="")),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(dismissed_at=None) | ~Q(dismiss_reason=""), name="alert_dismissed_with_a_reason"
            ),
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gte=models.F("starts_on")), name="alert_ends_after_it_starts"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id} {self.kind} {self.severity}"


class PromiseQuerySet(models.QuerySet["Promise"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Only promises made to customers this person may see."""
        return self.filter(in_scope(scope_of(user), "customer__"))

    def open(self) -> Self:
        """Promises nobody has closed yet."""
        return self.filter(state=PromiseState.OPEN)


class Promise(models.Model):
    """Something the bank's people promised a customer: an owner, a day, and how it ended. Nothing closes silently."""

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="+", db_index=False)
    owner = models.ForeignKey(User, models.PROTECT, verbose_name=_("owner"), related_name="+", db_index=False)
    text = models.CharField(_("promise"), max_length=300)
    due_on = models.DateField(_("due on"))
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    made_at = models.DateTimeField()
    state = models.CharField(_("state"), max_length=8, choices=PromiseState, default=PromiseState.OPEN)
    closed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    closed_at = models.DateTimeField(null=True)
    outcome = models.CharField(_("how it ended"), max_length=300, blank=True)

    objects = PromiseQuerySet.as_manager()
    everything = models.Manager()

    class Meta:
        verbose_name = _("promise")
        constraints = [
            models.CheckConstraint(
                condition=Q(state=PromiseState.OPEN, closed_at=None)
                | (~Q(state=PromiseState.OPEN) & Q(closed_at__isnull=False, closed_by__isnull=False)),
                name="promise_closed_by_someone",
            )
        ]
        indexes = [
            models.Index(fields=["customer", "-due_on"], name="promise_of_customer"),
            models.Index(fields=["owner", "due_on"], name="promise_open_of_owner", condition=Q(state="open")),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id} {self.due_on} {self.state}"
