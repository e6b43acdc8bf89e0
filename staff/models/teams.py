"""Teams within a branch: who works together, and since when."""

from datetime import date
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from staff.models.people import Branch, User


class Team(models.Model):
    """People of one branch who are led and measured together. `tiers` are the ranks it looks after (empty = all)."""

    branch = models.ForeignKey(Branch, models.PROTECT, verbose_name=_("branch"), related_name="+")
    name = models.CharField(_("name"), max_length=60)
    lead = models.ForeignKey(User, models.PROTECT, null=True, blank=True, verbose_name=_("lead"), related_name="+")
    tiers = ArrayField(models.SmallIntegerField(), verbose_name=_("tiers"), default=list, blank=True)
    is_active = models.BooleanField(_("in use"), default=True)

    class Meta:
        verbose_name = _("team")
        constraints = [models.UniqueConstraint(fields=["branch", "name"], name="team_name_once")]

    def __str__(self) -> str:
        return self.name


class TeamMemberQuerySet(models.QuerySet["TeamMember"]):
    def on(self, day: date) -> Self:
        """Those who belong to a team of use on a day; the last day does not count."""
        return self.filter(Q(until=None) | Q(until__gt=day), since__lte=day, team__is_active=True)


class TeamMember(models.Model):
    """Somebody in a team from `since` until before `until`; in one team at a time."""

    team = models.ForeignKey(Team, models.CASCADE, related_name="members")
    user = models.ForeignKey(User, models.CASCADE, related_name="+", db_index=False)
    since = models.DateField()
    until = models.DateField(null=True)

    objects = TeamMemberQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user"], condition=Q(until=None), name="team_of_person_once"),
            models.CheckConstraint(condition=Q(until=None) | Q(until__gte=F("since")), name="team_left_after_joining"),
        ]
        indexes = [models.Index(fields=["user", "-since"], name="team_of_person")]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.team_id} since {self.since}"
