"""Reads of referrals: whom one may ask, who sees which, what they earned."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet

from core.clock import SHANGHAI
from core.memo import once_a_request
from customers.models import Customer, CustomerShare
from customers.queries.portfolio import keeps_team, shareable_with
from servicing.enums import ReferralState
from servicing.models import Referral, ReferralQuerySet
from servicing.rules.referrals import BUILT_IN, OPEN, Points, points_for, read_points
from staff.access import BOOK_KEEPERS, COUNTER, HEADS, has_role
from staff.enums import PolicyStatus, Role
from staff.models import Policy, User

KIND = "referral_points"


@dataclass(frozen=True, slots=True)
class Earned:
    """What somebody's referrals came to: how many were made, taken, succeeded, and their points."""

    made: int
    accepted: int
    succeeded: int
    credit: int
    bonus: int

    @property
    def points(self) -> int:
        """Credit and bonus together."""
        return self.credit + self.bonus


def takers_for(customer: Customer, actor: User) -> QuerySet[User]:
    """Whom this person may send the customer to: those who look after it; by its manager and heads also those to whom
    they may open it, experts among them."""
    shared = CustomerShare.objects.filter(customer=customer).values("user")
    near = Q(pk__in=[pk for pk in (customer.manager_id, customer.backup_id) if pk]) | Q(pk__in=shared)
    if keeps_team(actor, customer):
        near |= Q(pk__in=shareable_with(customer).order_by().values("pk"))
    people = User.objects.filter(near, role__in=BOOK_KEEPERS, is_active=True).exclude(pk=actor.pk)
    return people.select_related("branch").order_by("branch__code", "name", "pk")


def candidates_for(customer: Customer) -> QuerySet[User]:
    """Whom the head of the branch may give a referral to that names nobody."""
    theirs = Q(pk__in=[pk for pk in (customer.manager_id, customer.backup_id) if pk])
    theirs |= Q(pk__in=CustomerShare.objects.filter(customer=customer).values("user"))
    theirs |= Q(pk__in=shareable_with(customer).order_by().values("pk"))
    people = User.objects.filter(theirs, role__in=BOOK_KEEPERS, is_active=True)
    return people.select_related("branch").order_by("branch__code", "name", "pk")


def sees(user: User, customer: Customer) -> bool:
    """Whether the customer is in this person's sight."""
    return Customer.objects.visible_to(user).filter(pk=customer.pk).exists()


def referrals_of(viewer: User) -> ReferralQuerySet:
    """Referrals that are this person's business, with `in_sight`: one's own; for heads those of their units."""
    rows = Referral.objects.visible_to(viewer).select_related("customer", "from_user", "to_user", "branch")
    seen = Customer.objects.visible_to(viewer).filter(pk=OuterRef("customer")).order_by()
    rows = rows.annotate(in_sight=Exists(seen))
    if has_role(viewer, *COUNTER):
        return rows.filter(from_user=viewer)
    return rows if has_role(viewer, *HEADS) else rows.filter(Q(from_user=viewer) | Q(to_user=viewer))


def waiting_for(viewer: User) -> ReferralQuerySet:
    """Those this person has to decide on: sent to them, or to nobody yet at their units."""
    waiting = referrals_of(viewer).filter(state=ReferralState.WAITING)
    return waiting.filter(to_user=None) if has_role(viewer, Role.BRANCH_HEAD) else waiting.filter(to_user=viewer)


def open_referrals(customer: Customer, viewer: User) -> ReferralQuerySet:
    """What is under way for a customer, as far as it is the viewer's business; the latest first."""
    return referrals_of(viewer).filter(customer=customer, state__in=OPEN).order_by("-made_at", "-pk")


def points_on(day: date) -> Points:
    """The rules of referrals in force on `day`."""
    return next((points for since, points in reversed(points_versions()) if since <= day), read_points(BUILT_IN))


@once_a_request
def points_versions() -> tuple[tuple[date, Points], ...]:
    """The points of every approved version with the day it took over, the earliest first."""
    rows = Policy.objects.filter(kind=KIND, status=PolicyStatus.APPROVED).order_by("effective_on", "version")
    return tuple(
        (day, read_points({**BUILT_IN, **values})) for day, values in rows.values_list("effective_on", "values")
    )


def points_of(referral: Referral) -> tuple[int, int]:
    """(credit, bonus) of one referral."""
    decided, closed = _day(referral.decided_at), _day(referral.closed_at)
    return points_for(referral.state, decided, closed, points_versions())


def earned_by(user: User, start: date, end: date) -> Earned:
    """What this person's referrals made on the days start..end have come to so far."""
    first = datetime(start.year, start.month, start.day, tzinfo=SHANGHAI)
    after = datetime(end.year, end.month, end.day, tzinfo=SHANGHAI) + timedelta(days=1)
    rows = list(Referral.everything.filter(from_user=user, made_at__gte=first, made_at__lt=after))
    found = [points_of(row) for row in rows]
    taken = sum(row.state not in (ReferralState.WAITING, ReferralState.DECLINED) for row in rows)
    succeeded = sum(row.state == ReferralState.SUCCEEDED for row in rows)
    return Earned(len(rows), taken, succeeded, sum(credit for credit, _b in found), sum(bonus for _c, bonus in found))


def _day(moment: datetime | None) -> date | None:
    return moment.astimezone(SHANGHAI).date() if moment else None
