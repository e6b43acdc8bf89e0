"""Everybody's value on a day, sorted, so that other bounds can be tried without reading the customers again."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from staff.models import Branch


class Spread(models.Model):
    """All customers' values by one basis on one day, made once and asked often.

    `basis` is what was measured, `basis_digest` stands for it; `source` stands for the data it was made from and no
    longer matches once these change. A spread is a copy: it may be thrown away at any time. `seconds` = how long
    making it took.
    """

    on = models.DateField()
    basis = models.JSONField(default=dict)
    basis_digest = models.CharField(max_length=64)
    source = models.CharField(max_length=64)
    customers = models.IntegerField(default=0)
    seconds = models.FloatField(default=0)
    made_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["on", "basis_digest"], name="spread_once_a_day")]

    def __str__(self) -> str:
        return f"{self.on} {self.basis_digest[:8]}"


class SpreadRow(models.Model):
    """Up to some hundred customers of one branch who stand alike (`state`, see queries/spreads.py).

    `values` are theirs in fen, ascending; `sums` at the same place the closing totals, in fen, of those up to it.
    Neither is compressed, and a row stays within its page: a bound is found by binary search where it lies.
    """

    spread = models.ForeignKey(Spread, models.CASCADE, related_name="rows", db_index=False)
    branch = models.ForeignKey(Branch, models.CASCADE, related_name="+", db_index=False, db_constraint=False)
    state = models.BigIntegerField()
    values = ArrayField(models.BigIntegerField())
    sums = ArrayField(models.BigIntegerField())

    everything = models.Manager()

    class Meta:
        indexes = [models.Index(fields=["spread", "branch"], name="spread_row_branch")]

    def __str__(self) -> str:
        return f"{self.spread_id}: {self.branch_id} {self.state}"
