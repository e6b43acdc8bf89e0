"""The inbox of decisions: everybody's own, from every app, counted right, decided in place where that is simple."""

from datetime import timedelta

import pytest
from django.urls import resolve, reverse

from complaints.enums import CaseState, ExtensionKind
from complaints.models import Complaint, Extension, Review
from complaints.services.decisions import Proposal, propose
from complaints.services.extensions import ask_extension
from customers.models import Handover
from insights.queries.approvals import count_for, piles_for
from staff.models import Export, User
from staff.services import policies
from staff.services.approvals import request_approval
from tests import factories as make
from tests.conftest import ClientOf
from tests.factories import NOW, TODAY
from tiers.models import Scheme, TierOverride
from tiers.services.overrides import Asked, request_override

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def people(monkeypatch: pytest.MonkeyPatch) -> dict[str, User]:
    for module in ("approvals", "deciding"):
        monkeypatch.setattr(f"insights.views.{module}.today", lambda: TODAY)
    monkeypatch.setattr("insights.views.deciding.now", lambda: NOW)
    top = make.make_head_office()
    first, second = make.make_branch(parent=top), make.make_branch(parent=top)
    roles = {
        "manager": ("manager", first),
        "head": ("branch_head", first),
        "other": ("branch_head", second),
        "hq": ("head_office", top),
        "hq2": ("head_office", top),
        "compliance": ("compliance", top),
        "admin": ("admin", top),
        "teller": ("teller", first),
        "auditor": ("auditor", top),
    }
    return {name: make.make_user(role=role, branch=branch) for name, (role, branch) in roles.items()}


def an_override(people: dict[str, User]) -> TierOverride:
    customer = make.make_customer(manager=people["manager"], tier=1)
    asked = Asked("B", TODAY + DAY, TODAY + 60 * DAY, "新资金已承诺")
    return request_override(customer=customer, asked=asked, actor=people["manager"], at=NOW)


def kinds(user: User) -> dict[str, int]:
    return {str(pile.kind): len(pile.rows) for pile in piles_for(user, TODAY)}


def test_each_person_finds_what_they_may_decide_and_nothing_else(people: dict[str, User], client_of: ClientOf):
    first = people["head"].branch
    an_override(people)
    export = make.make_export(actor=people["manager"], rows=2_000)
    policy = policies.draft_policy(
        kind="notices",
        values={"keep_days": 30},
        effective_on=TODAY + 40 * DAY,
        note="",
        actor=people["hq"],
        at=NOW,
        read=dict,
    )
    policies.submit(policy=policy, actor=people["hq"], at=NOW)
    case = make.make_complaint(branch=first, desk=first, handler=people["manager"], state=CaseState.INVESTIGATING)
    late = make.make_complaint(branch=first, desk=first, handler=people["manager"], state=CaseState.INVESTIGATING)
    propose(
        complaint=case,
        proposal=Proposal(finding="unfounded", facts="查清楚了", words="解释如下", remedy="none"),
        actor=people["manager"],
        at=NOW,
    )
    ask_extension(complaint=late, kind=ExtensionKind.COMPLEX, reason="需要外部鉴定", actor=people["manager"], at=NOW)
    make.make_campaign(created_by=people["manager"], branch=first, state="submitted")
    template = make.make_template(created_by=people["manager"])
    type(template).everything.filter(pk=template.pk).update(state="submitted", approved_by=None)
    cases, banks = {"complaint.decision": 1, "export": 1}, {"campaigns.template": 1}
    here = {**cases, **banks, "complaint.extension": 1, "tiers.override": 1, "campaigns.check": 1}
    assert kinds(people["head"]) == here
    assert kinds(people["other"]) == banks  # content is the whole bank's
    assert kinds(people["hq2"]) == {**here, "staff.policy": 1}
    assert kinds(people["hq"]) == here  # who drew the rules up does not decide on them
    assert kinds(people["compliance"]) == {**cases, **banks}
    assert kinds(people["admin"]) == {"staff.policy": 1}
    assert [kinds(people[name]) for name in ("manager", "teller", "auditor")] == [{}, {}, {}]
    # The page, its number in the navigation and the part of a board say the same; a kept-away head sees no case.
    head = client_of(people["head"])
    page = head.get(reverse("insights:approvals"))
    assert page.context["count"] == sum(len(pile.rows) for pile in page.context["piles"]) == 6
    assert head.get(reverse("insights:approvals_count")).json() == {"count": 6}
    assert head.get(reverse("insights:approvals_widget")).context["count"] == 6
    for pile in page.context["piles"]:
        for row in pile.rows:
            assert resolve(row.url), row.url
    only = head.get(reverse("insights:approvals"), {"kind": "export"}).context["piles"]
    assert [[row.pk for row in pile.rows] for pile in only] == [[export.pk]]
    Complaint.everything.filter(pk__in=[case.pk, late.pk]).update(recused=[people["head"].pk])
    assert kinds(people["head"]) == {**banks, "tiers.override": 1, "export": 1, "campaigns.check": 1}


