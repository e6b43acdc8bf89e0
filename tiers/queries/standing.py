"""Which tier a customer was in on a day, and why: from what the runs stored, never from what balances say now."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext as _

from core.money import ZERO, format_yuan
from customers.models import Customer
from tiers.enums import Event
from tiers.models import RetierRun, Scheme, TierChange
from tiers.queries import wording
from tiers.queries.display import bands_of_run, tier_name
from tiers.queries.measures import value_of
from tiers.queries.schemes import bands_of, content_of
from tiers.queries.wording import Sentence
from tiers.rules import Window, classify, watch_limit, watch_over

MOVES = (Event.FIRST, Event.UP, Event.DOWN)


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a customer was in a tier on a day. `value` is the measure in yuan over `window`, as it was decided on.

    `reason` is one sentence in the active language, `public_reason` the same without any amount; `more` what is to be
    added: watch, override, what happened since; `corrections` what balances say today where that is something else
    (with amounts). `ruled` is the tier by the rule alone while an override holds, `watch` the day a watch began,
    `down_on` the first day whose run would end it downwards.
    """

    customer_no: str
    on: date
    tier: int
    tier_name: str
    since: date | None
    scheme: int
    measure: str
    window: Window
    value: Decimal
    reason: str
    public_reason: str
    more: tuple[Sentence, ...] = ()
    corrections: tuple[str, ...] = ()
    ruled: int | None = None
    watch: date | None = None
    down_on: date | None = None
    change: TierChange | None = None
    run: RetierRun | None = None

    def texts(self, *, amounts: bool) -> list[str]:
        """All there is to say, sentence by sentence."""
        first = self.reason if amounts else self.public_reason
        return [first, *(sentence.text if amounts else sentence.public for sentence in self.more)]


@dataclass(frozen=True, slots=True)
class Stored:
    """What the runs up to a day left of a customer: the changes since the tier in effect came about, oldest first, and
    the last run up to the day (None = none was)."""

    day: date
    changes: list[TierChange]
    run: RetierRun | None

    @property
    def moved(self) -> TierChange:
        """The change that led to the tier in effect."""
        return self.changes[0]

    @property
    def last(self) -> TierChange:
        """The change that left the customer as it was on the day."""
        return self.changes[-1]

    @property
    def scheme(self) -> Scheme:
        """The version the last run went by."""
        return self.run.scheme if self.run and self.run.on >= self.last.on else self.last.scheme


def tier_on(customer_id: int, day: date) -> int:
    """The customer's tier at the close of `day`; 0 before the first re-tiering."""
    changes = TierChange.everything.filter(customer_id=customer_id, on__lte=day)
    found: int | None = changes.order_by("-on").values_list("to_tier", flat=True).first()
    return found or 0


def explain(customer: Customer, day: date) -> Explanation:
    """The decisions that held on `day`, as the runs up to it stored them.

    Before the first one nothing is stored: the value is then what the scheme in force measures by the balances.
    """
    stored = _stored(customer.pk, day)
    if not stored.changes:
        return _untiered(customer, day)
    moved, last, bands = stored.moved, stored.last, bands_of(stored.scheme)
    main = wording.main_sentence(moved, bands_of_run(moved.on, before=True))
    down_on = None
    if last.to_watch:
        down_on = watch_over(stored.scheme.measure, stored.scheme.watch_periods, last.to_watch)
    return Explanation(
        customer_no=customer.customer_no,
        on=day,
        tier=last.to_tier,
        tier_name=tier_name(last.to_tier, bands),
        since=moved.on,
        scheme=moved.scheme.version,
        measure=moved.measure,
        window=Window(moved.window_from, moved.window_to),
        value=moved.value,
        reason=main.text,
        public_reason=main.public,
        more=tuple(_more(stored)),
        corrections=tuple(_corrections(customer.pk, stored)),
        ruled=last.to_ruled,
        watch=last.to_watch,
        down_on=down_on,
        change=moved,
        run=stored.run,
    )


