"""Models that rank whom to call, kept as plain numbers."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from campaigns.enums import ModelKind, ModelState
from staff.models import User


class TrainedModel(models.Model):
    """A trained model: its features, its numbers (`weights`, readable without the library that found them), its marks.

    `metrics` holds AUC and lift of each kind tried; one is in use at a time, put there by a person.
    """

    kind = models.CharField(_("kind"), max_length=8, choices=ModelKind)
    features = models.JSONField(default=list)
    weights = models.JSONField(default=dict)
    metrics = models.JSONField(default=dict)
    row_count = models.IntegerField(_("outcomes learned from"))
    trained_on = models.DateField(_("trained on"))
    trained_at = models.DateTimeField()
    state = models.CharField(_("state"), max_length=9, choices=ModelState, default=ModelState.CANDIDATE)
    trained_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    activated_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    activated_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("model")
        constraints = [
            models.UniqueConstraint(fields=["state"], condition=Q(state=ModelState.ACTIVE), name="model_one_in_use"),
            models.CheckConstraint(
                condition=~Q(state=ModelState.ACTIVE) | Q(activated_by__isnull=False), name="model_put_in_use_by"
            ),
            models.CheckConstraint(
                condition=Q(activated_by=None) | Q(trained_by=None) | ~Q(activated_by=F("trained_by")),
                name="model_needs_a_second_person",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.trained_on}"
