"""F05, F06: courses, questions drawn by chance, tries that can be gone on with, certificates."""

import io
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from itertools import combinations
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from core.clock import now, today
from core.models import TrailEntry
from staff.enums.training import Standing
from staff.models import Attempt, Certificate, Course, Notification, Question, Study, User
from staff.queries import training as queries
from staff.rules import training as rules
from staff.services import courses, studying
from staff.services.certificates import MayNotRevoke, revoke_certificate
from staff.services.training import run
from tests import factories as make
from tests.factories import NOW, TODAY
from tests.servicing.english import client_of, english

__all__ = ["english"]
pytestmark = pytest.mark.django_db
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def test_questions_are_drawn_evenly_and_again_the_same() -> None:
    pool = [3, 5, 8, 13, 21]
    drawn = Counter(tuple(sorted(rules.draw(seed, pool, 2))) for seed in range(4_000))
    assert set(drawn) == set(combinations(pool, 2))
    # Ten pairs, 400 each expected; five standard deviations (19) either side.
    assert all(305 < count < 495 for count in drawn.values())
    assert rules.draw(99, pool, 4) == rules.draw(99, reversed(pool), 4) != rules.draw(100, pool, 4)
    assert sorted(rules.draw(1, pool, 9)) == pool
    assert sorted(rules.option_order(7, 3, 4)) == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("issued", "months", "last"),
    [
        (date(2026, 1, 15), 12, date(2027, 1, 14)),
        (date(2026, 1, 31), 1, date(2026, 2, 27)),
        (date(2024, 2, 29), 12, date(2025, 2, 27)),
        (date(2026, 12, 1), 1, date(2026, 12, 31)),
        (date(2026, 5, 5), 0, None),
    ],
)
def test_a_certificate_holds_for_whole_months(issued: date, months: int, last: date | None) -> None:
    assert rules.expiry(issued, months) == last


def test_marks_and_reminders_at_their_edges() -> None:
    assert [rules.passes(right, 5, 60) for right in (2, 3)] == [False, True]
    assert (rules.passes(0, 0, 0), rules.mark_of(2, 3)) == (False, 66)
    last, steps = TODAY + 61 * DAY, (60, 30, 7)
    found = [rules.reminder(last, TODAY + days * DAY, steps) for days in (0, 1, 30, 31, 54, 61, 62)]
    assert found == [None, 60, 60, 30, 7, 7, None]
    stand = [
        rules.standing_of(end, is_revoked=False, day=TODAY, soon=60)
        for end in (None, TODAY + 61 * DAY, TODAY + 60 * DAY, TODAY, TODAY - DAY)
    ]
    assert stand == ["valid", "valid", "expiring", "expiring", "expired"]
    number = rules.certificate_number(TODAY, b"salt")
    assert (len(number), number[:5], number) == (14, "2026-", rules.certificate_number(TODAY, b"salt"))


@pytest.mark.parametrize(
    ("kind", "options", "right", "faults"),
    [
        ("single", ("a", "b"), {0}, []),
        ("single", ("a", "b"), {0, 1}, ["one"]),
        ("several", ("a", "b"), {0}, ["several"]),
        ("single", ("a",), {0}, ["options"]),
        ("single", ("a", " a"), {0}, ["twice"]),
        ("true_false", ("a", "b"), {2}, ["right"]),
    ],
)
def test_questions_that_cannot_be_answered(kind: str, options: Any, right: set[int], faults: list[str]) -> None:
    assert list(rules.question_faults(rules.Asked(kind, "问题", options, frozenset(right)))) == faults


