"""Writes to the consent ledger: statements of customers, and the wordings they are made to. Nothing is ever changed."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext_lazy as _

from core import trail
from core.clock import SHANGHAI
from core.errors import DomainError
from core.trail import Actor
from customers.enums import ConsentDecision, ConsentProof
from customers.models import Consent, ConsentWording, Customer
from customers.queries.consents import latest_wording, wording_on
from customers.rules.consents import fault
from staff.models import User


class StatedInTheFuture(DomainError):
    """Nobody has stated anything later than now."""

    code = "stated_in_the_future"
    message = _("The statement cannot lie in the future.")


class NoWordingInForce(DomainError):
    """There were no words to agree to on that day."""

    code = "no_wording_in_force"
    message = _("No wording was in force for this purpose when the customer agreed; compliance must add one first.")


class ProofReferenceNeeded(DomainError):
    """This kind of proof must be found again later."""

    code = "proof_reference_needed"
    message = _("Say where this proof is found: number of the form, of the recording or of the message.")


class WordingTooEarly(DomainError):
    """A wording may not reach back over statements already made, nor come before the version it follows."""

    code = "wording_too_early"
    message = _("The new wording can take effect on %(day)s at the earliest.")


class WordingUnchanged(DomainError):
    """The newest version says exactly this already."""

    code = "wording_unchanged"
    message = _("This is the wording of version %(version)s word for word.")


class WordingAddedMeanwhile(DomainError):
    """Two people added a version at the same moment; one of them did."""

    code = "wording_added_meanwhile"
    message = _("Somebody else has just added a version; look at it first.")


FAULTS: Mapping[str, type[DomainError]] = {
    error.code: error for error in (StatedInTheFuture, NoWordingInForce, ProofReferenceNeeded)
}
ACTS = {ConsentDecision.GIVEN: "give_consent", ConsentDecision.WITHDRAWN: "withdraw_consent"}


LOCK_CLASS = 0x636F6E  # "con"


def lock_customers(ids: Iterable[int]) -> None:
    """Until this transaction ends nobody states anything about consent for these customers, nor sends to them.

    Whoever sends takes this, asks again, and sends before the end: a withdrawal is either seen or comes afterwards.
    """
    with connection.cursor() as cursor:
        # In one order everywhere, or two senders would wait for each other.
        cursor.execute(
            "SELECT pg_advisory_xact_lock(%s, n) FROM (SELECT DISTINCT (id %% 2147483648)::int AS n"
            " FROM unnest(%s::bigint[]) AS id ORDER BY 1) AS ordered",
            [LOCK_CLASS, list(ids)],
        )


def _day(moment: datetime) -> date:
    return moment.astimezone(SHANGHAI).date()


@transaction.atomic
def record_consent(
    *,
    customer: Customer,
    purpose: str,
    channel: str,
    decision: str,
    proof: str = ConsentProof.AT_COUNTER,
    proof_ref: str = "",
    stated_at: datetime,
    actor: User | Actor,
    at: datetime,
) -> Consent:
    """Add a statement: given to the wording in force when it was made, or withdrawn; it holds from the commit on.

    An actor who is no user = the customer alone. Waits while a message is on its way to them. Raises StatedInTheFuture,
    NoWordingInForce, ProofReferenceNeeded.
    """
    lock_customers([customer.pk])
    wording = wording_on(purpose, _day(stated_at))
    proof_ref = proof_ref.strip()
    found = fault(
        decision=decision,
        proof=proof,
        has_reference=bool(proof_ref),
        has_wording=wording is not None,
        stated_at=stated_at,
        at=at,
    )
    if found:
        raise FAULTS[found]()
    said = {"customer": customer, "purpose": purpose, "channel": channel, "decision": decision}
    consent = Consent.everything.create(
        **said,
        wording=wording,
        proof=proof,
        proof_ref=proof_ref,
        stated_at=stated_at,
        recorded_at=at,
        recorded_by=actor if isinstance(actor, User) else None,
    )
    changes = {"customer": customer.customer_no, "purpose": str(purpose), "channel": str(channel), "proof": str(proof)}
    trail.record(
        actor=actor.actor if isinstance(actor, User) else actor,
        action=ACTS[ConsentDecision(decision)],
        subject="customers.consent",
        subject_id=consent.pk,
        at=at,
        changes={**changes, "wording": wording.version if wording else None, "stated_at": stated_at.isoformat()},
    )
    return consent


@transaction.atomic
def add_wording(
    *, purpose: str, text_zh: str, text_en: str = "", effective_on: date, actor: User, at: datetime
) -> ConsentWording:
    """The next version of a purpose's wording, from `effective_on` on; what was agreed to before stays as it was.

    Raises WordingTooEarly, WordingUnchanged, WordingAddedMeanwhile.
    """
    newest = latest_wording(purpose)
    earliest = max(_day(at), newest.effective_on) if newest else _day(at)
    if effective_on < earliest:
        raise WordingTooEarly(day=earliest.isoformat())
    if newest and (newest.text_zh, newest.text_en) == (text_zh.strip(), text_en.strip()):
        raise WordingUnchanged(version=newest.version)
    wording = ConsentWording(
        purpose=purpose,
        version=newest.version + 1 if newest else 1,
        text_zh=text_zh.strip(),
        text_en=text_en.strip(),
        effective_on=effective_on,
        created_by=actor,
        created_at=at,
    )
    try:
        with transaction.atomic():
            wording.save(force_insert=True)
    except IntegrityError as error:  # wording_version_once: the table may not be locked, as nobody may update it
        raise WordingAddedMeanwhile() from error
    trail.record(
        actor=actor.actor,
        action="create",
        subject="customers.consentwording",
        subject_id=wording.pk,
        at=at,
        changes={"purpose": str(purpose), "version": wording.version, "effective_on": effective_on.isoformat()},
    )
    return wording