def _stored(customer_id: int, day: date) -> Stored:
    known = TierChange.everything.filter(customer_id=customer_id, on__lte=day)
    known = known.select_related("scheme", "override").prefetch_related("scheme__bands")
    moved = known.filter(event__in=MOVES).order_by("-on").first()
    changes = list(known.filter(on__gte=moved.on).order_by("on")) if moved else []
    runs = RetierRun.objects.finished().filter(on__lte=day).select_related("scheme")
    return Stored(day, changes, runs.prefetch_related("scheme__bands").order_by("-on").first())


def _untiered(customer: Customer, day: date) -> Explanation:
    scheme, reason = Scheme.objects.in_force_on(day), _("Not tiered yet: no re-tiering has covered this customer.")
    window, value, version, measure = Window(day, day), ZERO, 0, ""
    if scheme:
        basis = content_of(scheme).basis
        window, value = basis.window(basis.figures[0], day), value_of(customer.pk, basis, day)
        version, measure = scheme.version, scheme.measure
    return Explanation(
        customer_no=customer.customer_no,
        on=day,
        tier=0,
        tier_name=tier_name(0, []),
        since=None,
        scheme=version,
        measure=measure,
        window=window,
        value=value,
        reason=reason,
        public_reason=reason,
    )


def _more(stored: Stored) -> list[Sentence]:
    """What is to be said beside why the tier was reached."""
    last, later, found = stored.last, stored.changes[1:], []
    renumbered = [change for change in later if change.event == Event.RENUMBERED]
    if renumbered:
        found.append(wording.renumbered_sentence(renumbered[-1]))
    if last.to_ruled is not None and stored.moved.to_ruled is None:
        began = [change for change in later if change.from_ruled is None and change.to_ruled is not None][-1]
        found.append(wording.override_sentence(last, began.on, bands_of(stored.scheme)))
    if last.to_watch:
        found.append(wording.watch_sentence(last, _on(last.customer_id, last.to_watch), stored.scheme))
    elif last.event == Event.CLEARED:
        found.append(wording.cleared_sentence(last))
    elif last.event == Event.RETURNED:
        found.append(wording.returned_sentence(last))
    since = wording.run_sentence(last.on, stored.run, stored.day)
    return [*found, since] if since else found


def _on(customer_id: int, day: date) -> TierChange | None:
    return TierChange.everything.filter(customer_id=customer_id, on=day).first()


def _corrections(customer_id: int, stored: Stored) -> list[str]:
    """Where the balances as they stand today give another figure, or another decision, than what is stored."""
    found = []
    for change in {stored.moved.pk: stored.moved, stored.last.pk: stored.last}.values():
        now = value_of(customer_id, content_of(change.scheme).basis, change.on)
        if now != change.value:
            found.append(
                _("Balances were corrected since: for %(day)s the figure is %(value)s yuan today.")
                % {"day": change.on.isoformat(), "value": format_yuan(now)}
            )
    run = stored.run
    if run and run.on > stored.last.on and (value := _other_value(customer_id, stored, run)) is not None:
        found.append(
            _(
                "By the balances as they stand today the figure for %(day)s is %(value)s yuan, which the next "
                "re-tiering of that day will apply."
            )
            % {"day": run.on.isoformat(), "value": format_yuan(value)}
        )
    return found


def _other_value(customer_id: int, stored: Stored, run: RetierRun) -> Decimal | None:
    """The value of a run day that changed nothing, when by it something would have to change."""
    content, last = content_of(run.scheme), stored.last
    value = value_of(customer_id, content.basis, run.on)
    band, held = classify(value, content.bands).rank, last.to_ruled or last.to_tier
    limit = watch_limit(content.measure, content.watch_periods, run.on)
    is_as_stored = band < held and last.to_watch >= limit if last.to_watch else band == held
    return None if is_as_stored else value
