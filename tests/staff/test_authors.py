"""F06: who knows the answers of a course as its author does not earn its certificate."""

from collections.abc import Callable
from dataclasses import fields

import pytest
from django.test import Client

from staff.models import Course, Question, User
from staff.queries import training as queries
from staff.rules import training as rules
from staff.services import courses, studying
from tests import factories as make
from tests.customers.exporting import english
from tests.factories import NOW, TODAY

pytestmark = pytest.mark.django_db


def test_nobody_earns_the_certificate_of_a_course_they_wrote(client_of: Callable[[User], Client]) -> None:
    top = make.make_head_office()
    author, editor, asker, other = (make.make_user(role="head_office", branch=top, password="") for _n in range(4))
    course = make.make_course(by=author, is_required=True)
    facts = {field.name: getattr(course, field.name) for field in fields(courses.CourseFacts)}
    course = courses.change_course(
        course=course, facts=courses.CourseFacts(**{**facts, "pass_mark": 10}), actor=editor, at=NOW
    )
    one = Question.objects.filter(course=course).first()
    asked = rules.Asked(one.kind, "新题", one.options, frozenset({1}))
    courses.change_question(question=one, asked=asked, actor=asker, at=NOW)
    for user in (author, editor, asker):
        with pytest.raises(studying.OwnCourse):
            studying.begin_attempt(course=course, actor=user, at=NOW)
    begun = studying.begin_attempt(course=course, actor=other, at=NOW)
    page = english(client_of(author)).get(course.get_absolute_url()).content.decode()
    assert ("for others to earn" in page, "Begin a try" in page) == (True, False)
    needs = queries.needs_of([author, editor, asker, other], TODAY)
    assert [bool(needs[user.pk]) for user in (author, editor, asker, other)] == [False, True, False, True]
    assert queries.gaps_in(other, top, TODAY) == queries.gaps_of(needs.values())
    # The version after the editor's is somebody else's.
    courses.change_course(course=course, facts=courses.CourseFacts(**facts), actor=other, at=NOW)
    assert not queries.wrote(editor, Course.objects.get(pk=course.pk))
    with pytest.raises(studying.OwnCourse):
        studying.finish_attempt(attempt=begun, answers={}, actor=other, at=NOW)
