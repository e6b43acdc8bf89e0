"""The kiosk at the counter: a page that knows its unit and survey by a signed key, and nobody's session."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.core import signing
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from core import trail
from core.errors import DomainError
from customers.models import Customer
from servicing.enums import InvitationState, SurveyChannel, WaveState
from servicing.models import Invitation, SurveyAnswer, Wave
from servicing.queries import surveys as queries
from servicing.rules.surveys import digest_of
from servicing.services.feedback import one_at_a_time
from servicing.services.surveys import CUSTOMER, keep_answer, lock_asking
from staff.models import Branch, User

SALT = "servicing.kiosk"
SUBJECT = "servicing.kiosk"
# A working day at the counter; it is opened anew in the morning.
OPEN_FOR = timedelta(hours=12)
# Whoever was named answers at once or has left: what comes later is somebody else's.
NAMED_FOR = timedelta(minutes=10)


class NoKioskSurvey(DomainError):
    """Nothing is asked at the kiosk now."""

    code = "no_kiosk_survey"
    message = _("No survey with a kiosk is running for your unit. A head of the unit can begin one under Surveys.")


class KioskOver(DomainError):
    """The key is none, its day is over, or whoever opened it has left the unit."""

    code = "kiosk_over"
    message = _("The kiosk is closed.")


class AskedLately(DomainError):
    """One survey in so many days, wherever it was."""

    code = "asked_lately"
    message = _("This customer was asked within the last %(days)s days. Open the kiosk without a customer.")


class NotToBeAsked(DomainError):
    """An alert stands on the customer."""

    code = "not_to_be_asked"
    message = _("An alert says that this customer is not to be asked. Open the kiosk without a customer.")


@dataclass(frozen=True, slots=True)
class Kiosk:
    """An open kiosk: its unit and wave, the key of its page, and the customer's invitation for the first answer."""

    wave: Wave
    branch: Branch
    key: str
    invitation: Invitation | None


@transaction.atomic
def open_kiosk(*, actor: User, customer: Customer | None, at: datetime) -> str:
    """The key of a kiosk of the person's unit; its first answer is the customer's, where one is named.

    Raises NoKioskSurvey, AskedLately, NotToBeAsked.
    """
    wave = queries.kiosk_wave(actor.branch)
    if wave is None:
        raise NoKioskSurvey()
    invitation = _invite(wave, customer, actor, at) if customer else None
    trail.record(
        actor=actor.actor,
        action="kiosk_open",
        subject=SUBJECT,
        subject_id=actor.branch.code,
        at=at,
        changes={"wave": wave.pk, "customer": customer.pk if customer else None},
    )
    return _key(actor, at, invitation)


def _key(actor: User, at: datetime, invitation: Invitation | None) -> str:
    held = {"u": actor.pk, "b": actor.branch_id, "e": actor.access_epoch, "t": at.isoformat()}
    return signing.dumps({**held, "i": invitation.pk if invitation else None}, salt=SALT)


def _invite(wave: Wave, customer: Customer, actor: User, at: datetime) -> Invitation:
    lock_asking()
    rules = queries.rules_of(wave, at.date())
    if queries.is_quiet(customer.pk, at.date()):
        raise NotToBeAsked()
    since = at - timedelta(days=rules.fatigue_days)
    asked = Invitation.everything.filter(customer=customer)
    if asked.filter(made_at__gt=since).exists() or asked.filter(wave=wave).exists():
        raise AskedLately(days=rules.fatigue_days)
    return Invitation.everything.create(
        wave=wave,
        customer=customer,
        branch=actor.branch,
        about=actor,
        channel=SurveyChannel.KIOSK,
        digest=digest_of(f"kiosk {wave.pk} {customer.pk}"),
        state=InvitationState.SENT,
        made_at=at,
        sent_at=at,
        expires_at=at + NAMED_FOR,
    )


def read_kiosk(*, key: str, at: datetime) -> Kiosk:
    """The kiosk of a key. Raises KioskOver."""
    try:
        held = signing.loads(key, salt=SALT)
        user = User.objects.select_related("branch").get(pk=held["u"], is_active=True)
        opened = datetime.fromisoformat(held["t"])
    except (signing.BadSignature, User.DoesNotExist):
        raise KioskOver() from None
    wave = queries.kiosk_wave(user.branch)
    moved = (user.branch_id, user.access_epoch) != (held["b"], held["e"])
    if wave is None or moved or not opened <= at < opened + OPEN_FOR:
        raise KioskOver()
    open_ = Invitation.everything.filter(pk=held["i"], used_at=None, expires_at__gt=at, wave__state=WaveState.RUNNING)
    return Kiosk(wave, user.branch, key, open_.select_related("customer__branch").first() if held["i"] else None)


@transaction.atomic
def answer_kiosk(*, key: str, score: int, comment: str, once: UUID, at: datetime) -> SurveyAnswer:
    """Take an answer at the kiosk; with `once`, a page sent twice counts once. Raises KioskOver, AnswerRefused."""
    kiosk = read_kiosk(key=key, at=at)
    one_at_a_time(once)
    if first := SurveyAnswer.everything.filter(once=once).first():
        return first
    invitation = kiosk.invitation
    if invitation is not None:
        # Of two answers at once the second one is nobody's.
        used = Invitation.everything.filter(pk=invitation.pk, used_at=None).update(used_at=at)
        invitation = invitation if used else None
    answer = keep_answer(
        wave=invitation.wave if invitation else kiosk.wave,
        branch=kiosk.branch,
        invitation=invitation,
        channel=SurveyChannel.KIOSK,
        score=score,
        comment=comment,
        once=once,
        at=at,
    )
    trail.record(
        actor=CUSTOMER,
        action="answer",
        subject=SUBJECT,
        subject_id=kiosk.branch.code,
        at=at,
        changes={"wave": kiosk.wave.pk, "invitation": invitation.pk if invitation else None},
    )
    return answer
