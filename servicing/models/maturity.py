"""The maturity desk: what is planned for each maturing deposit, and what became of it."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from customers.models import Account, Customer, CustomerRows
from servicing.enums import MaturityAim, MaturityOutcome, MoneyWent
from servicing.models.contacts import Interaction
from staff.models import User


class MaturityQuerySet(CustomerRows["Maturity"]):
    pass


class Maturity(models.Model):
    """One deposit maturing on one day: who sees to it, what is planned, the talk about it, and how it ended.

    `amount` is what matured, in yuan (null until the day), `stayed` what of it was still here 30 days on; `outcome`
    is measured from them by `servicing.rules.maturity`, never typed. `went` is the customer's word.
    """

    account = models.ForeignKey(Account, models.PROTECT, related_name="+", db_index=False)
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="+", db_index=False)
    matures_on = models.DateField(_("matures on"))
    owner = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    aim = models.CharField(_("plan"), max_length=10, choices=MaturityAim, default=MaturityAim.UNDECIDED)
    aim_amount = models.DecimalField(_("amount to stay, yuan"), max_digits=18, decimal_places=2, null=True)
    note = models.CharField(_("note"), max_length=500, blank=True)
    talk = models.ForeignKey(Interaction, models.SET_NULL, null=True, related_name="+", db_index=False)
    amount = models.DecimalField(_("matured, yuan"), max_digits=18, decimal_places=2, null=True)
    total_before = models.DecimalField(max_digits=18, decimal_places=2, null=True)
    stayed = models.DecimalField(_("stayed, yuan"), max_digits=18, decimal_places=2, null=True)
    outcome = models.CharField(_("outcome"), max_length=8, choices=MaturityOutcome, blank=True)
    went = models.CharField(_("where to"), max_length=12, choices=MoneyWent, blank=True)
    measured_on = models.DateField(null=True)
    changed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    changed_at = models.DateTimeField(null=True)

    objects = MaturityQuerySet.as_manager()
    everything = models.Manager()

    class Meta:
        verbose_name = _("maturity")
        indexes = [
            models.Index(fields=["customer", "matures_on"], name="maturity_of_customer"),
            models.Index(fields=["owner", "matures_on"], name="maturity_of_owner"),
            models.Index(fields=["matures_on", "id"], name="maturity_by_day"),
            models.Index(fields=["matures_on"], name="maturity_to_measure", condition=Q(measured_on=None)),
        ]
        constraints = [
            models.UniqueConstraint(fields=["account", "matures_on"], name="maturity_once"),
            models.CheckConstraint(
                condition=Q(outcome="") | Q(amount__isnull=False, stayed__isnull=False, measured_on__isnull=False),
                name="maturity_outcome_is_measured",
            ),
            models.CheckConstraint(
                condition=Q(stayed=None) | Q(stayed__gte=0, stayed__lte=F("amount")), name="maturity_stayed_within"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account_id} {self.matures_on} {self.outcome}"
