"""What the small bank's people did for both customers: contacts, follow-ups, maturities, quotes, what was said."""

from datetime import timedelta

from core.clock import now
from customers.models import (
    Account,
)
from servicing.models import DayMark, Feedback, Invitation, Maturity, PlaybookRun, Series, SurveyAnswer, Wave
from servicing.rules.surveys import digest_of
from staff.models import Absence, Notification
from tests import factories as make
from tests.factories import NOW, TODAY
from tests.people import SURVEY_TOKEN, World


def serve(world: World) -> None:
    """Records of servicing about customer a and, like them, about customer b."""
    _contacts(world)
    _voices(world)
    _quotes(world)
    _maturities(world)
    _day(world)
    _follow_ups(world)


def _contacts(world: World) -> None:
    """Both customers were sent on, asked at the counter, and told something in confidence."""
    for name, teller, manager in (("a", "teller", "manager"), ("b", "teller_b", "manager_b")):
        customer, said = getattr(world, name), f"note-about-{name}"
        sender, taker = world.users[teller], world.users[manager]
        referral = make.make_referral(customer=customer, from_user=sender, to_user=taker, note=said)
        check = make.make_fraud_check(customer=customer, author=sender, note=said, at=now())
        sealed = make.make_interaction(customer=customer, author=taker, channel="visit", note=said, confidential=said)
        if name == "a":
            world.records |= {"referral": referral, "fraud_check": check, "sealed": sealed}


def _voices(world: World) -> None:
    """Both customers said something, were asked in a wave of the whole bank, and colleagues were told of it."""
    world.records["wave"] = wave = Wave.everything.create(
        name="Q4",
        branch=world.branches["top"],
        starts_on=TODAY,
        ends_on=TODAY + timedelta(days=30),
        channels=["sms", "kiosk"],
        seed=1,
        state="running",
        created_by=world.users["hq"],
        created_at=NOW,
    )
    for name, teller, manager in (("a", "teller", "manager"), ("b", "teller_b", "manager_b")):
        customer, unit = getattr(world, name), world.branches[name.upper()]
        people = {"owner": world.users[manager], "recorded_by": world.users[teller]}
        said = {"source": "counter", "kind": "problem", "due_on": TODAY, "recorded_at": NOW, "branch": unit}
        feedback = Feedback.everything.create(customer=customer, text=f"note-about-{name}", **said, **people)
        Feedback.everything.create(customer=None, text=f"anonymous note-about-{name}", **said, **people)
        token = SURVEY_TOKEN if name == "a" else SURVEY_TOKEN.lower()
        link = {"state": "sent", "made_at": NOW, "sent_at": NOW, "expires_at": NOW + timedelta(days=3650)}
        invitation = Invitation.everything.create(
            wave=wave, customer=customer, branch=unit, channel="sms", digest=digest_of(token), **link
        )
        if name == "b":
            SurveyAnswer.everything.create(
                wave=wave,
                invitation=invitation,
                branch=unit,
                channel="sms",
                score=3,
                comment=f"note-about-{name}",
                answered_at=NOW,
                feedback=feedback,
            )
        notice = Notification.objects.create(
            user=world.users[teller],
            event="feedback_assigned",
            params={"number": feedback.pk, "day": f"note-about-{name}"},
            url=f"/feedback/{feedback.pk}/",
            once="1",
            at=NOW,
        )
        if name == "a":
            world.records |= {"feedback": feedback, "notice": notice}


def _quotes(world: World) -> None:
    """Both customers were told at the counter what a year's deposit pays."""
    world.records["quote"] = make.make_quote(customer=world.a, made_by=world.users["teller"])
    make.make_quote(customer=world.b, made_by=world.users["teller_b"])


def _maturities(world: World) -> None:
    """A deposit of both customers is planned, and one matured in each branch."""
    for name, manager in (("a", "manager"), ("b", "manager_b")):
        customer, owner = getattr(world, name), world.users[manager]
        term = Account.everything.get(account_no=f"62220000TERM{name}")
        common = {"account": term, "customer": customer, "note": f"note-about-{name}", "changed_by": owner}
        Maturity.everything.create(**common, matures_on=term.matures_on, owner=owner, aim="roll", changed_at=NOW)
        past = {"amount": 30_000, "stayed": 0, "outcome": "left", "went": "property", "measured_on": TODAY}
        Maturity.everything.create(**common, **past, matures_on=TODAY - timedelta(days=30), changed_at=NOW)
        if name == "a":
            world.records["term"] = term


def _day(world: World) -> None:
    """Each manager turned a proposal about their customer down."""
    for customer, manager in ((world.a, "manager"), (world.b, "manager_b")):
        DayMark.objects.create(
            user=world.users[manager],
            customer=customer,
            on=TODAY,
            kind="drop",
            key=f"drop:{customer.pk}",
            verdict="skipped",
            why="wrong",
            at=NOW,
        )


def _follow_ups(world: World) -> None:
    """Each manager has something to do for their customer, again and again and by a playbook, and goes on leave."""
    for name, manager in (("a", "manager"), ("b", "manager_b")):
        customer, owner, note = getattr(world, name), world.users[manager], f"note-about-{name}"
        task = make.make_follow_up(customer=customer, owner=owner, title=note)
        make.make_follow_up(customer=customer, owner=owner, title="", state="done", outcome=note, closed_at=NOW)
        by = {"customer": customer, "owner": owner, "created_by": owner, "created_at": NOW}
        series = Series.everything.create(title=note, frequency="monthly", starts_on=TODAY, **by)
        step = {"key": "thanks", "title_zh": note, "title_en": note, "days": 7, "after": "", "doer": "manager"}
        run = PlaybookRun.everything.create(
            customer=customer, playbook="onboarding", steps=[{**step, "waits_for": -1}], started_on=TODAY
        )
        absence = Absence.objects.create(
            user=owner,
            starts_on=TODAY + timedelta(days=30),
            ends_on=TODAY + timedelta(days=35),
            created_by=owner,
            created_at=NOW,
        )
        if name == "a":
            world.records |= {"follow_up": task, "series": series, "playbook": run, "absence": absence}
