"""Contacts as the API shows and takes them."""

from typing import Any

from rest_framework import serializers

from servicing import rules
from servicing.enums import Channel, Direction, Outcome, Topic
from servicing.models import Interaction


class InteractionSerializer(serializers.ModelSerializer[Interaction]):
    """A contact; `note` is null where the caller may not read it."""

    customer_no = serializers.CharField(source="customer.customer_no")
    author_no = serializers.CharField(source="author.staff_no")
    note = serializers.CharField(source="readable_note", allow_null=True)

    class Meta:
        model = Interaction
        fields = [
            "id",
            "customer_no",
            "channel",
            "direction",
            "topic",
            "outcome",
            "note",
            "happened_at",
            "author_no",
            "recorded_at",
        ]
        read_only_fields = fields


class NewInteractionSerializer(serializers.Serializer[Any]):
    """A contact to log; without `happened_at` it happened now."""

    customer_no = serializers.CharField(max_length=32)
    channel = serializers.ChoiceField(choices=Channel.choices)
    direction = serializers.ChoiceField(choices=Direction.choices, default=Direction.IN)
    topic = serializers.ChoiceField(choices=Topic.choices)
    outcome = serializers.ChoiceField(choices=Outcome.choices)
    note = serializers.CharField(max_length=1000, required=False, allow_blank=True, default="")
    happened_at = serializers.DateTimeField(required=False)

    def validate(self, values: dict[str, Any]) -> dict[str, Any]:
        """An outcome the channel can have."""
        if values["outcome"] not in rules.outcomes_for(values["channel"]):
            raise serializers.ValidationError({"outcome": ["This outcome does not fit the channel."]})
        return values
