"""Every write of referrals."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from core import trail
from core.clock import SHANGHAI
from core.errors import DomainError
from customers.models import Customer
from customers.queries.portfolio import keeps_team
from customers.services.sharing import share_customer
from servicing.enums import FollowUpKind, Outcome, ReferralState
from servicing.models import Referral
from servicing.queries import referrals as queries
from servicing.queries.choices import choices_on, word_for
from servicing.rules import referrals as rules
from servicing.services.contacts import NotOffered, log_interaction
from servicing.services.first_contacts import renew_first_contacts
from servicing.services.follow_ups import create_follow_up
from staff.enums import Event, Role
from staff.models import User
from staff.queries import heads_near
from staff.services.notices import notify

SUBJECT = "servicing.referral"


class NotATaker(DomainError):
    """The colleague does not look after the customer, and nobody who may has opened it to them."""

    code = "not_a_taker"
    message = _("This customer cannot be sent to %(name)s.")


class AlreadyReferred(DomainError):
    """The same customer already waits for, or is with, the same colleague."""

    code = "already_referred"
    message = _("This customer was already sent there on %(day)s; it is not finished yet.")


class NotYoursToDecide(DomainError):
    """Only whom it was sent to takes or declines it; the head of the branch where it names nobody."""

    code = "referral_not_yours"
    message = _("This referral is not yours to decide on.")


class NotSoAnyMore(DomainError):
    """Somebody has decided meanwhile."""

    code = "referral_moved_on"
    message = _("This referral has moved on: %(state)s.")


class ReasonMissing(DomainError):
    """Whoever declines says why; whoever closes says what came of it."""

    code = "referral_reason_needed"
    message = _("Say why in a few words: who sent the customer will read it.")


class SightNeeded(DomainError):
    """The taker may not see the customer, and who sent it could not open it."""

    code = "referral_sight_needed"
    message = _("You may not see this customer. Ask the head of the branch to open it to you.")


@transaction.atomic
def make_referral(
    *,
    actor: User,
    customer: Customer,
    to_user: User | None,
    topic: str,
    note: str = "",
    at: datetime,
    once: UUID | None = None,
    channel: str = "",
) -> Referral:
    """Send a customer to a colleague, or to whom the head of the branch finds; `channel` also logs the contact.

    With `once`, sending it again finds the first. Raises NotOffered, NotATaker, AlreadyReferred.
    """
    if not choices_on(at.astimezone(SHANGHAI).date()).has("topics", topic):
        raise NotOffered()
    if to_user is not None and not queries.takers_for(customer, actor).filter(pk=to_user.pk).exists():
        raise NotATaker(name=to_user.name)
    Customer.everything.select_for_update().get(pk=customer.pk)  # two at once would both find none
    if once is not None and (sent := Referral.everything.filter(customer=customer, once=once).first()):
        return sent
    open_ = Referral.everything.filter(customer=customer, to_user=to_user, state__in=rules.OPEN).first()
    if open_ is not None:
        raise AlreadyReferred(day=open_.made_at.astimezone(SHANGHAI).date().isoformat())
    referral = Referral.everything.create(
        customer=customer,
        branch=customer.branch,
        from_user=actor,
        to_user=to_user,
        topic=topic,
        note=note.strip(),
        made_at=at,
        once=once,
    )
    if channel:
        log_interaction(
            actor=actor,
            customer=customer,
            channel=channel,
            topic=topic,
            outcome=Outcome.REFERRED,
            happened_at=at,
            at=at,
            once=once,
        )
    _tell(referral, Event.REFERRAL_RECEIVED, [to_user] if to_user else heads_near(customer.branch, but=actor.pk), at)
    _record(referral, "refer", actor, at, {"to": to_user.staff_no if to_user else None, "topic": topic})
    return referral


@transaction.atomic
def assign_referral(*, referral: Referral, to_user: User, actor: User, at: datetime) -> Referral:
    """The head of the branch finds who takes it, and opens the customer to them where need be.

    Raises NotYoursToDecide, NotSoAnyMore, NotATaker.
    """
    referral = _locked(referral)
    if not _is_head_over(actor, referral):
        raise NotYoursToDecide()
    if referral.state != ReferralState.WAITING:
        raise NotSoAnyMore(state=referral.get_state_display())
    if to_user.pk == referral.from_user_id or not queries.candidates_for(referral.customer).filter(pk=to_user.pk):
        raise NotATaker(name=to_user.name)
    if not queries.sees(to_user, referral.customer):
        _share(referral, to_user, actor, at)
    referral.to_user = to_user
    referral.save(update_fields=["to_user"])
    renew_first_contacts(referral.customer_id)
    _tell(referral, Event.REFERRAL_RECEIVED, [to_user], at)
    _record(referral, "assign", actor, at, {"to": to_user.staff_no})
    return referral


@transaction.atomic
def accept_referral(*, referral: Referral, actor: User, at: datetime) -> Referral:
    """Take the customer on, with a follow-up to contact it; opens it to the taker when who sent it may do so.

    Raises NotYoursToDecide, NotSoAnyMore, SightNeeded.
    """
    referral = _locked(referral)
    _may_decide(referral, actor, ReferralState.ACCEPTED)
    if not queries.sees(actor, referral.customer):
        if not keeps_team(referral.from_user, referral.customer):
            raise SightNeeded()
        _share(referral, actor, referral.from_user, at)
    referral.state, referral.decided_at = ReferralState.ACCEPTED, at
    referral.save(update_fields=["state", "decided_at"])
    if referral.first_contact_at is None:
        day = at.astimezone(SHANGHAI).date()
        create_follow_up(
            customer=referral.customer,
            title=word_for("topics", referral.topic),
            note=referral.note,
            due_on=day + timedelta(days=queries.points_on(day).contact_days),
            kind=FollowUpKind.REFERRAL,
            actor=actor,
            at=at,
        )
    _tell(referral, Event.REFERRAL_DECIDED, [referral.from_user], at)
    _record(referral, "accept", actor, at, {"state": [ReferralState.WAITING, ReferralState.ACCEPTED]})
    return referral


@transaction.atomic
def decline_referral(*, referral: Referral, actor: User, reason: str, at: datetime) -> Referral:
    """Send it back with the reason; the head of the branch may too, while it names nobody.

    Raises NotYoursToDecide, NotSoAnyMore, ReasonMissing.
    """
    referral = _locked(referral)
    _may_decide(referral, actor, ReferralState.DECLINED)
    if len(reason.strip()) < rules.MIN_REASON:
        raise ReasonMissing()
    referral.state, referral.decided_at, referral.closed_at = ReferralState.DECLINED, at, at
    referral.result = reason.strip()
    referral.save(update_fields=["state", "decided_at", "closed_at", "result"])
    _tell(referral, Event.REFERRAL_DECIDED, [referral.from_user], at)
    _record(referral, "decline", actor, at, {"state": [ReferralState.WAITING, ReferralState.DECLINED]})
    return referral


@transaction.atomic
def close_referral(*, referral: Referral, actor: User, succeeded: bool, result: str, at: datetime) -> Referral:
    """Say what came of it. Raises NotYoursToDecide, NotSoAnyMore, ReasonMissing."""
    referral = _locked(referral)
    to = ReferralState.SUCCEEDED if succeeded else ReferralState.FAILED
    if referral.to_user_id != actor.pk:
        raise NotYoursToDecide()
    if not rules.may_move(referral.state, to):
        raise NotSoAnyMore(state=referral.get_state_display())
    if len(result.strip()) < rules.MIN_REASON:
        raise ReasonMissing()
    referral.state, referral.closed_at, referral.result = to, at, result.strip()
    referral.save(update_fields=["state", "closed_at", "result"])
    _tell(referral, Event.REFERRAL_RESULT, [referral.from_user], at)
    _record(referral, "close", actor, at, {"state": [ReferralState.ACCEPTED, to]})
    return referral


def _locked(referral: Referral) -> Referral:
    rows = Referral.everything.select_for_update(of=("self",)).select_related("customer__branch", "from_user")
    return rows.get(pk=referral.pk)


def _may_decide(referral: Referral, actor: User, to: str) -> None:
    is_taker = referral.to_user_id == actor.pk
    is_finder = referral.to_user_id is None and to == ReferralState.DECLINED and _is_head_over(actor, referral)
    if not is_taker and not is_finder:
        raise NotYoursToDecide()
    if not rules.may_move(referral.state, to):
        raise NotSoAnyMore(state=referral.get_state_display())


def _is_head_over(actor: User, referral: Referral) -> bool:
    return actor.role == Role.BRANCH_HEAD and queries.sees(actor, referral.customer)


def _share(referral: Referral, user: User, granter: User, at: datetime) -> None:
    reason = _t("Referral by %(name)s: %(topic)s") % {
        "name": referral.from_user.name,
        "topic": word_for("topics", referral.topic),
    }
    share_customer(customer=referral.customer, user=user, reason=reason, actor=granter, at=at)


def _tell(referral: Referral, event: Event, users: Iterable[User], at: datetime) -> None:
    once = f"referral {referral.pk} {referral.state} {referral.to_user_id or 0}"
    url = reverse("servicing:referral", args=[referral.pk])
    params = {} if event == Event.REFERRAL_RECEIVED else {"state": str(referral.state)}
    notify(users=users, event=event, once=once, at=at, url=url, params=params)


def _record(referral: Referral, action: str, actor: User, at: datetime, changes: dict[str, Any]) -> None:
    trail.record(
        actor=actor.actor,
        action=action,
        subject=SUBJECT,
        subject_id=referral.pk,
        at=at,
        changes={"customer": referral.customer_id, **changes},
    )
