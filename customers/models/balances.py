"""Balances, kept so that any average over any window costs two index look-ups (architecture.md 6).

A change row exists only where an end-of-day balance changes. `day_sum` is the running sum of end-of-day values up to
and including the row's day, so the sum over the days (a, b] is S(b) - S(a) with
S(t) = day_sum + value x (t - on) of the last change at or before t.
"""

from django.db import models

from customers.models.accounts import Account
from customers.models.customers import Customer


class AccountBalance(models.Model):
    """An account's latest balance: `balance` in its own currency, `value` in yuan, since `on`."""

    account = models.OneToOneField(Account, models.CASCADE, primary_key=True, related_name="balance")
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="+", db_index=False)
    balance = models.DecimalField(max_digits=18, decimal_places=2)
    value = models.DecimalField(max_digits=18, decimal_places=2)
    on = models.DateField()
    day_sum = models.DecimalField(max_digits=24, decimal_places=2)
    first_on = models.DateField()

    objects = models.Manager()

    def __str__(self) -> str:
        return f"{self.account_id}: {self.balance}"


class BalanceChange(models.Model):
    """An account's end-of-day balance from `on` until its next change. Partitioned by month."""

    pk = models.CompositePrimaryKey("account_id", "on")
    account = models.ForeignKey(Account, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False)
    customer = models.ForeignKey(Customer, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False)
    on = models.DateField()
    balance = models.DecimalField(max_digits=18, decimal_places=2)
    value = models.DecimalField(max_digits=18, decimal_places=2)
    day_sum = models.DecimalField(max_digits=24, decimal_places=2)

    def __str__(self) -> str:
        return f"{self.account_id} {self.on}: {self.balance}"


class PositionChange(models.Model):
    """A customer's total from `on` until its next change, in yuan. Partitioned by month."""

    pk = models.CompositePrimaryKey("customer_id", "on")
    customer = models.ForeignKey(Customer, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False)
    on = models.DateField()
    total = models.DecimalField(max_digits=18, decimal_places=2)
    day_sum = models.DecimalField(max_digits=24, decimal_places=2)

    def __str__(self) -> str:
        return f"{self.customer_id} {self.on}: {self.total}"


class FedDay(models.Model):
    """A day for which balances were fed. A full day names every account but those listed, another only those listed."""

    on = models.DateField(primary_key=True)
    is_full = models.BooleanField()

    def __str__(self) -> str:
        return f"{self.on} {'full' if self.is_full else 'partial'}"


class FedDayAccount(models.Model):
    """An account a full day did not name, or one a partial day did."""

    pk = models.CompositePrimaryKey("on", "account_id")
    on = models.DateField()
    account = models.ForeignKey(Account, models.DO_NOTHING, related_name="+", db_constraint=False)

    def __str__(self) -> str:
        return f"{self.on} {self.account_id}"
