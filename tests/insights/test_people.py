"""Satisfaction with its margin, completion beside results, and what targets came to."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any

import pytest
from django.test import Client

from core.clock import SHANGHAI, now, today
from core.workdays import Calendar
from insights.models import BranchDay, DepositDay, Kpi, KpiDay, MonthClose
from insights.queries import completion, targets
from insights.queries import satisfaction as voices
from insights.queries.satisfaction import Asked
from insights.rules import satisfaction as rules
from insights.rules import targets as fair
from insights.views import satisfaction as pages
from servicing.models import FollowUp, Invitation, SurveyAnswer, Wave
from staff.models import Branch, Target, User
from staff.rules.targets import period_of
from tests import factories as make
from tests.insights.books import make_holder

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def bank() -> dict[str, Any]:
    top = make.make_head_office()
    one, two = make.make_branch(parent=top), make.make_branch(parent=top)

    def person(role: str, branch: Branch) -> User:
        return make.make_user(role=role, branch=branch, password="")

    found = {"top": top, "one": one, "two": two, "hq": person("head_office", top), "head": person("branch_head", one)}
    return found | {"lin": person("manager", one), "wang": person("manager", one), "far": person("manager", two)}


def answered(bank: dict[str, Any], marks: dict[str, list[int]], *, unanswered: int = 0) -> None:
    """Answers about talks with each person, of customers in tier 1 (`lin`) or 2, and links nobody used."""
    wave = Wave.everything.create(
        name="Q4", branch=bank["top"], starts_on=today() - 30 * DAY, ends_on=today(), channels=["sms"], seed=1,
        created_by=bank["hq"], created_at=now(),
    )  # fmt: skip
    for who, given in marks.items():
        about = bank[who]
        for place in range(len(given) + unanswered):
            customer = make.make_customer(branch=about.branch, manager=about, tier=1 if who == "lin" else 2)
            at = now() - timedelta(days=5)
            used = at if place < len(given) else None
            link = Invitation.everything.create(
                wave=wave, customer=customer, branch=about.branch, about=about, channel="sms", state="sent",
                digest=sha256(f"{who}{place}".encode()).digest(), made_at=at, sent_at=at, expires_at=at, used_at=used,
            )  # fmt: skip
            if used:
                SurveyAnswer.everything.create(
                    wave=wave, invitation=link, branch=about.branch, channel="sms", score=given[place],
                    marks={"service": 4 + place % 2}, answered_at=at,
                )  # fmt: skip


def test_satisfaction_by_group(
    bank: dict[str, Any], client_of: Callable[[User], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    team = make.make_team(branch=bank["one"], members=(bank["lin"], bank["wang"]))
    answered(bank, {"lin": [10, 8, 9, 9], "wang": [5, 7], "far": [1, 2]}, unanswered=1)

    def asked(who: str, by: str, unit: str = "") -> voices.Satisfaction:
        days = today() - 20 * DAY, today()
        return voices.satisfaction(bank[who], Asked(*days, by, bank[unit] if unit else None))

    def means(found: voices.Satisfaction) -> dict[Any, tuple[float | None, int, int, int]]:
        return {line.key: (line.result.mean, line.result.count, line.sent, line.used) for line in found.lines}

    whole = asked("hq", "branch")
    assert means(whole) == {bank["one"].pk: (8.0, 6, 8, 6), bank["two"].pk: (1.5, 2, 3, 2)}
    assert (whole.total.result.count, whole.total.sent, whole.total.response) == (8, 11, 72.7)
    assert whole.questions["service"].count == 8
    assert whole.questions["service"].mean == 4.5
    assert means(asked("hq", "tier")) == {1: (9.0, 4, 5, 4), 2: (3.75, 4, 6, 4)}
    assert means(asked("head", "person")) == {bank["lin"].pk: (9.0, 4, 5, 4), bank["wang"].pk: (6.0, 2, 3, 2)}
    assert means(asked("head", "team")) == {team.pk: (8.0, 6, 8, 6)}
    assert means(asked("head", "branch", "two")) == {}, "not the head's unit"
    assert means(asked("wang", "tier")) == {2: (6.0, 2, 3, 2)}, "what was said about oneself"
    assert all(line.result.is_small for line in whole.lines)
    assert whole.lines[0].standing == rules.Standing()

    page = client_of(bank["head"]).get("/satisfaction/?by=person").text
    assert bank["lin"].name in page
    assert bank["far"].name not in page
    # By page where there are many, each with the same address but for its number.
    monkeypatch.setattr(pages, "PAGE", 1)
    client, seen = client_of(bank["head"]), []
    address: str | None = "/satisfaction/?by=person"
    while address:
        context = client.get(address).context
        assert len(context["rows"]) == 1
        seen += [row.name for row in context["rows"]]
        assert context["found"].total.result.count == 6
        address = context["pager"].next_url
        assert not address or "by=person" in address
    assert sorted(seen) == sorted([bank["lin"].name, bank["wang"].name])
    assert client.get("/satisfaction/?by=person&page=0").status_code == 400
    for who in ("hq", "lin"):
        client = client_of(bank[who])
        assert client.get("/satisfaction/").status_code == client.get("/satisfaction/widget/").status_code == 200
    assert client_of(bank["hq"]).get("/satisfaction/?first=2026-01-01&last=2020-01-01").status_code == 422


def follow_up(customer: Any, owner: User, due: date, *, closed: date | None = None, **fields: Any) -> FollowUp:
    at = closed and datetime(closed.year, closed.month, closed.day, 23, 30, tzinfo=SHANGHAI)
    state = "done" if closed else "open"
    return make.make_follow_up(
        customer=customer, owner=owner, due_on=due, closed_at=at, **{"state": state, "closed_by": owner, **fields}
    )


def work(bank: dict[str, Any], first: date, day: date) -> None:
    """Follow-ups of two colleagues and one elsewhere, about the days from `first` to `day`."""
    lin, wang = bank["lin"], bank["wang"]
    grew = make_holder({70: 1000, 20: 4000}, branch=bank["one"], manager=lin, ledger_day=day)
    quiet, kind = (make.make_customer(branch=bank["one"], manager=lin) for _n in range(2))

    def talk(outcome: str, customer: Any = grew) -> Any:
        return make.make_interaction(customer=customer, author=lin, branch=bank["one"], outcome=outcome)

    follow_up(grew, lin, day - 2 * DAY, closed=day - 2 * DAY, interaction=talk("interested"), kind="campaign")
    follow_up(grew, lin, day - 3 * DAY, closed=day - DAY, interaction=talk("interested"))
    follow_up(quiet, lin, day - 4 * DAY)
    follow_up(quiet, lin, day)
    follow_up(quiet, lin, day - 5 * DAY, closed=day, state="skipped", skip_reason="not_wanted")
    follow_up(quiet, lin, day - 5 * DAY, closed=day, state="cancelled")
    follow_up(quiet, lin, first - DAY)
    # Two talks without a campaign: one agreed, one never reached.
    follow_up(kind, lin, day - 2 * DAY, closed=day - 2 * DAY, interaction=talk("interested", kind))
    follow_up(quiet, lin, day - 6 * DAY, closed=day - 6 * DAY, interaction=talk("not_reached", quiet))
    away = make.make_customer(branch=bank["two"], manager=bank["far"])
    follow_up(away, lin, day - 2 * DAY, closed=day - 2 * DAY, interaction=talk("interested", away))
    follow_up(quiet, wang, day - DAY, closed=day - DAY)


def test_completion_is_not_the_result(bank: dict[str, Any]) -> None:
    """K06: what was due, done in time, late or open stands apart from what came of it."""
    lin, wang, day = bank["lin"], bank["wang"], make.TODAY
    first, last = day - 29 * DAY, day
    work(bank, first, day)

    lines = {line.owner: line for line in completion.completion(bank["hq"], [bank["one"].pk], first, last, day)}
    assert completion.completion(bank["head"], [bank["one"].pk], first, last, day) == list(lines.values())
    mine = lines[lin.pk]
    assert mine.work == completion.Work(due=6, in_time=3, late=1, open=2, overdue=1)
    assert (mine.work.percent, mine.calls) == (50, completion.Work(1, 1, 0, 0, 0))
    # 30 days up to the ledger day: 10 at 1,000, 20 at 4,000 and the day itself; before the first day 1,000 throughout.
    averages = {"before": Decimal("1000.00"), "after": Decimal("3100.00")}
    assert mine.outcome == completion.Outcome(3, 2, 2, 1, **averages), "a customer spoken to twice counts once"
    assert lines[wang.pk].work.percent == 100
    assert lines[wang.pk].outcome == completion.Outcome()
    assert not completion.completion(bank["far"], [bank["one"].pk], first, last, day)
    own = completion.completion(wang, [bank["one"].pk], first, last, day)
    assert not own, "customers of a colleague are not in sight"

    team = make.make_team(branch=bank["one"], members=(lin, wang))
    assert completion.by_team(lines.values(), {team.pk: [lin.pk, wang.pk]})[team.pk].work.due == 7


def test_completion_by_person_team_and_unit(bank: dict[str, Any], client_of: Callable[[User], Client]) -> None:
    """Of units the figures of the nights, added up; what is overdue is that of the last."""
    lin, day = bank["lin"], make.TODAY
    first, last = day - 29 * DAY, day
    work(bank, first, day)
    team = make.make_team(branch=bank["one"], members=(lin, bank["wang"]))
    for on, tier, measure, value, base in (
        (day, -1, "follow_ups", 3, 4),
        (day, 4, "follow_ups", 1, 1),
        (day, -1, "overdue", 7, None),
        (day - DAY, -1, "overdue", 9, None),
    ):
        KpiDay.objects.get_or_create(on=on, made_at=make.NOW)
        make.make_kpi(unit=bank["one"], measure=measure, value=value, base=base, tier=tier, on=on)
    (unit, _other) = completion.completion_by_unit(bank["hq"], bank["top"], first, last)
    assert (unit.unit, unit.work.in_time, unit.work.due, unit.work.overdue) == (bank["one"], 3, 4, 7)

    span = f"first={first}&last={last}"
    page = client_of(bank["head"]).get(f"/completion/?{span}").text
    assert lin.name in page
    assert f"owner={lin.staff_no}" in page
    assert team.name in client_of(bank["head"]).get(f"/completion/?by=team&{span}").text
    assert bank["one"].name in client_of(bank["hq"]).get(f"/completion/?{span}").text
    for who in ("hq", "head", "lin"):
        assert client_of(bank[who]).get("/completion/widget/").status_code == 200


def test_holidays_do_not_count() -> None:
    calendar = Calendar()
    found = fair.holidays_between(calendar, date(2026, 10, 1), date(2026, 10, 31))
    assert date(2026, 10, 1) in found
    assert date(2026, 10, 24) not in found, "a weekend is none"
    totals = {date(2026, 10, day): Decimal(200 if date(2026, 10, day) in found else 100) for day in range(1, 32)}
    effect = fair.holiday_effect(totals, found)
    assert effect == (Decimal(100) * len(found) / 31).quantize(Decimal("0.01"))
    assert fair.holiday_effect(totals, frozenset()) == 0
    assert fair.spike_effect(Decimal(200), 30, Decimal(5 * 700), 5) == Decimal("100.00")
    assert fair.spike_effect(Decimal(200), 30, Decimal(0), 5) == 0, "a fall is no window-dressing"
    for aim, value, up, reached in [
        ("100", "50.5", True, 50),
        ("100", "-1", True, -1),
        ("0", "1", True, 100),
        ("3", "2", False, 100),
        ("3", "6", False, 50),
    ]:
        assert fair.attained(Decimal(aim), Decimal(value), is_good_up=up) == reached


def a_target(whose: Any, measure: str, aim: int, day: date, period: str = "quarter", **fields: Any) -> Target:
    """A target in force, as it stands after the unit above approved it."""
    first, last = period_of(period, day)
    branch = whose if isinstance(whose, Branch) else whose.branch
    of = "unit" if isinstance(whose, Branch) else "person"
    other = make.make_user(role="head_office", branch=branch, password="")
    return Target.objects.create(
        of=of, branch=branch, person=None if of == "unit" else whose, measure=measure, period=period, starts_on=first,
        ends_on=last, aim=aim, note="因", state="approved", drafted_by=other, drafted_at=now(), **fields,
    )  # fmt: skip


def test_growth_is_explained_to_the_cent(bank: dict[str, Any], client_of: Callable[[User], Client]) -> None:
    """F01, B9: hand-overs, holidays and later corrections never move what counts, and each sum is that of its lines."""
    lin, closes = bank["lin"], [date(2026, 10, 31), date(2026, 11, 19)]
    figures = {
        closes[0]: {"adb_before": "1000.10", "adb": "1500.30", "adb_new": "300.20", "adb_handed_in": "200.00"},
        closes[1]: {"adb": "1290.00", "adb_down": "-60.15", "adb_lost": "-50.00", "adb_handed_out": "-100.00"},
    }
    rows = []
    for on, values in figures.items():
        KpiDay.objects.create(on=on, made_at=now())
        for measure, value in values.items():
            whose = {"unit_kind": "person", "unit_id": lin.pk, "branch": lin.branch}
            rows.append(Kpi(on=on, measure=measure, value=Decimal(value), **whose))
    Kpi.everything.bulk_create(rows)
    # September is the month before: flat but for nothing; October's holidays are outside of both months compared.
    target = a_target(lin, "adb_growth", 100, closes[0])
    (found,) = targets.progress_of([target], date(2026, 11, 20))
    growth = found.growth
    assert growth is not None
    assert found.as_of == closes[1]
    assert (growth.opening, growth.closing, growth.handed) == (Decimal("1000.10"), Decimal("1290.00"), Decimal(100))
    assert growth.corrections == Decimal("-0.15"), "what no part explains is said"
    assert growth.own == growth.fair == Decimal("189.90") == found.value
    assert (found.reached, found.is_met, found.time) == (189, True, 54)
    # A month's target over October itself: its holidays are taken out of the average.
    month = a_target(lin, "adb_growth", 600, closes[0], "month")
    october = [date(2026, 10, 1) + place * DAY for place in range(31)]
    off = fair.holidays_between(Calendar(), october[0], october[-1])
    DepositDay.objects.bulk_create(
        DepositDay(on=on, branch=lin.branch, manager=lin, tier=1, customers=1, total=3100 if on in off else 0)
        for on in october
    )
    (found,) = targets.progress_of([month], date(2026, 11, 20))
    growth = found.growth
    assert growth is not None
    assert growth.holidays == Decimal(100 * len(off))
    assert growth.fair == growth.own - growth.holidays == Decimal("300.20") - 100 * len(off)
    page = client_of(lin).get(target.get_absolute_url()).text
    assert "189.90" in page
    assert "-0.15" in page.replace("−", "-")
    assert client_of(bank["wang"]).get(target.get_absolute_url()).status_code == 404


def test_a_unit_sees_the_aim_that_binds_it_from_above_and_not_the_figures_above(
    bank: dict[str, Any], client_of: Callable[[User], Client]
) -> None:
    on, top = today() - DAY, bank["top"]
    KpiDay.objects.create(on=on, made_at=now())
    for measure, value in (("adb_before", "7654321.00"), ("adb", "8765432.00"), ("adb_new", "1111111.00")):
        Kpi.everything.create(
            on=on, unit_kind="bank", unit_id=top.pk, branch=top, measure=measure, value=Decimal(value)
        )
    above = a_target(top, "adb_growth", 2_000_000, on)
    Target.objects.create(
        **{name: getattr(above, name) for name in ("of", "branch", "measure", "period", "starts_on", "ends_on")},
        aim=3_000_000, note="还没定", version=2, replaces=above, drafted_by=bank["hq"], drafted_at=now(),
    )  # fmt: skip
    page = client_of(bank["head"]).get(above.get_absolute_url()).context
    assert (page["line"].aim.money, page["line"].progress.value, page["growth"]) == (2_000_000, None, [])
    assert page["versions"] == [above], "what is only asked for above is not theirs to read"
    page = client_of(bank["hq"]).get(above.get_absolute_url()).context
    assert (page["line"].progress.value is not None, len(page["versions"])) == (True, 2)


def test_shares_and_means(bank: dict[str, Any]) -> None:
    """Sums over sums for what happens, the last close for what stands; a unit is its whole tree for complaints."""
    lin, one, days = bank["lin"], bank["one"], [date(2026, 11, 2), date(2026, 11, 19)]
    person = {"unit_kind": "person", "unit_id": lin.pk, "branch": one}
    unit = {"unit_kind": "branch", "unit_id": one.pk, "branch": one}
    made = [
        (days[0], person, "follow_ups", 3, 5),
        (days[1], person, "follow_ups", 5, 5),
        (days[0], person, "satisfaction", 19, 2),
        (days[0], person, "in_rhythm", 1, 10),
        (days[1], person, "in_rhythm", 9, 10),
        (days[1], unit, "churn", 2, 80),
        (days[1], unit, "in_rhythm", 7, 10),
    ]
    for day in days:
        KpiDay.objects.create(on=day, made_at=now())
    Kpi.everything.bulk_create(
        Kpi(on=on, measure=name, value=value, base=base, **whose) for on, whose, name, value, base in made
    )
    case = {"branch": one, "received_on": days[0], "due_on": days[1] - DAY, "handler": lin}
    make.make_complaint(**case, state="closed", answered_on=days[0])
    make.make_complaint(**case, state="investigating")
    make.make_complaint(**{**case, "handler": bank["wang"]}, state="closed", answered_on=days[0])
    asked = [
        a_target(lin, "follow_ups", 80, days[0]),
        a_target(lin, "satisfaction", 9, days[0]),
        a_target(lin, "in_rhythm", 95, days[0]),
        a_target(lin, "complaints", 100, days[0]),
        a_target(one, "churn", 3, days[0]),
        a_target(one, "complaints", 60, days[0]),
        a_target(bank["far"], "follow_ups", 80, days[0]),
    ]
    found = targets.progress_of(asked, date(2026, 11, 20))
    values = [progress.value for progress in found]
    wanted = ["80", "9.5", "90", "50", "2.5", "66.67", None]
    assert values == [None if value is None else Decimal(value) for value in wanted]
    assert [progress.count for progress in found] == [10, 2, 10, 2, 80, 3, 0]
    assert [progress.is_met for progress in found] == [True, True, False, False, True, True, False]
    assert BranchDay.everything.count() == 0


def test_spikes_at_month_ends_do_not_count(bank: dict[str, Any]) -> None:
    """B9: who stood far above the average at the month's end and fell soon after counts without those days."""
    lin, end = bank["lin"], date(2026, 10, 31)
    # 100,000 all October, 700,000 on its last two days, back again on 2 November.
    away = {(make.TODAY - day).days: total for day, total in [
        (date(2026, 9, 1), 100_000), (date(2026, 10, 30), 700_000), (date(2026, 11, 2), 100_000)
    ]}  # fmt: skip
    spiked = make_holder(away, branch=lin.branch, manager=lin, ledger_day=make.TODAY)
    adb = Decimal(100_000 * 29 + 700_000 * 2) / 31
    close = {"month": end.replace(day=1), "branch_id": lin.branch_id, "manager_id": lin.pk, "tier": 2}
    MonthClose.everything.create(customer=spiked, adb=adb.quantize(Decimal("0.01")), total=700_000, **close)
    KpiDay.objects.create(on=end, made_at=now())
    Kpi.everything.bulk_create(
        Kpi(on=end, measure=name, value=value, unit_kind=kind, unit_id=pk, branch=lin.branch)
        for name, value in (("adb_before", 100_000), ("adb", adb.quantize(Decimal("0.01"))))
        for kind, pk in (("person", lin.pk), ("branch", lin.branch_id))
    )
    asked = [a_target(whose, "adb_growth", 10_000, end, "month") for whose in (lin, lin.branch, bank["wang"])]
    person, unit, other = targets.progress_of(asked, date(2026, 11, 20))
    # The last five days are left out: 100,000 a day is what remains, so the growth of 38,709.68 was none.
    assert [one.growth and one.growth.spikes for one in (person, unit)] == [Decimal("38709.68")] * 2
    assert person.value == unit.value == 0
    assert other.growth is not None
    assert other.growth.spikes == 0
