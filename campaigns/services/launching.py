"""Launching: the audience is frozen, some are held out, and only then anything is queued (M02, M13)."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from campaigns.enums import CampaignKind, CampaignMove, CampaignState
from campaigns.models import Campaign
from campaigns.queries import approval as content
from campaigns.queries import campaigns as queries
from campaigns.queries.audience import reaches_more_than
from campaigns.services.calls import plan_calls
from campaigns.services.campaigns import finish
from campaigns.services.preparing import prepare_outreach
from campaigns.services.seats import seat_members
from campaigns.services.states import CampaignMovedOn, CampaignNotYours, day_of, locked, move
from core import jobs
from core.errors import DomainError
from core.jobs import Counts, Progress
from core.models import Job
from core.trail import NIGHT, Actor
from staff.enums import Event
from staff.models import User
from staff.services.notices import notify

LAUNCH_JOB = "campaigns.launch"
# More customers than these are prepared by a worker.
AT_ONCE = 2_000


class LaunchRefused(DomainError):
    """What was approved is not what would be launched."""

    code = "launch_refused"
    message = _("The campaign cannot be launched.")


FAULTS = {
    "changed": _("The segment, the template or the offer was changed after approval. Have it approved again."),
    "top_tier": _("The audience has come to hold customers of the highest tier. Have compliance approve it."),
    "early": _("It begins on %(day)s."),
    "over": _("Its last day is past."),
    "incomplete": _("A part of it is no longer in use. Have it approved again."),
}


def launch_campaign(*, campaign: Campaign, actor: User | Actor, at: datetime) -> Campaign:
    """Freeze the audience, hold some out and queue the others' outreach, all in one transaction; then plan the calls.

    An actor who is no member of staff is the night. Raises CampaignMovedOn, CampaignNotYours, LaunchRefused.
    """
    with transaction.atomic():
        person = actor if isinstance(actor, User) else None
        campaign, day = locked(campaign), day_of(at)
        check_launch(campaign, person, day)
        campaign = move(
            campaign, CampaignMove.LAUNCH, person, at, launched_at=at, launched_on=day, counts={"day": day.isoformat()}
        )
        if campaign.kind != CampaignKind.TRIGGER:
            prepare_outreach(campaign=campaign, business_day=day, at=at)
            seat_members(campaign=campaign, at=at)
    plan_calls(campaign=campaign, at=at, actor=actor.actor if isinstance(actor, User) else actor)
    return campaign


def check_launch(campaign: Campaign, actor: User | None, day: date) -> None:
    """Raise what keeps a campaign from being launched on `day`: CampaignMovedOn, CampaignNotYours, LaunchRefused."""
    if campaign.state != CampaignState.APPROVED:
        raise CampaignMovedOn(state=campaign.get_state_display())
    if actor is not None and not queries.may_move(actor, campaign, CampaignMove.LAUNCH):
        raise CampaignNotYours()
    if fault := launch_fault(campaign, day):
        raise LaunchRefused(FAULTS[fault], day=campaign.starts_on.isoformat())


def launch_fault(campaign: Campaign, day: date) -> str:
    """Why an approved campaign cannot be launched on `day`: a code of `FAULTS`, "" where it can."""
    if day < campaign.starts_on:
        return "early"
    if day > campaign.ends_on:
        return "over"
    if content.digest_of(content.content_of(campaign)) != campaign.digest:
        return "changed"
    if content.faults_of(campaign, day):
        return "incomplete"
    return "top_tier" if content.needs_compliance(campaign, day) and not queries.was_judged(campaign) else ""


def request_launch(*, campaign: Campaign, actor: User, at: datetime) -> Job | None:
    """Launch at once what is small, else have a worker do it; the job, None where it is done. Raises as launching."""
    day = day_of(at)
    check_launch(campaign, actor, day)
    if campaign.kind == CampaignKind.TRIGGER or not reaches_more_than(campaign, AT_ONCE, day):
        launch_campaign(campaign=campaign, actor=actor, at=at)
        return None
    key = f"{campaign.pk} {campaign.digest[:16]} {campaign.state_at.isoformat()}"
    args = {"campaign": campaign.pk, "by": actor.pk}
    return jobs.enqueue(name=LAUNCH_JOB, key=key, args=args, actor=actor.actor, at=at)


def run_launch(job: Job, progress: Progress, *, at: datetime) -> Counts:
    """Launch the campaign of the job; one launched already by an earlier attempt is done."""
    progress.report(0, 1)
    campaign = Campaign.everything.get(pk=job.args["campaign"])
    if campaign.state == CampaignState.APPROVED:
        launch_campaign(campaign=campaign, actor=User.objects.get(pk=job.args["by"]), at=at)
    progress.report(1, 1)
    return {"rows": 1}


def launch_due(*, at: datetime) -> Mapping[str, Any]:
    """Launch approved campaigns whose days have come; one that is refused stops no other, and its maker is told."""
    day, launched, refused = day_of(at), 0, 0
    due = Campaign.everything.filter(state=CampaignState.APPROVED, starts_on__lte=day, ends_on__gte=day)
    for campaign in due.order_by("pk"):
        try:
            launch_campaign(campaign=campaign, actor=NIGHT, at=at)
            launched += 1
        except DomainError:
            _tell(campaign, at)
            refused += 1
    return {"launched": launched, "refused": refused}


def _tell(campaign: Campaign, at: datetime) -> None:
    """Its maker learns that it was not launched; once for each approval."""
    notify(
        users=[campaign.created_by_id],
        event=Event.CAMPAIGN_HELD,
        once=f"campaign {campaign.pk} {campaign.digest[:16]} held",
        at=at,
        url=campaign.get_absolute_url(),
        params={"number": campaign.pk},
    )


def end_past(*, at: datetime) -> int:
    """End campaigns whose last day is past; what still waits is dropped. Called by the night; safe twice."""
    with transaction.atomic():
        rows = Campaign.everything.select_for_update().filter(
            state__in=[CampaignState.RUNNING, CampaignState.PAUSED], ends_on__lt=day_of(at)
        )
        past = list(rows.order_by("pk"))
        for campaign in past:
            finish(campaign, CampaignMove.END, None, at, "")
    return len(past)
