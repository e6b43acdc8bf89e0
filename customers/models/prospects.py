"""People and companies who are not customers yet."""

from typing import Self

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from customers.enums import CustomerKind, Origin, ProspectState
from customers.models.customers import Customer
from staff.access import scope_of
from staff.enums import Reach
from staff.models import Branch, User


class ProspectQuerySet(models.QuerySet["Prospect"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """The branch's prospects for its people; a manager's own and the unassigned ones of the branch."""
        scope = scope_of(user)
        if scope.reach == Reach.BANK:
            return self
        if scope.reach == Reach.BRANCHES:
            return self.filter(branch_id__in=sorted(scope.branch_ids))
        if scope.reach == Reach.BOOK:
            unowned = Q(manager=None, branch_id__in=sorted(scope.branch_ids))
            return self.filter(Q(manager_id=scope.user_id) | unowned)
        return self.none()


class Prospect(models.Model):
    """Somebody who might become a customer, and where they came from; conversion keeps all of it.

    The phone is sealed like a customer's (row key = number).
    """

    number = models.CharField(_("prospect number"), max_length=16, unique=True)
    name = models.CharField(_("name"), max_length=120)
    name_pinyin = models.CharField(max_length=200)
    kind = models.CharField(_("kind"), max_length=12, choices=CustomerKind, default=CustomerKind.PERSON)
    phone_cipher = models.BinaryField(null=True)
    phone_index = models.BinaryField(null=True, max_length=16)
    origin = models.CharField(_("source"), max_length=12, choices=Origin)
    campaign = models.CharField(_("campaign or partner"), max_length=80, blank=True)
    referred_by = models.ForeignKey(
        Customer, models.PROTECT, null=True, blank=True, verbose_name=_("referred by"), related_name="+"
    )
    interest = models.CharField(_("interested in"), max_length=200, blank=True)
    branch = models.ForeignKey(Branch, models.PROTECT, verbose_name=_("branch"), related_name="+")
    manager = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, verbose_name=_("manager"), related_name="+"
    )
    first_contact_on = models.DateField(_("first contact"))
    state = models.CharField(_("state"), max_length=10, choices=ProspectState, default=ProspectState.OPEN)
    dropped_reason = models.CharField(_("reason"), max_length=200, blank=True)
    customer = models.OneToOneField(Customer, models.PROTECT, null=True, related_name="+")
    created_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    converted_at = models.DateTimeField(null=True)

    objects = ProspectQuerySet.as_manager()
    everything = models.Manager()

    class Meta:
        verbose_name = _("prospect")
        indexes = [
            models.Index(fields=["branch", "state", "-id"], name="prospect_of_branch"),
            models.Index(fields=["manager", "state", "-id"], name="prospect_of_manager"),
            models.Index(fields=["phone_index"], name="prospect_phone"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=(Q(state="converted") & Q(customer__isnull=False))
                | (~Q(state="converted") & Q(customer=None)),
                name="prospect_converted_has_a_customer",
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.number}"

    def get_absolute_url(self) -> str:
        """The address of the prospect."""
        return reverse("customers:prospect", args=[self.number])
