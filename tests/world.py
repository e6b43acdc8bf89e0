"""A small bank with one person of each kind, for tests that ask the same of everybody everywhere."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.core.cache import cache
from django.db import connection, transaction
from django.template import Template
from django.test import Client
from django.test.utils import _TestState
from django.urls import URLPattern, URLResolver, get_resolver

from core.models import Job
from customers.models import (
    Customer,
    FedDay,
    Feed,
    Handover,
    HandoverItem,
    KycItem,
    LifecycleChange,
    Merge,
    PositionChange,
    QualityFlag,
)
from insights.models import DepositDay
from staff.access import SCOPES_BY_ROLE
from staff.models import Policy
from tests import factories as make
from tests.factories import NOW, TODAY
from tests.people import PEOPLE, World
from tests.world_campaigns import reach_out
from tests.world_complaints import complain
from tests.world_servicing import serve
from tests.world_week import keep_the_week
from tiers.models import Backtest, RetierRun, Scheme, TierChange, TierOverride
from tiers.queries import content_of


def build() -> World:
    """The bank, in the present transaction."""
    world = World()
    world.branches["top"] = top = make.make_head_office(code="00")
    for name in "AB":
        world.branches[name] = make.make_branch(code=f"01{name}", name=f"{name}支行", parent=top)
    for persona, (role, unit) in PEOPLE.items():
        world.users[persona] = make.make_user(
            role=role, branch=world.branches[unit], username=persona, staff_no=f"NO-{persona}", name=f"员工{persona}"
        )
    world.a = _customer(world, "a", "A", "manager")
    world.b = _customer(world, "b", "B", "manager_b")
    _history(world)
    _records(world)
    _handovers(world)
    _findings(world)
    _kyc(world)
    _care(world)
    serve(world)
    complain(world)
    reach_out(world)
    keep_the_week(world)
    _overrides(world)
    _backtests(world)
    for persona, user in world.users.items():
        client = Client()
        client.force_login(user, backend="staff.backends.StaffBackend")
        world.sessions[persona] = client.cookies["sessionid"].value
    manager = world.users["manager"]
    world.token = make.make_token(manager, *SCOPES_BY_ROLE[manager.role])
    return world


def _customer(world: World, name: str, unit: str, manager: str) -> Customer:
    customer = make.make_customer(
        customer_no=f"CUST{name}",
        name="欧阳娜娜" if name == "b" else "王小明",
        branch=world.branches[unit],
        manager=world.users[manager],
        phone="13912345678" if name == "b" else "13800138000",
        id_no="11010519491231002X" if name == "b" else "440524188001010014",
        tier=3,
    )
    make.make_account(customer=customer, balance=600_000, account_no=f"62220000DEMAND{name}")
    make.make_term_account(customer=customer, balance=50_000, account_no=f"62220000TERM{name}")
    author = world.users["teller" if unit == "A" else "teller_b"]
    make.make_interaction(customer=customer, author=author, note=f"note-about-{name}")
    return customer


def _history(world: World) -> None:
    """Something happened to both customers on the ledger day, so that every board has something to show."""
    before, day = TODAY - timedelta(days=1), TODAY
    FedDay.objects.create(on=before, is_full=True)
    FedDay.objects.create(on=day, is_full=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT customers_ensure_month(%s), customers_ensure_month(%s)", [before, day])
    for customer in (world.a, world.b):
        for on, total, day_sum in ((before, 400_000, 400_000), (day, 650_000, 1_050_000)):
            PositionChange.objects.create(customer=customer, on=on, total=total, day_sum=day_sum)
        TierChange.everything.create(
            customer=customer,
            on=day,
            event="up",
            from_tier=2,
            to_tier=3,
            scheme=make.first_scheme(),
            measure="balance",
            value=650_000,
            window_from=day,
            window_to=day,
            branch=customer.branch,
            manager=customer.manager,
        )
        DepositDay.objects.create(
            on=day, branch=customer.branch, manager=customer.manager, tier=3, customers=1, total=650_000
        )


def _records(world: World) -> None:
    day = {"on": TODAY - timedelta(days=1)}
    scheme = make.first_scheme()
    world.records["scheme"] = scheme
    for name, status in (("draft", "draft"), ("submitted", "submitted")):
        world.records[name] = Scheme.objects.create(
            version=scheme.version + 1 + len(world.records),
            name=name,
            effective_on=TODAY + timedelta(days=30),
            status=status,
            drafted_by=world.users["admin"],
            drafted_at=NOW,
        )
        for rank, floor in enumerate((0, 60_000, 500_000, 3_000_000), start=1):
            world.records[name].bands.create(
                rank=rank, floor=floor, letter="ABCD"[rank - 1], name_zh="档", name_en="Band"
            )
    world.records["feed"] = Feed.objects.create(
        kind="balances", business_date=day["on"], file_name="balances.csv", actor_no="NO-admin", created_at=NOW
    )
    world.records["job"] = Job.objects.create(
        name="test.job", key="1", state="failed", due_at=NOW, created_at=NOW, business_day=day["on"]
    )
    world.records["run"] = RetierRun.objects.create(
        on=day["on"], scheme=scheme, is_open=False, customers=2, by_tier={"3": 2}, finished_at=NOW
    )
    world.records["contact"] = make.make_interaction(customer=world.a, author=world.users["teller"])
    world.records["export"] = make.make_export(actor=world.users["manager"], rows=2_000)
    make.make_export(actor=world.users["manager_b"], rows=2_000, reason="note-about-b", query="q=欧阳娜娜")
    world.records["merge"] = Merge.everything.create(
        kept=world.a,
        dropped=world.b,
        reason="note-of-merge",
        requested_by=world.users["hq"],
        requested_at=NOW,
        state="undone",
        undone_by=world.users["hq"],
        undone_at=NOW,
    )
    world.records["view"] = make.make_view(world.users["teller"], query="tier=3", is_pinned=True, is_shared=True)
    make.make_view(world.users["teller_b"], name="view-of-b", query="q=欧阳娜娜", is_pinned=True, is_shared=True)
    make.make_token(world.users["teller"], "customers:read")
    world.records["token"] = world.users["teller"].tokens.get()


def _care(world: World) -> None:
    """Both customers agree to something, are warned of, are promised something; and prospects who may know them."""
    for name, manager in (("a", "manager"), ("b", "manager_b")):
        customer, owner = getattr(world, name), world.users[manager]
        make.make_consent(customer=customer, recorded_by=owner, proof_ref=f"note-about-{name}")
        alert = make.make_alert(customer=customer, text=f"note-about-{name}")
        promise = make.make_promise(customer=customer, owner=owner, text=f"note-about-{name}")
        phone = "13912345678" if name == "b" else "13712340000"
        prospect = make.make_prospect(
            manager=owner, number=f"PROSP{name}", name="欧阳娜娜" if name == "b" else "王小明", phone=phone
        )
        if name == "a":
            world.records |= {"alert": alert, "promise": promise, "prospect": prospect}


def _handovers(world: World) -> None:
    """One customer went from each branch's manager to a colleague and came back, but for its paper."""
    for name, before, to in (("handover", "manager", "other_manager"), ("handover_b", "manager_b", "senior_b")):
        customer = world.a if name == "handover" else world.b
        world.records[name] = handover = Handover.everything.create(
            branch=customer.branch,
            from_manager=world.users[before],
            to_manager=world.users[to],
            reason=f"note-about-{'a' if name == 'handover' else 'b'}",
            requested_by=world.users["head" if name == "handover" else "head_b"],
            requested_at=NOW,
            state="done",
            moved_count=1,
            moved_total=650_000,
            done_at=NOW,
            undo_until=NOW + timedelta(days=7),
        )
        HandoverItem.everything.create(
            handover=handover, customer=customer, manager_before=world.users[before], result="moved"
        )


