"""Campaigns and their outreach as the API shows and takes them."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from campaigns.enums import CampaignKind, CampaignMove, LeftOut, Occasion, OutreachState, Receipt
from campaigns.models import Campaign, Outreach
from campaigns.queries.campaigns import moves_for
from campaigns.queries.reasons import NOT_NOW, reason_code
from campaigns.rules.campaigns import SENT_OVER

REPORTED = [choice for choice in Receipt.choices if choice[0]]
REASONS = ["", *LeftOut.values, NOT_NOW]


class CampaignSerializer(serializers.ModelSerializer[Campaign]):
    """A campaign; `moves` are those the caller may take now."""

    branch_code = serializers.CharField(source="branch.code")
    segment_name = serializers.CharField(source="segment.name")
    maker_no = serializers.CharField(source="created_by.staff_no")
    moves = serializers.SerializerMethodField()

    class Meta:
        model = Campaign
        fields = [
            *("id", "name", "goal", "kind", "state", "state_at", "branch_code", "of_book", "segment", "segment_name"),
            *("channel", "template", "offer", "article", "starts_on", "ends_on", "holdout", "occasion", "days"),
            *("cost", "maker_no", "launched_on", "ended_on", "moves"),
        ]
        read_only_fields = fields

    @extend_schema_field(serializers.ListField(child=serializers.ChoiceField(choices=CampaignMove.choices)))
    def get_moves(self, row: Campaign) -> list[str]:
        return [move.value for move in moves_for(self.context["request"].user, row)]


class NewCampaignSerializer(serializers.Serializer[Any]):
    """A campaign to be drawn up as a draft; keys of segment, template, offer and article are theirs here."""

    name = serializers.CharField(max_length=80)
    goal = serializers.CharField(max_length=200)
    kind = serializers.ChoiceField(choices=[choice for choice in CampaignKind.choices if choice[0] != "event"])
    branch_code = serializers.CharField(max_length=20, required=False, default="", help_text="Empty = one's own unit.")
    segment = serializers.IntegerField(min_value=1, max_value=2**62)
    template = serializers.IntegerField(min_value=1, max_value=2**62, required=False, allow_null=True, default=None)
    offer = serializers.IntegerField(min_value=1, max_value=2**62, required=False, allow_null=True, default=None)
    article = serializers.IntegerField(min_value=1, max_value=2**62, required=False, allow_null=True, default=None)
    channel = serializers.ChoiceField(choices=[c.value for c in SENT_OVER], required=False, default="sms")
    script = serializers.CharField(max_length=1000, required=False, default="", allow_blank=True)
    starts_on = serializers.DateField()
    ends_on = serializers.DateField()
    capacity = serializers.IntegerField(min_value=1, max_value=100, required=False, default=8)
    holdout = serializers.IntegerField(min_value=0, max_value=50, required=False, default=10)
    occasion = serializers.ChoiceField(choices=["", *Occasion.values], required=False, default="")
    days = serializers.IntegerField(min_value=0, max_value=365, required=False, default=0)
    amount = serializers.DecimalField(max_digits=14, decimal_places=2, min_value=0, required=False, default=0)
    cost = serializers.DecimalField(max_digits=10, decimal_places=2, min_value=0, required=False, default=0)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """It begins before it ends, and an occasion is named where it waits for one."""
        if attrs["ends_on"] < attrs["starts_on"]:
            raise serializers.ValidationError({"ends_on": ["The last day is before the first."]})
        if attrs["kind"] == CampaignKind.TRIGGER and not attrs["occasion"]:
            raise serializers.ValidationError({"occasion": ["Needed for messages on an occasion."]})
        return attrs


class OutreachSerializer(serializers.ModelSerializer[Outreach]):
    """One contact with one customer; `reason` says why it was left out or waits, "not_now" where it is kept apart."""

    customer_no = serializers.CharField(source="customer.customer_no")
    state = serializers.ChoiceField(choices=OutreachState.choices)
    reason = serializers.SerializerMethodField()

    class Meta:
        model = Outreach
        fields = [
            *("id", "customer_no", "step", "channel", "state", "reason", "not_before", "sent_at"),
            *("receipt", "receipt_at", "created_at"),
        ]
        read_only_fields = fields

    @extend_schema_field(serializers.ChoiceField(choices=REASONS))
    def get_reason(self, row: Outreach) -> str:
        return reason_code(row.reason, is_kept=row.is_kept)  # type: ignore[attr-defined]  # annotated by its query


class ReceiptSerializer(serializers.Serializer[Any]):
    """What became of a contact that left, by its number here."""

    outreach = serializers.IntegerField(min_value=1, max_value=2**62)
    receipt = serializers.ChoiceField(choices=REPORTED)
