"""How a tier is accounted for in words: polite, exact, and in a second version without any amount."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from core.money import format_yuan
from customers.enums import ProductKind
from tiers.enums import Event, Measure
from tiers.models import RetierRun, Scheme, TierChange
from tiers.queries.display import tier_name
from tiers.queries.schemes import bands_of
from tiers.rules import Band, Window, classify, standing, watch_over


@dataclass(frozen=True, slots=True)
class Sentence:
    """A whole sentence, and the same for people who see tiers but no amounts."""

    text: str
    public: str


def tier_words(rank: int, bands: list[Band]) -> str:
    """A tier by number and name."""
    return _("Tier %(rank)s (%(name)s)") % {"rank": rank, "name": tier_name(rank, bands)}


def joined(sentences: Iterable[str]) -> str:
    """Sentences as one text; Chinese puts no space between them."""
    return ("" if (get_language() or "zh").startswith("zh") else " ").join(sentences)


def value_words(scheme: Scheme, measure: str, window: Window, value: Decimal) -> str:
    """What was measured and what came out, as a part of a sentence."""
    words = {"start": window.start.isoformat(), "end": window.end.isoformat(), "value": format_yuan(value)}
    if measure == Measure.BALANCE:
        text = _("the closing balance of %(end)s was %(value)s yuan") % words
    else:
        text = _("the average daily balance from %(start)s to %(end)s was %(value)s yuan") % words
    if scheme.counted:
        kinds = ", ".join(str(ProductKind(kind).label) for kind in scheme.counted)
        text = _("%(figure)s (of these products only: %(kinds)s)") % {"figure": text, "kinds": kinds}
    if scheme.measure == Measure.BEST:
        text = _("%(figure)s, the highest of the figures compared") % {"figure": text}
    return text


def range_words(value: Decimal, bands: list[Band]) -> str:
    """The bounds between which a value lies."""
    found = standing(value, bands)
    words = {"floor": format_yuan(found.band.floor), "ceiling": format_yuan(found.ceiling or 0)}
    if found.ceiling is None:
        return _("at least %(floor)s") % words
    if found.band.rank == 1:
        return _("below %(ceiling)s") % words
    return _("at least %(floor)s and below %(ceiling)s") % words


def main_sentence(moved: TierChange, before: list[Band]) -> Sentence:
    """Why the customer is in the tier the move led to; `before` are the bands the run before went by."""
    bands = bands_of(moved.scheme)
    window = Window(moved.window_from, moved.window_to)
    words: dict[str, Any] = {
        "tier": tier_words(moved.to_tier, bands),
        "since": moved.on.isoformat(),
        "version": moved.scheme.version,
        "figure": value_words(moved.scheme, moved.measure, window, moved.value),
        "range": range_words(moved.value, bands),
        "ruled": tier_words(moved.to_ruled or 0, bands),
        "until": moved.override.ends_on.isoformat() if moved.override else "",
        "watched": moved.from_watch.isoformat() if moved.from_watch else "",
        "former": tier_words(moved.from_tier, before),
        "floor": format_yuan(bands[moved.to_tier - 1].floor),
    }
    text, public = _main_texts(moved, bands)
    return Sentence(text % words, public % words)


def _main_texts(moved: TierChange, bands: list[Band]) -> tuple[str, str]:
    if moved.to_ruled is not None:
        return (
            _(
                "%(tier)s since %(since)s by an approved exception that holds until %(until)s; by the rule alone it "
                "would be %(ruled)s: %(figure)s, %(range)s, by version %(version)s of the tier scheme."
            ),
            _("%(tier)s since %(since)s by an approved exception that holds until %(until)s."),
        )
    if moved.from_ruled is not None and classify(moved.value, bands).rank != moved.to_tier:
        return (
            _(
                "%(tier)s since %(since)s, when an approved exception ended; %(figure)s, below the %(floor)s this tier "
                "asks for, so that it is held under watch by version %(version)s of the tier scheme."
            ),
            _(
                "%(tier)s since %(since)s, when an approved exception ended; it is held under watch by version "
                "%(version)s of the tier scheme."
            ),
        )
    if moved.from_ruled is not None:
        return (
            _(
                "%(tier)s since %(since)s, when an approved exception ended: %(figure)s, %(range)s, by version "
                "%(version)s of the tier scheme."
            ),
            _("%(tier)s since %(since)s, when an approved exception ended, by version %(version)s of the tier scheme."),
        )
    if moved.event == Event.DOWN and moved.from_watch:
        return (
            _(
                "%(tier)s since %(since)s: %(figure)s, %(range)s, by version %(version)s of the tier scheme; "
                "%(former)s had been held under watch since %(watched)s."
            ),
            _(
                "%(tier)s since %(since)s, by version %(version)s of the tier scheme; %(former)s had been held under "
                "watch since %(watched)s."
            ),
        )
    return (
        _("%(tier)s since %(since)s: %(figure)s, %(range)s, by version %(version)s of the tier scheme."),
        _("%(tier)s since %(since)s, by version %(version)s of the tier scheme."),
    )


def renumbered_sentence(change: TierChange) -> Sentence:
    """The same tier under another number."""
    text = _("Since %(since)s, with version %(version)s of the tier scheme, it is %(tier)s.") % {
        "since": change.on.isoformat(),
        "version": change.scheme.version,
        "tier": tier_words(change.to_tier, bands_of(change.scheme)),
    }
    return Sentence(text, text)


def override_sentence(last: TierChange, began: date, bands: list[Band]) -> Sentence:
    """The override that holds the tier now."""
    words = {
        "since": began.isoformat(),
        "until": last.override.ends_on.isoformat() if last.override else "",
        "ruled": tier_words(last.to_ruled or 0, bands),
    }
    text = _("Since %(since)s an approved exception holds it until %(until)s; by the rule alone it would be %(ruled)s.")
    return Sentence(text % words, text % words)


def watch_sentence(last: TierChange, began: TierChange | None, scheme: Scheme) -> Sentence:
    """The watch the customer is under, by the scheme of the latest run: since when, and until when."""
    bands, since = bands_of(scheme), last.to_watch or last.on
    floor = bands[(last.to_ruled or last.to_tier) - 1].floor
    words = {
        "since": since.isoformat(),
        "until": watch_over(scheme.measure, scheme.watch_periods, since).isoformat(),
        "floor": format_yuan(floor),
        "value": format_yuan(began.value) if began else "",
    }
    public = _(
        "It has been held under watch since %(since)s: below its bound, it goes down with the first re-tiering from "
        "%(until)s on, unless the bound is reached again before."
    )
    text = public
    if began:
        text = _(
            "It has been held under watch since %(since)s, when the figure was %(value)s yuan: below %(floor)s, it "
            "goes down with the first re-tiering from %(until)s on, unless %(floor)s is reached again before."
        )
    return Sentence(text % words, public % words)


def cleared_sentence(last: TierChange) -> Sentence:
    """The bound was reached again."""
    words = {
        "on": last.on.isoformat(),
        "figure": value_words(last.scheme, last.measure, Window(last.window_from, last.window_to), last.value),
    }
    return Sentence(
        _("The watch ended on %(on)s: %(figure)s, which reaches its bound again.") % words,
        _("The watch ended on %(on)s, as its bound was reached again.") % words,
    )


def returned_sentence(last: TierChange) -> Sentence:
    """An override ended and the rule says the same."""
    text = _("An approved exception ended on %(on)s; the rule gives the same tier.") % {"on": last.on.isoformat()}
    return Sentence(text, text)


def run_sentence(last: date, run: RetierRun | None, day: date) -> Sentence | None:
    """Which re-tierings since have left it so, and that the day itself had none."""
    if run is None:
        return None
    words = {"run": run.on.isoformat(), "day": day.isoformat()}
    if run.on < day:
        text = _("There was no re-tiering on %(day)s; the last one before it, of %(run)s, is what held then.") % words
    elif run.on > last:
        text = _("The re-tierings since then, the last of %(run)s, have changed nothing.") % words
    else:
        return None
    return Sentence(text, text)
