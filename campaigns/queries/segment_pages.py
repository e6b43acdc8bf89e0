"""Segments as people see them: whose they are, which campaigns go by them, what each person may do with one."""

from datetime import date
from typing import Final

from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery

from campaigns.enums import CampaignKind, CampaignState, SegmentKind
from campaigns.enums.rule_words import RuleField
from campaigns.models import Campaign, Segment, SegmentMember
from campaigns.models.campaigns import CampaignQuerySet
from campaigns.models.segments import SegmentMemberQuerySet
from campaigns.queries.campaigns import covers
from campaigns.queries.segments import audience, in_sight
from campaigns.rules.segments import numbers_asked
from customers.models import Customer
from staff.access import BOOK_KEEPERS, HEADS, has_role
from staff.models import User

SAMPLE: Final = 10
# Campaigns whose audience was submitted, approved or is still being drawn.
BINDING: Final = (
    CampaignState.SUBMITTED,
    CampaignState.CHECKED,
    CampaignState.APPROVED,
    CampaignState.RUNNING,
    CampaignState.PAUSED,
)
JOINING: Final = (CampaignState.RUNNING, CampaignState.PAUSED)


def segments_of(user: User | AnonymousUser) -> QuerySet[Segment]:
    """Segments the person may open, with how many campaigns they see go by each (`use_count`)."""
    uses = Campaign.objects.visible_to(user).filter(segment=OuterRef("pk")).order_by().values("segment")
    rows = Segment.objects.visible_to(user).select_related("branch", "created_by")
    return rows.annotate(use_count=Subquery(uses.annotate(n=Count("pk")).values("n")))


def lists_of(user: User | AnonymousUser) -> QuerySet[Segment]:
    """Lists a rule of this person may name."""
    return Segment.objects.visible_to(user).live().filter(kind=SegmentKind.LIST).order_by("name", "pk")


def may_change_segment(user: User | AnonymousUser, segment: Segment) -> bool:
    """Its maker, and the heads of the unit or above; what is of a manager's own book only that manager."""
    if not has_role(user, *BOOK_KEEPERS, *HEADS):
        return False
    is_maker = user.pk == segment.created_by_id
    return is_maker or (not segment.of_book and has_role(user, *HEADS) and covers(user, segment.branch_id))


def campaigns_by(segment: Segment) -> QuerySet[Campaign]:
    """Campaigns whose audience the segment is, or that leave its customers out."""
    return Campaign.everything.filter(Q(segment=segment) | Q(exclusions__contains=[segment.pk]))


def drawing_on(segment: Segment) -> QuerySet[Campaign]:
    """Campaigns that join customers night by night and ask a list for it by the rule of their segment or offer.

    Of others the list counts until their launch, which is refused where it was changed since the approval.
    """
    joining = Campaign.everything.filter(kind=CampaignKind.TRIGGER, state__in=JOINING)
    if segment.kind != SegmentKind.LIST:
        return joining.none()
    rules = joining.values_list("pk", "segment__rule", "offer__rule")
    named = [pk for pk, *both in rules if any(segment.pk in numbers_asked(rule or {}, RuleField.LIST) for rule in both)]
    return joining.filter(pk__in=named)


def binding(segment: Segment) -> Campaign | None:
    """A campaign that was submitted with the segment as it is, and is not over."""
    found = campaigns_by(segment).filter(state__in=BINDING) | drawing_on(segment)
    return found.order_by("-pk").first()


def uses_of(segment: Segment, user: User | AnonymousUser) -> CampaignQuerySet:
    """Campaigns this person sees that go by the segment, the latest first."""
    rows = Campaign.objects.visible_to(user).filter(pk__in=campaigns_by(segment).values("pk"))
    return rows.select_related("branch").order_by("-pk")


def members_for(user: User | AnonymousUser) -> SegmentMemberQuerySet:
    """Customers the person may see on lists the person may open."""
    rows = SegmentMember.objects.visible_to(user).filter(segment__in=Segment.objects.visible_to(user).values("pk"))
    return rows.select_related("customer__branch", "customer__manager", "added_by")


def members_of(segment: Segment, user: User | AnonymousUser) -> SegmentMemberQuerySet:
    """Customers on a list, of those the person may see."""
    return members_for(user).filter(segment=segment)


def sample_of(segment: Segment, user: User | AnonymousUser, *, day: date) -> list[Customer]:
    """The first few customers of a segment, of those the person may see."""
    select, values = audience(segment, day=day)
    sight, seen = in_sight(user)
    with connection.cursor() as cursor:
        text = f"{select} AND {sight} ORDER BY p.customer_id LIMIT %(sample)s"
        cursor.execute(text, {**values, **seen, "sample": SAMPLE})
        ids = [row[0] for row in cursor.fetchall()]
    return list(Customer.everything.filter(pk__in=ids).select_related("branch", "manager", "position").order_by("pk"))
