"""Campaigns as people see them: whose they are, what each person may do with one, and how far it is."""

from dataclasses import dataclass
from typing import Final

from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, Q, QuerySet

from campaigns.enums import Arm, CampaignMove, CampaignState, OutreachState
from campaigns.models import Campaign, CampaignMoveMade, Member, Outreach
from campaigns.models.campaigns import CampaignQuerySet
from campaigns.queries.reasons import FROM_ALERTS, NOT_NOW, is_kept
from campaigns.rules.moves import LAUNCHED, moves_from
from staff.access import BOOK_KEEPERS, HEADS, has_role, scope_of
from staff.enums import Decision, Reach, Role
from staff.models import Approval, Branch, User

SUBJECT: Final = "campaigns.campaign"
CHECK_KIND: Final = "campaigns.check"
COMPLIANCE_KIND: Final = "campaigns.compliance"
MAKERS: Final = (*BOOK_KEEPERS, *HEADS)
READERS: Final = (*MAKERS, Role.COMPLIANCE)
MAKER_MOVES: Final = (CampaignMove.SUBMIT, CampaignMove.WITHDRAW, CampaignMove.EDIT)
RUNNING_MOVES: Final = (CampaignMove.LAUNCH, CampaignMove.PAUSE, CampaignMove.RESUME, CampaignMove.END)


def campaigns_of(user: User | AnonymousUser) -> CampaignQuerySet:
    """Campaigns the person may open, with what their lists and pages name."""
    named = ("branch", "segment", "template", "offer", "article", "created_by__branch", "approved_by")
    return Campaign.objects.visible_to(user).select_related(*named)


def units_for(user: User) -> QuerySet[Branch]:
    """Units a person may draw a campaign up for: heads theirs and those below, managers the one they work in."""
    units = Branch.objects.order_by("code")
    scope = scope_of(user)
    if has_role(user, *HEADS):
        return units if scope.reach == Reach.BANK else units.filter(pk__in=scope.branch_ids)
    return units.filter(pk=user.branch_id) if has_role(user, *BOOK_KEEPERS) else units.none()


def covers(user: User | AnonymousUser, branch_id: int) -> bool:
    """Whether a unit lies in the person's scope."""
    scope = scope_of(user)
    return scope.reach == Reach.BANK or (scope.reach == Reach.BRANCHES and branch_id in scope.branch_ids)


def may_make_for(user: User, branch: Branch, *, of_book: bool) -> bool:
    """Whether the person may draw up a campaign for the unit: only who keeps a book has one `of_book`."""
    if has_role(user, *BOOK_KEEPERS):
        return branch.pk == user.branch_id
    return has_role(user, *HEADS) and covers(user, branch.pk) and not of_book


def may_check(user: User | AnonymousUser, campaign: Campaign) -> bool:
    """Heads of the unit or above, never who drew it up."""
    return has_role(user, *HEADS) and covers(user, campaign.branch_id) and user.pk != campaign.created_by_id


def may_judge(user: User | AnonymousUser, campaign: Campaign) -> bool:
    """Compliance of the unit or above: neither who drew it up nor who checked it, whatever their role was then."""
    if not has_role(user, Role.COMPLIANCE) or not covers(user, campaign.branch_id):
        return False
    return user.pk not in (campaign.created_by_id, checked_by(campaign))


def may_lead(user: User | AnonymousUser, campaign: Campaign) -> bool:
    """Launch, pause and end: who drew it up and the heads of the unit or above."""
    is_head = has_role(user, *HEADS) and covers(user, campaign.branch_id)
    return is_head or (has_role(user, *MAKERS) and user.pk == campaign.created_by_id)


def checked_by(campaign: Campaign) -> int | None:
    """Who passed the check the campaign stands on now."""
    made = CampaignMoveMade.objects.filter(campaign=campaign, move=CampaignMove.CHECK)
    return made.order_by("-pk").values_list("by_id", flat=True).first()


def was_judged(campaign: Campaign) -> bool:
    """Whether compliance let it pass, not a check alone."""
    made = CampaignMoveMade.objects.filter(campaign=campaign, move=CampaignMove.APPROVE).order_by("-pk")
    return made.values_list("from_state", flat=True).first() == CampaignState.CHECKED


def may_move(user: User | AnonymousUser, campaign: Campaign, move: CampaignMove) -> bool:
    """Whether the person may take the move, its state allowing it (M06)."""
    if move in MAKER_MOVES:
        return has_role(user, *MAKERS) and user.pk == campaign.created_by_id
    if move == CampaignMove.CHECK:
        return may_check(user, campaign)
    if move == CampaignMove.APPROVE:
        return may_judge(user, campaign)
    if move == CampaignMove.REJECT:
        return may_judge(user, campaign) if campaign.state == CampaignState.CHECKED else may_check(user, campaign)
    if move == CampaignMove.STOP and has_role(user, Role.COMPLIANCE) and covers(user, campaign.branch_id):
        return True
    return may_lead(user, campaign)


