"""Customers as the API shows them."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from customers import queries
from customers.enums import (
    ConsentChannel,
    ConsentDecision,
    ConsentPurpose,
    CustomerKind,
    IdType,
    Origin,
    PreferenceKind,
    Severity,
    Sex,
    Source,
    Stage,
)
from customers.models import Customer
from customers.queries import consents
from customers.queries.care import standing_alerts
from customers.serializers.fields import money
from customers.services import records

STAGES = [(stage.name.lower(), stage.label) for stage in Stage if stage != Stage.NONE]


class MaturitySerializer(serializers.Serializer[Any]):
    """When the next deposit matures; `amount` in the account's currency, null for those who see no amounts."""

    on = serializers.DateField(read_only=True)
    amount = money()


class CustomerSerializer(serializers.Serializer[Customer]):
    """A customer with figures. Context: `amounts` (may they be seen), `tier_names` (rank to name)."""

    AMOUNTS = ("balance", "adb_month", "adb_quarter", "adb_year")

    customer_no = serializers.CharField(read_only=True)
    name = serializers.CharField(read_only=True)
    kind = serializers.ChoiceField(choices=CustomerKind.choices, read_only=True)
    branch_code = serializers.CharField(source="branch.code", read_only=True)
    manager_no = serializers.SerializerMethodField()
    tier = serializers.IntegerField(read_only=True, help_text="Rank of the band, 1 = lowest; 0 = not tiered yet.")
    tier_name = serializers.SerializerMethodField()
    stage = serializers.SerializerMethodField(help_text="Life-cycle stage; null until it is decided.")
    balance = money()
    adb_month = money()
    adb_quarter = money()
    adb_year = money()
    phone = serializers.SerializerMethodField(help_text="Masked.")
    id_no = serializers.SerializerMethodField(help_text="Masked.")
    next_maturity = serializers.SerializerMethodField()
    last_contact_on = serializers.DateField(read_only=True, allow_null=True)

    def to_representation(self, instance: Customer) -> dict[str, Any]:
        shown: dict[str, Any] = super().to_representation(instance)
        if not self.context.get("amounts"):
            shown.update(dict.fromkeys(self.AMOUNTS))
        return shown

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_manager_no(self, row: Customer) -> str | None:
        return row.manager.staff_no if row.manager else None

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_tier_name(self, row: Any) -> str | None:
        found: str | None = self.context.get("tier_names", {}).get(row.tier)
        return found

    @extend_schema_field(serializers.ChoiceField(STAGES, allow_null=True))
    def get_stage(self, row: Any) -> str | None:
        return Stage(row.stage).name.lower() if row.stage else None

    @extend_schema_field(serializers.CharField())
    def get_phone(self, row: Customer) -> str:
        return records.masked(row, "phone")

    @extend_schema_field(serializers.CharField())
    def get_id_no(self, row: Customer) -> str:
        return records.masked(row, "id_no")

    @extend_schema_field(MaturitySerializer(allow_null=True))
    def get_next_maturity(self, row: Any) -> dict[str, Any] | None:
        if row.next_maturity_on is None:
            return None
        amount = row.next_maturity_amount if self.context.get("amounts") else None
        shown: dict[str, Any] = MaturitySerializer({"on": row.next_maturity_on, "amount": amount}).data
        return shown


class PreferenceSerializer(serializers.Serializer[Any]):
    """What the customer prefers, since when, and where it was said."""

    kind = serializers.ChoiceField(choices=PreferenceKind.choices, read_only=True)
    value = serializers.CharField(read_only=True)
    source = serializers.ChoiceField(choices=Source.choices, read_only=True)
    stated_on = serializers.DateField(read_only=True)


class AlertSerializer(serializers.Serializer[Any]):
    """What to know before serving the customer; `text` in the language of the request."""

    kind = serializers.CharField(read_only=True)
    severity = serializers.ChoiceField(choices=Severity.choices, read_only=True)
    title = serializers.CharField(read_only=True)
    text = serializers.CharField(read_only=True)
    ends_on = serializers.DateField(read_only=True, allow_null=True)


