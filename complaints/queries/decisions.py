"""Reads of decisions: the one that counts, who may do what about it, and the letter it goes out as."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.utils import translation
from django.utils.translation import gettext as _t

from complaints.enums import CaseState, Complainant, Finding, Move, RemedyKind
from complaints.models import Complaint, Decision
from complaints.queries.cases import account_of, may_lead, may_work_on
from complaints.queries.clocks import clock_rules_on, day_of
from complaints.queries.reviews import review_desk
from complaints.rules.decisions import BUILT_IN, LetterRules, day_words, filled, read_letter, tongue
from complaints.rules.moves import moves_from
from core import crypto
from core.memo import once_a_request
from core.money import format_yuan
from servicing.queries.surveys import bank_name
from staff.models import User
from staff.queries import policy_on

KIND = "complaint_letter"
# What may be done about a decision, in the order it is done.
DELIVER = "deliver"
STEPS = (Move.PROPOSE, Move.SEND_BACK, Move.ANSWER, DELIVER, Move.CLOSE)


@dataclass(frozen=True, slots=True)
class Said:
    """What a decision says in the bank's own words, in clear: the facts found and the words to the complainant."""

    facts: str
    words: str


@dataclass(frozen=True, slots=True)
class Letter:
    """A decision letter ready to be shown. `amount` is yuan as written, "" without money; `is_draft` until answered."""

    language: str
    title: str
    number: str
    greeting: str
    opening: str
    facts: str
    finding: str
    words: str
    remedy: str
    amount: str
    routes: tuple[str, ...]
    closing: str
    signed: str
    day: str
    is_draft: bool


@once_a_request
def letter_rules_on(day: date) -> LetterRules:
    """The words of the letter in force on `day`."""
    return read_letter(policy_on(KIND, day, BUILT_IN).values)


def decisions_of(case: Complaint) -> QuerySet[Decision]:
    """Every decision proposed in a case, the latest first."""
    rows = Decision.everything.filter(complaint=case).select_related("proposed_by", "approved_by")
    return rows.order_by("-round", "-version")


def decision_of(case: Complaint) -> Decision | None:
    """The decision that counts: the latest one proposed since the case was opened last."""
    return decisions_of(case).filter(round=case.round).first()


def column_of(part: str, decision: Decision) -> str:
    """The column a part ("facts", "words") of a decision is sealed under."""
    return f"complaint.decision.{part}.{decision.round}.{decision.version}"


def said_in(decision: Decision, case: Complaint) -> Said:
    """What a decision says, in clear."""
    return Said(
        crypto.unseal(column_of("facts", decision), str(case.once), decision.facts_cipher),
        crypto.unseal(column_of("words", decision), str(case.once), decision.words_cipher),
    )


def may_read(user: User, case: Complaint, decision: Decision) -> bool:
    """Whether a person reads a decision and its letter: who works on the case; once approved, whoever sees the case."""
    return decision.approved_by_id is not None or may_work_on(user, case)


def may_decide(user: User, case: Complaint, decision: Decision | None) -> bool:
    """Whether a person may approve a decision: who leads the case, and did not propose it."""
    return decision is not None and decision.proposed_by_id != user.pk and may_lead(user, case)


def steps_for(user: User, case: Complaint, decision: Decision | None) -> tuple[str, ...]:
    """What this person may do now about the decision, in the order of STEPS."""
    possible = set(moves_from(CaseState(case.state)))
    works = may_work_on(user, case)
    told = decision is not None and decision.delivered_on is not None
    may = {
        Move.PROPOSE: works,
        Move.SEND_BACK: may_lead(user, case),
        Move.ANSWER: may_decide(user, case, decision),
        DELIVER: case.state == CaseState.ANSWERED and may_hand_over(user, case) and not told,
        Move.CLOSE: works and told,
    }
    return tuple(step for step in STEPS if may[step] and (step == DELIVER or step in possible))


def may_hand_over(user: User, case: Complaint) -> bool:
    """Whether a person may write down that the decision was handed over: who works on the case, or took it down."""
    return may_work_on(user, case) or (case.registered_by_id == user.pk and user.pk not in case.recused)


def addressee_of(case: Complaint) -> str:
    """Whom the letter is to, in clear: the name that was left, else the customer's who complained; "" for nobody's."""
    name = account_of(case).name
    if name or case.complainant != Complainant.CUSTOMER or case.customer is None:
        return name
    return case.customer.name


def letter_frame(case: Complaint, day: date) -> dict[str, Any]:
    """What a letter says beside the decision itself, kept as it is once it goes out: words by language, and places.

    Never the complainant's name: that stays a cipher of the case.
    """
    rules, clocks = letter_rules_on(day), clock_rules_on(day)
    return {
        "words": {language: dict(parts) for language, parts in rules.words.items()},
        "review_unit": review_desk(case.desk).name,
        "ask_days": clocks.review_window,
        "review_days": clocks.review_days,
        "bank": bank_name(),
        "unit": case.desk.name,
        "day": day.isoformat(),
    }


def letter_of(case: Complaint, decision: Decision, *, name: str, language: str, day: date) -> Letter:
    """The letter of a decision in a language: as it went out, or as it would go out on `day`.

    `name` is the complainant's in clear, "" where nobody left one.
    """
    frame = decision.letter or letter_frame(case, day)
    words, said = frame["words"][tongue(language)], said_in(decision, case)
    with translation.override("en" if tongue(language) == "en" else settings.LANGUAGE_CODE):
        places = _places(case, frame, name or _t("Complainant"), language)
        return Letter(
            language=translation.get_language() or settings.LANGUAGE_CODE,
            title=filled(words["title"], places),
            number=case.number,
            greeting=filled(words["greeting"], places),
            opening=filled(words["opening"], places),
            facts=said.facts,
            finding=str(Finding(decision.finding).label),
            words=said.words,
            remedy=str(RemedyKind(decision.remedy).label),
            amount=_amount(decision.amount),
            routes=tuple(filled(line.strip(), places) for line in words["routes"].splitlines() if line.strip()),
            closing=filled(words["closing"], places),
            signed=_signed(frame),
            day=day_words(date.fromisoformat(frame["day"]), language),
            is_draft=decision.approved_by_id is None,
        )


def _places(case: Complaint, frame: Mapping[str, Any], name: str, language: str) -> dict[str, str]:
    given = {place: str(frame[place]) for place in ("review_unit", "ask_days", "review_days", "bank")}
    received = day_words(case.received_on, language)
    return {**given, "name": name, "number": case.number, "summary": case.summary, "received_on": received}


def _signed(frame: Mapping[str, Any]) -> str:
    bank, unit = frame["bank"], frame["unit"]
    return unit if unit == bank or not bank else f"{bank} {unit}"


def _amount(amount: Decimal | None) -> str:
    return "" if amount is None else _t("%(amount)s yuan") % {"amount": format_yuan(amount)}


def told_on(case: Complaint, decision: Decision) -> date | None:
    """The day from which a review can be asked for: when the decision was handed over, else sent out."""
    return decision.delivered_on or case.answered_on


def sent_out_on(decision: Decision) -> date | None:
    """The bank's day a decision was approved and went out."""
    return day_of(decision.approved_at) if decision.approved_at else None
