"""A customer's timeline and key figures as the API shows them."""

from typing import Any

from rest_framework import serializers

from core.money import yuan
from insights.enums import EntryKind
from insights.models import Kpi
from insights.queries.timeline import Entry
from insights.rules.measures import ALL_TIERS, MEASURES
from insights.rules.reports import figure_of


class EntrySerializer(serializers.Serializer[Entry]):
    """One entry; which of the other values it has depends on its kind. Amounts are yuan."""

    kind = serializers.ChoiceField(choices=EntryKind.choices)
    at = serializers.DateTimeField()
    author_no = serializers.SerializerMethodField()
    channel = serializers.SerializerMethodField()
    topic = serializers.SerializerMethodField()
    outcome = serializers.SerializerMethodField()
    note = serializers.SerializerMethodField()
    event = serializers.SerializerMethodField()
    from_tier = serializers.SerializerMethodField()
    to_tier = serializers.SerializerMethodField()
    before = serializers.SerializerMethodField()
    after = serializers.SerializerMethodField()
    case_no = serializers.SerializerMethodField()
    move = serializers.SerializerMethodField()
    what = serializers.SerializerMethodField()
    state = serializers.SerializerMethodField()

    def get_author_no(self, entry: Entry) -> str | None:
        by = entry.contact.author if entry.contact else entry.deed.by if entry.deed else None
        return by.staff_no if by else None

    def get_channel(self, entry: Entry) -> str | None:
        return entry.contact.channel if entry.contact else None

    def get_topic(self, entry: Entry) -> str | None:
        return entry.contact.topic if entry.contact else None

    def get_outcome(self, entry: Entry) -> str | None:
        return entry.contact.outcome if entry.contact else None

    def get_note(self, entry: Entry) -> str | None:
        """Null also where the caller may not read it."""
        return entry.contact.readable_note if entry.contact else None  # type: ignore[attr-defined]  # annotated

    def get_event(self, entry: Entry) -> str | None:
        """What happened to the tier: first, up, down, watched, cleared, overridden, returned, renumbered or ruled."""
        return entry.change.event if entry.change else None

    def get_from_tier(self, entry: Entry) -> int | None:
        return entry.change.from_tier if entry.change else None

    def get_to_tier(self, entry: Entry) -> int | None:
        return entry.change.to_tier if entry.change else None

    def get_before(self, entry: Entry) -> str | None:
        return f"{yuan(entry.jump.before)}" if entry.jump else None

    def get_after(self, entry: Entry) -> str | None:
        return f"{yuan(entry.jump.after)}" if entry.jump else None

    def get_case_no(self, entry: Entry) -> str | None:
        return entry.move.complaint.number if entry.move else None

    def get_move(self, entry: Entry) -> str | None:
        """What was done to the complaint: register, answer, close, withdraw or reopen."""
        return entry.move.move if entry.move else None

    def get_what(self, entry: Entry) -> str | None:
        """What a quote, follow-up, referral, feedback or consent was, in words."""
        return entry.deed.what if entry.deed else None

    def get_state(self, entry: Entry) -> str | None:
        """How it stands, as a code; of a quote what was worked out."""
        return entry.deed.state if entry.deed else None


class TimelineSerializer(serializers.Serializer[Any]):
    """A page of entries, latest first; `next` is the whole address of the one after it."""

    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = EntrySerializer(many=True)


class KpiSerializer(serializers.ModelSerializer[Kpi]):
    """A key figure of a unit on a day. Amounts are yuan; a share is `figure` per cent, value of base."""

    kind = serializers.CharField(source="unit_kind")
    unit_id = serializers.IntegerField()
    tier = serializers.SerializerMethodField()
    figure = serializers.SerializerMethodField()

    class Meta:
        model = Kpi
        fields = ["on", "kind", "unit_id", "measure", "tier", "value", "base", "figure"]
        read_only_fields = fields

    def get_tier(self, row: Kpi) -> int | None:
        """A rank; null = over all tiers."""
        return None if row.tier == ALL_TIERS else row.tier

    def get_figure(self, row: Kpi) -> str | None:
        """What is read: the value, of shares per cent, of means the mean; null where there is nothing to divide by."""
        found = figure_of(MEASURES[row.measure], row.value, row.base)
        return None if found is None else f"{found}"
