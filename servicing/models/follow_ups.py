"""What is to be done for a customer: follow-ups, what they recur by, playbooks under way, and the day's verdicts."""

from datetime import date
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from customers.models import Customer, CustomerRows
from servicing.enums import (
    RHYTHMS,
    FollowUpKind,
    FollowUpState,
    Frequency,
    Priority,
    RunState,
    Shift,
    SkipReason,
    Verdict,
)
from servicing.models.contacts import Interaction
from staff.models import User


class SeriesQuerySet(CustomerRows["Series"]):
    def running(self) -> Self:
        """Those that still bring forth follow-ups."""
        return self.filter(ended_at=None)


class Series(models.Model):
    """A follow-up that recurs: by `frequency`, on `day` (weekday 1-7, or day of the month 1-31), shifted off days off.

    `every` counts weeks, months, quarters or years; `until` is its last day, null = until somebody ends it.
    """

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="+", db_index=False)
    owner = models.ForeignKey(User, models.PROTECT, verbose_name=_("owner"), related_name="+", db_index=False)
    title = models.CharField(_("what to do"), max_length=120)
    note = models.CharField(_("note"), max_length=500, blank=True)
    priority = models.SmallIntegerField(_("priority"), choices=Priority, default=Priority.NORMAL)
    frequency = models.CharField(_("repeats"), max_length=10, choices=Frequency)
    every = models.SmallIntegerField(_("every"), default=1)
    day = models.SmallIntegerField(_("day"), null=True)
    shift = models.CharField(_("on a day off"), max_length=6, choices=Shift, default=Shift.AFTER)
    starts_on = models.DateField(_("from"))
    until = models.DateField(_("until"), null=True)
    created_by = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    objects = SeriesQuerySet.as_manager()
    everything = models.Manager()

    class Meta:
        verbose_name = _("recurring follow-up")
        indexes = [models.Index(fields=["customer"], name="series_of_customer")]
        constraints = [models.CheckConstraint(condition=Q(every__gte=1, every__lte=12), name="series_every")]

    def __str__(self) -> str:
        return f"{self.customer_id} {self.frequency} {self.title}"


class PlaybookRunQuerySet(CustomerRows["PlaybookRun"]):
    def running(self) -> Self:
        """Those under way."""
        return self.filter(state=RunState.RUNNING)


