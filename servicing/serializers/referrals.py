"""Referrals as the API shows and takes them."""

from typing import Any

from rest_framework import serializers

from core.clock import today
from servicing.models import Referral
from servicing.queries.choices import choices_on
from servicing.rules.referrals import MIN_REASON


class ReferralSerializer(serializers.ModelSerializer[Referral]):
    """A referral; `customer_no` is null for whom it was sent to as long as they may not see the customer."""

    customer_no = serializers.SerializerMethodField()
    from_no = serializers.CharField(source="from_user.staff_no")
    to_no = serializers.CharField(source="to_user.staff_no", default=None, allow_null=True)

    class Meta:
        model = Referral
        fields = [
            "id",
            "customer_no",
            "from_no",
            "to_no",
            "topic",
            "note",
            "state",
            "made_at",
            "decided_at",
            "first_contact_at",
            "closed_at",
            "result",
        ]
        read_only_fields = fields

    def get_customer_no(self, row: Referral) -> str | None:
        """The customer as the page names it."""
        return row.customer.customer_no if row.in_sight else None  # type: ignore[attr-defined]  # annotated by queries.referrals


class NewReferralSerializer(serializers.Serializer[Any]):
    """A customer to send on; without `to_no` the head of the branch finds somebody."""

    customer_no = serializers.CharField(max_length=32)
    to_no = serializers.CharField(max_length=32, required=False, allow_null=True, default=None)
    topic = serializers.CharField(max_length=20, help_text="deposit, rate ...: a code of the rules in force")
    note = serializers.CharField(max_length=500, required=False, allow_blank=True, default="")

    def validate_topic(self, code: str) -> str:
        """A topic in force."""
        if not choices_on(today()).has("topics", code):
            raise serializers.ValidationError(f'"{code}" is not in use.')
        return code


class DeclineSerializer(serializers.Serializer[Any]):
    """Why a referral is not taken."""

    reason = serializers.CharField(min_length=MIN_REASON, max_length=300)


class FinishSerializer(serializers.Serializer[Any]):
    """What came of a referral; who sent the customer reads it, so it holds no amounts."""

    succeeded = serializers.BooleanField()
    result = serializers.CharField(min_length=MIN_REASON, max_length=300)
