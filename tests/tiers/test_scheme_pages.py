"""The pages of the policy: the editor, the versions, and that nothing is done by one person alone."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from core.clock import today
from staff.models import User
from tests.tiers.ledgers import approved
from tests.tiers.test_views import moved_customer, run_both
from tiers.models import Scheme

pytestmark = pytest.mark.django_db
AsRole = Callable[..., Client]
ClientOf = Callable[[User], Client]
READ = ["schemes"]
WRITE = ["scheme_new"]


def form_data(*floors: str, effective_on: date | None = None, **more: str) -> dict[str, str]:
    """What the editor sends."""
    floors = floors or ("0", "60,000", "600000")
    data = {
        "name": "新方案",
        "measure": "balance",
        "watch_periods": "0",
        "effective_on": (effective_on or today() + timedelta(days=30)).isoformat(),
        "note": "利率调整",
        "bands-TOTAL_FORMS": str(len(floors)),
        "bands-INITIAL_FORMS": "0",
    }
    for n, floor in enumerate(floors):
        data |= {
            f"bands-{n}-floor": floor,
            f"bands-{n}-letter": "DCBAEFGH"[n % 8],
            f"bands-{n}-name_zh": f"第{n}档",
            f"bands-{n}-name_en": f"Tier {n}",
        }
    return data | more


def drafted_by(client: Client) -> Scheme:
    client.post(reverse("tiers:scheme_new"), form_data())
    return Scheme.objects.get(status="draft")


@pytest.mark.parametrize(
    ("role", "read", "write"),
    [
        ("teller", 403, 403),
        ("lobby", 403, 403),
        ("manager", 403, 403),
        ("senior_manager", 403, 403),
        ("expert", 403, 403),
        ("branch_head", 200, 403),
        ("head_office", 200, 200),
        ("admin", 200, 200),
        ("compliance", 200, 403),
        ("auditor", 200, 403),
    ],
)
def test_who_reads_and_who_writes_the_policy(as_role: AsRole, role: str, read: int, write: int) -> None:
    client = as_role(role)
    scheme = Scheme.objects.get(version=1)

    assert client.get(reverse("tiers:schemes")).status_code == read
    assert client.get(reverse("tiers:scheme", args=[scheme.pk])).status_code == read
    assert client.get(reverse("tiers:scheme_new")).status_code == write
    assert client.post(reverse("tiers:scheme_preview"), form_data()).status_code == write


def test_the_first_version_is_shown_in_force(as_role: AsRole) -> None:
    page = as_role("auditor").get(reverse("tiers:schemes")).content.decode()

    assert "3,000,000.00" in page
    assert reverse("tiers:scheme", args=[Scheme.objects.get(version=1).pk]) in page


def test_a_version_goes_from_draft_to_force_through_two_people(as_role: AsRole, client_of: ClientOf) -> None:
    admin, officer = as_role("admin"), as_role("head_office")
    scheme = drafted_by(admin)
    detail = reverse("tiers:scheme", args=[scheme.pk])
    assert [str(b.floor) for b in scheme.bands.order_by("rank")] == ["0.00", "60000.00", "600000.00"]

    admin.post(reverse("tiers:scheme_submit", args=[scheme.pk]))
    assert officer.get(detail).context["may_decide"]
    assert not admin.get(detail).context["may_decide"]
    digest = officer.get(detail).context["form"].initial["digest"]
    decide = reverse("tiers:scheme_decide", args=[scheme.pk])
    refused = admin.post(decide, {"digest": digest, "decision": "approve", "comment": ""})
    assert refused.status_code == 422
    accepted = officer.post(decide, {"digest": digest, "decision": "approve", "comment": "同意"})

    assert accepted.headers["Location"] == detail
    scheme.refresh_from_db()
    assert scheme.status == "approved"


def test_a_stale_decision_and_a_rejection_without_reason_are_refused(as_role: AsRole) -> None:
    admin, officer = as_role("admin"), as_role("head_office")
    scheme = drafted_by(admin)
    admin.post(reverse("tiers:scheme_submit", args=[scheme.pk]))
    decide = reverse("tiers:scheme_decide", args=[scheme.pk])

    stale = officer.post(decide, {"digest": "0" * 64, "decision": "approve"})
    silent = officer.post(decide, {"digest": "0" * 64, "decision": "reject"})

    assert (stale.status_code, silent.status_code) == (422, 422)
    scheme.refresh_from_db()
    assert scheme.status == "submitted"


def test_who_asked_takes_it_back_without_a_reason(as_role: AsRole) -> None:
    admin = as_role("admin")
    scheme = drafted_by(admin)
    admin.post(reverse("tiers:scheme_submit", args=[scheme.pk]))
    detail = admin.get(reverse("tiers:scheme", args=[scheme.pk]))
    assert detail.context["may_withdraw"]

    admin.post(reverse("tiers:scheme_decide", args=[scheme.pk]), {"digest": "0" * 64, "decision": "withdraw"})

    scheme.refresh_from_db()
    assert scheme.status == "draft"


def test_a_draft_is_edited_and_an_approved_version_is_not(as_role: AsRole) -> None:
    admin = as_role("admin")
    scheme = drafted_by(admin)
    edit = reverse("tiers:scheme_edit", args=[scheme.pk])

    shown = admin.get(edit)
    assert shown.context["bands"].forms[1]["floor"].value() == "60,000"
    admin.post(edit, form_data("0", "70000"))
    assert [str(b.floor) for b in scheme.bands.order_by("rank")] == ["0.00", "70000.00"]

    first = Scheme.objects.get(version=1)
    moved_on = admin.post(reverse("tiers:scheme_edit", args=[first.pk]), form_data("0", "1"))
    assert moved_on.headers["Location"] == reverse("tiers:scheme", args=[first.pk])
    assert first.bands.count() == 4


@pytest.mark.parametrize("floors", [("0", "x"), ("0", "1.234"), ("5", "6"), ("0", "9", "8"), ("0",)])
def test_bad_bounds_come_back_with_words(as_role: AsRole, floors: tuple[str, ...]) -> None:
    answer = as_role("admin").post(reverse("tiers:scheme_new"), form_data(*floors))

    assert answer.status_code == 422
    assert Scheme.objects.count() == 1


def test_submitting_a_date_that_is_taken_says_so(as_role: AsRole) -> None:
    admin = as_role("admin")
    admin.post(reverse("tiers:scheme_new"), form_data(effective_on=today() - timedelta(days=1)))
    scheme = Scheme.objects.get(status="draft")

    page = admin.post(reverse("tiers:scheme_submit", args=[scheme.pk]), follow=True)

    assert today().isoformat() in page.content.decode()
    scheme.refresh_from_db()
    assert scheme.status == "draft"


def test_tiers_are_added_and_removed_without_losing_what_is_typed(as_role: AsRole) -> None:
    admin = as_role("admin")
    url = reverse("tiers:scheme_new")

    more = admin.post(url, form_data("0", "abc", "600000", change="add")).context
    fewer = admin.post(url, form_data("0", "50000", "600000", change="remove-1")).context
    stubborn = admin.post(url, form_data("0", "50000", change="remove-1")).context

    assert [line["floor"].value() for line in more["bands"]] == ["0", "abc", "600000", None]
    assert [line["floor"].value() for line in fewer["bands"]] == ["0", "600000"]
    assert len(stubborn["bands"].forms) == 2
    assert more["form"]["note"].value() == "利率调整"
    for odd in ({"bands-TOTAL_FORMS": "9" * 9}, {"change": "remove-" + "9" * 5000}, {"bands-TOTAL_FORMS": "x"}):
        assert admin.post(url, form_data(**{"change": "add", **odd})).status_code == 200
    assert Scheme.objects.count() == 1


def test_a_new_version_begins_with_the_one_it_is_based_on(as_role: AsRole) -> None:
    admin = as_role("admin")
    scheme = drafted_by(admin)
    url = reverse("tiers:scheme_new")

    based = admin.get(url, {"based_on": scheme.pk}).context["bands"]

    assert [line["floor"].value() for line in based] == ["0", "60,000", "600,000"]
    assert len(admin.get(url).context["bands"].forms) == 4
    assert admin.get(url, {"based_on": "nonsense"}).status_code == 200
    assert admin.get(url, {"based_on": 10**9}).status_code == 404


def test_the_editor_begins_with_what_the_simulator_asks_for(as_role: AsRole) -> None:
    admin, url = as_role("admin"), reverse("tiers:scheme_new")
    asked = {
        "floors": "0,60000,600000,2000000,9000000",
        "measure": "best",
        "best_of": "balance,adb_trailing",
        "trailing_days": "90",
        "counted": ["demand", "term"],
        "watch_periods": "3",
    }

    shown = admin.get(url, asked).context

    assert [line["floor"].value() for line in shown["bands"]] == ["0", "60,000", "600,000", "2,000,000", "9,000,000"]
    assert [line["letter"].value() for line in shown["bands"]] == ["D", "C", "B", "A", "E"]
    facts = {name: shown["form"][name].value() for name in asked if name != "floors"}
    assert facts == {
        "measure": "best",
        "best_of": ["balance", "adb_trailing"],
        "trailing_days": 90,
        "counted": ["demand", "term"],
        "watch_periods": 3,
    }
    odd = {"floors": "0,x", "measure": "guess", "best_of": "gold", "trailing_days": "9" * 99, "watch_periods": "²"}
    shown = admin.get(url, odd).context
    assert (len(shown["bands"].forms), shown["form"]["measure"].value()) == (4, "balance")
    assert (shown["form"]["trailing_days"].value(), shown["form"]["watch_periods"].value()) == (30, 0)


def test_every_field_of_the_policy_is_drafted(as_role: AsRole) -> None:
    more: dict[str, Any] = {
        "measure": "best",
        "best_of": ["balance", "adb_trailing"],
        "trailing_days": "90",
        "counted": ["demand", "term"],
        "watch_periods": "3",
    }

    as_role("admin").post(reverse("tiers:scheme_new"), form_data() | more)

    made = Scheme.objects.get(status="draft")
    assert (made.measure, made.best_of, made.trailing_days) == ("best", ["balance", "adb_trailing"], 90)
    assert (made.counted, made.watch_periods) == (["demand", "term"], 3)


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"measure": "adb_trailing", "trailing_days": "1"}, "trailing_days"),
        ({"measure": "adb_trailing", "trailing_days": "x"}, "trailing_days"),
        ({"measure": "best", "best_of": ["balance"]}, "best_of"),
        ({"measure": "best", "best_of": ["balance", "adb_trailing"], "trailing_days": "400"}, "trailing_days"),
        ({"watch_periods": "13"}, "watch_periods"),
        ({"watch_periods": ""}, "watch_periods"),
        ({"counted": ["gold"]}, "counted"),
    ],
)
def test_a_bad_measure_comes_back_with_words_and_all_that_was_typed(
    as_role: AsRole, more: dict[str, Any], field: str
) -> None:
    admin = as_role("admin")
    answer = admin.post(reverse("tiers:scheme_new"), form_data() | more)

    assert (answer.status_code, list(answer.context["form"].errors)) == (422, [field])
    assert answer.context["form"]["note"].value() == "利率调整"
    assert [line["floor"].value() for line in answer.context["bands"]] == ["0", "60,000", "600000"]
    assert Scheme.objects.count() == 1
    if field != "counted":
        assert admin.post(reverse("tiers:scheme_preview"), form_data() | more).context["preview"].fault


def test_adding_a_tier_keeps_the_ticks(as_role: AsRole) -> None:
    more: dict[str, Any] = {"measure": "best", "best_of": ["balance", "adb_month"], "counted": ["cd"], "change": "add"}

    shown = as_role("admin").post(reverse("tiers:scheme_new"), form_data() | more).context

    assert [shown["form"][name].value() for name in ("best_of", "counted")] == [["balance", "adb_month"], ["cd"]]
    assert shown["bands"].forms[-1]["letter"].value() == "A"


def test_two_versions_stand_side_by_side(as_role: AsRole) -> None:
    admin, auditor = as_role("admin"), as_role("auditor")
    scheme, first = drafted_by(admin), Scheme.objects.get(version=1)
    url = reverse("tiers:scheme_compare")

    shown = auditor.get(url, {"a": scheme.pk, "b": first.pk})

    assert (shown.context["before"], shown.context["after"]) == (scheme, first)
    assert len(shown.context["changed"]) + len(shown.context["same"]) == 6 + 4
    assert "60,000.00" in shown.content.decode()
    usual = auditor.get(url).context
    assert (usual["before"], usual["after"]) == (first, scheme)
    assert not auditor.get(url, {"a": first.pk, "b": first.pk}).context["changed"]
    for nonsense in ("x", "²", "9" * 30, str(10**9)):
        assert auditor.get(url, {"a": nonsense}).status_code == 404


def test_going_back_says_what_it_undoes_and_makes_a_draft(as_role: AsRole) -> None:
    admin, first = as_role("admin"), Scheme.objects.get(version=1)
    approved("0", "70000", effective_on=today() - timedelta(days=3))
    url = reverse("tiers:scheme_rollback", args=[first.pk])
    assert admin.get(reverse("tiers:scheme", args=[first.pk])).context["may_go_back"]
    assert {line.label[-1] for line in admin.get(url).context["undone"]} >= {"A", "B", "C"}
    day = (today() + timedelta(days=9)).isoformat()

    assert admin.post(url, {"effective_on": day, "note": ""}).status_code == 422
    early = admin.post(url, {"effective_on": "2020-01-01", "note": "恢复"})
    assert (early.status_code, list(early.context["form"].errors)) == (422, ["effective_on"])
    made = admin.post(url, {"effective_on": day, "note": "恢复原标准"})

    draft = Scheme.objects.get(status="draft")
    assert made.headers["Location"] == reverse("tiers:scheme", args=[draft.pk])
    assert [b.floor for b in draft.bands.order_by("rank")] == [b.floor for b in first.bands.order_by("rank")]
    assert admin.get(reverse("tiers:scheme_rollback", args=[draft.pk])).status_code == 302


def test_what_is_to_come_is_called_off_by_going_back_on_its_day(as_role: AsRole) -> None:
    admin, first, day = as_role("admin"), Scheme.objects.get(version=1), today() + timedelta(days=30)
    coming = approved("0", "70000", effective_on=day)

    page = admin.get(reverse("tiers:scheme", args=[coming.pk]))
    form = admin.get(reverse("tiers:scheme_rollback", args=[first.pk])).context

    assert (page.context["standing"].is_coming, day.isoformat() in page.content.decode()) == (True, True)
    assert (form["form"]["effective_on"].value(), form["coming"]) == (day, [coming])
    assert coming in admin.get(reverse("tiers:schemes")).context["coming"]


def test_the_list_of_versions_stays_calm(as_role: AsRole) -> None:
    client, counts = as_role("auditor"), []
    client.get(reverse("tiers:schemes"))
    for size in (3, 47):
        for n in range(size):
            approved("0", "70000", effective_on=today() - timedelta(days=100 + n))
        with CaptureQueriesContext(connection) as caught:
            page = client.get(reverse("tiers:schemes"))
        counts.append(len(caught))

    assert len(page.context["listing"].rows) == 20
    assert page.context["listing"].page.next_url
    assert counts[0] == counts[1] < 20


def test_the_preview_counts_who_would_move(as_role: AsRole) -> None:
    for _n in range(3):
        moved_customer()
    run_both()

    admin = as_role("admin")
    url = reverse("tiers:scheme_preview")
    simulation = admin.post(url, form_data("0", "50000", "600000")).context["preview"].simulation

    assert (simulation.up, simulation.down, simulation.by_tier) == (0, 3, {1: 0, 2: 3, 3: 0})
    assert admin.post(url, form_data("0", "x")).context["preview"].fault
    assert admin.post(url, form_data("0", "9", "8")).context["preview"].fault
    assert admin.post(url, {}).status_code == 200