def test_the_other_kinds_wait_for_a_second_person_of_the_right_units(people: dict[str, User]):
    """Nothing waits for who asked for it, nothing of a unit for the head of another, nothing that is not asked yet."""
    head, manager, hq, first = people["head"], people["manager"], people["hq"], people["head"].branch
    away = make.make_user(role="manager", branch=people["other"].branch, name="外行")
    moved = {"branch": first, "from_manager": away, "requested_by": away, "requested_at": NOW, "reason": "调岗"}
    for state in ("pending", "draft", "done"):
        Handover.everything.create(**moved, to_manager=manager, state=state)
    Handover.everything.create(**{**moved, "requested_by": head}, to_manager=manager, state="pending")
    # It passes into another unit: both heads read it, the one of its unit decides.
    Handover.everything.create(**{**moved, "from_manager": manager}, to_manager=away, state="pending")
    make.make_target(person=manager, drafted_by=head, state="pending")
    content = {"created_by": head, "approved_by": hq, "approved_at": None}
    for make_one in (make.make_offer, make.make_article):
        make_one(**content, state="submitted")
        make_one(**content, state="draft")
    for state in ("checked", "draft"):
        make.make_campaign(created_by=manager, branch=first, state=state)
    scheme = Scheme.objects.create(
        version=2, name="新", effective_on=TODAY + 40 * DAY, status="submitted", drafted_by=hq, drafted_at=NOW
    )
    for rank, letter in enumerate("DC", start=1):
        scheme.bands.create(rank=rank, floor=(rank - 1) * 50_000, letter=letter, name_zh="档", name_en="Band")
    request_approval(
        kind="tiers.scheme", subject_id=scheme.pk, digest="d", summary="v2", requested_by=hq, at=NOW, details={}
    )
    regional = make.make_user(role="head_office", branch=make.make_branch(parent=hq.branch, kind="region"))

    content_kinds = {"campaigns.offer": 1, "campaigns.article": 1}
    whole = {"handover": 3, "target": 1, **content_kinds}
    assert kinds(head) == {"handover": 2}
    assert kinds(people["other"]) == content_kinds
    assert (kinds(hq), kinds(people["hq2"])) == (whole, {**whole, "tiers.scheme": 1})
    assert kinds(people["compliance"]) == {"campaigns.check": 1, **content_kinds}
    assert kinds(people["admin"]) == {"tiers.scheme": 1}
    assert kinds(regional) == content_kinds  # the tiers are the whole bank's
    (judged,) = (row for pile in piles_for(people["compliance"], TODAY) for row in pile.rows if "check" in pile.kind)
    assert judged.kind == "campaigns.compliance"


def test_a_review_waits_for_who_had_no_hand_in_what_was_decided(people: dict[str, User]):
    top, manager = people["hq"].branch, people["manager"]
    asked = {"desk": top, "asked_on": TODAY, "due_on": TODAY + DAY, "reason_cipher": b"x", "recorded_at": NOW}
    for n, who in enumerate(("hq", "hq2", None)):
        case = make.make_complaint(branch=manager.branch, handler=people[who] if who else manager, state="answered")
        decision = make.make_decision(case, proposed_by=manager, approved_by=people["head"])
        taken = people["hq2"] if n == 2 else None
        Review.everything.create(complaint=case, decision=decision, **asked, recorded_by=manager, reviewer=taken)
    found = {name: kinds(people[name]).get("complaint.review", 0) for name in ("hq", "hq2", "head", "manager")}
    assert found == {"hq": 1, "hq2": 2, "head": 0, "manager": 0}
    Review.everything.update(state="withdrawn")
    assert kinds(people["hq2"]) == {}


def test_the_simple_ones_are_decided_in_place_by_who_may_and_over_what_was_seen(
    people: dict[str, User], client_of: ClientOf
):
    override, export = an_override(people), make.make_export(actor=people["manager"], rows=2_000)
    extension = Extension.everything.create(
        complaint=make.make_complaint(branch=people["head"].branch, desk=people["head"].branch, state="accepted"),
        round=1,
        kind=ExtensionKind.COMPLEX,
        days=15,
        reason="需要鉴定",
        asked_by=people["manager"],
        asked_at=NOW,
    )
    head, seen = client_of(people["head"]), {}
    for kind, row in (("tiers.override", override), ("export", export), ("complaint.extension", extension)):
        url = reverse("insights:approval_decide", args=[kind, row.pk])
        assert client_of(people["other"]).get(url).status_code == 404
        assert client_of(people["manager"]).get(url).status_code == 403
        digest = head.get(url, headers={"HX-Request": "true"}).context["form"].initial["digest"]
        seen[kind] = (url, digest)
        silent = head.post(url, {"digest": digest, "decision": "reject", "comment": ""})
        assert silent.status_code == 422
    stale = head.post(seen["export"][0], {"digest": "0" * 64, "decision": "approve"})
    assert stale.status_code == 422
    for url, digest in seen.values():
        done = head.post(url, {"digest": digest, "decision": "approve"}, headers={"HX-Request": "true"})
        assert (done.status_code, "approvals-changed" in done.headers["HX-Trigger"]) == (200, True), url
        assert head.get(url).status_code == 404
    assert count_for(people["head"], TODAY) == 0
    assert (Export.everything.get().state, TierOverride.everything.get().status) == ("queued", "approved")
    assert Extension.everything.get().state == "approved"
    # Who asked sees what became of it, and nobody else does.
    mine = client_of(people["manager"]).get(reverse("insights:approvals_mine")).context["listing"]
    assert sorted(row.cells[0].url for row in mine.rows) == sorted(
        [reverse("staff:export_detail", args=[export.pk]), reverse("tiers:override", args=[override.pk])]
    )
    assert not head.get(reverse("insights:approvals_mine")).context["listing"].rows


def test_of_each_kind_the_oldest_are_listed_and_the_count_says_that_there_are_more(
    people: dict[str, User], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("insights.queries.approvals.MOST", 2)
    for ago in (1, 3, 2):
        export = make.make_export(actor=people["manager"], rows=2_000)
        Export.everything.filter(pk=export.pk).update(requested_at=NOW - ago * DAY)
    (pile,) = piles_for(people["head"], TODAY)
    assert ([row.at for row in pile.rows], pile.is_cut) == ([NOW - 3 * DAY, NOW - 2 * DAY], True)
