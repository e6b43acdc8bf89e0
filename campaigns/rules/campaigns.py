"""What a campaign has to say before it is submitted, and what changed between two versions of it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from campaigns.enums import CampaignKind
from customers.enums import ConsentChannel

MIN_WORDS: Final = 2
# A campaign is an action with an end; what runs longer is drawn up anew.
MOST_DAYS: Final = 366
# Channels over which words leave by themselves; by post nothing does.
SENT_OVER: Final = (ConsentChannel.SMS, ConsentChannel.EMAIL, ConsentChannel.WECOM, ConsentChannel.APP)


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a campaign: the field, and a code the form has words for."""

    field: str
    code: str


@dataclass(frozen=True, slots=True)
class Change:
    """A part of a campaign that reads differently now; `before` is None where nothing was approved before."""

    name: str
    before: Any
    after: Any


def is_by_call(kind: str) -> bool:
    """Whether people make the contact, not a machine."""
    return kind == CampaignKind.CALL


def faults(values: Mapping[str, Any], *, today: date) -> Iterator[Fault]:
    """What keeps a campaign from being submitted; `values` by the names of its fields, keys of rows as they are."""
    yield from _day_faults(values["starts_on"], values["ends_on"], today)
    if is_by_call(values["kind"]):
        if len(values["script"].strip()) < MIN_WORDS:
            yield Fault("script", "script_missing")
        return
    if values["channel"] not in SENT_OVER:
        yield Fault("channel", "channel_not_sent")
    if values["template"] is None:
        yield Fault("template", "template_missing")
    if values["kind"] == CampaignKind.TRIGGER and not values["occasion"]:
        yield Fault("occasion", "occasion_missing")


def _day_faults(start: date, end: date, today: date) -> Iterator[Fault]:
    if end < start:
        yield Fault("ends_on", "ends_before_it_starts")
    elif end < today:
        yield Fault("ends_on", "over_already")
    elif end > start + timedelta(days=MOST_DAYS):
        yield Fault("ends_on", "too_long")


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """What reads differently in `after`, in its order; everything where nothing was approved before."""
    if not before:
        return [Change(name, None, value) for name, value in after.items() if value not in ("", None, [], {})]
    return [Change(name, before.get(name), value) for name, value in after.items() if before.get(name) != value]
