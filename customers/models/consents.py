"""The consent ledger: purpose x channel, append-only; what holds now is derived from it."""

from typing import Self

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from customers.enums import ConsentChannel, ConsentDecision, ConsentProof, ConsentPurpose
from customers.models.customers import Customer, in_scope
from staff.access import scope_of
from staff.models import User


class ConsentWording(models.Model):
    """The words a customer agrees to for a purpose, as one numbered version; never changed, only followed."""

    purpose = models.CharField(_("purpose"), max_length=16, choices=ConsentPurpose)
    version = models.IntegerField(_("version"))
    text_zh = models.TextField(_("Chinese wording"))
    text_en = models.TextField(_("English wording"), blank=True)
    effective_on = models.DateField(_("effective from"))
    created_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("consent wording")
        constraints = [models.UniqueConstraint(fields=["purpose", "version"], name="wording_version_once")]

    def __str__(self) -> str:
        return f"{self.purpose} v{self.version}"


class ConsentQuerySet(models.QuerySet["Consent"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Only consents of customers this person may see."""
        return self.filter(in_scope(scope_of(user), "customer__"))


class Consent(models.Model):
    """One statement of a customer: given or withdrawn, for a purpose over a channel, with its proof.

    Rows are only ever added; a trigger refuses every other change but that a statement follows its customer through a
    merge. Of (customer, purpose, channel) the statement made last holds, of two made at once the one recorded last:
    a withdrawal that reaches the bank late does not undo a consent the customer gave after it.
    """

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="+", db_index=False)
    purpose = models.CharField(_("purpose"), max_length=16, choices=ConsentPurpose)
    channel = models.CharField(_("channel"), max_length=8, choices=ConsentChannel)
    decision = models.CharField(_("decision"), max_length=10, choices=ConsentDecision)
    wording = models.ForeignKey(ConsentWording, models.PROTECT, null=True, related_name="+", db_index=False)
    proof = models.CharField(_("proof"), max_length=16, choices=ConsentProof)
    proof_ref = models.CharField(_("proof reference"), max_length=120, blank=True)
    stated_at = models.DateTimeField(_("stated at"))
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)

    objects = ConsentQuerySet.as_manager()
    everything = models.Manager()

    class Meta:
        verbose_name = _("consent")
        indexes = [
            # In the order in which the latest of each customer is found, decision included: no row is visited.
            models.Index(
                fields=["purpose", "channel", "customer", "-stated_at", "-id"],
                include=["decision"],
                name="consent_latest",
            ),
            models.Index(fields=["customer", "-id"], name="consent_of_customer"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~Q(decision=ConsentDecision.GIVEN) | Q(wording__isnull=False),
                name="consent_given_to_a_wording",
            )
        ]

    def __str__(self) -> str:
        return f"{self.customer_id} {self.purpose} {self.channel}: {self.decision}"
