"""Scheme versions as plain values: their bands, content, digests and what changed between two of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import F, Max
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core.money import format_yuan
from customers.enums import ProductKind
from customers.queries import ledger_day
from staff.enums import Decision
from staff.models import Approval
from tiers.enums import Measure, SchemeStatus
from tiers.models import Band as BandRow
from tiers.models import RetierRun, Scheme, SchemeQuerySet
from tiers.rules import Band, SchemeContent

APPROVAL_KIND = "tiers.scheme"


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing two versions say differently, ready to read; "" = the version does not have it."""

    label: str
    before: str
    after: str


def band_of(row: BandRow) -> Band:
    """A stored band as a plain value."""
    return Band(row.rank, row.floor, row.letter, row.name_zh, row.name_en)


def bands_of(scheme: Scheme) -> list[Band]:
    """The scheme's bands, lowest first."""
    return ranked(scheme.bands.all())


def ranked(rows: Iterable[BandRow]) -> list[Band]:
    """Rows of bands as plain values, lowest first."""
    return sorted((band_of(row) for row in rows), key=lambda band: band.rank)


def content_of(scheme: Scheme) -> SchemeContent:
    """What the version says, apart from who wrote it when."""
    return SchemeContent(
        scheme.name,
        scheme.measure,
        scheme.effective_on,
        scheme.note,
        tuple(bands_of(scheme)),
        scheme.trailing_days,
        tuple(scheme.best_of),
        tuple(scheme.counted),
        scheme.watch_periods,
    )


def versions() -> SchemeQuerySet:
    """All versions with their authors and bands, newest first."""
    return Scheme.objects.select_related("drafted_by", "approved_by").prefetch_related("bands").order_by("-version")


def previous_version(scheme: Scheme, among: Iterable[Scheme] | None = None) -> Scheme | None:
    """The approved version that holds until this one takes over, looked for `among` these when given."""
    known = versions().approved() if among is None else among
    place = (scheme.effective_on, scheme.version)
    earlier = (s for s in known if s.status == SchemeStatus.APPROVED and (s.effective_on, s.version) < place)
    return max(earlier, key=lambda s: (s.effective_on, s.version), default=None)


def pending_approval(scheme: Scheme) -> Approval | None:
    """The open request for approval of the version, if there is one."""
    asked = Approval.objects.filter(kind=APPROVAL_KIND, subject_id=scheme.pk, decision=Decision.PENDING)
    return asked.select_related("requested_by").first()


def first_free_day(today: date) -> date:
    """The earliest date a new version may take effect: not in the past, and after every day with balances or tiers."""
    taken = [day for day in (ledger_day(), RetierRun.objects.aggregate(last=Max(F("on")))["last"]) if day]
    return max([today, *(date.fromordinal(day.toordinal() + 1) for day in taken)])


def next_versions(day: date) -> SchemeQuerySet:
    """Approved versions that take effect after `day`, the first to do so first."""
    return versions().approved().filter(effective_on__gt=day).order_by("effective_on", "version")


def differences(before: SchemeContent | None, after: SchemeContent) -> list[Difference]:
    """What `after` changes, in the active language; everything when there is nothing before."""
    return [line for line in side_by_side(before, after) if line.before != line.after]


def side_by_side(before: SchemeContent | None, after: SchemeContent) -> list[Difference]:
    """All that two versions say, line by line, in the active language; tiers are the same by their letter."""
    old = _lines(before) if before else {}
    new = _lines(after)
    labels = [*new, *(label for label in old if label not in new)]
    return [Difference(label, old.get(label, ""), new.get(label, "")) for label in labels]


def measure_words(content: SchemeContent) -> str:
    """What is held against the bounds, in the active language."""
    figures = [_figure_words(figure, content) for figure in content.basis.figures]
    if content.measure != Measure.BEST:
        return figures[0]
    return _("The highest of: %(figures)s") % {"figures": _("; ").join(figures)}


def _figure_words(figure: str, content: SchemeContent) -> str:
    if figure == Measure.ADB_TRAILING:
        return ngettext(
            "Average daily balance of the last %(days)s day",
            "Average daily balance of the last %(days)s days",
            content.trailing_days,
        ) % {"days": content.trailing_days}
    return str(Measure(figure).label)


def counted_words(content: SchemeContent) -> str:
    """Whose balances count, in the active language."""
    if not content.counted:
        return _("All products")
    return _("; ").join(str(kind.label) for kind in ProductKind if kind in content.counted)


def watch_words(content: SchemeContent) -> str:
    """What becomes of who falls below the floor, in one plain sentence."""
    n = content.watch_periods
    if not n:
        return _("Who falls below the floor goes down at the next run.")
    if content.measure == Measure.ADB_QUARTER:
        text = ngettext(
            "Who falls below the floor keeps the tier, watched, for %(n)s quarter and goes down in quarter %(next)s"
            " if still below then.",
            "Who falls below the floor keeps the tier, watched, for %(n)s quarters and goes down in quarter %(next)s"
            " if still below then.",
            n,
        )
    else:
        text = ngettext(
            "Who falls below the floor keeps the tier, watched, for %(n)s month and goes down in month %(next)s"
            " if still below then.",
            "Who falls below the floor keeps the tier, watched, for %(n)s months and goes down in month %(next)s"
            " if still below then.",
            n,
        )
    return text % {"n": n, "next": n + 1}


def _lines(content: SchemeContent) -> dict[str, str]:
    lines = {
        _("Scheme name"): content.name,
        _("Measure"): measure_words(content),
        _("Products counted"): counted_words(content),
        _("Watch"): watch_words(content),
        _("Effective from"): content.effective_on.isoformat(),
        _("Reason"): content.note,
    }
    for band in content.bands:
        lines[_("Tier %(letter)s") % {"letter": band.letter}] = _("%(zh)s / %(en)s, from %(floor)s yuan") % {
            "zh": band.name_zh,
            "en": band.name_en,
            "floor": format_yuan(band.floor),
        }
    return lines