class ConsentStateSerializer(serializers.Serializer[Any]):
    """What the customer said last about a purpose over a channel."""

    purpose = serializers.ChoiceField(choices=ConsentPurpose.choices, read_only=True)
    channel = serializers.ChoiceField(choices=ConsentChannel.choices, read_only=True)
    state = serializers.ChoiceField(choices=ConsentDecision.choices, read_only=True)
    since = serializers.DateTimeField(read_only=True)


class OpenCaseSerializer(serializers.Serializer[Any]):
    """A complaint still to be decided."""

    number = serializers.CharField(read_only=True)
    state = serializers.CharField(read_only=True)
    summary = serializers.CharField(read_only=True)
    received_on = serializers.DateField(read_only=True)
    due_on = serializers.DateField(read_only=True)


class DetailSerializer(CustomerSerializer):
    """A customer with its whole record. Context besides: `today`; `open_cases` of a customer, from an app above."""

    sex = serializers.ChoiceField(choices=Sex.choices, read_only=True, allow_blank=True)
    birth_date = serializers.DateField(read_only=True, allow_null=True)
    occupation = serializers.CharField(read_only=True)
    employer = serializers.CharField(read_only=True)
    contact_name = serializers.CharField(read_only=True)
    email = serializers.SerializerMethodField(help_text="Masked.")
    wechat = serializers.SerializerMethodField(help_text="Masked.")
    address = serializers.SerializerMethodField(help_text="Masked.")
    id_type = serializers.ChoiceField(choices=IdType.choices, read_only=True, allow_blank=True)
    id_expires_on = serializers.DateField(read_only=True, allow_null=True)
    id_is_long_term = serializers.BooleanField(read_only=True)
    id_issued_by = serializers.CharField(read_only=True)
    opened_on = serializers.DateField(read_only=True, allow_null=True)
    origin = serializers.ChoiceField(choices=Origin.choices, read_only=True, allow_blank=True)
    preferences = serializers.SerializerMethodField()
    consents = serializers.SerializerMethodField(help_text="Those about which something was said.")
    alerts = serializers.SerializerMethodField()
    open_complaints = serializers.SerializerMethodField(help_text="Those the caller may see.")

    @extend_schema_field(serializers.CharField())
    def get_email(self, row: Customer) -> str:
        return records.masked(row, "email")

    @extend_schema_field(serializers.CharField())
    def get_wechat(self, row: Customer) -> str:
        return records.masked(row, "wechat")

    @extend_schema_field(serializers.CharField())
    def get_address(self, row: Customer) -> str:
        return records.masked(row, "address")

    @extend_schema_field(PreferenceSerializer(many=True))
    def get_preferences(self, row: Customer) -> list[dict[str, Any]]:
        shown: list[dict[str, Any]] = PreferenceSerializer(queries.preferences(row.pk), many=True).data
        return shown

    @extend_schema_field(ConsentStateSerializer(many=True))
    def get_consents(self, row: Customer) -> list[dict[str, Any]]:
        stated = [state for each in consents.current(row.pk) for state in each.states if state.state]
        shown: list[dict[str, Any]] = ConsentStateSerializer(stated, many=True).data
        return shown

    @extend_schema_field(OpenCaseSerializer(many=True))
    def get_open_complaints(self, row: Customer) -> list[dict[str, Any]]:
        found = self.context.get("open_cases", lambda customer: ())(row)
        shown: list[dict[str, Any]] = OpenCaseSerializer(found, many=True).data
        return shown

    @extend_schema_field(AlertSerializer(many=True))
    def get_alerts(self, row: Customer) -> list[dict[str, Any]]:
        shown: list[dict[str, Any]] = AlertSerializer(
            standing_alerts(row, self.context["request"].user, self.context["today"]), many=True
        ).data
        return shown
