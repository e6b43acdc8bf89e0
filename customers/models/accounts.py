"""Holdings: products, accounts, exchange rates. A read-only mirror of the core banking system."""

from typing import Self

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from customers.enums import AccountStatus, ProductKind
from customers.models.customers import Customer, in_scope
from staff.access import scope_of
from staff.models import User


class Product(models.Model):
    """A deposit product as the core banking system names it."""

    code = models.CharField(_("product code"), max_length=20, unique=True)
    name = models.CharField(_("name"), max_length=100)
    kind = models.CharField(_("kind"), max_length=12, choices=ProductKind)
    term_months = models.SmallIntegerField(_("term in months"), null=True)
    currency = models.CharField(_("currency"), max_length=3, default="CNY")

    def __str__(self) -> str:
        return self.name


class AccountQuerySet(models.QuerySet["Account"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Only accounts of customers this person may see."""
        return self.filter(in_scope(scope_of(user), "customer__"))


class Account(models.Model):
    """One deposit account. `rate` is per cent a year, `principal` in the account's currency."""

    account_no = models.CharField(_("account number"), max_length=40, unique=True)
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="accounts")
    product = models.ForeignKey(Product, models.PROTECT, related_name="+")
    currency = models.CharField(_("currency"), max_length=3, default="CNY")
    opened_on = models.DateField(_("opened on"), null=True)
    value_date = models.DateField(_("value date"), null=True)
    matures_on = models.DateField(_("matures on"), null=True)
    rate = models.DecimalField(_("rate, % a year"), max_digits=8, decimal_places=4, null=True)
    principal = models.DecimalField(_("principal"), max_digits=18, decimal_places=2, null=True)
    rollover = models.BooleanField(_("renews automatically"), null=True)
    status = models.CharField(_("status"), max_length=8, choices=AccountStatus, default=AccountStatus.OPEN)
    closed_on = models.DateField(_("closed on"), null=True)

    objects = AccountQuerySet.as_manager()
    everything = models.Manager()

    class Meta:
        verbose_name = _("account")
        # Whose deposits mature in some days is answered by the index alone.
        indexes = [
            models.Index(
                fields=["matures_on", "customer", "status"],
                name="account_maturing",
                condition=Q(matures_on__isnull=False),
            )
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(matures_on=None) | Q(value_date=None) | Q(matures_on__gte=models.F("value_date")),
                name="account_matures_after_value_date",
            )
        ]

    def __str__(self) -> str:
        return self.account_no


class ExchangeRate(models.Model):
    """Yuan for one unit of a currency at the close of a day."""

    currency = models.CharField(max_length=3)
    on = models.DateField()
    rate = models.DecimalField(max_digits=14, decimal_places=6)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["currency", "on"], name="rate_once_a_day"),
            models.CheckConstraint(condition=Q(rate__gt=0), name="rate_is_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.currency} {self.on} {self.rate}"
