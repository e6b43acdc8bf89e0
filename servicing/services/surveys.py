"""Waves of surveys: drawn up, begun, asked night by night, answered over a link that works once, and closed."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from core import jobs, trail
from core.clock import SHANGHAI
from core.enums import ActorKind
from core.errors import DomainError
from core.jobs import Counts
from core.sql import statement
from core.trail import Actor
from servicing.enums import FeedbackKind, FeedbackSource, InvitationState, SurveyChannel, WaveState
from servicing.models import Invitation, SurveyAnswer, Wave
from servicing.queries import surveys as queries
from servicing.queries.choices import known_choices
from servicing.queries.contacts import midnight
from servicing.rules.surveys import BUILT_IN, MARKS, SCORES, digest_of, is_token
from servicing.services.feedback import Said, record_feedback
from staff.models import Branch, User
from staff.queries import heads_near, policy_on

SUBJECT = "servicing.wave"
SEND_JOB = "servicing.send_surveys"
LOCK_CLASS = 0x737276  # "srv"
CUSTOMER = Actor(None, "", ActorKind.USER)
WORDS = ("recommend", "questions", "thanks")


class WaveNotYours(DomainError):
    """Heads run surveys for their own units."""

    code = "wave_not_yours"
    message = _("Only the heads of the unit run its surveys.")


class WaveMovedOn(DomainError):
    """A draft is changed, begun or thrown away; a running wave is closed."""

    code = "wave_state"
    message = _("This is no longer possible: the survey has moved on. Load the page again.")


class WaveOver(DomainError):
    """Its days are past."""

    code = "wave_over"
    message = _("Its last day is past; give it later days first.")


class LinkDead(DomainError):
    """The link never was, was used, or is over: one answer for all."""

    code = "link_dead"
    message = _("This link does not work any more.")


class StaffMayNotAnswer(DomainError):
    """The bank's people do not answer for customers."""

    code = "staff_may_not_answer"
    message = _("You are signed in as a member of staff; only the customer answers.")


class AnswerRefused(DomainError):
    """A score or a mark out of range."""

    code = "answer_refused"
    message = _("Choose a number from 0 to 10.")


@dataclass(frozen=True, slots=True)
class WaveFacts:
    """What a wave is about."""

    name: str
    branch: Branch
    starts_on: date
    ends_on: date
    channels: list[str]
    percent: int


@transaction.atomic
def draft_wave(*, facts: WaveFacts, actor: User, at: datetime) -> Wave:
    """A wave as a draft, with the seed its sample is drawn by, which the trail keeps. Raises WaveNotYours."""
    wave = Wave(**_fields(facts), seed=secrets.randbits(62), created_by=actor, created_at=at)
    _check(wave, actor)
    wave.save()
    _record(wave, "create", actor.actor, at, {**_kept(wave), "seed": wave.seed})
    return wave


@transaction.atomic
def change_wave(*, wave: Wave, facts: WaveFacts, actor: User, at: datetime) -> Wave:
    """Change a draft. Raises WaveNotYours, WaveMovedOn."""
    wave = _locked(wave, WaveState.DRAFT, actor)
    before = _kept(wave)
    for name, value in _fields(facts).items():
        setattr(wave, name, value)
    _check(wave, actor)
    wave.save()
    after = _kept(wave)
    _record(wave, "change", actor.actor, at, {k: [before[k], after[k]] for k in after if before[k] != after[k]})
    return wave


@transaction.atomic
def start_wave(*, wave: Wave, actor: User, at: datetime) -> Wave:
    """Begin: from the next night on customers are asked, with today's words.

    Raises WaveNotYours, WaveMovedOn, WaveOver.
    """
    wave = _locked(wave, WaveState.DRAFT, actor)
    if wave.ends_on < _day(at):
        raise WaveOver()
    found = policy_on(queries.KIND, _day(at), BUILT_IN)
    wave.state, wave.questions = WaveState.RUNNING, {name: found.values[name] for name in WORDS}
    wave.save(update_fields=["state", "questions"])
    _record(wave, "start", actor.actor, at, {**_kept(wave), "seed": wave.seed, "rules": found.version})
    return wave