def test_a_try_is_saved_on_the_way_marked_at_its_end_and_repeated_after_the_wait() -> None:
    user = make.make_user(role="manager")
    course = make.make_course(by=make.make_user(), asks=3, retry_hours=24, licence="wealth")
    first = studying.begin_attempt(course=course, actor=user, at=NOW, seed=5)
    begun = TrailEntry.objects.get(action="begin_attempt")
    assert (begun.changes["seed"], first.asked) == (5, rules.draw(5, first.pool, 3))
    assert studying.begin_attempt(course=course, actor=user, at=NOW + HOUR) == first  # goes on with it

    one, two, three = first.asked
    saved = studying.save_answers(attempt=first, answers={one: [0]}, actor=user, at=NOW + timedelta(minutes=4))
    saved = studying.save_answers(attempt=first, answers={two: [1]}, actor=user, at=NOW + HOUR)
    assert (saved.answers, saved.seconds) == ({str(one): [0], str(two): [1]}, 240 + 600)
    for answers in ({three: [0, 1]}, {three: [3]}, {three: [-1]}, {-1: [0]}):
        with pytest.raises(studying.AnswerRefused):
            studying.save_answers(attempt=first, answers=answers, actor=user, at=NOW)
    with pytest.raises(studying.TryOver):  # nobody else's
        studying.save_answers(attempt=first, answers={}, actor=make.make_user(), at=NOW)

    failed = studying.finish_attempt(attempt=first, answers={two: [2]}, actor=user, at=NOW + HOUR)
    assert (failed.right_count, failed.is_passed, Certificate.objects.count()) == (1, False, 0)
    with pytest.raises(studying.TryOver):
        studying.finish_attempt(attempt=first, answers={two: [0]}, actor=user, at=NOW + HOUR)
    with pytest.raises(IntegrityError), transaction.atomic():
        Attempt.objects.filter(pk=first.pk).update(right_count=3, is_passed=True)
    with pytest.raises(studying.TooSoon, match="2026-11-21 11:30"):
        studying.begin_attempt(course=course, actor=user, at=NOW + 24 * HOUR)

    at = NOW + 25 * HOUR
    second = studying.begin_attempt(course=course, actor=user, at=at)
    passed = studying.finish_attempt(attempt=second, answers={pk: [0] for pk in second.asked}, actor=user, at=at)
    mine = Certificate.objects.get()
    assert (passed.is_passed, mine.attempt, mine.licence) == (True, passed, "wealth")
    assert (mine.issued_on, mine.expires_on) == (date(2026, 11, 21), date(2027, 11, 20))
    with pytest.raises(studying.AlreadyCertified):
        studying.begin_attempt(course=course, actor=user, at=at)
    renewed = studying.begin_attempt(course=course, actor=user, at=at + 320 * DAY)
    assert renewed.pk not in (first.pk, second.pk)
    for row in (mine, Question.objects.get(pk=one)):
        with pytest.raises(IntegrityError), transaction.atomic():
            row.delete()
    with pytest.raises(IntegrityError), transaction.atomic():
        Certificate.objects.update(expires_on=None)


@pytest.mark.usefixtures("english")
def test_pages_of_a_try_tell_no_answers_before_its_end() -> None:
    user = make.make_user(role="teller")
    course = make.make_course(by=make.make_user())
    client = client_of(user)
    study = client.get(reverse("staff:study", args=[course.pk]), {"page": "2"})
    assert ("第二页" in study.content.decode(), Study.objects.get().furthest) == (True, 2)
    url = client.post(reverse("staff:attempt_start", args=[course.pk])).url
    page, attempt = client.get(url).content.decode(), Attempt.objects.get()
    assert all(f"{number}A" in page for number in _numbers(attempt))
    assert "因为" not in page

    one, two = attempt.asked
    items = client.get(url).context["items"]
    right, wrong = (_shown(items[place], start) for place, start in ((0, "A"), (1, "B")))
    said = client.post(url, {f"q{one}": right}, headers={"HX-Request": "true"}).content.decode()
    assert "1 of 2 answered" in said
    resumed = client_of(user).get(url)  # another machine
    chosen = [text for item in resumed.context["items"] for _place, text, is_chosen in item["options"] if is_chosen]
    assert chosen == [f"{_numbers(attempt)[0]}A"]
    assert client.post(url, {f"q{two}": "nonsense"}, headers={"HX-Request": "true"}).status_code == 200

    client.post(reverse("staff:attempt_finish", args=[attempt.pk]), {f"q{one}": right, f"q{two}": wrong})
    result = client.get(url).content.decode()
    assert Attempt.objects.get().answers == {str(one): [0], str(two): [1]}
    assert ("Not passed." in result, f"因为{_numbers(attempt)[1]}" in result) == (True, True)
    assert client.post(reverse("staff:attempt_start", args=[course.pk])).url == course.get_absolute_url()
    assert client.get(course.get_absolute_url()).context["again_at"] == (Attempt.objects.get().finished_at + 24 * HOUR)
    assert client_of(make.make_user()).get(url).status_code == 404


