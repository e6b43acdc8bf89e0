"""The reasons of the day in words, in the reader's language."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core.money import format_yuan
from servicing.enums import FeedbackState, Proposal
from servicing.models import FollowUp
from servicing.queries import follow_ups as planned
from servicing.rules.today import Signal
from tiers.queries.display import tier_name
from tiers.rules import Band


def say(signal: Signal, follow_ups: Mapping[int, FollowUp], day: date, bands: Sequence[Band]) -> str:
    """Why the customer is on the list: one readable sentence with its figures."""
    speak = WORDS.get(signal.kind)
    # What began as a follow-up has words of its own; only signals from figures begin with another key.
    if speak is None or signal.key.startswith("follow_up:"):
        return _follow_up(signal, follow_ups)
    return speak(signal, day, bands)


def _follow_up(signal: Signal, follow_ups: Mapping[int, FollowUp]) -> str:
    row = follow_ups[signal.follow_ups[0]]
    title, reason = planned.title_of(row), planned.reason_of(row)
    said = _("%(title)s: %(text)s") % {"title": title, "text": reason} if reason else title
    return f"{said} {_late(signal)}".strip()


def _late(signal: Signal) -> str:
    if signal.late <= 0:
        return ""
    return ngettext("(%(days)s day late)", "(%(days)s days late)", signal.late) % {"days": signal.late}


def _when(on: date, day: date) -> str:
    days = (on - day).days
    if days == 0:
        return _("today")
    if days == 1:
        return _("tomorrow")
    if days < 0:
        return on.isoformat()
    return _("on %(day)s, in %(days)s days") % {"day": on.isoformat(), "days": days}


def _maturity(signal: Signal, day: date, bands: Sequence[Band]) -> str:
    values = {"product": signal.title, "amount": format_yuan(signal.amount), "when": _when(signal.on or day, day)}
    return _("%(product)s of %(amount)s yuan matures %(when)s, not talked about yet.") % values


def _moved(signal: Signal, day: date, bands: Sequence[Band]) -> str:
    values = {
        "before": format_yuan(signal.before or 0),
        "now": format_yuan(signal.now or 0),
        "size": format_yuan(signal.amount),
        "day": (signal.on or day).isoformat(),
    }
    if signal.kind == Proposal.DROP:
        return _("Deposits fell by %(size)s yuan since %(day)s, from %(before)s to %(now)s.") % values
    return _("Deposits rose by %(size)s yuan since %(day)s, from %(before)s to %(now)s.") % values


def _watch(signal: Signal, day: date, bands: Sequence[Band]) -> str:
    values = {
        "tier": tier_name(signal.tier, bands),
        "missing": format_yuan(signal.amount),
        "floor": format_yuan(signal.before or 0),
        "day": signal.on.isoformat() if signal.on else "",
    }
    if signal.on and signal.amount > 0:
        return (
            _("On watch for %(tier)s since %(day)s: %(missing)s yuan are missing to its floor of %(floor)s.") % values
        )
    if signal.on:
        return _("On watch for %(tier)s since %(day)s, whose floor is %(floor)s yuan.") % values
    return _("Close to losing %(tier)s, whose floor is %(floor)s yuan.") % values


def _near(signal: Signal, day: date, bands: Sequence[Band]) -> str:
    values = {"tier": tier_name(signal.tier, bands), "missing": format_yuan(signal.amount)}
    if signal.amount > 0:
        return _("%(missing)s yuan are missing to reach %(tier)s.") % values
    return _("Deposits are high enough for %(tier)s if they stay.") % values


def _rhythm(signal: Signal, day: date, bands: Sequence[Band]) -> str:
    values = {"tier": tier_name(signal.tier, bands), "days": signal.late}
    words = ngettext(
        "The contact promised to %(tier)s is %(days)s day overdue.",
        "The contact promised to %(tier)s is %(days)s days overdue.",
        signal.late,
    )
    return words % values


def _promise(signal: Signal, day: date, bands: Sequence[Band]) -> str:
    said = _("Promised, due %(when)s: %(text)s") % {"when": _when(signal.on or day, day), "text": signal.title}
    return f"{said} {_late(signal)}".strip()


def _referral(signal: Signal, day: date, bands: Sequence[Band]) -> str:
    values = {"name": signal.title, "day": (signal.on or day).isoformat()}
    return _("Referred by %(name)s on %(day)s, not spoken to yet.") % values


def _feedback(signal: Signal, day: date, bands: Sequence[Band]) -> str:
    values = {"day": (signal.on or day).isoformat()}
    if signal.title == FeedbackState.ANSWERED:
        return _("Feedback is answered, the customer is not told yet; due on %(day)s.") % values
    return _("Feedback waits for an answer, due on %(day)s.") % values


def _birthday(signal: Signal, day: date, bands: Sequence[Band]) -> str:
    return _("Birthday %(when)s.") % {"when": _when(signal.on or day, day)}


WORDS: Mapping[str, Callable[[Signal, date, Sequence[Band]], str]] = {
    Proposal.MATURITY: _maturity,
    Proposal.DROP: _moved,
    Proposal.GAIN: _moved,
    Proposal.TIER_WATCH: _watch,
    Proposal.NEAR_UP: _near,
    Proposal.CADENCE: _rhythm,
    Proposal.PROMISE: _promise,
    Proposal.REFERRAL: _referral,
    Proposal.FEEDBACK: _feedback,
    Proposal.BIRTHDAY: _birthday,
}