@transaction.atomic
def close_wave(*, wave: Wave, actor: User, at: datetime) -> Wave:
    """Ask nobody any more and take no answers: its links are dead from now on. Raises WaveNotYours, WaveMovedOn."""
    wave = _locked(wave, WaveState.RUNNING, actor)
    return _close(wave, actor.actor, at)


def _close(wave: Wave, actor: Actor, at: datetime) -> Wave:
    wave.state, wave.closed_at = WaveState.CLOSED, at
    wave.save(update_fields=["state", "closed_at"])
    open_ = Invitation.everything.filter(wave=wave, state=InvitationState.WAITING)
    _record(wave, "close", actor, at, {"dropped": open_.update(state=InvitationState.DROPPED)})
    return wave


@transaction.atomic
def discard_wave(*, wave: Wave, actor: User, at: datetime) -> None:
    """Throw a draft away. Raises WaveNotYours, WaveMovedOn."""
    wave = _locked(wave, WaveState.DRAFT, actor)
    _record(wave, "discard", actor.actor, at, _kept(wave))
    wave.delete()


@transaction.atomic
def send_again(*, wave: Wave, actor: User, at: datetime) -> int:
    """Send those links anew of which nobody knows whether they left; the earlier ones die. Returns how many.

    Raises WaveNotYours, WaveMovedOn.
    """
    wave = _locked(wave, WaveState.RUNNING, actor)
    unsure = Invitation.everything.filter(wave=wave, used_at=None, expires_at__gt=at)
    count = unsure.filter(state__in=[InvitationState.UNKNOWN, InvitationState.FAILED]).update(
        state=InvitationState.WAITING
    )
    _record(wave, "send_again", actor.actor, at, {"links": count})
    _queue_sending(_day(at), actor.actor, at)
    return count


def run(*, business_day: date, actor: Actor, at: datetime) -> Counts:
    """Ask customers contacted on the business day in every running wave, and have their links sent by a worker.

    Waves whose last link is over are closed. Safe twice: nobody is asked again, and the counts come out the same.
    """
    invited = 0
    with transaction.atomic():
        lock_asking()
        running = Wave.objects.running().select_for_update(of=("self",)).select_related("branch").order_by("pk")
        for wave in running:
            last = wave.ends_on + timedelta(days=queries.rules_of(wave, business_day).valid_days)
            if last < business_day:
                _close(wave, actor, at)
            elif wave.starts_on <= business_day <= wave.ends_on:
                invited += _invite(wave, business_day, actor, at)
        if Invitation.objects.to_send().exists():
            _queue_sending(business_day, actor, at)
    return {"rows": invited}


