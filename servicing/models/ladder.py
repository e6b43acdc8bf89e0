"""The maturity ladder of the whole bank as the night added it up."""

from django.db import models


class LadderKept(models.Model):
    """Of which day the ladder was kept, and `stamp`, what it was worked out from: another feed or run makes it void."""

    as_of = models.DateField(primary_key=True)
    stamp = models.CharField(max_length=120)
    made_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.as_of}: {self.stamp}"


class LadderDay(models.Model):
    """Deposits of the bank that mature or matured on a day, by one of tier, product and branch (`key`): how many, the
    yuan, and of those that matured how they ended ("" = not measured) with the yuan that stayed."""

    on = models.DateField()
    dimension = models.CharField(max_length=8)
    key = models.BigIntegerField(null=True)
    outcome = models.CharField(max_length=8, blank=True)
    count = models.IntegerField()
    amount = models.DecimalField(max_digits=20, decimal_places=2)
    stayed = models.DecimalField(max_digits=20, decimal_places=2, default=0)

    class Meta:
        indexes = [models.Index(fields=["dimension", "on"], name="ladder_of_day")]

    def __str__(self) -> str:
        return f"{self.on} {self.dimension} {self.key}: {self.amount}"
