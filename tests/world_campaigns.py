"""What the small bank sends its customers: of each branch one campaign running and one as a draft."""

from hashlib import sha256

from campaigns.models import Seat, SegmentMember, Uplift, WinBack
from tests import factories as make
from tests.factories import NOW, TODAY
from tests.people import World


def reach_out(world: World) -> None:
    """Campaigns, an event and a win-back about customer a and, like them, about customer b."""
    for name, head, manager in (("a", "head", "manager"), ("b", "head_b", "manager_b")):
        customer, said, unit = getattr(world, name), f"note-about-{name}", world.branches[name.upper()]
        made_by, hq = world.users[head], world.users["hq"]
        segment = make.make_segment(branch=unit, created_by=made_by, name=said)
        listed = make.make_segment(branch=unit, created_by=made_by, name=f"{said}-list", kind="list", rule={})
        SegmentMember.everything.create(segment=listed, customer=customer, added_by=made_by, added_at=NOW)
        template = make.make_template(created_by=made_by, approved_by=hq, name=f"模板{name}")
        content = make.make_content_drafts(made_by, hq, name)
        make.give(content["article"], customer, world.users[manager])
        offer = make.make_offer(created_by=made_by, approved_by=hq, name=f"方案{name}")
        about = {"branch": unit, "created_by": made_by, "segment": segment, "template": template}
        running = make.make_campaign(**about, name=f"{said}-1", state="running", approved_by=hq)
        draft = make.make_campaign(**about, name=f"{said}-2")
        make.make_member(running, customer)
        outreach = make.make_outreach(running, customer)
        Uplift.objects.create(
            campaign=running,
            days=30,
            computed_at=NOW,
            treated_count=1,
            held_out_count=0,
            verdict="no_control",
            strata=[{"tier": 2, "treated": [1, 10.0, 2.0, 0.0], "held_out": [0, 0.0, 0.0, 0.0]}],
        )
        event = make.make_event(branch=unit, created_by=made_by, name=said)
        seat = Seat.everything.create(
            event=event, customer=customer, digest=sha256(said.encode()).digest(), invited_at=NOW
        )
        calls = make.make_campaign(
            **about, name=f"{said}-3", kind="call", channel="phone", script=said, state="running", approved_by=hq
        )
        make.make_outreach(calls, customer, owner=world.users[manager])
        won = WinBack.everything.create(
            customer=customer, owner=world.users[manager], note=said, before=0, opened_on=TODAY
        )
        if name == "a":
            world.records |= {"segment_list": listed}
            world.records |= {"segment": segment, "template": template, "offer": offer, "campaign": running}
            world.records |= {"campaign_draft": draft, "outreach": outreach, "event": event, "seat": seat}
            world.records |= {"campaign_calls": calls, "win_back": won, **content, "model": make.make_model()}
