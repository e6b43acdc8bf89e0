"""M01: what makes a rule of a segment, what is refused and where, and how a rule reads."""

from typing import Any

import pytest
from django.utils.translation import override

from campaigns.rules.segments import EVERYBODY, FIELDS, RuleError, check, sentence

Rule = dict[str, Any]


def leaf(asked: str, op: str, value: Any) -> Rule:
    return {"field": asked, "op": op, "value": value}


RICH = leaf("total", "at_least", "500000")


def nested(depth: int) -> Rule:
    return RICH if not depth else {"all": [nested(depth - 1)]}


@pytest.mark.parametrize(
    ("rule", "place", "fault"),
    [
        ({}, "", "shape"),
        ([], "", "shape"),
        ({"all": [RICH], "any": [RICH]}, "", "shape"),
        ({"not": {"not": RICH}}, "", "shape"),
        ({"any": []}, "", "empty"),
        ({"all": [RICH, {"any": []}]}, "1", "empty"),
        (nested(5), "0.0.0.0", "depth"),
        ({"any": [RICH] * 41}, "", "many"),
        (leaf("fraud", "in", [1]), "", "field"),
        (leaf("total", "in", [1]), "", "op"),
        ({"all": [RICH, {"not": leaf("tier", "in", [9])}]}, "1.0", "choice"),
        (leaf("tier", "in", []), "", "choice"),
        (leaf("tier", "in", [True]), "", "choice"),
        (leaf("branch", "in", [-1]), "", "choice"),
        (leaf("consent", "in", ["fax"]), "", "choice"),
        (leaf("last_contact", "below", 0), "", "number"),
        (leaf("age", "below", 121), "", "number"),
        (leaf("total", "below", "-1"), "", "amount"),
        (leaf("total", "below", "0.001"), "", "amount"),
        (leaf("total", "below", 1.5), "", "amount"),
        (leaf("change_month_rate", "rose", "0"), "", "rate"),
        (leaf("change_month_rate", "rose", "1000.01"), "", "rate"),
        (leaf("maturing", "within", {"from": 8, "to": 7, "amount": "0"}), "", "window"),
        (leaf("maturing", "within", {"from": 0, "to": 7}), "", "window"),
    ],
)
def test_what_makes_no_rule_is_refused_where_it_stands(rule: Any, place: str, fault: str) -> None:
    with pytest.raises(RuleError) as caught:
        check(rule)
    assert (caught.value.path, caught.value.fault.value) == (place, fault)


def test_what_makes_a_rule_is_taken() -> None:
    for rule in (EVERYBODY, RICH, nested(4), {"not": {"any": [RICH]}}, {"any": [RICH] * 40}):
        check(rule)
    # What was gathered against fraud or laundering, alerts and complaints are nothing to ask for (domain.md 5).
    assert not {"fraud", "aml", "alert", "complaint", "risk", "kyc"} & set(FIELDS)


def test_a_rule_reads_as_a_sentence() -> None:
    rule = {
        "all": [
            leaf("tier", "in", [3, 4]),
            {"any": [leaf("change_month", "fell", "50000.5"), leaf("products", "not_in", ["term", "cd"])]},
            {"not": leaf("maturing", "within", {"from": 0, "to": 30, "amount": "200000"})},
        ]
    }
    with override("en"):
        assert sentence(rule, {"tier": {3: "Gold", 4: "Black"}}) == (
            "Customers with: tier Gold, Black, and (average balance this month at least 50,000.50 yuan below last"
            " month's, or no holding of Time deposit, Large-denomination certificate of deposit), and not (deposits of"
            " at least 200,000 yuan that mature 0 to 30 days from now)"
        )
        assert sentence(EVERYBODY, {}) == "All customers"
