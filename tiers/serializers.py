"""Schemes, simulations and tier history as the API shows and takes them."""

from typing import Any

from rest_framework import serializers

from tiers.enums import Measure
from tiers.models import Band, Scheme, TierChange
from tiers.queries import content_of
from tiers.rules import MAX_BANDS, MIN_BANDS, SchemeContent
from tiers.rules import Band as BandValue


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
    """A version to draft, its tiers lowest first."""

    name = serializers.CharField(max_length=60)
    measure = serializers.ChoiceField(choices=Measure.choices)
    effective_on = serializers.DateField()
    note = serializers.CharField(max_length=300)
    bands = NewBandSerializer(many=True, min_length=MIN_BANDS, max_length=MAX_BANDS)

    def content(self) -> SchemeContent:
        """The validated data as a version."""
        values = dict(self.validated_data)
        lines = values.pop("bands")
        return SchemeContent(
            **values, bands=tuple(BandValue(rank=rank, **line) for rank, line in enumerate(lines, start=1))
        )


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
    """Heads by simulated tier; `matrix` from current tier to simulated tier, "0" = not tiered yet."""

    measure = serializers.ChoiceField(choices=Measure.choices)
    on = serializers.DateField()
    bounds = serializers.ListField(child=amount())
    by_tier = serializers.DictField(child=serializers.IntegerField())
    matrix = serializers.DictField(child=serializers.DictField(child=serializers.IntegerField()))


class TierChangeSerializer(serializers.ModelSerializer[TierChange]):
    """A change of tier and what it was decided by; `value` (yuan) is null for roles that see tiers only."""

    scheme = serializers.IntegerField(source="scheme.version")
    value = serializers.SerializerMethodField()

    class Meta:
        model = TierChange
        fields = ["on", "from_tier", "to_tier", "scheme", "measure", "value", "window_from", "window_to"]
        read_only_fields = fields

    def get_value(self, change: TierChange) -> str | None:
        return f"{change.value:.2f}" if self.context.get("amounts") else None
