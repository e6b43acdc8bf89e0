"""Every write of reviews: asked for, given to somebody, decided with binding outcome, taken back."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from complaints.enums import ReviewOutcome, ReviewState
from complaints.models import Complaint, Review
from complaints.queries import reviews as queries
from complaints.queries.clocks import clock_rules_on, day_of
from complaints.queries.decisions import decision_of, told_on
from complaints.rules.moves import DECIDED
from complaints.rules.reviews import answer_by, last_day_to_ask
from complaints.services.cases import reopen_round
from complaints.services.states import locked_case, record_case
from core import crypto
from core.errors import DomainError
from staff.enums import Event
from staff.models import User
from staff.services.notices import notify, settle

MIN_WORDS = 2
REVIEWED = "complaint.review"


class NothingToReview(DomainError):
    """Only what the complainant has can be looked at again."""

    code = "review_no_decision"
    message = _("There is no decision that could be reviewed: the complainant must have it first.")


class AlreadyAsked(DomainError):
    """One review a decision."""

    code = "review_twice"
    message = _("A review of this decision was already asked for.")


class AskedTooLate(DomainError):
    """The window after the decision is over."""

    code = "review_too_late"
    message = _("A review could be asked for until %(last)s.")


class AskedDayImpossible(DomainError):
    """Not before the decision, not in the future."""

    code = "review_day"
    message = _("The complainant can have asked from %(first)s to %(last)s.")


class WordsMissing(DomainError):
    """Why, and what the upper level says."""

    code = "review_words_missing"
    message = _("Write at least %(least)s characters.")


class NotYoursToReview(DomainError):
    """The upper level alone, and nobody with a hand in the first decision."""

    code = "review_not_yours"
    message = _("A review is for the upper unit, by somebody who had no hand in the first decision.")


class CannotReview(DomainError):
    """With a hand in the first decision, kept away from the case, or of another unit."""

    code = "cannot_review"
    message = _("%(name)s cannot review this decision.")


class ReviewIsOver(DomainError):
    """Somebody was quicker."""

    code = "review_over"
    message = _("This review is over. Load the page again.")


@transaction.atomic
def ask_review(*, complaint: Complaint, asked_on: date, reason: str, actor: User, at: datetime) -> Review:
    """Write down that the complainant asks the upper level to look at the decision again; its clock starts that day.

    Raises NothingToReview, AlreadyAsked, AskedDayImpossible, AskedTooLate, WordsMissing.
    """
    case = locked_case(complaint, actor)
    decision = decision_of(case)
    if not queries.may_ask(actor, case) or decision is None or case.state not in DECIDED:
        raise NothingToReview()
    if Review.everything.filter(decision=decision).exclude(state=ReviewState.WITHDRAWN).exists():
        raise AlreadyAsked()
    rules, told = clock_rules_on(day_of(at)), told_on(case, decision)
    _check_day(asked_on, first=case.answered_on, told=told, today=day_of(at), window=rules.review_window)
    review = Review.everything.create(
        complaint=case,
        decision=decision,
        desk=queries.review_desk(case.desk),
        asked_on=asked_on,
        reason_cipher=crypto.seal(f"complaint.review.reason.{decision.pk}", str(case.once), _words(reason)),
        recorded_by=actor,
        recorded_at=at,
        due_on=answer_by(asked_on=asked_on, days=rules.review_days),
    )
    people = queries.reviewers_for(review)
    _tell(review, [user.pk for user in people], Event.CASE_REVIEW_DUE, f"review {review.pk}", at)
    _record(review, "ask_review", actor, at, {"desk": review.desk.code, "due_on": review.due_on.isoformat()})
    return review


@transaction.atomic
def assign_reviewer(*, review: Review, reviewer: User, actor: User, at: datetime) -> Review:
    """Say who looks at the decision again. Raises NotYoursToReview, CannotReview, ReviewIsOver."""
    review = _locked(review, actor)
    if not queries.may_assign_review(actor, review):
        raise NotYoursToReview()
    if not queries.reviewers_for(review).filter(pk=reviewer.pk).exists():
        raise CannotReview(name=reviewer.name)
    before, review.reviewer = review.reviewer, reviewer
    review.save(update_fields=["reviewer"])
    if before is not None and before != reviewer:
        settle(user_id=before.pk, url=_url(review), at=at)
    if reviewer != actor:
        _tell(review, [reviewer.pk], Event.CASE_REVIEW_DUE, f"review {review.pk} {at.isoformat()}", at)
    changes = {"reviewer": [before.staff_no if before else "", reviewer.staff_no]}
    _record(review, "assign_review", actor, at, changes)
    return review


@transaction.atomic
def decide_review(*, review: Review, outcome: str, words: str, proof: str, actor: User, at: datetime) -> Review:
    """Decide: the first decision stands, or the case is opened again and decided anew; that binds its desk.

    `proof` shows that the complainant was told. Raises NotYoursToReview, WordsMissing, ReviewIsOver.
    """
    review = _locked(review, actor)
    if not queries.may_decide_review(actor, review):
        raise NotYoursToReview()
    case, told = review.complaint, _words(words)
    review.words_cipher = crypto.seal(f"complaint.review.words.{review.decision_id}", str(case.once), told)
    review.state, review.outcome, review.proof = ReviewState.DECIDED, outcome, _words(proof)
    review.reviewer, review.decided_on = actor, day_of(at)
    review.save(update_fields=["words_cipher", "state", "outcome", "proof", "reviewer", "decided_on"])
    settle(user_id=actor.pk, url=_url(review), at=at)
    # A case that was opened again meanwhile is being decided anew already.
    if outcome == ReviewOutcome.CHANGED and case.state in DECIDED:
        reopen_round(complaint=case, note=_t("The upper level wants it decided again."), actor=actor, at=at)
    handler = case.handler_id
    if handler is not None and handler not in {actor.pk, *case.recused}:
        state = "approved" if outcome == ReviewOutcome.KEPT else "rejected"
        _tell(
            review, [handler], Event.APPROVAL_DECIDED, f"review {review.pk} {state}", at, subject=REVIEWED, state=state
        )
    _record(review, "decide_review", actor, at, {"outcome": str(outcome)})
    return review


@transaction.atomic
def withdraw_review(*, review: Review, actor: User, at: datetime) -> Review:
    """The complainant takes the request back. Raises NotYoursToReview, ReviewIsOver."""
    review = _locked(review, actor)
    if not queries.may_withdraw_review(actor, review):
        raise NotYoursToReview()
    review.state = ReviewState.WITHDRAWN
    review.save(update_fields=["state"])
    _record(review, "withdraw_review", actor, at, {})
    return review


def _check_day(asked_on: date, *, first: date | None, told: date | None, today: date, window: int) -> None:
    if first is None or told is None:
        raise NothingToReview()
    if not first <= asked_on <= today:
        raise AskedDayImpossible(first=first.isoformat(), last=today.isoformat())
    last = last_day_to_ask(told_on=told, window=window)
    if asked_on > last:
        raise AskedTooLate(last=last.isoformat())


def _locked(review: Review, actor: User) -> Review:
    case = locked_case(review.complaint, actor)  # always the case first: two locks in one order
    found = Review.everything.select_for_update(of=("self",)).select_related("desk", "reviewer").get(pk=review.pk)
    if found.state != ReviewState.ASKED:
        raise ReviewIsOver()
    found.complaint = case
    return found


def _words(text: str) -> str:
    words = text.strip()
    if len(words) < MIN_WORDS:
        raise WordsMissing(least=MIN_WORDS)
    return words


def _tell(review: Review, people: list[int], event: Event, once: str, at: datetime, **params: str) -> None:
    known = {"number": review.complaint.number, "day": review.due_on.isoformat()}
    notify(users=people, event=event, once=once, at=at, url=_url(review), params={**known, **params})


def _url(review: Review) -> str:
    return reverse("complaints:detail", args=[review.complaint.number])


def _record(review: Review, action: str, actor: User, at: datetime, changes: Mapping[str, Any]) -> None:
    record_case(case=review.complaint, action=action, actor=actor, at=at, changes=changes)
