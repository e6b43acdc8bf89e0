"""M01, M02: segments and lists as people draw them up, change them and see their counts."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import QueryDict
from django.test import Client
from django.urls import reverse

from campaigns.forms.rule_tree import altered, read_tree, rule_of, tree_of
from campaigns.models import Segment, SegmentMember
from campaigns.rules.segments import EVERYBODY, RuleError
from campaigns.services import lists
from campaigns.services import segments as services
from campaigns.services.segments import SegmentFacts
from core.models import Job, TrailEntry
from tests import factories as make
from tests.factories import NOW, TODAY
from tests.tiers.ledgers import approved

AsRole = Callable[..., Client]
GOLD = {"field": "tier", "op": "in", "value": [3]}
RULE = {
    "all": [
        GOLD,
        {"not": {"any": [{"field": "products", "op": "in", "value": ["cd"]}]}},
        {
            "any": [
                {"field": "maturing", "op": "within", "value": {"from": 0, "to": 30, "amount": "50000.50"}},
                {"field": "last_contact", "op": "at_least", "value": 90},
            ]
        },
    ]
}


def sent(rule: Any, name: str = "rule") -> dict[str, Any]:
    """The inputs of a builder that shows the rule."""
    found: dict[str, Any] = {}
    for node in tree_of(rule).walk():
        at = f"{name}-{node.path}"
        found[f"{at}-kind"] = node.kind
        if node.kind == "if":
            found |= {f"{at}-field": node.asked, f"{at}-op": node.op, f"{at}-value": node.values}
            found |= {f"{at}-{part}": value for part, value in zip(("from", "to", "amount"), node.window, strict=True)}
    return found


def as_data(values: dict[str, Any]) -> QueryDict:
    data = QueryDict(mutable=True)
    for key, value in values.items():
        data.setlist(key, value if isinstance(value, list) else [str(value)])
    return data


def test_what_the_builder_shows_it_reads_again_and_its_buttons_change_it() -> None:
    tree = read_tree(as_data(sent(RULE)), "rule")
    assert rule_of(tree) == RULE
    assert rule_of(read_tree(QueryDict(), "rule")) == EVERYBODY
    # Take the products out, add a condition to the last group.
    tree = altered(altered(tree, "remove:0.1"), "add:0.1")
    assert [node.path for node in tree.walk()] == ["0", "0.0", "0.1", "0.1.0", "0.1.1", "0.1.2"]
    with pytest.raises(RuleError):
        rule_of(tree)
    assert [node.path for node in tree.walk() if node.fault] == ["0.1.2"]
    for act in ("remove:0", "add:0.0", "add:9.9", "nonsense"):
        assert len(list(altered(tree, act).walk())) == 6
    assert altered(tree, "group:0").inner[-1].kind == "any"


def test_a_segment_is_drawn_up_copied_changed_and_put_away(as_role: AsRole, db: None) -> None:
    approved("0", "100", "200", effective_on=TODAY)
    root = make.make_head_office()
    unit = make.make_branch(parent=root)
    client = as_role("branch_head", branch=unit)
    facts = {"name": "高端到期", "branch": unit.code, "exclusion": "", "note": ""}
    form = {**facts, **sent(RULE)}
    assert client.post(reverse("campaigns:segment_new"), {**form, "rule_act": "add:0"}).status_code == 200
    assert not Segment.everything.exists()
    wrong = {**facts, **sent({"all": [{"field": "total", "op": "below", "value": "viel"}]})}
    refused = client.post(reverse("campaigns:segment_new"), wrong)
    assert (refused.status_code, "rule-condition is-wrong" in refused.content.decode()) == (422, True)
    response = client.post(reverse("campaigns:segment_new"), form)
    segment = Segment.everything.get()
    assert response.headers["Location"] == segment.get_absolute_url()
    assert (segment.rule, segment.branch, segment.kind) == (RULE, unit, "rule")
    assert client.post(reverse("campaigns:segment_new"), form).status_code == 422  # the name is taken
    page = client.get(segment.get_absolute_url()).content.decode()
    assert "50,000.50" in page

    copy = client.get(reverse("campaigns:segment_new"), {"from": segment.pk}).content.decode()
    assert 'value="50000.50"' in copy
    changed = {**facts, **sent(GOLD), "exclusion": "always"}
    client.post(reverse("campaigns:segment_edit", args=[segment.pk]), changed)
    segment.refresh_from_db()
    assert (segment.rule, segment.exclusion) == ({"all": [GOLD]}, "always")

    for step, is_away in (("archive", True), ("restore", False)):
        client.post(reverse("campaigns:segment_step", args=[segment.pk, step]))
        segment.refresh_from_db()
        assert (segment.archived_at is not None) == is_away
    actions = TrailEntry.objects.filter(subject="campaigns.segment").order_by("pk").values_list("action", flat=True)
    assert list(actions) == ["create", "change", "archive", "restore"]
    assert client.get(reverse("campaigns:segments"), {"use": "exclusion"}).status_code == 200


def test_whom_a_segment_means_stays_while_a_campaign_goes_by_it(db: None) -> None:
    head = make.make_user(role="branch_head")
    segment = make.make_segment(branch=head.branch, created_by=head)
    make.make_campaign(branch=head.branch, created_by=head, segment=segment, state="approved")
    facts = SegmentFacts(segment.name, head.branch, {"all": [GOLD]})
    who = {"segment": segment, "actor": head, "at": NOW}
    with pytest.raises(services.SegmentInUse):
        services.change_segment(facts=facts, **who)
    with pytest.raises(services.SegmentInUse):
        services.archive_segment(**who)
    renamed = services.change_segment(facts=SegmentFacts("新名", head.branch, segment.rule), **who)
    assert renamed.name == "新名"


def test_only_its_maker_and_the_heads_above_change_a_segment(db: None) -> None:
    root = make.make_head_office()
    unit, other = make.make_branch(parent=root), make.make_branch(parent=root)
    manager, colleague = (make.make_user(role="manager", branch=unit) for _ in range(2))
    head, stranger = make.make_user(role="branch_head", branch=unit), make.make_user(role="branch_head", branch=other)
    of_unit = make.make_segment(branch=unit, created_by=manager)
    of_book = make.make_segment(branch=unit, created_by=manager, of_book=True)
    may = {
        (who, segment): _changes(segment, who)
        for who in (manager, colleague, head, stranger)
        for segment in (of_unit, of_book)
    }
    assert [key for key, did in may.items() if did] == [(manager, of_unit), (manager, of_book), (head, of_unit)]
    with pytest.raises(services.HeadsDecide):
        services.draft_segment(facts=SegmentFacts("x", unit, EVERYBODY, exclusion="always"), actor=manager, at=NOW)
    # A manager draws nothing up for the bank, and nobody makes a rule of a list out of sight.
    hidden = make.make_segment(branch=other, created_by=stranger, kind="list", rule={})
    for branch, rule in ((root, EVERYBODY), (unit, {"field": "list", "op": "in", "value": [hidden.pk]})):
        with pytest.raises((services.OtherUnit, services.UnknownList)):
            services.draft_segment(facts=SegmentFacts("x", branch, rule), actor=manager, at=NOW)


def _changes(segment: Segment, who: Any) -> bool:
    facts = SegmentFacts(segment.name, segment.branch, segment.rule, segment.of_book)
    try:
        services.change_segment(segment=segment, facts=facts, actor=who, at=NOW)
    except (services.NotYourSegment, services.OtherUnit):
        return False
    return True


def test_a_list_takes_numbers_and_names_those_it_refuses(as_role: AsRole, db: None) -> None:
    root = make.make_head_office()
    unit, other = make.make_branch(parent=root), make.make_branch(parent=root)
    ours = [make.make_customer(branch=unit) for _ in range(3)]
    theirs = make.make_customer(branch=other)
    client = as_role("head_office", branch=root)
    text = f"客户号\n{ours[0].customer_no}\n\n{ours[0].customer_no}\n{theirs.customer_no}\nZZZ"
    form = {"name": "名单", "branch": unit.code, "exclusion": "", "note": "", "numbers": text}
    form["file"] = SimpleUploadedFile("a.csv", f"customer_no,name\n{ours[1].customer_no},x\n".encode())
    page = client.post(reverse("campaigns:list_new"), form).content.decode()
    segment = Segment.everything.get()
    assert set(SegmentMember.everything.values_list("customer", flat=True)) == {ours[0].pk, ours[1].pk}
    found = lists.add_to_list(
        segment=segment,
        numbers=[(7, ours[1].customer_no), (8, ours[2].customer_no), (9, theirs.customer_no), (10, "ZZZ")],
        actor=segment.created_by,
        at=NOW,
    )
    refused = [(one.line, one.reason) for one in found.refused]
    assert (found.added, found.known) == (1, 1)
    assert refused == [(9, lists.REFUSALS["unit"]), (10, lists.REFUSALS["unknown"])]
    for words in ("ZZZ", theirs.customer_no, str(lists.REFUSALS["twice"])):
        assert words in page

    client.post(reverse("campaigns:list_remove", args=[segment.pk]), {"customer": ours[0].customer_no})
    assert SegmentMember.everything.filter(segment=segment).count() == 2
    # A head sees only their own customers on it, and of a rule kept as a list.
    assert client.post(reverse("campaigns:list_add", args=[segment.pk]), {"numbers": ""}).status_code == 422
    everybody = make.make_segment(branch=root, created_by=segment.created_by)
    assert as_role("branch_head", branch=other).get(everybody.get_absolute_url()).status_code == 200
    head = make.make_user(role="branch_head", branch=other)
    kept = services.keep_as_list(segment=everybody, name="今日", actor=head, at=NOW, day=TODAY)
    assert (kept.branch, kept.kind) == (other, "list")
    assert list(SegmentMember.everything.filter(segment=kept).values_list("customer", flat=True)) == [theirs.pk]


def test_the_count_is_of_the_viewers_customers_and_a_slow_one_comes_from_a_job(
    as_role: AsRole, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = make.make_head_office()
    unit = make.make_branch(parent=root)
    for tier in (3, 3, 1):
        make.make_customer(branch=unit, tier=tier)
    make.make_customer(branch=root, tier=3)
    client, url = as_role("branch_head", branch=unit), reverse("campaigns:segment_count")
    typed = client.post(url, {"branch": unit.code, **sent(GOLD)})
    assert typed.context["number"] == "2"
    half = {"field": "total", "op": "below", "value": ""}
    assert client.post(url, sent(half)).context["is_wrong"]
    builder = client.post(reverse("campaigns:rule_builder"), {**sent(GOLD), "rule_act": "group:0"})
    assert builder.headers["HX-Trigger-After-Settle"] == "rule-changed"

    segment = make.make_segment(branch=root, created_by=make.make_user(role="head_office", branch=root))
    with monkeypatch.context() as patch:
        patch.setattr("campaigns.views.segment_counts.count_of", lambda *_a, **_k: services.Count(None, False))
        waiting = client.get(url, {"segment": segment.pk})
    job = Job.objects.get(name=services.COUNT_JOB)
    poll = reverse("campaigns:segment_counted", args=[job.pk])
    assert waiting.context["poll_url"] == poll
    assert client.get(poll).context["poll_url"] == poll
    Job.objects.filter(pk=job.pk).update(counts=services.finish_count(job.args), state="done")
    done = client.get(poll).context
    assert (done["number"], done["poll_url"]) == ("3", "")
    assert as_role("branch_head", branch=unit).get(poll).status_code == 404
    assert client.get(reverse("campaigns:segment_sample", args=[segment.pk])).status_code == 200
