"""What people keep of a list: their views of it, and the files they took from it."""

from collections.abc import Mapping
from typing import Any, Self

from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from core.models import Job
from staff.enums import ExportState, Role
from staff.models.people import Approval, Branch, User


class SavedViewQuerySet(models.QuerySet["SavedView"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """One's own views and those shared with one's unit; the rows behind them stay everybody's own."""
        if not isinstance(user, User):
            return self.none()
        return self.filter(Q(owner=user) | Q(branch_id=user.branch_id))


class SavedView(models.Model):
    """Filters, order and columns of a list under a name. `query` is a query string without a page marker."""

    list_key = models.CharField(max_length=40)
    name = models.CharField(_("name"), max_length=60)
    owner = models.ForeignKey(User, models.CASCADE, related_name="+")
    branch = models.ForeignKey(Branch, models.CASCADE, null=True, blank=True, related_name="+")
    query = models.CharField(max_length=1000, blank=True)
    columns = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    is_pinned = models.BooleanField(_("pinned"), default=False)
    is_default = models.BooleanField(_("opens first"), default=False)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        verbose_name = _("saved view")
        constraints = [
            models.UniqueConstraint(fields=["owner", "list_key", "name"], name="view_name_once"),
            models.UniqueConstraint(
                fields=["owner", "list_key"], condition=Q(is_default=True), name="view_one_default"
            ),
        ]
        indexes = [
            models.Index(fields=["branch", "list_key"], name="view_of_branch", condition=Q(branch__isnull=False))
        ]

    def __str__(self) -> str:
        return f"{self.list_key}: {self.name}"


class ExportQuerySet(models.QuerySet["Export"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """A file is its asker's alone; what it was is on the trail for those who look into it."""
        return self.filter(requested_by=user) if isinstance(user, User) else self.none()


class Export(models.Model):
    """A file taken from a list: who asked, why, exactly which rows and columns, and what came out.

    Rows are those of `query`, or of the `numbers` ticked one by one. `words` says it for people who do not know the
    list: {"list", "columns": [...], "filters": [[label, value], ...]}. `role` and `branch` are the asker's rights the
    rows were read with: the file opens only as long as they are the same, and as long as the asker stands in for all of
    `stood_in`, the colleagues whose books were open, too. It lies sealed under `stored_as` until `expires_at`;
    `content_hash` is the SHA-256 of the file as it is handed out.
    """

    list_key = models.CharField(max_length=40)
    requested_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    requested_at = models.DateTimeField()
    reason = models.CharField(_("reason"), max_length=300)
    query = models.CharField(max_length=1000, blank=True)
    columns = ArrayField(models.CharField(max_length=40), default=list)
    numbers = ArrayField(models.CharField(max_length=64), default=list, blank=True)
    words = models.JSONField(default=dict)
    role = models.CharField(max_length=16, choices=Role)
    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+")
    stood_in = ArrayField(models.BigIntegerField(), default=list, db_default=[], blank=True)
    language = models.CharField(max_length=8, default="zh-hans")
    file_format = models.CharField(_("format"), max_length=4, default="xlsx")
    state = models.CharField(_("state"), max_length=10, choices=ExportState, default=ExportState.QUEUED)
    expected_rows = models.IntegerField(default=0)
    rows = models.IntegerField(_("rows"), default=0)
    size = models.BigIntegerField(default=0)
    content_hash = models.BinaryField(max_length=32, null=True)
    stored_as = models.CharField(max_length=80, blank=True)
    file_name = models.CharField(_("file"), max_length=120, blank=True)
    message = models.CharField(max_length=300, blank=True)
    finished_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    downloads = models.IntegerField(default=0)
    approval = models.ForeignKey(Approval, models.PROTECT, null=True, related_name="+")
    job = models.ForeignKey(Job, models.SET_NULL, null=True, related_name="+")

    @property
    def said(self) -> Mapping[str, Any]:
        """`words` in the language in use."""
        return self.words.get(get_language() or "") or self.words.get(self.language) or {}

    objects = ExportQuerySet.as_manager()
    everything = models.Manager()

    class Meta:
        verbose_name = _("export")
        indexes = [
            models.Index(fields=["requested_by", "-requested_at"], name="export_of_person"),
            models.Index(fields=["state", "expires_at"], name="export_by_state"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state=ExportState.DONE)
                | (Q(content_hash__isnull=False, expires_at__isnull=False) & ~Q(stored_as="")),
                name="export_ready_has_a_file",
            )
        ]

    def __str__(self) -> str:
        return f"{self.list_key} {self.requested_at:%F %R}"
