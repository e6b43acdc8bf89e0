"""Reports people build of the key figures, who gets them when, and what was made of them."""

from typing import Self

from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from insights.enums import ReportRunState, ReportSchedule
from staff.access import BOOK_KEEPERS, HEADS, has_role
from staff.enums import Role
from staff.models import Branch, User


class ReportQuerySet(models.QuerySet["Report"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """One's own, those shared with one's unit, and those one gets; the figures in them are everybody's own."""
        if not isinstance(user, User) or not has_role(user, *BOOK_KEEPERS, *HEADS):
            return self.none()
        mine = Q(owner=user) | Q(branch_id=user.branch_id)
        sent = ReportRecipient.objects.filter(user=user, branch_id=user.branch_id).values("report_id")
        return self.filter(mine | Q(pk__in=sent), deleted_at=None)


class Report(models.Model):
    """What to show of the key figures (`definition`, see insights.rules.reports), under a name; never figures.

    `branch` is the unit it is shared with. By `schedule` it is made for its recipients on the `day`-th weekday or
    workday. A deleted one can be taken back for some days.
    """

    owner = models.ForeignKey(User, models.CASCADE, related_name="+")
    name = models.CharField(_("name"), max_length=80)
    definition = models.JSONField(default=dict)
    branch = models.ForeignKey(Branch, models.CASCADE, null=True, related_name="+")
    schedule = models.CharField(_("how often"), max_length=8, choices=ReportSchedule, default=ReportSchedule.NEVER)
    day = models.SmallIntegerField(_("day"), default=1)
    file_format = models.CharField(_("format"), max_length=4, default="xlsx")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True)

    objects = ReportQuerySet.as_manager()
    everything = models.Manager()

    class Meta:
        verbose_name = _("report")
        constraints = [
            models.UniqueConstraint(fields=["owner", "name"], condition=Q(deleted_at=None), name="report_name_once"),
            models.CheckConstraint(condition=Q(day__gte=1, day__lte=20), name="report_day_of_schedule"),
        ]
        indexes = [
            models.Index(fields=["schedule"], name="report_scheduled", condition=~Q(schedule="") & Q(deleted_at=None))
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """Its page."""
        return reverse("insights:report", args=[self.pk])


class ReportRecipient(models.Model):
    """Who gets a scheduled report; whoever has left the unit they were in then (`branch`) gets none any more."""

    report = models.ForeignKey(Report, models.CASCADE, related_name="recipients", db_index=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    branch = models.ForeignKey(Branch, models.CASCADE, related_name="+", db_index=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["report", "user"], name="report_recipient_once")]

    def __str__(self) -> str:
        return f"{self.report_id} {self.user_id}"


class ReportRunQuerySet(models.QuerySet["ReportRun"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """A file is its recipient's alone: it holds what that person may see."""
        return self.filter(user=user) if isinstance(user, User) else self.none()


class ReportRun(models.Model):
    """A report as a file for one person, made with that person's own rights of the moment (`role`, `branch`).

    `due_on` is the day a schedule made it for (null = asked for by hand, with a `reason`). It opens only as long as the
    rights are the same, until `expires_at`; `content_hash` is the SHA-256 of the file as it is handed out.
    """

    report = models.ForeignKey(Report, models.CASCADE, related_name="runs", db_index=False)
    name = models.CharField(max_length=80)
    user = models.ForeignKey(User, models.CASCADE, related_name="+", db_index=False)
    due_on = models.DateField(null=True)
    made_at = models.DateTimeField()
    state = models.CharField(_("state"), max_length=8, choices=ReportRunState)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    role = models.CharField(max_length=16, choices=Role)
    branch = models.ForeignKey(Branch, models.CASCADE, related_name="+", db_index=False)
    figures_on = models.DateField(null=True)
    measures = ArrayField(models.CharField(max_length=24), default=list)
    rows = models.IntegerField(_("rows"), default=0)
    file_format = models.CharField(_("format"), max_length=4, default="xlsx")
    stored_as = models.CharField(max_length=80, blank=True)
    file_name = models.CharField(_("file"), max_length=120, blank=True)
    size = models.BigIntegerField(default=0)
    content_hash = models.BinaryField(max_length=32, null=True)
    expires_at = models.DateTimeField(null=True)
    downloads = models.IntegerField(default=0)

    objects = ReportRunQuerySet.as_manager()
    everything = models.Manager()

    class Meta:
        verbose_name = _("file of a report")
        constraints = [
            models.UniqueConstraint(fields=["report", "user", "due_on"], name="report_run_once_a_day"),
            models.CheckConstraint(
                condition=~Q(state="done")
                | (Q(content_hash__isnull=False, expires_at__isnull=False) & ~Q(stored_as="")),
                name="report_run_has_a_file",
            ),
        ]
        indexes = [
            models.Index(fields=["user", "-made_at"], name="report_run_of_person"),
            models.Index(fields=["state", "expires_at"], name="report_run_by_state"),
        ]

    def __str__(self) -> str:
        return f"{self.report_id} {self.user_id} {self.due_on}"
