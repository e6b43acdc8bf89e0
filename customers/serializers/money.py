"""Accounts and daily balances as the API shows them."""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers

from customers.enums import AccountStatus, ProductKind
from customers.serializers.fields import DAYS, money


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
