"""Cases as the API shows and takes them. What a complainant said and left of themselves goes in, never out."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from complaints.enums import Complainant, Delivery, Finding, Grade, Move, RemedyKind, Source
from complaints.models import Complaint
from complaints.queries.cases import moves_for
from complaints.queries.choices import offered
from core.clock import today

WRITTEN = [choice for choice in Source.choices if choice[0] != Source.WEB]
ACCOUNT = 4000


class ComplaintSerializer(serializers.ModelSerializer[Complaint]):
    """A case with its clocks; `moves` are those the caller may take now. Days are Shanghai's."""

    customer_no = serializers.CharField(source="customer.customer_no", default=None, allow_null=True)
    branch_code = serializers.CharField(source="branch.code", help_text="The unit complained of.")
    desk_code = serializers.CharField(source="desk.code", help_text="The unit that decides.")
    handler_no = serializers.CharField(source="handler.staff_no", default=None, allow_null=True)
    is_paused = serializers.SerializerMethodField(help_text="Whether the internal clock stands still.")
    moves = serializers.SerializerMethodField()

    class Meta:
        model = Complaint
        fields = [
            *("number", "state", "state_at", "grade", "summary", "category", "product", "cause"),
            *("source", "source_no", "source_on", "complainant", "customer_no", "tier"),
            *("branch_code", "desk_code", "handler_no", "round", "received_on", "due_on", "due_days"),
            *("internal_due_on", "is_paused", "contact_due_on", "contacted_on", "next_due_on"),
            *("answered_on", "closed_on", "quiet_until", "moves"),
        ]
        read_only_fields = fields

    def get_is_paused(self, row: Complaint) -> bool:
        return row.paused_at is not None

    @extend_schema_field(serializers.ListField(child=serializers.ChoiceField(choices=Move.choices)))
    def get_moves(self, row: Complaint) -> list[str]:
        return [move.value for move in moves_for(self.context["request"].user, row)]


def _choice(code: str, group: str) -> str:
    if code and code not in dict(offered(group)):
        raise serializers.ValidationError(f'"{code}" is not in use.')
    return code


class NewComplaintSerializer(serializers.Serializer[Any]):
    """A complaint to be registered; `received_on` is today and `branch_code` the customer's unit or one's own."""

    source = serializers.ChoiceField(choices=WRITTEN)
    complainant = serializers.ChoiceField(choices=Complainant.choices)
    category = serializers.CharField(max_length=30, help_text="A code of the rules in force")
    summary = serializers.CharField(max_length=120, help_text="Stands in lists: no names, numbers or amounts.")
    account = serializers.CharField(max_length=ACCOUNT)
    received_on = serializers.DateField(required=False)
    customer_no = serializers.CharField(max_length=32, required=False, allow_null=True, default=None)
    branch_code = serializers.CharField(max_length=20, required=False, default="")
    name = serializers.CharField(max_length=60, required=False, default="")
    phone = serializers.CharField(max_length=30, required=False, default="")
    address = serializers.CharField(max_length=200, required=False, default="")
    authority = serializers.CharField(max_length=120, required=False, default="")
    source_no = serializers.CharField(max_length=40, required=False, default="")
    source_on = serializers.DateField(required=False, allow_null=True, default=None)
    product = serializers.CharField(max_length=30, required=False, default="")
    grade = serializers.ChoiceField(choices=Grade.choices, required=False, default=Grade.ORDINARY)
    wanted = serializers.CharField(max_length=1000, required=False, default="")
    named = serializers.ListField(
        child=serializers.CharField(max_length=40),
        required=False,
        default=list,
        max_length=20,
        help_text="Staff numbers of colleagues complained of; they see nothing of the case.",
    )
    same_as = serializers.CharField(max_length=20, required=False, default="", help_text="Number of an earlier case.")

    def validate_category(self, code: str) -> str:
        """A category in force."""
        return _choice(code, "categories")

    def validate_product(self, code: str) -> str:
        """A product in force."""
        return _choice(code, "products")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Received today, unless another day is given."""
        return {"received_on": today(), **attrs}


class NoteSerializer(serializers.Serializer[Any]):
    """A word on a move."""

    note = serializers.CharField(max_length=500, required=False, default="", allow_blank=True)


class AcceptSerializer(NoteSerializer):
    """Who handles the case; without a number whoever has it, or who accepts it."""

    handler_no = serializers.CharField(max_length=32, required=False, allow_null=True, default=None)


class ReasonSerializer(serializers.Serializer[Any]):
    """Why."""

    note = serializers.CharField(max_length=500)


class ProposeSerializer(serializers.Serializer[Any]):
    """What is proposed to be decided; `amount` in yuan where the remedy is money."""

    finding = serializers.ChoiceField(choices=Finding.choices)
    facts = serializers.CharField(max_length=ACCOUNT)
    words = serializers.CharField(max_length=ACCOUNT)
    remedy = serializers.ChoiceField(choices=RemedyKind.choices)
    amount = serializers.DecimalField(max_digits=12, decimal_places=2, required=False, allow_null=True, default=None)


class AnswerSerializer(serializers.Serializer[Any]):
    """The version of the proposal that was read, and the way it goes out."""

    version = serializers.IntegerField(min_value=1)
    delivery = serializers.ChoiceField(choices=Delivery.choices)


class CloseSerializer(NoteSerializer):
    """The root cause, unless it is named already."""

    cause = serializers.CharField(max_length=30, required=False, default="", allow_blank=True)
