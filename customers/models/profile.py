"""What is known beside the master record: where a value comes from, and what the customer prefers."""

from typing import Self

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from customers.enums import PreferenceKind, Source
from customers.models.customers import Customer, in_scope
from staff.access import scope_of
from staff.models import User


class FieldSource(models.Model):
    """Where a field's present value comes from and when somebody last made sure of it. None = the core's feed."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="+", db_index=False)
    field = models.CharField(max_length=30)
    source = models.CharField(max_length=12, choices=Source)
    confirmed_on = models.DateField()
    confirmed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["customer", "field"], name="source_once_per_field")]

    def __str__(self) -> str:
        return f"{self.customer_id} {self.field}: {self.source} {self.confirmed_on}"


class PreferenceQuerySet(models.QuerySet["Preference"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Only preferences of customers this person may see."""
        return self.filter(in_scope(scope_of(user), "customer__"))

    def current(self) -> Self:
        """Those that hold now."""
        return self.filter(ended_at=None)


class Preference(models.Model):
    """What a customer prefers, since when, and who heard it where. A new statement ends the one before it."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(_("preference"), max_length=20, choices=PreferenceKind)
    value = models.CharField(_("value"), max_length=40)
    source = models.CharField(_("source"), max_length=12, choices=Source)
    stated_on = models.DateField(_("stated on"))
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    recorded_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    objects = PreferenceQuerySet.as_manager()
    everything = models.Manager()

    class Meta:
        verbose_name = _("preference")
        constraints = [
            models.UniqueConstraint(
                fields=["customer", "kind"], condition=Q(ended_at=None), name="preference_one_current"
            )
        ]
        indexes = [models.Index(fields=["customer", "kind"], name="preference_of_customer")]

    def __str__(self) -> str:
        return f"{self.customer_id} {self.kind}: {self.value}"


class FieldRefusal(models.Model):
    """The customer did not want to say something: it is not asked again for a while."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="+", db_index=False)
    field = models.CharField(max_length=30)
    on = models.DateField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["customer", "field"], name="refusal_once_per_field")]

    def __str__(self) -> str:
        return f"{self.customer_id} {self.field} {self.on}"