def _findings(world: World) -> None:
    """The phone of both customers was not confirmed for long, and each moved to a stage."""
    for customer, name in ((world.a, "finding"), (world.b, "finding_b")):
        world.records[name] = QualityFlag.everything.create(
            customer=customer, kind="stale_phone", found_on=TODAY - timedelta(days=3)
        )
        LifecycleChange.everything.create(customer=customer, on=TODAY, from_stage=0, to_stage=4, rule="steady")


def _kyc(world: World) -> None:
    """A review is due of both customers, and a version of its rules is drawn up."""
    due: dict[str, Any] = {"kind": "review", "due_on": TODAY, "opened_on": TODAY}
    world.records["kyc_item"] = KycItem.everything.create(customer=world.a, note="note-about-a", **due)
    world.records["kyc_item_b"] = KycItem.everything.create(customer=world.b, note="note-about-b", **due)
    Policy.objects.create(
        kind="kyc",
        version=1,
        values={"grace_days": 60},
        effective_on=TODAY + timedelta(days=30),
        drafted_by=world.users["admin"],
        drafted_at=NOW,
    )


def _backtests(world: World) -> None:
    """Two rules were tried on both customers."""
    content = content_of(make.first_scheme()).facts
    world.records["backtest"] = Backtest.objects.create(
        on=TODAY,
        rules=[{"label": "v1", "content": content}, {"label": "v2", "content": content}],
        months=["2026-09-30", "2026-10-31"],
        result={"steps": [[[1, 0, 3, 2, 0, 0], [2, 3, 3, 2, 0, 0]]] * 2},
        asked_by=world.users["admin"],
        asked_at=NOW,
        finished_at=NOW,
    )


def _overrides(world: World) -> None:
    """Each manager asked for another tier of their customer."""
    for name, customer, asker in (("override", world.a, "manager"), ("override_b", world.b, "manager_b")):
        world.records[name] = TierOverride.everything.create(
            customer=customer,
            letter="A",
            reason=f"note-about-{'a' if name == 'override' else 'b'}",
            starts_on=TODAY + timedelta(days=1),
            ends_on=TODAY + timedelta(days=90),
            requested_by=world.users[asker],
            requested_at=NOW,
        )


@contextmanager
def undone() -> Iterator[None]:
    """Whatever happens inside is rolled back, and what was counted is forgotten."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
    cache.clear()


@contextmanager
def unrecorded() -> Iterator[None]:
    """Answers come without `context`: to keep a copy for every template takes a tenth of the time."""
    recording = Template._render
    Template._render = _TestState.saved_data.template_render
    try:
        yield
    finally:
        Template._render = recording


def addresses(patterns: Any = None, prefix: str = "", space: str = "") -> Iterator[tuple[str, str, Callable[..., Any]]]:
    """(name, pattern, view) of every address the resolver knows."""
    for entry in get_resolver().url_patterns if patterns is None else patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from addresses(entry.url_patterns, route, f"{space}{entry.namespace}:" if entry.namespace else space)
        elif isinstance(entry, URLPattern):
            yield f"{space}{entry.name}", route, entry.callback
