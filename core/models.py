"""Tables every app stands on: the trail, its seals, jobs and their chunks, working days, idempotency keys."""

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from core.enums import ActorKind, JobState


class TrailEntry(models.Model):
    """Who did, saw or exported what, when and why. Append-only: the application's role may insert and read."""

    at = models.DateTimeField(db_index=True)
    actor_id = models.BigIntegerField(null=True)
    actor_no = models.CharField(max_length=40, blank=True)
    actor_kind = models.CharField(max_length=8, choices=ActorKind)
    action = models.CharField(max_length=40)
    subject = models.CharField(max_length=60)
    subject_id = models.CharField(max_length=64, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    changes = models.JSONField(default=dict)
    request_id = models.CharField(max_length=36, blank=True)

    class Meta:
        verbose_name = _("trail entry")
        indexes = [
            models.Index(fields=["subject", "subject_id", "-id"], name="trail_subject"),
            models.Index(fields=["actor_no", "-id"], name="trail_actor"),
            models.Index(fields=["subject_id"], name="trail_kept", condition=Q(changes__has_key="kept_from")),
        ]

    def __str__(self) -> str:
        return f"{self.at:%F %T} {self.actor_no} {self.action} {self.subject} {self.subject_id}"


class TrailSeal(models.Model):
    """A digest over trail entries first_id..last_id, chained to the seal before it."""

    first_id = models.BigIntegerField(unique=True)
    last_id = models.BigIntegerField(unique=True)
    entries = models.IntegerField()
    digest = models.BinaryField(max_length=32)
    sealed_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(last_id__gte=F("first_id")), name="seal_range_ascends")]

    def __str__(self) -> str:
        return f"seal {self.first_id}..{self.last_id}"


class JobQuerySet(models.QuerySet["Job"]):
    def unfinished(self) -> Self:
        return self.filter(state__in=[JobState.WAITING, JobState.RUNNING])

    def due(self, at: datetime) -> Self:
        return self.unfinished().filter(due_at__lte=at)


class Job(models.Model):
    """One piece of background work and its outcome; unique by (name, key), so a second request finds the first.

    The broker only wakes a worker up for it; what is to be done and what was done stands here.
    """

    name = models.CharField(max_length=60)
    key = models.CharField(max_length=120)
    business_day = models.DateField(null=True)
    parent = models.ForeignKey("self", models.CASCADE, null=True, related_name="steps")
    args = models.JSONField(default=dict)
    state = models.CharField(max_length=8, choices=JobState, default=JobState.WAITING)
    attempts = models.SmallIntegerField(default=0)
    due_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    heartbeat_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    done_count = models.IntegerField(default=0)
    total_count = models.IntegerField(default=0)
    counts = models.JSONField(default=dict)
    error = models.TextField(blank=True)
    actor_id = models.BigIntegerField(null=True)
    actor_no = models.CharField(max_length=40, blank=True)
    created_at = models.DateTimeField()

    objects = JobQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["name", "key"], name="job_once_per_key")]
        indexes = [
            models.Index(fields=["due_at"], name="job_unfinished", condition=Q(state__in=["waiting", "running"])),
            models.Index(fields=["name", "-id"], name="job_by_name"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.key}"

    @property
    def seconds(self) -> float:
        """How long the last attempt ran, in seconds."""
        return (self.finished_at - self.started_at).total_seconds() if self.finished_at and self.started_at else 0.0


class JobChunk(models.Model):
    """A range of ids, low..high, that one worker does in one short transaction."""

    job = models.ForeignKey(Job, models.CASCADE, related_name="chunks")
    low = models.BigIntegerField()
    high = models.BigIntegerField()
    is_done = models.BooleanField(default=False)
    counts = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["job", "low"], name="chunk_once_per_range"),
            models.CheckConstraint(condition=Q(high__gte=F("low")), name="chunk_range_ascends"),
        ]

    def __str__(self) -> str:
        return f"{self.job_id}: {self.low}..{self.high}"


class CalendarDay(models.Model):
    """A day on which this bank's calendar differs from the published one."""

    on = models.DateField(primary_key=True)
    is_workday = models.BooleanField()
    note = models.CharField(max_length=100, blank=True)

    def __str__(self) -> str:
        return f"{self.on} {'workday' if self.is_workday else 'holiday'}"


class IdempotencyKey(models.Model):
    """The answer given to a POST with an Idempotency-Key, so that a retry gets the same one."""

    actor_no = models.CharField(max_length=40)
    key = models.CharField(max_length=100)
    path = models.CharField(max_length=200)
    digest = models.BinaryField(max_length=32)
    status = models.SmallIntegerField()
    body = models.BinaryField()
    created_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["actor_no", "path", "key"], name="idempotency_key_once")]

    def __str__(self) -> str:
        return f"{self.actor_no} {self.path} {self.key}"