def _shown(item: Any, start: str) -> str:
    """Where an answer stands on the page: not where its author wrote it."""
    return next(str(place) for place, text, _chosen in item["options"] if text.endswith(start))


def _numbers(attempt: Attempt) -> list[int]:
    return [question.number for question in queries.asked_in(attempt)]


def test_a_try_is_marked_by_what_it_was_begun_with_and_what_was_left_out_is_wrong() -> None:
    user, maker = make.make_user(role="manager"), make.make_user()
    course = make.make_course(by=maker, asks=3)
    evening = datetime.combine(TODAY, time(17), UTC)  # in the bank it is the next day
    first = studying.begin_attempt(course=course, actor=user, at=NOW)
    failed = studying.finish_attempt(attempt=first, answers={first.asked[0]: [0]}, actor=user, at=NOW)
    assert (failed.right_count, failed.is_passed) == (1, False)
    second = studying.begin_attempt(course=course, actor=user, at=evening + 2 * DAY)
    Course.objects.filter(pk=course.pk).update(pass_mark=100, version=7)
    answers = {pk: [0] for pk in second.asked[:2]}
    passed = studying.finish_attempt(attempt=second, answers=answers, actor=user, at=evening + 2 * DAY)
    held = Certificate.objects.get()
    assert (passed.is_passed, held.course_version, held.issued_on) == (True, 1, TODAY + 3 * DAY)
    for fields in ({"state": "draft"}, {"kind": "classroom"}):
        closed = make.make_course(by=maker, **fields)
        with pytest.raises(studying.NotOpen):
            studying.begin_attempt(course=closed, actor=user, at=NOW)
    draft = Course.objects.get(state="draft")
    assert client_of(user).get(draft.get_absolute_url()).status_code == 404


def test_what_was_withdrawn_does_not_hide_what_stands() -> None:
    branch = make.make_branch()
    head, other = (make.make_user(role="branch_head", branch=branch) for _n in range(2))
    course = make.make_course(by=make.make_user(), is_required=True, tiers=[4])
    make.make_certificate(user=head, course=course)
    again = make.make_certificate(user=head, course=course)
    with pytest.raises(MayNotRevoke):
        revoke_certificate(certificate=again, reason="自己撤销", actor=head, at=NOW)
    revoke_certificate(certificate=again, reason="违规销售", actor=other, at=NOW)
    with pytest.raises(MayNotRevoke):
        revoke_certificate(certificate=again, reason="再次撤销", actor=other, at=NOW)
    assert queries.need_of(head, course, TODAY).standing == Standing.VALID
    team = make.make_team(branch=branch, members=(head,), tiers=[4])
    assert len(queries.needs_of([head], TODAY)[head.pk]) == 1
    team.members.update(until=TODAY)
    assert queries.needs_of([head], TODAY)[head.pk] == []


@pytest.mark.usefixtures("english")
def test_who_lacks_what_by_role_and_team_equals_the_figures_of_the_board() -> None:
    branch = make.make_branch()
    head = make.make_user(role="branch_head", branch=branch)
    anna, bert = (make.make_user(role="manager", branch=branch) for _n in range(2))
    for_all = make.make_course(by=head, is_required=True, roles=["manager"])
    for_top = make.make_course(by=head, is_required=True, tiers=[4], licence="law")
    make.make_course(by=head, is_required=True, state="draft")
    make.make_team(branch=branch, members=(anna,), tiers=[3, 4])
    make.make_certificate(user=anna, course=for_all, licence="", expires_on=today() + 30 * DAY)
    make.make_certificate(user=bert, course=for_all, licence="", issued_on=today() - DAY, expires_on=today())
    needs = queries.needs_of([anna, bert, head], today())
    said = {pk: {need.course: need.standing for need in rows} for pk, rows in needs.items()}
    assert said[anna.pk] == {for_all: Standing.EXPIRING, for_top: Standing.MISSING}
    assert (said[bert.pk], said[head.pk]) == ({for_all: Standing.EXPIRING}, {})

    lead = client_of(head)
    widget = lead.get(reverse("staff:training_widget")).context
    assert (widget["figures"].people, widget["figures"].lacking, widget["figures"].expiring) == (3, 1, 2)
    for url, count in ((widget["lacking_url"], 1), (widget["expiring_url"], 2)):
        assert len(lead.get(url).context["lines"]) == count
    assert client_of(anna).get(reverse("staff:training")).context["to_do"] == 2
    assert client_of(anna).get(reverse("staff:certificates")).context["listing"].queryset.count() == 1
    assert lead.get(reverse("staff:certificates"), {"stands": "expiring"}).context["listing"].queryset.count() == 2


