"""Every write of decisions: proposed, sent back, approved and sent out, handed over with proof, and the case closed."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from complaints.enums import CaseState, Finding, Move, RemedyKind
from complaints.models import Complaint, Decision
from complaints.queries import decisions as queries
from complaints.queries.cases import may_lead, may_work_on
from complaints.queries.choices import intake_choices
from complaints.queries.clocks import day_of
from complaints.rules.decisions import fault_of
from complaints.rules.moves import leads_to
from complaints.services.states import NotAllowed, locked_case, move, record_case
from core import crypto
from core.errors import DomainError
from staff.enums import Event
from staff.models import User
from staff.queries import heads_near
from staff.services.notices import notify, settle

MIN_WORDS = 2
WAITING = "complaint.decision"


class NotYoursToDecide(DomainError):
    """The handler proposes; who leads the desk approves or sends back."""

    code = "complaint_decision_not_yours"
    message = _("This step is for the handler of the case or for those who lead its desk.")


class SecondPersonNeeded(DomainError):
    """Four eyes: nobody approves their own proposal."""

    code = "decision_second_person"
    message = _("You proposed this decision; somebody else has to approve it.")


class DecisionChanged(DomainError):
    """Another proposal came in meanwhile: what was looked at is not what would go out."""

    code = "decision_changed"
    message = _("This decision was proposed anew meanwhile. Load the page again and read it.")


class WordsMissing(DomainError):
    """Facts, words to the complainant, a reason to send back."""

    code = "decision_words_missing"
    message = _("Write at least %(least)s characters.")


class RemedyMissing(DomainError):
    """Who is right gets something done."""

    code = "remedy_missing"
    message = _("A justified complaint needs a remedy: say what the bank does.")


class AmountMissing(DomainError):
    """Money remedies say how much."""

    code = "amount_missing"
    message = _("Say how many yuan are refunded or compensated.")


class AmountUnfit(DomainError):
    """No money in a remedy that is none."""

    code = "amount_unfit"
    message = _("This remedy is no money; leave the amount empty or choose refund or compensation.")


class DecisionMissing(DomainError):
    """Nothing was approved since the case was opened last."""

    code = "decision_missing"
    message = _("There is no approved decision: the complainant must have it before the case can be closed.")


class DeliveryImpossible(DomainError):
    """It arrives on or after the day it went out, and not in the future."""

    code = "delivery_day"
    message = _("The decision can have been handed over from %(first)s to %(last)s.")


class ProofMissing(DomainError):
    """Registered number, signature, recording: what shows that it arrived."""

    code = "delivery_proof_missing"
    message = _("Write down what proves that the complainant has the decision.")


class CauseMissing(DomainError):
    """A closed case teaches nothing without its cause."""

    code = "cause_missing"
    message = _("Name the root cause before the case is closed.")


FAULTS: dict[str, type[DomainError]] = {"remedy": RemedyMissing, "amount": AmountMissing, "no_amount": AmountUnfit}


@dataclass(frozen=True, slots=True)
class Proposal:
    """What somebody proposes to decide; `amount` in yuan where the remedy is money."""

    finding: Finding
    facts: str
    words: str
    remedy: RemedyKind
    amount: Decimal | None = None


@transaction.atomic
def propose(*, complaint: Complaint, proposal: Proposal, actor: User, at: datetime) -> Decision:
    """Propose a decision; an earlier proposal of the round that was sent back stays as a version.

    Raises NotYoursToDecide, NotAllowed, WordsMissing, RemedyMissing, AmountMissing, AmountUnfit.
    """
    _may(may_work_on(actor, locked_case(complaint, actor)))
    fault = fault_of(finding=proposal.finding, remedy=proposal.remedy, amount=proposal.amount)
    if fault:
        raise FAULTS[fault]()
    facts, words = _words(proposal.facts), _words(proposal.words)
    case = move(complaint=complaint, move=Move.PROPOSE, actor=actor, at=at)
    before = queries.decisions_of(case).first()
    decision = Decision(
        complaint=case,
        round=case.round,
        version=before.version + 1 if before else 1,
        finding=proposal.finding,
        remedy=proposal.remedy,
        amount=proposal.amount,
        proposed_by=actor,
        proposed_at=at,
    )
    for part, text in (("facts", facts), ("words", words)):
        sealed = crypto.seal(queries.column_of(part, decision), str(case.once), text)
        setattr(decision, f"{part}_cipher", sealed)
    decision.save(force_insert=True)
    _tell_deciders(case, decision, at)
    return decision


@transaction.atomic
def send_back(*, complaint: Complaint, note: str, actor: User, at: datetime) -> Complaint:
    """Send the proposal back for more work, saying why. Raises NotYoursToDecide, WordsMissing, NotAllowed."""
    case = locked_case(complaint, actor)
    _may(may_lead(actor, case))
    case = move(complaint=case, move=Move.SEND_BACK, actor=actor, at=at, note=_words(note))
    _tell_proposer(case, queries.decision_of(case), actor, at, "rejected")
    return case


@transaction.atomic
def answer(*, complaint: Complaint, version: int, delivery: str, actor: User, at: datetime) -> Decision:
    """Approve the proposal of that `version` and send it to the complainant: the statutory clock stops today.

    The letter is kept as it reads now. Raises NotYoursToDecide, SecondPersonNeeded, DecisionChanged, NotAllowed.
    """
    case = locked_case(complaint, actor)
    _may(may_lead(actor, case))
    case = move(complaint=case, move=Move.ANSWER, actor=actor, at=at)
    decision = queries.decision_of(case)
    if decision is None:
        raise DecisionMissing()
    if decision.version != version:
        raise DecisionChanged()
    if decision.proposed_by_id == actor.pk:
        raise SecondPersonNeeded()
    decision.approved_by, decision.approved_at, decision.delivery = actor, at, delivery
    decision.letter = queries.letter_frame(case, day_of(at))
    decision.save(update_fields=["approved_by", "approved_at", "delivery", "letter"])
    _tell_proposer(case, decision, actor, at, "approved")
    return decision


@transaction.atomic
def deliver(
    *, complaint: Complaint, delivery: str, delivered_on: date, proof: str, actor: User, at: datetime
) -> Decision:
    """Write down that the complainant has the decision, and what proves it.

    Raises NotYoursToDecide, DecisionMissing, DeliveryImpossible, ProofMissing.
    """
    case = locked_case(complaint, actor)
    _may(queries.may_hand_over(actor, case))
    decision = queries.decision_of(case)
    if case.state != CaseState.ANSWERED or decision is None or decision.approved_at is None:
        raise DecisionMissing()
    first, last = day_of(decision.approved_at), day_of(at)
    if not first <= delivered_on <= last:
        raise DeliveryImpossible(first=first.isoformat(), last=last.isoformat())
    if len(proof.strip()) < MIN_WORDS:
        raise ProofMissing()
    decision.delivery, decision.delivered_on, decision.proof = delivery, delivered_on, proof.strip()
    decision.save(update_fields=["delivery", "delivered_on", "proof"])
    changes = {"delivery": delivery, "delivered_on": delivered_on.isoformat()}
    record_case(case=case, action="deliver", actor=actor, at=at, changes=changes)
    return decision


@transaction.atomic
def close(*, complaint: Complaint, actor: User, at: datetime, cause: str = "", note: str = "") -> Complaint:
    """Close the case: the complainant has the decision, and the root cause is named, here or before.

    Raises NotYoursToDecide, DecisionMissing, CauseMissing, NotAllowed.
    """
    case = locked_case(complaint, actor)
    _may(may_work_on(actor, case))
    decision = queries.decision_of(case)
    if leads_to(Move.CLOSE, CaseState(case.state)) is None:
        raise NotAllowed(state=CaseState(case.state).label)
    if decision is None or decision.delivered_on is None:
        raise DecisionMissing()
    found = cause or case.cause
    # A cause that is no longer offered may stay where it is.
    if not found or (found != case.cause and found not in {one.code for one in intake_choices(day_of(at)).leaves()}):
        raise CauseMissing()
    return move(complaint=case, move=Move.CLOSE, actor=actor, at=at, note=note, cause=found)


@transaction.atomic
def open_letter(
    *, complaint: Complaint, decision: Decision, language: str, actor: User, at: datetime
) -> queries.Letter:
    """The letter of a decision with the complainant's name, in clear: who opened it is on the trail. Raises Recused."""
    case = locked_case(complaint, actor)
    name = queries.addressee_of(case)
    changes = {"round": decision.round, "version": decision.version}
    record_case(case=case, action="open_letter", actor=actor, at=at, changes=changes)
    return queries.letter_of(case, decision, name=name, language=language, day=day_of(at))


def _may(allowed: bool) -> None:
    if not allowed:
        raise NotYoursToDecide()


def _words(text: str) -> str:
    words = text.strip()
    if len(words) < MIN_WORDS:
        raise WordsMissing(least=MIN_WORDS)
    return words


def _tell_deciders(case: Complaint, decision: Decision, at: datetime) -> None:
    deciders = [user for user in heads_near(case.desk, but=decision.proposed_by_id) if user.pk not in case.recused]
    notify(
        users=deciders,
        event=Event.APPROVAL_WAITING,
        once=f"decision {decision.pk}",
        at=at,
        url=case.get_absolute_url(),
        params={"subject": WAITING},
    )


def _tell_proposer(case: Complaint, decision: Decision | None, actor: User, at: datetime, state: str) -> None:
    settle(user_id=actor.pk, url=case.get_absolute_url(), at=at)
    if decision is None or decision.proposed_by_id in {actor.pk, *case.recused}:
        return
    notify(
        users=[decision.proposed_by_id],
        event=Event.APPROVAL_DECIDED,
        once=f"decision {decision.pk} {state}",
        at=at,
        url=case.get_absolute_url(),
        params={"subject": WAITING, "state": state},
    )
