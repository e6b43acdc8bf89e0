"""Customers, accounts and feeds as the API shows and takes them. Money is a string, yuan unless a currency is named."""

from datetime import date
from decimal import Decimal
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from customers.enums import AccountStatus, CustomerKind, FeedKind, FeedStatus, ProductKind
from customers.models import Customer, Feed
from customers.services import records

# No ledger here is older, and nobody feeds the next century.
DAYS = [MinValueValidator(date(1990, 1, 1)), MaxValueValidator(date(2099, 12, 31))]
FIELD_CHOICES = [(field, field) for field in records.FIELDS]


def money(**options: Any) -> serializers.DecimalField:
    """A field of yuan with two places."""
    return serializers.DecimalField(max_digits=22, decimal_places=2, allow_null=True, read_only=True, **options)


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
    stage = serializers.SerializerMethodField(help_text="Life-cycle stage; null until stages are kept.")
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

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_stage(self, row: Customer) -> None:
        return None

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


class HoldingSerializer(serializers.Serializer[Any]):
    """An account. Amounts are in its own currency but `value`, which is yuan; null for those who see no amounts."""

    AMOUNTS = ("principal", "balance", "value")

    account_no = serializers.CharField(source="account.account_no", read_only=True)
    product_code = serializers.CharField(source="product.code", read_only=True)
    product_name = serializers.CharField(source="product.name", read_only=True)
    product_kind = serializers.ChoiceField(source="product.kind", choices=ProductKind.choices, read_only=True)
    currency = serializers.CharField(source="account.currency", read_only=True)
    opened_on = serializers.DateField(source="account.opened_on", read_only=True, allow_null=True)
    value_date = serializers.DateField(source="account.value_date", read_only=True, allow_null=True)
    matures_on = serializers.DateField(source="account.matures_on", read_only=True, allow_null=True)
    rate = serializers.DecimalField(
        source="account.rate", max_digits=8, decimal_places=4, read_only=True, allow_null=True
    )
    rollover = serializers.BooleanField(source="account.rollover", read_only=True, allow_null=True)
    status = serializers.ChoiceField(source="account.status", choices=AccountStatus.choices, read_only=True)
    principal = money(source="account.principal")
    balance = money()
    value = money()

    def to_representation(self, instance: Any) -> dict[str, Any]:
        shown: dict[str, Any] = super().to_representation(instance)
        if not self.context.get("amounts"):
            shown.update(dict.fromkeys(self.AMOUNTS))
        return shown


class DayTotalSerializer(serializers.Serializer[Any]):
    """A day's total; `carried` when a balance was not fed that day."""

    on = serializers.DateField(read_only=True)
    total = money()
    carried = serializers.BooleanField(read_only=True)


class BalancesSerializer(serializers.Serializer[Any]):
    """Daily totals over a window, both ends included, and their average."""

    days = serializers.IntegerField(read_only=True)
    adb = money()
    carried_days = serializers.IntegerField(read_only=True)
    totals = DayTotalSerializer(many=True, read_only=True)

    def get_fields(self) -> dict[str, Any]:
        # "from" is no name in Python.
        return {name: serializers.DateField(read_only=True) for name in ("from", "to")} | super().get_fields()


class WindowSerializer(serializers.Serializer[Any]):
    """A window of days from the address, both ends included."""

    MAX_DAYS = 1100

    def get_fields(self) -> dict[str, Any]:
        return {name: serializers.DateField(required=False, validators=DAYS) for name in ("from", "to")}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        start, end = attrs.get("from"), attrs.get("to")
        if start and end and not 0 <= (end - start).days < self.MAX_DAYS:
            message = _("The window must hold 1 to %(days)s days.") % {"days": self.MAX_DAYS}
            raise serializers.ValidationError(message, code="bad_window")
        return attrs


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
