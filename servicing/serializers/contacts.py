"""Contacts as the API shows and takes them."""

from typing import Any

from rest_framework import serializers

from core.clock import today
from servicing.enums import Direction, Mood
from servicing.models import Interaction
from servicing.queries.choices import choices_on
from servicing.rules.contacts import MOST_MINUTES


class InteractionSerializer(serializers.ModelSerializer[Interaction]):
    """A contact; `note` and `next_step` are null where the caller may not read them."""

    customer_no = serializers.CharField(source="customer.customer_no")
    author_no = serializers.CharField(source="author.staff_no")
    note = serializers.CharField(source="readable_note", allow_null=True)
    next_step = serializers.SerializerMethodField()

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
            "next_step",
            "minutes",
            "mood",
            "happened_at",
            "author_no",
            "recorded_at",
        ]
        read_only_fields = fields

    def get_next_step(self, row: Interaction) -> str | None:
        """As readable as the note."""
        return None if row.readable_note is None else row.next_step  # type: ignore[attr-defined]  # annotated


class NewInteractionSerializer(serializers.Serializer[Any]):
    """A contact to log; without `happened_at` it happened now."""

    customer_no = serializers.CharField(max_length=32)
    channel = serializers.CharField(max_length=20, help_text="counter, lobby, phone ...: a code of the rules in force")
    direction = serializers.ChoiceField(choices=Direction.choices, default=Direction.IN)
    topic = serializers.CharField(max_length=20, help_text="deposit, rate, complaint ...: a code of the rules in force")
    outcome = serializers.CharField(max_length=20, help_text="done, not_reached ...: one the channel can have")
    note = serializers.CharField(max_length=1000, required=False, allow_blank=True, default="")
    next_step = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")
    minutes = serializers.IntegerField(min_value=0, max_value=MOST_MINUTES, required=False, allow_null=True)
    mood = serializers.ChoiceField(choices=Mood.choices, required=False, allow_blank=True, default="")
    happened_at = serializers.DateTimeField(required=False)

    def validate(self, values: dict[str, Any]) -> dict[str, Any]:
        """Codes in force, and an outcome the channel can have."""
        choices = choices_on(today())
        faults = {
            name: [f'"{values[name]}" is not in use.']
            for name, group in (("channel", "channels"), ("topic", "topics"))
            if not choices.has(group, values[name])
        }
        if not faults and not choices.fits(values["outcome"], values["channel"]):
            faults["outcome"] = ["This outcome does not fit the channel."]
        if faults:
            raise serializers.ValidationError(faults)
        return values
