"""Targets of units, teams and people: approved by a second person, changed only by a later version."""

from typing import Any

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from staff.enums.targets import TargetMeasure, TargetOf, TargetPeriod, TargetState
from staff.models.people import Approval, Branch, User
from staff.models.teams import Team
from staff.rules.targets import PERMITTED


class Target(models.Model):
    """A version of an aim on a permitted measure over whole months: yuan of ADB growth, a mean mark or per cent.

    `branch` is the unit it is of, or the unit of its team or person. A later version `replaces` an earlier one and
    says why in `note`; what was approved does not change and does not go (triggers).
    """

    of = models.CharField(_("for"), max_length=6, choices=TargetOf)
    branch = models.ForeignKey(Branch, models.PROTECT, verbose_name=_("unit"), related_name="+")
    team = models.ForeignKey(Team, models.PROTECT, null=True, verbose_name=_("team"), related_name="+")
    person = models.ForeignKey(User, models.PROTECT, null=True, verbose_name=_("person"), related_name="+")
    measure = models.CharField(_("measure"), max_length=12, choices=TargetMeasure)
    period = models.CharField(_("period"), max_length=7, choices=TargetPeriod)
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("until"))
    aim = models.DecimalField(_("aim"), max_digits=18, decimal_places=2)
    note = models.CharField(_("reason"), max_length=300)
    version = models.IntegerField(_("version"), default=1)
    replaces = models.ForeignKey("self", models.PROTECT, null=True, related_name="+")
    state = models.CharField(_("state"), max_length=9, choices=TargetState, default=TargetState.PENDING)
    drafted_by = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    drafted_at = models.DateTimeField()
    approval = models.ForeignKey(Approval, models.PROTECT, null=True, related_name="+")
    approved_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    approved_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("target")
        constraints = [
            models.CheckConstraint(condition=Q(measure__in=sorted(PERMITTED)), name="target_measure_permitted"),
            models.CheckConstraint(
                condition=Q(of=TargetOf.UNIT, team=None, person=None)
                | Q(of=TargetOf.TEAM, team__isnull=False, person=None)
                | Q(of=TargetOf.PERSON, team=None, person__isnull=False),
                name="target_of_one",
            ),
            models.CheckConstraint(condition=Q(ends_on__gt=F("starts_on")), name="target_ends_after_it_starts"),
            models.CheckConstraint(
                condition=Q(approved_by=None) | ~Q(approved_by=F("drafted_by")), name="target_needs_a_second_person"
            ),
            models.UniqueConstraint(
                fields=["of", "branch", "team", "person", "measure", "starts_on", "ends_on"],
                condition=Q(state=TargetState.APPROVED),
                nulls_distinct=False,
                name="target_in_force_once",
            ),
        ]
        indexes = [models.Index(fields=["branch", "-ends_on"], name="target_of_branch")]

    def __str__(self) -> str:
        return f"{self.measure} {self.starts_on}..{self.ends_on}: {self.aim}"

    def get_absolute_url(self) -> str:
        """Its own page, with what it came to."""
        return reverse("insights:target", args=[self.pk])

    @property
    def whose(self) -> Any:
        """The unit, team or person it is of; needs those rows loaded."""
        return self.person or self.team or self.branch
