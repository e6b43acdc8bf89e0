"""Records as they are sent, and hidden values as they are asked for."""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers

from customers.enums import CustomerKind, IdType, Origin, Sex, Source
from customers.rules import profile as rules
from customers.services import records

FIELD_CHOICES = [(field, field) for field in records.FIELDS]


class RecordSerializer(serializers.Serializer[Any]):
    """Fields of a record as they are sent: any of them; "" or null empties one. `source` says where they come from."""

    SOURCES = [choice for choice in Source.choices if choice[0] != Source.CORE]

    source = serializers.ChoiceField(choices=SOURCES, required=False)

    def get_fields(self) -> dict[str, Any]:
        return {**super().get_fields(), **{name: _record_field(name) for name in rules.FIELDS}}


class NewRecordSerializer(RecordSerializer):
    """A new record; what it must hold depends on its kind and on the role of whoever sends it."""

    kind = serializers.ChoiceField(choices=CustomerKind.choices, default=CustomerKind.PERSON)


def _record_field(name: str) -> serializers.Field[Any, Any, Any, Any]:
    choices = {"sex": Sex, "id_type": IdType, "origin": Origin}
    if name in rules.DATES:
        # Birth dates are checked by the rules; the ledger's own days begin in 1990.
        return serializers.DateField(required=False, allow_null=True)
    if name == "id_is_long_term":
        return serializers.BooleanField(required=False)
    if name in choices:
        return serializers.ChoiceField(choices=choices[name].choices, required=False, allow_blank=True)
    return serializers.CharField(max_length=rules.LENGTHS[name], required=False, allow_blank=True, allow_null=True)


class RevealSerializer(serializers.Serializer[Any]):
    """Which hidden value is wanted, and why."""

    field = serializers.ChoiceField(choices=FIELD_CHOICES)
    reason = serializers.CharField(min_length=4, max_length=300)


class RevealedSerializer(serializers.Serializer[Any]):
    """A value in clear."""

    field = serializers.ChoiceField(choices=FIELD_CHOICES)
    value = serializers.CharField()


class FindSerializer(serializers.Serializer[Any]):
    """Exactly one of the two."""

    id_no = serializers.CharField(required=False, max_length=40)
    phone = serializers.CharField(required=False, max_length=40)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if len(attrs) != 1:
            raise serializers.ValidationError(_("Give either id_no or phone."), code="one_of")
        return attrs


class FoundSerializer(serializers.Serializer[Any]):
    """Numbers of the customers in scope."""

    customer_nos = serializers.ListField(child=serializers.CharField())
