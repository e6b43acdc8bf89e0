"""Absences with their deputies, and what the product tells its people."""

from datetime import date
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from staff.enums import Digest
from staff.models.people import User


class AbsenceQuerySet(models.QuerySet["Absence"]):
    def on(self, day: date) -> Self:
        """Absences that hold on a day, first and last day included."""
        return self.filter(starts_on__lte=day, ends_on__gte=day, cancelled_at=None)


class Absence(models.Model):
    """Days somebody is away, and who stands in; without a deputy each customer's backup does."""

    user = models.ForeignKey(User, models.CASCADE, verbose_name=_("who"), related_name="+", db_index=False)
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("until"))
    deputy = models.ForeignKey(User, models.PROTECT, null=True, verbose_name=_("deputy"), related_name="+")
    created_by = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    created_at = models.DateTimeField()
    cancelled_at = models.DateTimeField(null=True)

    objects = AbsenceQuerySet.as_manager()

    class Meta:
        verbose_name = _("absence")
        indexes = [models.Index(fields=["user", "-ends_on"], name="absence_of_user")]
        constraints = [
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="absence_ends_after_it_starts"),
            models.CheckConstraint(condition=Q(deputy=None) | ~Q(deputy=F("user")), name="absence_deputy_is_another"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.starts_on} {self.ends_on}"


class NotificationQuerySet(models.QuerySet["Notification"]):
    def of_person(self, user: User) -> Self:
        """This person's."""
        return self.filter(user=user)

    def unread(self) -> Self:
        """Not looked at yet."""
        return self.filter(read_at=None)


class Notification(models.Model):
    """One thing somebody is told: an event by its name with the values of its words, and where it leads.

    `once` keeps an event from being told twice. Words are made when shown, in the reader's language.
    """

    user = models.ForeignKey(User, models.CASCADE, related_name="+", db_index=False)
    event = models.CharField(max_length=30)
    params = models.JSONField(default=dict)
    url = models.CharField(max_length=300, blank=True)
    once = models.CharField(max_length=100)
    at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)
    digested_at = models.DateTimeField(null=True)

    objects = NotificationQuerySet.as_manager()

    class Meta:
        verbose_name = _("notification")
        indexes = [
            models.Index(fields=["user", "-at", "-id"], name="notification_of_user"),
            models.Index(fields=["user"], name="notification_unread", condition=Q(read_at=None)),
        ]
        constraints = [models.UniqueConstraint(fields=["user", "once"], name="notification_once")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.event}"


class NotificationChoice(models.Model):
    """How somebody wants to hear of an event; without a row the event's own default holds."""

    user = models.ForeignKey(User, models.CASCADE, related_name="+", db_index=False)
    event = models.CharField(max_length=30)
    in_app = models.BooleanField(_("in the bell"), default=True)
    digest = models.CharField(_("by mail"), max_length=8, choices=Digest, default=Digest.NONE)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "event"], name="notification_choice_once")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.event}"
