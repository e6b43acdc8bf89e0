"""Feeds as the API shows and takes them."""

from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from customers.enums import FeedKind, FeedStatus
from customers.models import Feed
from customers.serializers.fields import DAYS


class FeedSerializer(serializers.ModelSerializer[Feed]):
    """A feed file and what became of it; the keys of `import_feed --json`, and the state of its job."""

    feed = serializers.IntegerField(source="pk", read_only=True)
    kind = serializers.ChoiceField(choices=FeedKind.choices, read_only=True)
    status = serializers.ChoiceField(choices=FeedStatus.choices, read_only=True)
    done = serializers.IntegerField(source="job.done_count", default=None, read_only=True)
    rejects = serializers.SerializerMethodField()

    class Meta:
        model = Feed
        fields = [
            "feed",
            "kind",
            "source",
            "business_date",
            "file_name",
            "status",
            "rows",
            "accepted",
            "rejected",
            "created",
            "updated",
            "unchanged",
            "total",
            "seconds",
            "message",
            "notes",
            "rejects",
            "actor_no",
            "created_at",
            "finished_at",
            "done",
        ]
        read_only_fields = fields

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_rejects(self, row: Feed) -> str | None:
        view = self.context.get("view")
        if not row.rejected or view is None:
            return None
        address: str = view.reverse_action("rejects", args=[row.pk])
        return address


class NewFeedSerializer(serializers.Serializer[Any]):
    """A feed file with what its sender says about it; `max_rejected` is a share of the rows, 0 to 1."""

    file = serializers.FileField()
    kind = serializers.ChoiceField(choices=FeedKind.choices, required=False)
    business_date = serializers.DateField(validators=DAYS)
    control_rows = serializers.IntegerField(min_value=0, required=False)
    control_total = serializers.DecimalField(max_digits=22, decimal_places=2, required=False)
    max_rejected = serializers.DecimalField(
        max_digits=6, decimal_places=5, min_value=Decimal(0), max_value=Decimal(1), default=Decimal("0.01")
    )
    dry_run = serializers.BooleanField(default=False)
