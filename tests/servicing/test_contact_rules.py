"""What may be changed of a contact, and what contacts can say."""

from collections.abc import Callable
from copy import deepcopy
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils.translation import override

from core.clock import SHANGHAI
from servicing.enums import Channel, Outcome, Topic
from servicing.rules import contacts as rules
from servicing.rules.choices import BUILT_IN, GROUPS, ChoicesError, known_of, read_choices

AT = datetime(2026, 11, 20, 10, 30, tzinfo=SHANGHAI)
SECOND = timedelta(seconds=1)
Change = Callable[[dict[str, Any]], object]


@pytest.mark.parametrize(
    ("author", "person", "age", "may"),
    [
        (1, 1, timedelta(0), True),
        (1, 1, rules.EDIT_WINDOW, True),
        (1, 1, rules.EDIT_WINDOW + SECOND, False),
        (1, 2, timedelta(0), False),
    ],
)
def test_a_contact_changes_by_its_author_within_a_quarter_of_an_hour(
    author: int, person: int, age: timedelta, may: bool
) -> None:
    assert rules.may_change(author_id=author, person_id=person, recorded_at=AT - age, at=AT) is may


@pytest.mark.parametrize(
    ("ahead", "is_future"), [(timedelta(0), False), (rules.CLOCK_SLACK, False), (rules.CLOCK_SLACK + SECOND, True)]
)
def test_clocks_may_differ_a_little(ahead: timedelta, is_future: bool) -> None:
    assert rules.is_in_future(AT + ahead, AT) is is_future


def test_the_built_in_choices_are_those_the_product_always_had() -> None:
    choices = read_choices(BUILT_IN)
    chosen = [outcome for outcome in Outcome if outcome != Outcome.SENT]  # which campaigns say, and nobody chooses
    for group, known in (("channels", Channel), ("topics", Topic), ("outcomes", chosen)):
        assert [choice.code for choice in choices.offered(group)] == list(known)
        with override("en"):
            assert [choice.name("en") for choice in choices.offered(group)] == [str(one.label) for one in known]
    for channel in Channel:
        missing = {Outcome.NOT_REACHED} if channel in rules.FACE_TO_FACE else set()
        assert {choice.code for choice in choices.outcomes_for(channel)} == set(chosen) - missing
    assert [one for one in Outcome if not choices.counts(one)] == [Outcome.NOT_REACHED, Outcome.SENT]
    assert choices.counts("nobody_knows")


def changed(change: Change) -> dict[str, Any]:
    values = deepcopy(dict(BUILT_IN))
    change(values)
    return values


def line(code: str, **more: Any) -> dict[str, Any]:
    return {"code": code, "name_zh": f"新{code}", "name_en": f"New {code}", "offered": True, **more}


@pytest.mark.parametrize(
    ("change", "code", "group", "place"),
    [
        (lambda v: v.update(topics="all"), "lines", "topics", 0),
        (lambda v: v["topics"].append(line("Fax machine")), "code", "topics", 10),
        (lambda v: v["topics"].append(line("card")), "code_twice", "topics", 10),
        (lambda v: v["topics"].append({**line("fax"), "name_zh": " "}), "name", "topics", 10),
        (lambda v: v["topics"].append({**line("fax"), "name_en": "Other"}), "name_twice", "topics", 10),
        (lambda v: v["topics"].extend([line("fax"), line("fox")]), "too_many_offered", "topics", 0),
        (lambda v: v["topics"][6].update(offered=False), "needed_complaint", "topics", 0),
        (lambda v: v["channels"].pop(0), "needed_counter", "channels", 0),
        (lambda v: v["channels"].append(line("fax")), "no_outcome", "channels", 7),
        (lambda v: v["outcomes"].append(line("lost", channels=[])), "channels", "outcomes", 8),
        (
            lambda v: v["outcomes"].extend([line(f"o{n}", channels=["counter"]) for n in range(5)]),
            "too_many_offered",
            "channels",
            1,
        ),
        (lambda v: v["outcomes"].append("x"), "line", "outcomes", 8),
    ],
)
def test_choices_without_sense_are_refused_at_their_line(change: Change, code: str, group: str, place: int) -> None:
    with pytest.raises(ChoicesError) as caught:
        read_choices(changed(change))
    assert (caught.value.code, caught.value.group, caught.value.place) == (code, group, place)


def test_a_code_keeps_its_latest_name_for_ever() -> None:
    before = read_choices(changed(lambda v: v["topics"].append(line("fax", offered=False))))
    after = read_choices(changed(lambda v: v["topics"][0].update(name_en="Savings")))
    known = known_of([before, after])
    assert {choice.code: choice.name_en for choice in known.topics if choice.code in {"fax", "deposit"}} == {
        "fax": "New fax",
        "deposit": "Savings",
    }
    assert all(getattr(known, group) for group in GROUPS)
