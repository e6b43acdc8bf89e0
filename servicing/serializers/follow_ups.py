"""Follow-ups as the API shows and takes them."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from servicing.enums import Priority
from servicing.models import FollowUp
from servicing.queries.follow_ups import reason_of, title_of


class FollowUpSerializer(serializers.ModelSerializer[FollowUp]):
    """A follow-up; `title` and `reason` are words in the caller's language, `facts` the inputs of the reason."""

    customer_no = serializers.CharField(source="customer.customer_no")
    owner_no = serializers.CharField(source="owner.staff_no")
    title = serializers.SerializerMethodField()
    reason = serializers.SerializerMethodField()
    closed_by_no = serializers.CharField(source="closed_by.staff_no", default=None, allow_null=True)
    interaction_id = serializers.IntegerField(allow_null=True)

    class Meta:
        model = FollowUp
        fields = [
            "id",
            "customer_no",
            "owner_no",
            "kind",
            "title",
            "reason",
            "facts",
            "note",
            "due_on",
            "due_time",
            "priority",
            "state",
            "is_planned",
            "remind_at",
            "snoozes",
            "created_at",
            "closed_at",
            "closed_by_no",
            "skip_reason",
            "outcome",
            "interaction_id",
        ]
        read_only_fields = fields

    @extend_schema_field(str)
    def get_title(self, row: FollowUp) -> str:
        """What is to be done."""
        return title_of(row)

    @extend_schema_field(str)
    def get_reason(self, row: FollowUp) -> str:
        """Why."""
        return reason_of(row)

    def to_representation(self, instance: FollowUp) -> dict[str, Any]:
        """Without what only the way back needs."""
        shown = super().to_representation(instance)
        shown["facts"] = {name: value for name, value in shown["facts"].items() if name not in {"undo", "stands_in"}}
        return shown


class NewFollowUpSerializer(serializers.Serializer[Any]):
    """A follow-up to write down; without an owner it is the caller's own."""

    customer_no = serializers.CharField(max_length=32)
    title = serializers.CharField(max_length=120)
    due_on = serializers.DateField()
    due_time = serializers.TimeField(required=False, allow_null=True, default=None)
    priority = serializers.ChoiceField(choices=Priority.choices, default=Priority.NORMAL)
    note = serializers.CharField(max_length=500, required=False, allow_blank=True, default="")
    remind_at = serializers.DateTimeField(required=False, allow_null=True, default=None)
    owner_no = serializers.CharField(max_length=32, required=False)


class CompleteSerializer(serializers.Serializer[Any]):
    """What came of a follow-up, and the contact that did it."""

    outcome = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")
    interaction_id = serializers.IntegerField(required=False, allow_null=True, default=None)


class PostponeSerializer(serializers.Serializer[Any]):
    """The day a follow-up is put off to."""

    until = serializers.DateField()
