"""Telling people what happened: idempotent, by each person's own choice, and as letters without anybody's data."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext, ngettext

from core import jobs
from core.jobs import Counts, Progress
from core.models import Job
from core.trail import NIGHT
from staff import gateways, queries
from staff.enums import Digest, Event, Role
from staff.models import Approval, Notification, NotificationChoice, User
from staff.rules import how_told, mail_address

MAIL_JOB = "staff.mail_notices"
BATCH = 2_000
# What nobody could be sent for a week is old news.
MAILED_WITHIN = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Told:
    """Whom to tell, what keeps it from being told twice, where it leads, and the values of its words (codes only)."""

    user_id: int
    once: str
    url: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)


def notify(
    *,
    users: Iterable[User | int],
    event: str,
    once: str,
    at: datetime,
    url: str = "",
    params: Mapping[str, Any] | None = None,
) -> int:
    """Tell several people the same; see `notify_rows`."""
    ids = [user if isinstance(user, int) else user.pk for user in users]
    return notify_rows(event=event, rows=[Told(pk, once, url, params or {}) for pk in ids], at=at)


@transaction.atomic
def notify_rows(*, event: str, rows: Sequence[Told], at: datetime) -> int:
    """Tell each their own, in the caller's transaction; what (person, `once`) was told before stays as it is.

    Returns how many people may be told. Set-based: as many statements for one as for a thousand.
    """
    people = set(User.objects.filter(pk__in={row.user_id for row in rows}, is_active=True).values_list("pk", flat=True))
    chosen = {
        user: (in_app, digest)
        for user, in_app, digest in NotificationChoice.objects.filter(event=event, user__in=people).values_list(
            "user", "in_app", "digest"
        )
    }
    made, at_once = [], False
    for row in rows:
        rule = how_told(event, chosen.get(row.user_id))
        if row.user_id not in people or not (rule.in_app or rule.digest != Digest.NONE):
            continue
        at_once = at_once or rule.digest == Digest.AT_ONCE
        # What goes by mail alone is no news in the bell.
        read_at = None if rule.in_app else at
        made.append(
            Notification(
                user_id=row.user_id,
                event=event,
                params=dict(row.params),
                url=row.url,
                once=row.once,
                at=at,
                read_at=read_at,
            )
        )
    Notification.objects.bulk_create(made, batch_size=BATCH, ignore_conflicts=True)
    if at_once:
        _queue_mail(Digest.AT_ONCE, f"{event} {at.isoformat()}", at)
    return len(made)


def notify_deciders(*, approval: Approval, deciders: Iterable[User], url: str, at: datetime) -> None:
    """Tell those who may decide that something waits for them."""
    what = {"subject": approval.kind}
    notify(users=deciders, event=Event.APPROVAL_WAITING, once=f"approval {approval.pk}", at=at, url=url, params=what)


def notify_asker(*, approval: Approval, url: str, at: datetime) -> None:
    """Tell who asked what was decided."""
    what = {"subject": approval.kind, "state": approval.decision}
    once = f"approval {approval.pk} decided"
    notify(users=[approval.requested_by_id], event=Event.APPROVAL_DECIDED, once=once, at=at, url=url, params=what)


def no_longer_waiting(*, approval: Approval, at: datetime) -> None:
    """It was decided or taken back: nobody has to look at the request any more."""
    waiting = Notification.objects.unread().filter(event=Event.APPROVAL_WAITING, once=f"approval {approval.pk}")
    waiting.update(read_at=at)


def night_failed(*, business_day: date, step: str, at: datetime) -> None:
    """Tell administrators that a night stopped at a step; once for each step of a night, however often it is tried."""
    admins = User.objects.filter(role=Role.ADMIN, is_active=True)
    what = {"day": business_day.isoformat(), "step": step}
    url = reverse("insights:jobs")
    notify(users=admins, event=Event.NIGHT_FAILED, once=f"night {what['day']} {step}", at=at, url=url, params=what)


def settle(*, user_id: int, url: str, at: datetime) -> None:
    """Nothing is left for somebody to do about what stands at an address: what led there counts as read."""
    Notification.objects.unread().filter(user=user_id, url=url).update(read_at=at)


def forget(*, user_ids: Iterable[int], url: str) -> int:
    """Whatever told these people of what stands at an address goes: it is no longer theirs to know of."""
    gone, _kinds = Notification.objects.filter(user__in=list(user_ids), url__startswith=url).delete()
    return gone


def read_notice(*, notice: Notification, at: datetime) -> None:
    """It was looked at; the first time counts."""
    Notification.objects.filter(pk=notice.pk, read_at=None).update(read_at=at)


def unread_notice(*, notice: Notification) -> None:
    """Keep it as new."""
    Notification.objects.filter(pk=notice.pk).update(read_at=None)


def read_all(*, user: User, at: datetime) -> int:
    """Everything of the person's counts as read; returns how many did not before."""
    return Notification.objects.of_person(user).unread().filter(at__lte=at).update(read_at=at)