def lock_asking() -> None:
    """One at a time asks customers, or two waves would not see each other's."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, 0)", [LOCK_CLASS])


def _invite(wave: Wave, day: date, actor: Actor, at: datetime) -> int:
    rules = queries.rules_of(wave, day)
    params: dict[str, Any] = {
        "wave": wave.pk,
        "branches": queries.wave_branches(wave),
        "since": midnight(day),
        "until": midnight(day + timedelta(days=1)),
        "day": day,
        "unreached": sorted(known_choices().unreached),
        "seed": wave.seed,
        "percent": wave.percent,
        "channels": [channel for channel in wave.channels if channel != SurveyChannel.KIOSK],
        "alerts": [str(kind) for kind in queries.QUIET_ALERTS],
        "fresh_since": at - timedelta(days=rules.fatigue_days),
        "at": at,
        "expires_at": at + timedelta(days=rules.valid_days),
    }
    with connection.cursor() as cursor:
        cursor.execute(statement("servicing", "survey_invite"), params)
        count, left_out = cursor.fetchone()
    reasons = json.loads(left_out) if isinstance(left_out, str) else left_out
    wave.left_out = {**wave.left_out, day.isoformat(): reasons}
    wave.save(update_fields=["left_out"])
    if count:
        _record(wave, "invite", actor, at, {"day": day.isoformat(), "asked": count, **reasons})
    return int(count)


def _queue_sending(day: date, actor: Actor, at: datetime) -> None:
    jobs.enqueue(name=SEND_JOB, key=f"{day.isoformat()} {at.isoformat()}", actor=actor, at=at)


@transaction.atomic
def answer_survey(
    *, token: str, score: int, marks: Mapping[str, int], comment: str, by_staff: bool, at: datetime
) -> SurveyAnswer:
    """Take the one answer of a link. A low score becomes feedback the unit's head has to look into.

    Raises StaffMayNotAnswer, AnswerRefused, LinkDead.
    """
    if by_staff:
        raise StaffMayNotAnswer()
    rows = queries.answerable(at).select_for_update(of=("self",)).select_related("wave", "branch", "customer__branch")
    invitation = rows.filter(digest=digest_of(token)).first() if is_token(token) else None
    if invitation is None:
        raise LinkDead()
    invitation.used_at, invitation.state = at, InvitationState.SENT
    invitation.save(update_fields=["used_at", "state"])
    answer = keep_answer(
        wave=invitation.wave,
        branch=invitation.branch,
        invitation=invitation,
        channel=invitation.channel,
        score=score,
        marks=marks,
        comment=comment,
        at=at,
    )
    _record(invitation.wave, "answer", CUSTOMER, at, {"invitation": invitation.pk})
    return answer


def keep_answer(
    *,
    wave: Wave,
    branch: Branch,
    invitation: Invitation | None,
    channel: str,
    score: int,
    comment: str,
    at: datetime,
    marks: Mapping[str, int] | None = None,
    once: Any = None,
) -> SurveyAnswer:
    """Write an answer, inside the transaction of what used the link or the kiosk. Raises AnswerRefused."""
    rules = queries.rules_of(wave, _day(at))
    known = {question.code for question in rules.questions}
    given = {code: mark for code, mark in (marks or {}).items() if code in known and MARKS[0] <= mark <= MARKS[1]}
    if not SCORES[0] <= score <= SCORES[1]:
        raise AnswerRefused()
    words = comment.strip()[:1000]
    answer = SurveyAnswer(wave=wave, branch=branch, invitation=invitation, channel=channel, once=once)
    answer.score, answer.marks, answer.comment, answer.answered_at = score, given, words, at
    if score <= rules.low_score:
        is_kiosk = channel == SurveyChannel.KIOSK
        answer.feedback = record_feedback(
            said=Said(
                source=FeedbackSource.KIOSK if is_kiosk else FeedbackSource.SURVEY,
                kind=FeedbackKind.PROBLEM,
                text=f"{score}/10 {words}".strip(),
            ),
            branch=branch,
            customer=invitation.customer if invitation else None,
            # Not whoever the contact was with: the unit answers for its people.
            owner=heads_near(invitation.customer.branch if invitation else branch).order_by("pk").first(),
            actor=None,
            at=at,
        )
    answer.save()
    return answer


def _locked(wave: Wave, state: WaveState, actor: User) -> Wave:
    locked = Wave.everything.select_for_update(of=("self",)).select_related("branch").get(pk=wave.pk)
    _check(locked, actor)
    if locked.state != state:
        raise WaveMovedOn()
    return locked


def _check(wave: Wave, actor: User) -> None:
    if not queries.may_run(actor, wave):
        raise WaveNotYours()


def _fields(facts: WaveFacts) -> dict[str, Any]:
    return {name: getattr(facts, name) for name in WaveFacts.__dataclass_fields__}


def _kept(wave: Wave) -> dict[str, Any]:
    return {
        "name": wave.name,
        "unit": wave.branch.code,
        "starts_on": wave.starts_on.isoformat(),
        "ends_on": wave.ends_on.isoformat(),
        "channels": list(wave.channels),
        "percent": wave.percent,
    }


def _day(at: datetime) -> date:
    return at.astimezone(SHANGHAI).date()


def _record(wave: Wave, action: str, actor: Actor, at: datetime, changes: Mapping[str, Any]) -> None:
    trail.record(actor=actor, action=action, subject=SUBJECT, subject_id=wave.pk, at=at, changes=changes)
