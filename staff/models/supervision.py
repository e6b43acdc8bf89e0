"""Supervision: plans, draws with their seed, checks with two blind scores, and findings with all that follows.

Tables of staff know the records of upper apps by source and number alone. Who may see what of them is decided in
`staff.queries.supervision`; nobody reads these tables past it.
"""

from collections.abc import Mapping
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from staff.enums import Role
from staff.enums.supervision import (
    CheckArea,
    CheckState,
    DrawnBy,
    FindingState,
    FindingStep,
    Grade,
    PlanKind,
    PlanState,
    RecordSource,
    Upward,
)
from staff.models.people import Branch, User
from staff.rules.supervision import PER_UNIT


class CheckPlan(models.Model):
    """What is looked at, where, how much of it, and by whom.

    Each unit at or under `unit` gives `per_unit` records a draw, `risk_percent` of them weighted by risk. A regular
    plan draws each full month from `starts_on` on; a surprise one its days, once. `desk` and `led_by` are the unit and
    role it was made from. Who scores or made it is never checked by it.
    """

    name = models.CharField(pgettext_lazy("supervision plan", "name"), max_length=80)
    area = models.CharField(_("area"), max_length=8, choices=CheckArea)
    kind = models.CharField(_("kind"), max_length=8, choices=PlanKind)
    unit = models.ForeignKey(Branch, models.PROTECT, verbose_name=_("units"), related_name="+")
    per_unit = models.SmallIntegerField(_("records a unit"))
    risk_percent = models.SmallIntegerField(_("of these weighted by risk, %"))
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("until"), null=True)
    scorers = models.ManyToManyField(User, verbose_name=_("scorers"), related_name="+")
    desk = models.ForeignKey(Branch, models.PROTECT, related_name="+")
    led_by = models.CharField(max_length=16, choices=Role)
    state = models.CharField(_("state"), max_length=8, choices=PlanState, default=PlanState.ACTIVE)
    created_by = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    created_at = models.DateTimeField()
    ended_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("supervision plan")
        constraints = [
            models.CheckConstraint(
                condition=Q(per_unit__gte=PER_UNIT[0], per_unit__lte=PER_UNIT[1]), name="plan_per_unit"
            ),
            models.CheckConstraint(condition=Q(risk_percent__gte=0, risk_percent__lte=100), name="plan_risk_percent"),
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gte=F("starts_on")), name="plan_ends_after_it_starts"
            ),
            models.CheckConstraint(
                condition=~Q(kind=PlanKind.SURPRISE) | Q(ends_on__isnull=False), name="plan_surprise_has_days"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("insights:supervision_plan", args=[self.pk])


class Draw(models.Model):
    """One sample of a plan for the days first..last: the seed first, committed and on the trail, then the sample.

    `frozen` is the list drawn from, as it was (compressed JSON of [record, unit, weight]), and `digest` its SHA-256:
    seed and list give the same sample again. `criteria` and `weights` are the rules in force at the seed.
    """

    plan = models.ForeignKey(CheckPlan, models.PROTECT, related_name="+", db_index=False)
    first = models.DateField(_("from"))
    last = models.DateField(_("until"))
    seed = models.BigIntegerField(_("seed"))
    seeded_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    seeded_at = models.DateTimeField(_("seed logged at"))
    criteria = models.JSONField(default=list)
    weights = models.JSONField(default=dict)
    drawn_at = models.DateTimeField(_("drawn at"), null=True)
    population = models.IntegerField(_("records drawn from"), default=0)
    digest = models.CharField(max_length=64, blank=True)
    frozen = models.BinaryField(null=True)

    class Meta:
        verbose_name = _("draw")
        constraints = [
            # Nobody draws again until the sample pleases.
            models.UniqueConstraint(fields=["plan", "first"], name="draw_once_a_period"),
            models.CheckConstraint(condition=Q(last__gte=F("first")), name="draw_days_ascend"),
            models.CheckConstraint(
                condition=Q(drawn_at=None) | (Q(drawn_at__gte=F("seeded_at"), frozen__isnull=False) & ~Q(digest="")),
                name="draw_after_its_seed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.plan_id} {self.first}..{self.last}"

    def name_of(self, code: str, language: str) -> str:
        """A criterion as it read when the sample was drawn."""
        names: Mapping[str, Any] = next((line for line in self.criteria if line.get("code") == code), {})
        return str(names.get("name_en" if language.startswith("en") else "name_zh", code))


class SpotCheck(models.Model):
    """One record of one person, drawn to be looked at by two who do not see each other's marks.

    `factors` are codes of what made it a risk, `weight` their sum; `outcome` the marks that count in the end.
    """

    draw = models.ForeignKey(Draw, models.PROTECT, related_name="+", db_index=False)
    branch = models.ForeignKey(Branch, models.PROTECT, verbose_name=_("branch"), related_name="+", db_index=False)
    person = models.ForeignKey(User, models.PROTECT, verbose_name=_("person"), related_name="+", db_index=False)
    source = models.CharField(_("record"), max_length=8, choices=RecordSource)
    record_id = models.BigIntegerField()
    happened_at = models.DateTimeField(_("happened at"))
    factors = ArrayField(models.CharField(max_length=12), default=list)
    weight = models.FloatField(_("weight"))
    drawn_by = models.CharField(_("drawn"), max_length=6, choices=DrawnBy)
    state = models.CharField(_("state"), max_length=9, choices=CheckState, default=CheckState.OPEN)
    outcome = models.JSONField(default=dict)
    note = models.CharField(_("note"), max_length=500, blank=True)
    settled_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    settled_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("check")
        constraints = [models.UniqueConstraint(fields=["draw", "source", "record_id"], name="check_once_a_draw")]
        indexes = [
            models.Index(fields=["state", "id"], name="check_to_do", condition=~Q(state="done")),
            models.Index(fields=["person", "-id"], name="check_of_person"),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.record_id}"

    def get_absolute_url(self) -> str:
        return reverse("insights:supervision_check", args=[self.pk])


class Score(models.Model):
    """What one scorer says of a check, criterion by criterion; without `at` still to be said."""

    spot_check = models.ForeignKey(SpotCheck, models.PROTECT, related_name="+", db_index=False)
    scorer = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    marks = models.JSONField(default=dict)
    note = models.CharField(_("note"), max_length=500, blank=True)
    at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("score")
        constraints = [
            models.UniqueConstraint(fields=["spot_check", "scorer"], name="score_once_a_scorer"),
            models.CheckConstraint(condition=Q(at=None) | ~Q(marks={}), name="score_in_with_marks"),
        ]
        indexes = [models.Index(fields=["scorer", "spot_check"], name="score_to_do", condition=Q(at=None))]

    def __str__(self) -> str:
        return f"{self.spot_check_id} {self.scorer_id}"


class Finding(models.Model):
    """A criterion somebody did not meet: how grave, who puts it right until when, and what came of it.

    `first_grade` is the one it was raised with; a repeat of the kind within the rules' days raises `grade`. `level` is
    how far up it is known that it is overdue.
    """

    spot_check = models.ForeignKey(SpotCheck, models.PROTECT, related_name="+", db_index=False)
    person = models.ForeignKey(User, models.PROTECT, verbose_name=_("person"), related_name="+", db_index=False)
    branch = models.ForeignKey(Branch, models.PROTECT, verbose_name=_("branch"), related_name="+", db_index=False)
    area = models.CharField(_("area"), max_length=8, choices=CheckArea)
    criterion = models.CharField(_("criterion"), max_length=30)
    first_grade = models.SmallIntegerField(choices=Grade)
    grade = models.SmallIntegerField(_("grade"), choices=Grade)
    text = models.CharField(_("what was found"), max_length=500)
    owner = models.ForeignKey(User, models.PROTECT, verbose_name=_("owner"), related_name="+", db_index=False)
    due_on = models.DateField(_("due on"))
    state = models.CharField(_("state"), max_length=9, choices=FindingState, default=FindingState.DRAFT)
    raised_by = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    raised_at = models.DateTimeField()
    issued_on = models.DateField(_("issued on"), null=True)
    correction = models.CharField(_("what was put right"), max_length=500, blank=True)
    evidence = models.CharField(_("evidence"), max_length=500, blank=True)
    corrected_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    rechecked_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    account = models.CharField(_("accountability"), max_length=500, blank=True)
    appealed_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    level = models.SmallIntegerField(choices=Upward, default=Upward.NOBODY)

    class Meta:
        verbose_name = _("finding of supervision")
        constraints = [
            models.UniqueConstraint(
                fields=["spot_check", "criterion"], condition=~Q(state="withdrawn"), name="finding_once_a_criterion"
            ),
            models.CheckConstraint(condition=Q(grade__gte=F("first_grade")), name="finding_grade_only_rises"),
            models.CheckConstraint(
                condition=~Q(state__in=["corrected", "closed"])
                | (Q(corrected_by__isnull=False) & ~Q(correction="") & ~Q(evidence="")),
                name="finding_corrected_with_evidence",
            ),
            models.CheckConstraint(
                condition=~Q(state="closed")
                | (Q(rechecked_by__isnull=False) & ~Q(rechecked_by=F("corrected_by")) & ~Q(rechecked_by=F("person"))),
                name="finding_rechecked_by_another",
            ),
            models.CheckConstraint(
                condition=~Q(state="closed", grade=Grade.SERIOUS) | ~Q(account=""),
                name="finding_serious_held_to_account",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "withdrawn"]) | Q(issued_on__isnull=False), name="finding_issued_on"
            ),
        ]
        indexes = [
            models.Index(fields=["person", "criterion", "-issued_on"], name="finding_repeats"),
            models.Index(fields=["due_on", "id"], name="finding_open", condition=Q(state="issued")),
            models.Index(fields=["branch", "-id"], name="finding_of_branch"),
        ]

    def __str__(self) -> str:
        return f"{self.pk} {self.criterion}"

    def get_absolute_url(self) -> str:
        return reverse("insights:finding", args=[self.pk])


class FindingMove(models.Model):
    """One step of a finding's story; `by` None = the night. Never changed."""

    finding = models.ForeignKey(Finding, models.PROTECT, related_name="+", db_index=False)
    step = models.CharField(max_length=9, choices=FindingStep)
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    at = models.DateTimeField()
    words = models.CharField(max_length=500, blank=True)
    grade = models.SmallIntegerField(choices=Grade, null=True)

    class Meta:
        verbose_name = _("step of a finding")
        indexes = [models.Index(fields=["finding", "id"], name="finding_story")]

    def __str__(self) -> str:
        return f"{self.finding_id} {self.step}"
