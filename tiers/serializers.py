"""Schemes, simulations and tier history as the API shows and takes them."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from customers.enums import ProductKind
from tiers.enums import Measure
from tiers.models import Band, Scheme, TierChange
from tiers.queries import content_of
from tiers.rules import (
    DEFAULT_TRAILING,
    FIGURES,
    MAX_BANDS,
    MAX_TRAILING,
    MAX_WATCH,
    MIN_BANDS,
    MIN_TRAILING,
    BandsError,
    BasisError,
    SchemeContent,
    check_basis,
    validate_bands,
)
from tiers.rules import Band as BandValue
from tiers.services import band_words, basis_words


def amount(**options: Any) -> serializers.DecimalField:
    """An amount in yuan."""
    return serializers.DecimalField(max_digits=18, decimal_places=2, **options)


class BandSerializer(serializers.ModelSerializer[Band]):
    """A tier: from `floor` yuan, inclusive, up to the next tier's floor."""

    class Meta:
        model = Band
        fields = ["rank", "floor", "letter", "name_zh", "name_en"]
        read_only_fields = fields


class SchemeSerializer(serializers.ModelSerializer[Scheme]):
    """A version of the tier policy. `digest` stands for its content: send it back with a decision."""

    bands = serializers.SerializerMethodField()
    digest = serializers.SerializerMethodField()
    drafted_by = serializers.CharField(source="drafted_by.staff_no", default=None, allow_null=True, read_only=True)
    approved_by = serializers.CharField(source="approved_by.staff_no", default=None, allow_null=True, read_only=True)

    class Meta:
        model = Scheme
        fields = [
            "id",
            "version",
            "name",
            "measure",
            "trailing_days",
            "best_of",
            "counted",
            "watch_periods",
            "effective_on",
            "status",
            "note",
            "bands",
            "digest",
            "drafted_by",
            "drafted_at",
            "approved_by",
            "approved_at",
        ]
        read_only_fields = fields

    def get_bands(self, scheme: Scheme) -> list[dict[str, Any]]:
        rows = sorted(scheme.bands.all(), key=lambda band: band.rank)
        return [dict(row) for row in BandSerializer(rows, many=True).data]

    def get_digest(self, scheme: Scheme) -> str:
        return content_of(scheme).digest


class NewBandSerializer(serializers.Serializer[Any]):
    """A tier to draw up; its rank is its place in the list."""

    floor = amount()
    letter = serializers.RegexField(r"^[A-Z]$")
    name_zh = serializers.CharField(max_length=20)
    name_en = serializers.CharField(max_length=30)


class NewSchemeSerializer(serializers.Serializer[Any]):
    """A version to draft, its tiers lowest first. `trailing_days` counts for averages of the last days, `best_of` for
    the highest of several; without `counted` all products count. Below the floor a tier is kept `watch_periods`."""

    name = serializers.CharField(max_length=60)
    measure = serializers.ChoiceField(choices=Measure.choices)
    trailing_days = serializers.IntegerField(min_value=MIN_TRAILING, max_value=MAX_TRAILING, default=DEFAULT_TRAILING)
    best_of = serializers.ListField(
        child=serializers.ChoiceField(choices=[(figure, figure.label) for figure in FIGURES]),
        max_length=len(FIGURES),
        default=list,
    )
    counted = serializers.ListField(
        child=serializers.ChoiceField(choices=ProductKind.choices), max_length=len(ProductKind), default=list
    )
    watch_periods = serializers.IntegerField(min_value=0, max_value=MAX_WATCH, default=0)
    effective_on = serializers.DateField()
    note = serializers.CharField(max_length=300)
    bands = NewBandSerializer(many=True, min_length=MIN_BANDS, max_length=MAX_BANDS)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        said = self._content(attrs)
        try:
            validate_bands(said.bands)
        except BandsError as error:
            raise serializers.ValidationError({"bands": [band_words(error)]}, code=error.code) from error
        try:
            check_basis(said.basis)
        except BasisError as error:
            raise serializers.ValidationError({error.code: [basis_words(error)]}, code=error.code) from error
        return attrs

    def content(self) -> SchemeContent:
        """The validated data as a version."""
        return self._content(self.validated_data)

    def _content(self, values: Mapping[str, Any]) -> SchemeContent:
        facts = {name: value for name, value in values.items() if name != "bands"}
        facts |= {name: tuple(values[name]) for name in ("best_of", "counted")}
        lines = enumerate(values["bands"], start=1)
        return SchemeContent(**facts, bands=tuple(BandValue(rank=rank, **line) for rank, line in lines))


class DecisionSerializer(serializers.Serializer[Any]):
    """A decision; with `digest` it holds only for the content that was read."""

    digest = serializers.CharField(max_length=64, required=False)
    comment = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")


class SimulationSerializer(serializers.Serializer[Any]):
    """Bounds to try, lowest first, on the latest day with balances unless `on` says otherwise."""

    bounds = serializers.ListField(child=amount(), min_length=MIN_BANDS, max_length=MAX_BANDS)
    measure = serializers.ChoiceField(choices=Measure.choices, default=Measure.BALANCE)
    on = serializers.DateField(required=False)


class SimulatedSerializer(serializers.Serializer[Any]):
    """Heads by simulated tier; `matrix` from current tier to simulated tier, "0" = not tiered yet; how many would rise,
    fall, and keep a tier under watch."""

    measure = serializers.ChoiceField(choices=Measure.choices)
    on = serializers.DateField()
    bounds = serializers.ListField(child=amount())
    by_tier = serializers.DictField(child=serializers.IntegerField())
    matrix = serializers.DictField(child=serializers.DictField(child=serializers.IntegerField()))
    up = serializers.IntegerField()
    down = serializers.IntegerField()
    watch = serializers.IntegerField()


class TierChangeSerializer(serializers.ModelSerializer[TierChange]):
    """A change of standing and what it was decided by; `value` (yuan) is null for roles that see tiers only.

    `event` says what happened. Tiers before are numbered by the version before. `*_ruled` is the tier by the rule alone
    while an override gives another until `override_until`, `*_watch` the day since which one is held below its floor.
    """

    scheme = serializers.IntegerField(source="scheme.version")
    override_until = serializers.DateField(source="override.ends_on", default=None, allow_null=True, read_only=True)
    value = serializers.SerializerMethodField()

    class Meta:
        model = TierChange
        fields = [
            "on",
            "event",
            "from_tier",
            "to_tier",
            "from_ruled",
            "to_ruled",
            "from_watch",
            "to_watch",
            "override_until",
            "scheme",
            "measure",
            "value",
            "window_from",
            "window_to",
        ]
        read_only_fields = fields

    def get_value(self, change: TierChange) -> str | None:
        return f"{change.value:.2f}" if self.context.get("amounts") else None


class LookupSerializer(serializers.Serializer[Any]):
    """Exactly one of the three."""

    NOT_A_PHONE = _("Not a telephone number.")

    phone = serializers.CharField(required=False, max_length=40)
    id_no = serializers.CharField(required=False, max_length=40)
    customer_no = serializers.CharField(required=False, max_length=32)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if len(attrs) != 1:
            raise serializers.ValidationError(_("Give one of phone, id_no and customer_no."), code="one_of")
        return attrs


class ServedSerializer(serializers.Serializer[Any]):
    """The tier's letter, and 0 (called in turn) or a number that is the higher the earlier one is called."""

    tier = serializers.CharField(max_length=1)
    priority = serializers.IntegerField()