def test_the_figures_of_a_whole_unit_are_those_of_its_people() -> None:
    """One statement says what `needs_of` says person by person: which certificate counts, and until when."""
    top = make.make_head_office()
    head = make.make_user(role="head_office", branch=top)
    branch, soon = make.make_branch(), queries.licence_rules(TODAY).soon
    course = make.make_course(by=head, is_required=True, tiers=[4])
    make.make_course(by=head, is_required=True, roles=["teller"])
    ends = (-1, 0, soon, soon + 1, None)
    people = [make.make_user(role="manager", branch=branch) for _end in (*ends, "withdrawn", "renewed", "gone")]
    make.make_team(branch=branch, members=people, tiers=[3, 4])
    for person, end in zip(people, ends, strict=False):
        expires = None if end is None else TODAY + end * DAY
        make.make_certificate(user=person, course=course, issued_on=TODAY - 9 * DAY, expires_on=expires)
    withdrawn, renewed, gone = people[len(ends) :]
    for person in (withdrawn, renewed):
        one = make.make_certificate(user=person, course=course, issued_on=TODAY - DAY, expires_on=None)
        revoke_certificate(certificate=one, reason="违规销售", actor=head, at=NOW)
    make.make_certificate(user=renewed, course=course, issued_on=TODAY - 9 * DAY, expires_on=TODAY + DAY)
    User.objects.filter(pk=gone.pk).update(is_active=False)
    for viewer, unit in ((head, top), (head, branch), (make.make_user(role="branch_head", branch=branch), top)):
        needs = queries.needs_of(queries.people_of_unit(viewer, unit), TODAY)
        assert queries.gaps_in(viewer, unit, TODAY) == queries.gaps_of(needs.values())
    assert queries.gaps_in(head, branch, TODAY) == queries.Gaps(people=8, lacking=2, expiring=3)
    assert queries.gaps_in(people[0], branch, TODAY) == queries.Gaps(0, 0, 0)


def test_the_night_reminds_once_for_each_step_and_not_of_what_is_renewed() -> None:
    user = make.make_user()
    course = make.make_course(by=user)
    ending = make.make_certificate(user=user, course=course, expires_on=TODAY + 31 * DAY)
    other = make.make_certificate(user=user, expires_on=TODAY + 31 * DAY)
    make.make_certificate(user=user, course=course, expires_on=TODAY + 400 * DAY)
    days = (TODAY - 40 * DAY, TODAY - 10 * DAY, TODAY, TODAY + DAY, TODAY + 2 * DAY, TODAY + 25 * DAY, TODAY + 40 * DAY)
    for day in days:
        for _again in (1, 2):
            run(business_day=day, actor=user.actor, at=NOW)
    found = Notification.objects.filter(user=user, event="certificate_ends").values_list("params__number", flat=True)
    assert list(found) == [other.number] * 3
    assert ending.number not in found


