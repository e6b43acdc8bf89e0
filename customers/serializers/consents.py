"""Statements of customers as the API shows and takes them."""

from typing import Any

from rest_framework import serializers

from customers.enums import ConsentChannel, ConsentDecision, ConsentProof, ConsentPurpose
from customers.models import Consent


class ConsentSerializer(serializers.ModelSerializer[Consent]):
    """A statement of a customer; `wording` is the version it was made to."""

    customer_no = serializers.CharField(source="customer.customer_no")
    wording = serializers.IntegerField(source="wording.version", allow_null=True, default=None)
    recorded_by = serializers.CharField(source="recorded_by.staff_no", allow_null=True, default=None)

    class Meta:
        model = Consent
        fields = ["id", "customer_no", "purpose", "channel", "decision", "wording", "proof", "proof_ref"]
        fields += ["stated_at", "recorded_at", "recorded_by"]
        read_only_fields = fields


class NewConsentSerializer(serializers.Serializer[Any]):
    """A statement to add; without `stated_at` it was made now."""

    customer_no = serializers.CharField(max_length=32)
    purpose = serializers.ChoiceField(choices=ConsentPurpose.choices)
    channel = serializers.ChoiceField(choices=ConsentChannel.choices)
    decision = serializers.ChoiceField(choices=ConsentDecision.choices)
    proof = serializers.ChoiceField(choices=ConsentProof.choices, default=ConsentProof.AT_COUNTER)
    proof_ref = serializers.CharField(max_length=120, required=False, allow_blank=True, default="")
    stated_at = serializers.DateTimeField(required=False)