def moves_for(user: User | AnonymousUser, campaign: Campaign) -> list[CampaignMove]:
    """The moves this person may take now. One that waits for its check is approved by it or goes on to compliance."""
    moves = [move for move in moves_from(CampaignState(campaign.state)) if may_move(user, campaign, move)]
    if campaign.state == CampaignState.SUBMITTED:
        moves = [move for move in moves if move != CampaignMove.APPROVE]
    return moves


def may_change(user: User | AnonymousUser, campaign: Campaign) -> bool:
    """Whether the person may change it: its maker, while it is a draft."""
    return campaign.state == CampaignState.DRAFT and may_move(user, campaign, CampaignMove.SUBMIT)


def pending_approval(campaign: Campaign) -> Approval | None:
    """The request that waits for a decision."""
    kinds = (CHECK_KIND, COMPLIANCE_KIND)
    return (
        Approval.objects.filter(kind__in=kinds, subject_id=campaign.pk, decision=Decision.PENDING)
        .select_related("requested_by")
        .first()
    )


def waiting_for(user: User | AnonymousUser) -> QuerySet[Campaign]:
    """Campaigns that wait for this person's decision, the oldest first."""
    rows = campaigns_of(user).exclude(created_by=user.pk).order_by("state_at", "pk")
    scope = scope_of(user)
    here = Q() if scope.reach == Reach.BANK else Q(branch_id__in=sorted(scope.branch_ids))
    if has_role(user, *HEADS):
        return rows.filter(here, state=CampaignState.SUBMITTED)
    if has_role(user, Role.COMPLIANCE):
        return rows.filter(here, state=CampaignState.CHECKED)
    return rows.none()


def moves_made(campaign: Campaign) -> QuerySet[CampaignMoveMade]:
    """What was done to a campaign, the newest first."""
    return CampaignMoveMade.objects.filter(campaign=campaign).select_related("by").order_by("-pk")


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a campaign is, over the customers one person sees: the audience by arm, outreach by state and reason."""

    treated: int = 0
    held_out: int = 0
    by_state: tuple[tuple[str, int], ...] = ()
    left_out: tuple[tuple[str, int], ...] = ()
    receipts: tuple[tuple[str, int], ...] = ()

    @property
    def audience(self) -> int:
        """The frozen audience."""
        return self.treated + self.held_out

    def of(self, *states: str) -> int:
        """Contacts in these states."""
        return sum(count for state, count in self.by_state if state in states)

    @property
    def to_contact(self) -> int:
        """Contacts made, under way or to be made."""
        return self.of(*(state for state in OutreachState.values if state != OutreachState.SUPPRESSED))

    @property
    def sent(self) -> int:
        """Contacts made."""
        return self.of(OutreachState.SENT)

    @property
    def suppressed(self) -> int:
        """Customers left out."""
        return self.of(OutreachState.SUPPRESSED)

    @property
    def sent_percent(self) -> int:
        """Of those to be contacted, in whole per cent rounded down."""
        return self.sent * 100 // self.to_contact if self.to_contact else 0


def _kept_reasons(rows: QuerySet[Outreach], viewer: User | AnonymousUser) -> list[str]:
    """Reasons that are kept from the viewer, one for each customer left out: few, whatever the campaign."""
    kept = rows.filter(is_kept(viewer), state=OutreachState.SUPPRESSED, reason__in=FROM_ALERTS)
    return list(kept.values_list("reason", flat=True))


def standing_of(campaign: Campaign, viewer: User | AnonymousUser) -> Standing:
    """How far the campaign is among the customers the viewer sees; nothing before its launch."""
    if campaign.state not in LAUNCHED:
        return Standing()
    members = Member.objects.visible_to(viewer).filter(campaign=campaign)
    arms = dict(members.order_by().values_list("arm").annotate(n=Count("pk")))
    rows = Outreach.objects.visible_to(viewer).filter(campaign=campaign).order_by()
    found = list(rows.values_list("state", "reason", "receipt").annotate(n=Count("pk")))
    states: dict[str, int] = {}
    reasons: dict[str, int] = {}
    receipts: dict[str, int] = {}
    for state, reason, receipt, count in found:
        states[state] = states.get(state, 0) + count
        if state == OutreachState.SUPPRESSED:
            reasons[reason] = reasons.get(reason, 0) + count
        if receipt:
            receipts[receipt] = receipts.get(receipt, 0) + count
    for reason in _kept_reasons(rows, viewer):
        reasons[reason] -= 1
        reasons[NOT_NOW] = reasons.get(NOT_NOW, 0) + 1
    order = {state: place for place, state in enumerate(OutreachState.values)}
    return Standing(
        arms.get(Arm.TREATED, 0),
        arms.get(Arm.HELD_OUT, 0),
        tuple(sorted(states.items(), key=lambda pair: order[pair[0]])),
        tuple(sorted(((reason, n) for reason, n in reasons.items() if n), key=lambda pair: -pair[1])),
        tuple(sorted(receipts.items())),
    )
