"""What moves the clocks of a case: attempts, pauses, more time, and who was told how late it is."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext_lazy as _

from complaints.enums import AttemptResult, Clock, ExtensionKind, ExtensionState, PauseReason, Rung
from complaints.models.cases import CaseRows, Complaint
from staff.models import User


class ContactAttempt(models.Model):
    """One try to reach the complainant; `how` is a channel in words."""

    complaint = models.ForeignKey(Complaint, models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField(_("when"))
    how = models.CharField(_("how"), max_length=40)
    result = models.CharField(_("result"), max_length=10, choices=AttemptResult)
    note = models.CharField(_("note"), max_length=300, blank=True)
    by = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    recorded_at = models.DateTimeField()

    objects = CaseRows["ContactAttempt"].as_manager()
    everything = models.Manager()

    class Meta:
        indexes = [models.Index(fields=["complaint", "at"], name="attempt_of_complaint")]

    def __str__(self) -> str:
        return f"{self.complaint_id} {self.at:%F %R} {self.result}"


class Pause(models.Model):
    """Time in which the internal clock stood still, with its reason; two of one case never overlap."""

    complaint = models.ForeignKey(Complaint, models.PROTECT, related_name="+", db_index=False)
    reason = models.CharField(_("reason"), max_length=8, choices=PauseReason)
    note = models.CharField(_("note"), max_length=300, blank=True)
    started_at = models.DateTimeField(_("from"))
    ended_at = models.DateTimeField(_("until"), null=True)
    by = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    ended_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)

    objects = CaseRows["Pause"].as_manager()
    everything = models.Manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(ended_at__gte=F("started_at")), name="pause_ends_after_it_starts"
            ),
            ExclusionConstraint(
                name="pauses_do_not_overlap",
                expressions=[
                    ("complaint", RangeOperators.EQUAL),
                    (
                        Func("started_at", "ended_at", function="TSTZRANGE", output_field=DateTimeRangeField()),
                        RangeOperators.OVERLAPS,
                    ),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.complaint_id} {self.reason}"


class Extension(models.Model):
    """More time on the statutory clock: `days` natural days more. It counts only once approved by somebody else and
    told to the complainant (`told_on`, `told_how`, `proof`)."""

    complaint = models.ForeignKey(Complaint, models.PROTECT, related_name="+", db_index=False)
    round = models.SmallIntegerField()
    kind = models.CharField(_("kind"), max_length=8, choices=ExtensionKind)
    days = models.SmallIntegerField(_("days more"))
    reason = models.CharField(_("reason"), max_length=500)
    state = models.CharField(_("state"), max_length=8, choices=ExtensionState, default=ExtensionState.ASKED)
    asked_by = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    asked_at = models.DateTimeField()
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    decided_at = models.DateTimeField(null=True)
    comment = models.CharField(_("comment"), max_length=300, blank=True)
    told_on = models.DateField(_("complainant told on"), null=True)
    told_how = models.CharField(_("how"), max_length=40, blank=True)
    proof = models.CharField(_("record of the notice"), max_length=200, blank=True)

    objects = CaseRows["Extension"].as_manager()
    everything = models.Manager()

    class Meta:
        verbose_name = _("extension")
        constraints = [
            models.UniqueConstraint(
                fields=["complaint", "round", "kind"],
                condition=Q(state__in=["asked", "approved", "granted"]),
                name="extension_once_a_round",
            ),
            models.CheckConstraint(condition=Q(days__gte=1), name="extension_days"),
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("asked_by")), name="extension_by_a_second_person"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["approved", "granted"]) | Q(decided_by__isnull=False),
                name="extension_has_an_approver",
            ),
            models.CheckConstraint(
                condition=~Q(state="granted") | (Q(told_on__isnull=False) & ~Q(proof="")),
                name="extension_was_told",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.complaint_id} {self.kind} {self.state}"


class Escalation(models.Model):
    """A clock passed a rung and these people were told: once for each rung of each clock in a round.

    `span`: the days the clock had then, or the grade where it went up by that; more time or a higher grade begins anew.
    `told` are ids of people; `instead_of` maps a deputy's id to that of who is away.
    """

    complaint = models.ForeignKey(Complaint, models.PROTECT, related_name="+", db_index=False)
    clock = models.CharField(_("clock"), max_length=10, choices=Clock)
    round = models.SmallIntegerField()
    rung = models.SmallIntegerField(_("rung"), choices=Rung)
    span = models.SmallIntegerField()
    due_on = models.DateField(_("deadline"), null=True)
    business_day = models.DateField()
    at = models.DateTimeField()
    told = ArrayField(models.BigIntegerField(), default=list)
    instead_of = models.JSONField(default=dict)

    objects = CaseRows["Escalation"].as_manager()
    everything = models.Manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["complaint", "clock", "round", "rung", "span"], name="escalation_fires_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.complaint_id} {self.clock} {self.rung}"
