"""Where a customer stands with the bank, and by which rule it came there."""

from typing import Self

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import F, Q

from customers.enums import Stage
from customers.models.customers import Customer, in_scope
from staff.access import scope_of
from staff.models import User


class LifecycleChangeQuerySet(models.QuerySet["LifecycleChange"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Only changes of customers this person may see."""
        return self.filter(in_scope(scope_of(user), "customer__"))


class LifecycleChange(models.Model):
    """A move between life-cycle stages on a business day: the rule that decided and every input it decided on."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="+", db_index=False, db_constraint=False)
    on = models.DateField()
    from_stage = models.SmallIntegerField(choices=Stage)
    to_stage = models.SmallIntegerField(choices=Stage)
    rule = models.CharField(max_length=24)
    inputs = models.JSONField(default=dict)
    policy_version = models.IntegerField(default=0)

    objects = LifecycleChangeQuerySet.as_manager()
    everything = models.Manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["customer", "on"], name="lifecycle_change_once_a_day"),
            models.CheckConstraint(condition=~Q(from_stage=F("to_stage")), name="lifecycle_change_changes"),
        ]
        indexes = [models.Index(fields=["on"], name="lifecycle_change_day")]

    def __str__(self) -> str:
        return f"{self.customer_id} {self.on}: {self.from_stage} to {self.to_stage}"
