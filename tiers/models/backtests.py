"""Two rules tried on the past, side by side."""

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from core.models import Job
from staff.models import User


class Backtest(models.Model):
    """What two rules would have done at the ends of the months up to `on`, for the whole bank.

    `rules` holds both as JSON: a label and the content of a scheme version. `months` are the month-ends evaluated,
    the first of which only gives the tiers to start from. `result` (of queries/backtests.py) stands once `finished_at`
    does; until then the job says how far it is.
    """

    on = models.DateField(_("balances until"))
    rules = models.JSONField()
    months = models.JSONField(default=list)
    result = models.JSONField(default=dict)
    job = models.ForeignKey(Job, models.SET_NULL, null=True, related_name="+")
    asked_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("back-test")
        constraints = [
            models.CheckConstraint(
                condition=Q(finished_at=None) | ~Q(result={}), name="backtest_finished_with_its_result"
            )
        ]

    def __str__(self) -> str:
        return f"{self.on}: {' / '.join(rule['label'] for rule in self.rules)}"

    def get_absolute_url(self) -> str:
        return reverse("tiers:backtest", args=[self.pk])
