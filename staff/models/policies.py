"""Rules with numbers in them, as dated and versioned data."""

from datetime import date

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from staff.enums import PolicyStatus
from staff.models.people import User


class PolicyQuerySet(models.QuerySet["Policy"]):
    def in_force_on(self, kind: str, day: date) -> "Policy | None":
        """The approved version of a kind with the latest effective date not after `day`; None = the built-in one."""
        approved = self.filter(kind=kind, status=PolicyStatus.APPROVED, effective_on__lte=day)
        return approved.order_by("-effective_on", "-version").first()


class Policy(models.Model):
    """One version of a set of rules (`kind`): the life-cycle's, the KYC intervals, the insurance limit ...

    In force from midnight of `effective_on` until the next version; which values a kind has is its app's to say.
    """

    kind = models.CharField(_("rules"), max_length=30)
    version = models.IntegerField(_("version"))
    values = models.JSONField(default=dict)
    effective_on = models.DateField(_("effective from"))
    status = models.CharField(_("status"), max_length=10, choices=PolicyStatus, default=PolicyStatus.DRAFT)
    note = models.CharField(_("reason"), max_length=300, blank=True)
    drafted_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    drafted_at = models.DateTimeField()
    approved_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    approved_at = models.DateTimeField(null=True)

    objects = PolicyQuerySet.as_manager()

    class Meta:
        verbose_name = _("rules")
        constraints = [
            models.UniqueConstraint(fields=["kind", "version"], name="policy_version_once"),
            models.CheckConstraint(
                condition=Q(approved_by=None) | ~Q(approved_by=F("drafted_by")), name="policy_needs_a_second_person"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} v{self.version}"