@transaction.atomic
def choose(*, user: User, choices: Mapping[str, tuple[bool, str]]) -> None:
    """How the person wants to hear of each event (in the bell, by mail). One's own settings leave no trail entry."""
    rows = [
        NotificationChoice(user=user, event=event, in_app=how_told(event, chosen).in_app, digest=chosen[1])
        for event, chosen in choices.items()
    ]
    NotificationChoice.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["user", "event"], update_fields=["in_app", "digest"]
    )


def tidy(*, at: datetime) -> int:
    """Delete what was read longer ago than the rules keep it; returns how many. Called by the night; safe twice."""
    old = Notification.objects.filter(read_at__lt=at - timedelta(days=queries.notices_kept(at.date())))
    return old.delete()[0]


def queue_digest(*, at: datetime) -> Job:
    """Have the letters of the day written by a worker. Called by the night; once a day."""
    return _queue_mail(Digest.DAILY, at.date().isoformat(), at)


def _queue_mail(digest: Digest, key: str, at: datetime) -> Job:
    args = {"digest": str(digest)}
    return jobs.enqueue(name=MAIL_JOB, key=f"{digest} {key}", args=args, actor=NIGHT, at=at)


def send_letters(*, digest: str, at: datetime, progress: Progress | None = None) -> Counts:
    """Write one letter to each person who wants their news by `digest`; what was written is not written again.

    Each person's letter is a transaction of its own: a worker that is killed goes on with the next person. Without a
    pattern for addresses (settings.STAFF_MAIL) nothing is sent and nothing counts as sent.
    """
    people = _waiting(digest, at)
    if not settings.STAFF_MAIL:
        return {"rows": 0, "not_configured": len(people)}
    sent = failed = 0
    for place, pk in enumerate(people, start=1):
        done = _send_letter(pk, digest, at)
        sent, failed = sent + done, failed + (not done)
        if progress is not None:
            progress.report(place, len(people))
    return {"rows": sent, "failed": failed}


def _waiting(digest: str, at: datetime) -> list[int]:
    # Of each person; which of their news goes by this digest their choices say.
    news = _unsent(at).order_by("user_id").values_list("user_id", "event").distinct()
    chosen = _chosen({user for user, _event in news})
    return sorted({user for user, event in news if how_told(event, chosen.get((user, event))).digest == digest})


def _unsent(at: datetime) -> Any:
    # Read before the letter went: no news. What goes by mail alone was marked the moment it was told.
    unread = Q(read_at=None) | Q(read_at=F("at"))
    return Notification.objects.filter(unread, digested_at=None, at__gt=at - MAILED_WITHIN, user__is_active=True)


def _chosen(users: Iterable[int]) -> dict[tuple[int, str], tuple[bool, str]]:
    found = NotificationChoice.objects.filter(user__in=users).values_list("user", "event", "in_app", "digest")
    return {(user, event): (in_app, digest) for user, event, in_app, digest in found}


@transaction.atomic
def _send_letter(user_id: int, digest: str, at: datetime) -> bool:
    user = User.objects.get(pk=user_id)
    chosen = _chosen([user_id])
    rows = _unsent(at).filter(user=user).select_for_update(of=("self",)).order_by("event", "at", "pk")
    news = [row for row in rows if how_told(row.event, chosen.get((user_id, row.event))).digest == digest]
    if not news:
        return True
    with translation.override(user.language or settings.LANGUAGE_CODE):
        count = len(news)
        subject = ngettext("%(count)s notice in the deposit CRM", "%(count)s notices in the deposit CRM", count)
        done = gateways.send_mail(
            to=mail_address(settings.STAFF_MAIL, username=user.username, staff_no=user.staff_no),
            subject=subject % {"count": count},
            body="\n".join(_letter(news)),
        )
    if done:
        Notification.objects.filter(pk__in=[row.pk for row in news]).update(digested_at=at)
    return done


def _letter(news: Iterable[Notification]) -> Iterator[str]:
    """The lines of a letter: what happened, never to whom; the reader signs in for that."""
    for _event, rows in groupby(news, key=lambda row: row.event):
        for row in rows:
            yield f"- {queries.words_of(row)}"
    yield ""
    yield gettext("Sign in to see more:")
    yield settings.PUBLIC_URL.rstrip("/") + reverse("staff:notifications")
    yield gettext("How you are told is yours to choose there. This letter holds no data of customers.")
