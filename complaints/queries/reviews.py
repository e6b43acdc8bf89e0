"""Reads of reviews: which unit looks again, who may, and what waits for them."""

from datetime import date

from django.db.models import QuerySet

from complaints.enums import Clock, Move, ReviewState
from complaints.models import CaseMove, Complaint, Decision, Review
from complaints.queries.cases import LEADERS, SUBJECT, WORKERS
from complaints.queries.clocks import ClockState, ended_clock, running_clock
from complaints.rules.moves import DECIDED
from complaints.rules.reviews import may_review
from core import crypto
from core.models import TrailEntry
from staff.access import has_role, scope_of
from staff.enums import Reach
from staff.models import Branch, User

# Whoever took one of these moves had a hand in the decision.
HANDS = (Move.INVESTIGATE, Move.PROPOSE, Move.SEND_BACK, Move.ANSWER)


def review_desk(desk: Branch) -> Branch:
    """The unit that looks at a decision of `desk` again: the nearest above it with somebody who can; head office
    looks at its own decisions itself, by other people."""
    above = [int(part) for part in reversed(desk.path.strip("/").split("/")) if part][1:]
    if not above:
        return desk
    people = User.objects.filter(branch_id__in=above, role__in=LEADERS, is_active=True)
    staffed = set(people.values_list("branch_id", flat=True))
    return Branch.objects.get(pk=next((pk for pk in above if pk in staffed), above[0]))


def first_hands(case: Complaint) -> set[int]:
    """Everybody who had a hand in the decisions of a case: its handlers, who proposed or approved one, who moved it."""
    found = {case.handler_id}
    for proposed_by, approved_by in Decision.everything.filter(complaint=case).values_list(
        "proposed_by", "approved_by"
    ):
        found |= {proposed_by, approved_by}
    found |= set(CaseMove.everything.filter(complaint=case, move__in=HANDS).values_list("by", flat=True))
    given = TrailEntry.objects.filter(subject=SUBJECT, subject_id=case.number, action="assign")
    earlier = [before for before, *_after in given.values_list("changes__handler", flat=True) if before]
    found |= set(User.objects.filter(staff_no__in=earlier).values_list("pk", flat=True))
    return {pk for pk in found if pk is not None}


def reviewers_for(review: Review) -> QuerySet[User]:
    """Who may look at a decision again: those who lead at the reviewing unit, without a hand in it, not kept away."""
    people = User.objects.filter(branch_id=review.desk_id, role__in=LEADERS, is_active=True)
    away = first_hands(review.complaint) | set(review.complaint.recused)
    return people.exclude(pk__in=away).order_by("staff_no")


def leads_review(user: User, review: Review) -> bool:
    """Whether a person may say who reviews: those who lead at the reviewing unit or above it, not kept away."""
    if not has_role(user, *LEADERS) or user.pk in review.complaint.recused:
        return False
    scope = scope_of(user)
    return scope.reach == Reach.BANK or review.desk_id in scope.branch_ids


def may_assign_review(user: User, review: Review) -> bool:
    """Whether a person may say who reviews: those who lead there, but for whoever's decision it is."""
    return leads_review(user, review) and user.pk not in first_hands(review.complaint)


def may_withdraw_review(user: User, review: Review) -> bool:
    """Whether a person may write down that a review was taken back: who leads there or wrote it down, but for whoever's
    decision it is."""
    allowed = leads_review(user, review) or review.recorded_by_id == user.pk
    return allowed and user.pk not in first_hands(review.complaint)


def may_decide_review(user: User, review: Review) -> bool:
    """Whether a person may decide a review: whom it was given to, or while nobody was, who leads there; never anybody
    with a hand in the first decision."""
    if not leads_review(user, review) or review.reviewer_id not in {None, user.pk}:
        return False
    return may_review(user.pk, first_hands=first_hands(review.complaint), recused=review.complaint.recused)


def reviews_of(case: Complaint) -> QuerySet[Review]:
    """Every review of a case, the latest first, with its people."""
    rows = Review.everything.filter(complaint=case).select_related("desk", "reviewer", "recorded_by", "decision")
    return rows.order_by("-pk")


def reviews_for(user: User) -> QuerySet[Review]:
    """Reviews this person's units have to decide or have decided, with their cases; never of a case they are kept
    away from."""
    rows = Review.objects.visible_to(user).select_related("complaint", "desk", "reviewer")
    scope = scope_of(user)
    if not has_role(user, *LEADERS):
        return rows.none()
    return rows if scope.reach == Reach.BANK else rows.filter(desk_id__in=sorted(scope.branch_ids))


def waiting_reviews(user: User) -> int:
    """How many reviews wait for this person's units."""
    return reviews_for(user).filter(state=ReviewState.ASKED).count()


def may_ask(user: User, case: Complaint) -> bool:
    """Whether a person may write down that the complainant asked for a review: all who see the case."""
    return case.state in DECIDED and has_role(user, *WORKERS) and user.pk not in case.recused


def reason_of(review: Review, case: Complaint) -> str:
    """Why the complainant asked, in clear."""
    return crypto.unseal(f"complaint.review.reason.{review.decision_id}", str(case.once), review.reason_cipher)


def words_of(review: Review, case: Complaint) -> str:
    """What the upper level told the complainant, in clear; "" until it decided."""
    if review.words_cipher is None:
        return ""
    return crypto.unseal(f"complaint.review.words.{review.decision_id}", str(case.once), review.words_cipher)


def review_steps(user: User, case: Complaint, review: Review | None, decision: Decision | None) -> tuple[str, ...]:
    """What this person may do now about the review of a case: ask, or assign, decide and withdraw the latest one."""
    is_waiting = review is not None and review.state == ReviewState.ASKED
    if review is not None and is_waiting:
        may = {
            "decide": may_decide_review(user, review),
            "assign": may_assign_review(user, review),
            "withdraw": may_withdraw_review(user, review),
        }
        return tuple(step for step, allowed in may.items() if allowed)
    was_asked = review is not None and decision is not None and review.decision_id == decision.pk
    is_over = was_asked and review is not None and review.state == ReviewState.DECIDED
    return ("ask",) if may_ask(user, case) and decision is not None and not is_over else ()


def review_clock(review: Review, day: date) -> ClockState:
    """Where the clock of a review stands on a day: natural days, answered by the day it was decided."""
    if review.state == ReviewState.ASKED:
        days = (review.due_on - review.asked_on).days
        return running_clock(Clock.REVIEW, due_on=review.due_on, days=days, day=day)
    return ended_clock(Clock.REVIEW, due_on=review.due_on, done_on=review.decided_on)
