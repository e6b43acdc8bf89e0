"""What is due to be renewed or reviewed: of one customer, and as a queue."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, F, Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from core.clock import SHANGHAI
from customers.enums import KycKind, KycNotice
from customers.models import Customer, KycItem, KycReview
from customers.models.kyc import KycItemQuerySet
from customers.rules.kyc import BUILT_IN, KycPolicy, due_between, notice_of, read_kyc, review_due
from staff.models import User
from staff.queries import policy_on

POLICY_KIND = "kyc"
TONES: Mapping[str, str] = {
    KycNotice.FIRST: "info",
    KycNotice.SECOND: "warn",
    KycNotice.DUE: "warn",
    KycNotice.OVERDUE: "bad",
    KycNotice.SUSPEND: "bad",
}
NAMES: Mapping[tuple[str, str], str | Promise] = {
    (KycKind.DOCUMENT, KycNotice.FIRST): _("The identity document runs out on %(day)s."),
    (KycKind.DOCUMENT, KycNotice.SECOND): _("The identity document runs out on %(day)s: ask for the new one."),
    (KycKind.DOCUMENT, KycNotice.DUE): _("The identity document is good for the last time today."),
    (KycKind.DOCUMENT, KycNotice.OVERDUE): _("The identity document ran out on %(day)s."),
    (KycKind.DOCUMENT, KycNotice.SUSPEND): _("The identity document ran out on %(day)s, and the grace is over."),
    (KycKind.REVIEW, KycNotice.FIRST): _("The periodic review is due on %(day)s."),
    (KycKind.REVIEW, KycNotice.SECOND): _("The periodic review is due on %(day)s: make it at the next contact."),
    (KycKind.REVIEW, KycNotice.DUE): _("The periodic review is due today."),
    (KycKind.REVIEW, KycNotice.OVERDUE): _("The periodic review was due on %(day)s."),
    (KycKind.REVIEW, KycNotice.SUSPEND): _("The periodic review was due on %(day)s, and the grace is over."),
}
# What follows if nothing is done (domain.md 7: an expired document not renewed in reasonable time).
CONSEQUENCES: Mapping[str, str | Promise] = {
    KycNotice.FIRST: _("Nothing yet: tell the customer at the next contact."),
    KycNotice.SECOND: _("Ask for it now, before the day comes."),
    KycNotice.DUE: _("From tomorrow the grace of %(grace)s days runs."),
    KycNotice.OVERDUE: _("Until the end of the grace on %(end)s service goes on; then it may be suspended."),
    KycNotice.SUSPEND: _("Without a good reason service is to be suspended until this is put right; tell the head."),
}

# A document that was renewed since the night closed its books is not asked for again.
STILL_DUE = Q(kind=KycKind.REVIEW) | Q(customer__id_expires_on=F("due_on"), customer__id_is_long_term=False)


@dataclass(frozen=True, slots=True)
class KycStanding:
    """Something due of one customer on a day: how urgent, what to say, and what follows."""

    item_id: int
    kind: str
    due_on: date
    days_left: int
    notice: str
    tone: str
    text: str
    consequence: str

    @property
    def is_overdue(self) -> bool:
        """True from the day after the due day."""
        return self.days_left < 0


@dataclass(frozen=True, slots=True)
class NoticeCount:
    """How many open items have come as far as a notice, and what comes next for them."""

    notice: str
    label: str
    tone: str
    items: int
    consequence: str


def kyc_policy(day: date) -> KycPolicy:
    """The KYC rules in force on a day."""
    return read_kyc(policy_on(POLICY_KIND, day, BUILT_IN).values)


def standing(customer_id: int, day: date) -> list[KycStanding]:
    """What is due of a customer on `day`, the most urgent first; empty when all is in order. Two statements."""
    found = KycItem.everything.filter(STILL_DUE, customer_id=customer_id, closed_on=None)
    items = list(found.order_by("due_on", "kind"))
    if not items:
        return []
    policy = kyc_policy(day)
    return [shown for item in items if (shown := standing_of(item, day, policy)) is not None]


def standing_of(item: KycItem, day: date, policy: KycPolicy) -> KycStanding | None:
    """How one open item stands on `day`, in words; None when its first notice is still to come."""
    notice = notice_of(item.due_on, day, policy)
    if notice is None:
        return None
    return KycStanding(
        item_id=item.pk,
        kind=item.kind,
        due_on=item.due_on,
        days_left=(item.due_on - day).days,
        notice=notice,
        tone=TONES[notice],
        text=str(NAMES[item.kind, notice]) % {"day": item.due_on.isoformat()},
        consequence=consequence_of(notice, policy, item.due_on),
    )


def consequence_of(notice: str, policy: KycPolicy, due_on: date) -> str:
    """What follows when something that has come as far as `notice` is left undone."""
    end = due_on + timedelta(days=policy.grace_days)
    return str(CONSEQUENCES[notice]) % {"grace": policy.grace_days, "end": end.isoformat()}


def notice_label(notice: str, policy: KycPolicy) -> str:
    """A notice in words with the days of the policy: "due in 31 to 90 days"."""
    first, second, _last = policy.notice_days
    words = {
        KycNotice.FIRST: _("Due in %(first)s to %(last)s days") % {"first": second + 1, "last": first},
        KycNotice.SECOND: _("Due in %(first)s to %(last)s days") % {"first": 1, "last": second},
        KycNotice.DUE: _("Due today"),
        KycNotice.OVERDUE: _("Overdue"),
        KycNotice.SUSPEND: _("Beyond the grace of %(days)s days") % {"days": policy.grace_days},
    }
    return str(words[KycNotice(notice)])


def kyc_queue(user: User | AnonymousUser) -> KycItemQuerySet:
    """Open items of customers in sight with their customer, unit and manager."""
    rows = KycItem.objects.visible_to(user).open().filter(STILL_DUE, customer__merged_into=None)
    return rows.select_related("customer", "customer__branch", "customer__manager")


def notice_counts(user: User | AnonymousUser, day: date, policy: KycPolicy) -> list[NoticeCount]:
    """Open items in sight by notice, the earliest notice first. One statement."""
    spans = {notice: due_between(notice, day, policy) for notice in KycNotice}
    counted = {notice.value: Count("pk", filter=Q(due_on__range=span)) for notice, span in spans.items()}
    found = KycItem.objects.visible_to(user).open().order_by().aggregate(**counted)
    return [
        NoticeCount(notice, notice_label(notice, policy), TONES[notice], found[notice.value], next_step(notice, policy))
        for notice in KycNotice
    ]


def next_step(notice: str, policy: KycPolicy) -> str:
    """What comes next for items that have come as far as `notice`, without the day of any one of them."""
    words = {
        KycNotice.FIRST: _("Next: a second notice %(days)s days before the day") % {"days": policy.notice_days[1]},
        KycNotice.SECOND: _("Next: the day itself"),
        KycNotice.DUE: _("Next: %(days)s days of grace") % {"days": policy.grace_days},
        KycNotice.OVERDUE: _("Next: service may be suspended after the grace"),
        KycNotice.SUSPEND: _("Suspend service unless there is a good reason"),
    }
    return str(words[KycNotice(notice)])


def last_review(customer_id: int) -> KycReview | None:
    """The latest review of a customer that was recorded here."""
    return KycReview.objects.filter(customer_id=customer_id).order_by("-reviewed_on").first()


def next_review_due(customer: Customer, policy: KycPolicy) -> date:
    """The day a customer's next review falls due, by its grade and its last review or its opening."""
    last = last_review(customer.pk)
    return review_due(last.reviewed_on if last else None, opened_or_made(customer), customer.risk_grade, policy)


def opened_or_made(customer: Customer) -> date:
    """Since when the bank knows the customer: the opening day, else the day the record was made."""
    return customer.opened_on or customer.created_at.astimezone(SHANGHAI).date()


def reviews_of(customer_id: int) -> list[KycReview]:
    """The reviews of a customer that were recorded here, the latest first, with who made them."""
    return list(
        KycReview.objects.filter(customer_id=customer_id).select_related("reviewed_by").order_by("-reviewed_on")
    )
