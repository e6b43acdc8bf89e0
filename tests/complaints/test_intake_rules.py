"""P01, P10: how complaints are sorted, and what must be said of one, from plain values."""

from datetime import timedelta

import pytest

from complaints.queries.choices import causes_offered, word_for
from complaints.rules.choices import BUILT_IN, as_tree, from_tree, read_choices
from complaints.rules.intake import intake_fault
from tests.factories import TODAY

pytestmark = pytest.mark.django_db


def test_the_rules_of_sorting():
    read = read_choices(BUILT_IN)
    assert from_tree(as_tree(BUILT_IN["causes"])) == BUILT_IN["causes"]
    assert {cause.code for cause in read.leaves()} & {"people", "process"} == set()
    assert (read.branch_of("staffing"), read.branch_of("gone")) == ("process", "gone")
    wrong = {
        "same_days": {"same_days": 0},
        "categories_twice": {"categories": BUILT_IN["categories"][:1] * 2},
        "causes_parent": {"causes": BUILT_IN["causes"][1:]},
    }
    for fault, values in wrong.items():
        with pytest.raises(ValueError, match=fault):
            read_choices({**BUILT_IN, **values})
    assert [words for top, words in causes_offered() if top == word_for("causes", "people")] == [
        [(code, word_for("causes", code)) for code in ("manner", "knowledge", "conduct")]
    ]


def test_faults_are_none_at_their_edges():
    good = {
        "source": "regulator",
        "complainant": "agent",
        "has_customer": True,
        "texts": ("四个字呀",),
        "authority": "委托书",
        "received_on": TODAY - timedelta(days=366),
        "source_no": "1",
        "source_on": TODAY - timedelta(days=366),
        "day": TODAY,
    }
    assert intake_fault(**good) == ""
    assert intake_fault(**{**good, "texts": ("三个字",)}) == "text"
