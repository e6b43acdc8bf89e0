"""The counter's and the back desk's rows: referrals, fraud prompts, quotes."""

from typing import Self

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from customers.models import Account, Customer, CustomerRows, in_scope
from servicing.enums import FraudOutcome, QuoteKind, ReferralState
from servicing.models.contacts import Interaction
from staff.access import BOOK_KEEPERS, COUNTER, has_role, scope_of
from staff.enums import Role
from staff.models import Branch, User

FRAUD_READERS = (*COUNTER, Role.BRANCH_HEAD, Role.COMPLIANCE)


class ReferralQuerySet(CustomerRows["Referral"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Referrals of customers in sight, and those sent to this person, who may not see the customer yet."""
        seen = in_scope(scope_of(user), "customer__")
        if has_role(user, *BOOK_KEEPERS):
            seen |= Q(to_user=user)
        return self.filter(seen, customer__merged_into=None)


class Referral(models.Model):
    """A customer one colleague sends to another: taken or declined, its first contact, and what came of it.

    `to_user` null = whoever looks after the customer has to be found by the head of the branch.
    """

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="+", db_index=False)
    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", db_index=False)
    from_user = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    to_user = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    topic = models.CharField(_("topic"), max_length=20)
    note = models.CharField(_("note"), max_length=500, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=ReferralState, default=ReferralState.WAITING)
    made_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    first_contact = models.ForeignKey(Interaction, models.SET_NULL, null=True, related_name="+", db_index=False)
    first_contact_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    result = models.CharField(_("result"), max_length=300, blank=True)
    once = models.UUIDField(null=True)

    objects = ReferralQuerySet.as_manager()
    everything = models.Manager()

    class Meta:
        verbose_name = _("referral")
        indexes = [
            models.Index(fields=["to_user", "-made_at"], name="referral_to"),
            models.Index(fields=["from_user", "-made_at"], name="referral_from"),
            models.Index(fields=["customer", "-made_at"], name="referral_of_customer"),
            models.Index(fields=["branch", "-made_at"], name="referral_of_branch"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["customer", "once"], condition=Q(once__isnull=False), name="referral_sent_once"
            ),
            models.CheckConstraint(condition=Q(to_user=None) | ~Q(to_user=F("from_user")), name="referral_to_another"),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id} {self.from_user_id} > {self.to_user_id} {self.state}"


class FraudCheckQuerySet(CustomerRows["FraudCheck"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Only for those who keep fraud away: counter, head of the branch, compliance; nobody who sells."""
        seen = super().visible_to(user)
        return seen if has_role(user, *FRAUD_READERS) else seen.none()


class FraudCheck(models.Model):
    """A fraud prompt at the counter: what was asked (`answers`) and how it ended.

    Kept apart from contacts: it serves fraud control only (Anti-Telecom-Fraud Law, art. 18), no segment may read it.
    """

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="+", db_index=False)
    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", db_index=False)
    author = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField(_("when"))
    answers = models.JSONField(default=dict)
    signs = models.SmallIntegerField(_("warning signs"), default=0)
    outcome = models.CharField(_("outcome"), max_length=10, choices=FraudOutcome)
    note_cipher = models.BinaryField(null=True)
    once = models.UUIDField(null=True)

    objects = FraudCheckQuerySet.as_manager()
    everything = models.Manager()

    class Meta:
        verbose_name = _("fraud prompt")
        indexes = [
            models.Index(fields=["customer", "-at"], name="fraud_of_customer"),
            models.Index(fields=["branch", "-at"], name="fraud_of_branch"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["customer", "once"], condition=Q(once__isnull=False), name="fraud_sent_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.customer_id} {self.at:%F %R} {self.outcome}"


class QuoteQuerySet(CustomerRows["Quote"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Only quotes of customers in sight; at the counter only those typed in there, without amounts none."""
        rows = super().visible_to(user)
        if scope_of(user).amounts:
            return rows
        return rows.filter(inputs__at_counter=True) if has_role(user, *COUNTER) else rows.none()


class Quote(models.Model):
    """Interest worked out for a customer, with the versions of rates and product rules it stands on.

    `inputs` and `result` are all that is needed to explain and print it again years later. Amounts are texts in yuan.
    """

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="+", db_index=False)
    account = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+", db_index=False)
    kind = models.CharField(_("what"), max_length=6, choices=QuoteKind)
    inputs = models.JSONField(default=dict)
    result = models.JSONField(default=dict)
    rates_version = models.IntegerField(default=0)
    products_version = models.IntegerField(default=0)
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    made_at = models.DateTimeField(_("when"))
    once = models.UUIDField(null=True)

    objects = QuoteQuerySet.as_manager()
    everything = models.Manager()

    class Meta:
        verbose_name = _("quote")
        indexes = [models.Index(fields=["customer", "-made_at"], name="quote_of_customer")]
        constraints = [
            models.UniqueConstraint(
                fields=["customer", "once"], condition=Q(once__isnull=False), name="quote_sent_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.customer_id} {self.kind} {self.made_at:%F}"