class PlaybookRun(models.Model):
    """A playbook begun for a customer, with its steps as they were that day (`steps`, of rules version `version`)."""

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="+", db_index=False)
    playbook = models.CharField(_("playbook"), max_length=30)
    version = models.IntegerField(default=0)
    steps = models.JSONField(default=list)
    started_on = models.DateField(_("begun on"))
    started_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    state = models.CharField(_("state"), max_length=8, choices=RunState, default=RunState.RUNNING)
    stopped_on = models.DateField(null=True)
    stop_reason = models.CharField(_("why it stopped"), max_length=200, blank=True)

    objects = PlaybookRunQuerySet.as_manager()
    everything = models.Manager()

    class Meta:
        verbose_name = _("playbook")
        constraints = [
            models.UniqueConstraint(fields=["customer", "playbook", "started_on"], name="playbook_once_a_day"),
            models.UniqueConstraint(
                fields=["customer", "playbook"], condition=Q(state=RunState.RUNNING), name="playbook_one_running"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id} {self.playbook} {self.started_on} {self.state}"


class FollowUpQuerySet(CustomerRows["FollowUp"]):
    def open(self) -> Self:
        """Still to do."""
        return self.filter(state=FollowUpState.OPEN)

    def due_by(self, day: date) -> Self:
        """Due on the day or before."""
        return self.filter(due_on__lte=day)

    def of_person(self, user: User) -> Self:
        """Those this person is to do."""
        return self.filter(owner=user)


class FollowUp(models.Model):
    """One thing to do for a customer, by an owner, by a day.

    `title` is what a person wrote; planned ones have none, their words come from `kind` and `facts` (the inputs of the
    reason). `due_on` moves with a snooze, `planned_for` (what guards against planning twice) does not. `once` is the
    key of the form it was made with.
    """

    # The night writes a hundred thousand at once: checking each against its customer and owner would double its time.
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    owner = models.ForeignKey(
        User, models.PROTECT, verbose_name=_("owner"), related_name="+", db_index=False, db_constraint=False
    )
    kind = models.CharField(_("reason"), max_length=10, choices=FollowUpKind, default=FollowUpKind.TASK)
    title = models.CharField(_("what to do"), max_length=120, blank=True)
    note = models.CharField(_("note"), max_length=500, blank=True)
    facts = models.JSONField(default=dict)
    due_on = models.DateField(_("due on"))
    due_time = models.TimeField(_("at"), null=True)
    priority = models.SmallIntegerField(_("priority"), choices=Priority, default=Priority.NORMAL)
    state = models.CharField(_("state"), max_length=9, choices=FollowUpState, default=FollowUpState.OPEN)
    is_planned = models.BooleanField(default=False)
    planned_for = models.DateField(null=True)
    remind_at = models.DateTimeField(_("remind at"), null=True)
    snoozes = models.SmallIntegerField(default=0)
    series = models.ForeignKey(Series, models.PROTECT, null=True, related_name="+", db_index=False)
    run = models.ForeignKey(PlaybookRun, models.PROTECT, null=True, related_name="+", db_index=False)
    step = models.SmallIntegerField(null=True)
    once = models.UUIDField(null=True)
    created_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    created_at = models.DateTimeField()
    closed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    closed_at = models.DateTimeField(null=True)
    skip_reason = models.CharField(_("why not"), max_length=12, choices=SkipReason, blank=True)
    outcome = models.CharField(_("what came of it"), max_length=300, blank=True)
    interaction = models.ForeignKey(Interaction, models.SET_NULL, null=True, related_name="+", db_index=False)

    objects = FollowUpQuerySet.as_manager()
    everything = models.Manager()

    class Meta:
        verbose_name = _("follow-up")
        indexes = [
            models.Index(fields=["owner", "due_on", "id"], name="follow_up_of_owner", condition=Q(state="open")),
            models.Index(fields=["customer", "-due_on"], name="follow_up_of_customer"),
            models.Index(
                fields=["remind_at"],
                name="follow_up_reminder",
                condition=Q(state=FollowUpState.OPEN, remind_at__isnull=False),
            ),
        ]
        constraints = [
            # The guard of the night (architecture.md 5): (customer, kind, due day).
            models.UniqueConstraint(
                fields=["customer", "kind", "planned_for"],
                condition=Q(is_planned=True, run=None, series=None),
                name="follow_up_planned_once",
            ),
            models.UniqueConstraint(
                fields=["customer", "kind"],
                condition=Q(is_planned=True, state="open", kind__in=[str(kind) for kind in RHYTHMS]),
                name="follow_up_one_rhythm",
            ),
            models.UniqueConstraint(fields=["run", "step"], condition=Q(run__isnull=False), name="follow_up_step_once"),
            models.UniqueConstraint(
                fields=["series", "planned_for"], condition=Q(series__isnull=False), name="follow_up_series_once"
            ),
            models.UniqueConstraint(
                fields=["customer", "once"], condition=Q(once__isnull=False), name="follow_up_sent_once"
            ),
            models.CheckConstraint(
                condition=Q(state=FollowUpState.OPEN, closed_at=None)
                | (~Q(state=FollowUpState.OPEN) & Q(closed_at__isnull=False)),
                name="follow_up_closed_at",
            ),
            models.CheckConstraint(
                condition=~Q(state=FollowUpState.SKIPPED) | ~Q(skip_reason=""), name="follow_up_skipped_why"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id} {self.kind} {self.due_on} {self.state}"


class DayMark(models.Model):
    """What somebody made of a proposal of their day's list that is no follow-up: done, or skipped and why.

    `key` names the proposal (such as "maturity:123"), `kind` its sort; skips by kind teach the ranking.
    """

    user = models.ForeignKey(User, models.CASCADE, related_name="+", db_index=False)
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="+", db_index=False)
    on = models.DateField()
    kind = models.CharField(max_length=12)
    key = models.CharField(max_length=60)
    verdict = models.CharField(max_length=8, choices=Verdict)
    why = models.CharField(max_length=12, choices=SkipReason, blank=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "on", "key"], name="day_mark_once"),
            models.CheckConstraint(condition=Q(verdict="done") | ~Q(why=""), name="day_mark_skipped_why"),
        ]
        indexes = [models.Index(fields=["customer"], name="day_mark_of_customer")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.on} {self.key} {self.verdict}"