@pytest.mark.usefixtures("english")
def test_courses_are_drawn_up_changed_and_asked_from_files() -> None:
    maker = make.make_user(role="head_office", branch=make.make_head_office())
    client = client_of(maker)
    typed = {"code": "aml", "title": "反洗钱", "kind": "self_study", "valid_months": "12", "pass_mark": "80"}
    typed |= {"questions": "3", "retry_hours": "24", "roles": ["teller"], "tiers": ["4"], "content": "内容"}
    assert client.post(reverse("staff:course_new"), {**typed, "questions": "0"}).status_code == 422
    client.post(reverse("staff:course_new"), typed)
    course = Course.objects.get()
    assert (course.roles, course.tiers, course.state) == (["teller"], [4], "draft")
    with pytest.raises(courses.NotEnoughQuestions):
        courses.use_course(course=course, actor=maker, at=NOW)
    with pytest.raises(courses.CoursesBankWide):
        courses.use_course(course=course, actor=make.make_user(role="branch_head"), at=NOW)

    lines = "题型,题目,A,B,C,答案,解析\n单选,甲问?,是的,不是,,A,因为\n多选,乙问?,一,二,三,AC,\n判断,丙问?,,,,错,\n"
    upload = reverse("staff:question_import", args=[course.pk])
    wrong = lines + "单选,丁问?,一,二,,AB,\n"
    refused = client.post(upload, {"file": SimpleUploadedFile("q.csv", wrong.encode("gb18030"))})
    assert (refused.status_code, Question.objects.count()) == (422, 0)
    assert "Line 5: Exactly one answer" in refused.content.decode()
    client.post(upload, {"file": SimpleUploadedFile("q.csv", lines.encode("utf-8-sig"))})
    rows = list(Question.objects.order_by("number").values_list("kind", "options", "right"))
    assert rows == [
        ("single", ["是的", "不是"], [0]),
        ("several", ["一", "二", "三"], [0, 2]),
        ("true_false", ["对", "错"], [1]),
    ]
    broken = client.post(upload, {"file": SimpleUploadedFile("q.xlsx", io.BytesIO(b"PK").getvalue())})
    assert broken.status_code == 422

    client.post(reverse("staff:course_step", args=[course.pk, "use"]))
    first = Question.objects.get(number=1)
    changed = {"kind": "single", "text": "甲问？", "option_0": "是", "option_1": "否", "right": "1"}
    client.post(reverse("staff:question_edit", args=[first.pk]), changed)
    assert list(
        Question.objects.filter(number=1).order_by("version").values_list("version", "is_current", "right")
    ) == [
        (1, False, [0]),
        (2, True, [1]),
    ]
    with pytest.raises(courses.NotEnoughQuestions), transaction.atomic():
        courses.retire_question(question=Question.objects.get(number=2), actor=maker, at=NOW)
    client.post(reverse("staff:course_edit", args=[course.pk]), {**typed, "title": "反洗钱基础"})
    course.refresh_from_db()
    assert (course.title, course.version, course.state) == ("反洗钱基础", 2, "in_use")
    client.post(reverse("staff:course_step", args=[course.pk, "retire"]))
    assert client_of(make.make_user()).get(course.get_absolute_url()).status_code == 404


def test_the_head_office_of_a_region_takes_courses_and_reads_neither_drafts_nor_answers() -> None:
    top = make.make_head_office()
    maker = make.make_user(role="head_office", branch=top)
    region = client_of(make.make_user(role="head_office", branch=make.make_branch(parent=top, kind="region")))
    course, draft = make.make_course(by=maker), make.make_course(by=maker, state="draft")
    assert [region.get(one.get_absolute_url()).status_code for one in (course, draft)] == [200, 404]
    asked = Question.objects.filter(course=course).first()
    for name, row in (("questions", course), ("question_edit", asked)):
        address = reverse(f"staff:{name}", args=[row.pk])
        assert [one.get(address).status_code for one in (region, client_of(maker))] == [403, 200]


def test_lists_and_the_matrix_cost_the_same_however_long_they_are() -> None:
    branch = make.make_branch()
    head = make.make_user(role="branch_head", branch=branch)
    client = client_of(head)
    names = ("courses", "sessions", "certificates", "training_matrix", "training_widget", "training")
    urls = [reverse(f"staff:{name}") for name in names]

    def costs() -> list[int]:
        found = []
        for url in urls:
            with CaptureQueriesContext(connection) as asked:
                assert client.get(url).status_code == 200
            found.append(len(asked))
        return found

    def grow(count: int) -> None:
        for _n in range(count):
            course = make.make_course(by=head, is_required=True, kind="classroom")
            make.make_certificate(user=make.make_user(branch=branch, password=""), course=course)
            make.make_session(course=course, branch=branch, starts_at=now() + DAY, ends_at=now() + DAY + HOUR)

    grow(1)
    costs()
    first = costs()
    grow(5)
    assert costs() == first
    assert max(first) <= 14
