"""Feed files from the core banking system and the rows of theirs that could not be used."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core.models import Job
from customers.enums import FeedKind, FeedStatus


class Feed(models.Model):
    """One feed file: what it held and what became of it. Counts are data rows; `total` adds accepted balances."""

    kind = models.CharField(_("kind"), max_length=12, choices=FeedKind)
    source = models.CharField(_("source"), max_length=20, default="core")
    business_date = models.DateField(_("business date"))
    file_name = models.CharField(_("file"), max_length=200)
    stored_as = models.CharField(max_length=80, blank=True)
    content_hash = models.BinaryField(max_length=32, null=True)
    status = models.CharField(_("status"), max_length=16, choices=FeedStatus, default=FeedStatus.WAITING)
    rows = models.IntegerField(_("rows"), default=0)
    accepted = models.IntegerField(_("accepted"), default=0)
    rejected = models.IntegerField(_("rejected"), default=0)
    created = models.IntegerField(_("new"), default=0)
    updated = models.IntegerField(_("changed"), default=0)
    unchanged = models.IntegerField(_("unchanged"), default=0)
    total = models.DecimalField(_("total"), max_digits=22, decimal_places=2, null=True)
    seconds = models.FloatField(_("seconds"), default=0)
    message = models.CharField(_("message"), max_length=500, blank=True)
    notes = models.JSONField(default=list)
    control_rows = models.IntegerField(null=True)
    control_total = models.DecimalField(max_digits=22, decimal_places=2, null=True)
    max_rejected = models.DecimalField(max_digits=7, decimal_places=6, default=1)
    header = ArrayField(models.CharField(max_length=60), default=list)
    job = models.ForeignKey(Job, models.SET_NULL, null=True, related_name="+")
    actor_no = models.CharField(max_length=40)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("feed")
        indexes = [models.Index(fields=["-business_date", "-id"], name="feed_by_day")]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "business_date", "content_hash"],
                condition=Q(status=FeedStatus.COMMITTED),
                name="feed_committed_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.business_date} {self.file_name}"


class FeedReject(models.Model):
    """A row that could not be used: every reason, and its original cells sealed (they hold personal data)."""

    feed = models.ForeignKey(Feed, models.CASCADE, related_name="rejects")
    line = models.IntegerField()
    reasons = ArrayField(models.CharField(max_length=40))
    cells_cipher = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["feed", "line"], name="reject_once_per_line")]

    def __str__(self) -> str:
        return f"{self.feed_id}:{self.line}"
