"""M05: banned words, what must be said, variables, lengths, and the dated rules of all of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.enums import Flaw
from campaigns.forms.words import CAMPAIGN_WORDS, WordsForm
from campaigns.rules.salutations import salutation, surname_of
from campaigns.rules.word_rules import BUILT_IN, VARIABLES, read_words
from campaigns.rules.wording import TYPICAL, Fault, banned_in, faults, render, sms_parts

RULES = read_words(BUILT_IN)
GOOD = "【{bank}】{salutation}您好。退订：{opt_out}"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("本产品保本", ["保本"]),
        ("保 本、保·证·收益", ["保本", "保证收益"]),
        ("保\u200b本", ["保本"]),
        ("年化最高收益３％", ["最高收益"]),
        ("GUARANTEED income, Highest  Yield!", ["guaranteed", "highest yield"]),
        ("ｇｕａｒａｎｔｅｅｄ", ["guaranteed"]),
        # Not banned: other words that hold the signs, warnings, and signs on both sides of a full stop.
        ("请确保本人携带身份证", []),
        ("理财非存款，不保证收益，非保本", []),
        ("存款受担保。本行竭诚服务", []),
        ("unguaranteedly, not guaranteed", []),
        # A warning does not cover a promise beside it.
        ("不保证收益？保证收益！", ["保证收益"]),
    ],
)
def test_banned_words_are_found_however_written_and_only_they(text, found):
    assert banned_in(text, RULES) == found


@pytest.mark.parametrize(
    ("body", "channel", "found"),
    [
        (GOOD, "sms", []),
        ("您好", "sms", [Fault(Flaw.DISCLOSURE, "sender"), Fault(Flaw.DISCLOSURE, "opt_out")]),
        (GOOD + "{balance}", "sms", [Fault(Flaw.VARIABLE, "{balance}")]),
        (GOOD + "{article_text}", "sms", [Fault(Flaw.VARIABLE, "{article_text}")]),
        (GOOD + "}", "sms", [Fault(Flaw.BRACE)]),
        (GOOD + "保本", "sms", [Fault(Flaw.BANNED, "保本")]),
        (GOOD + "长" * 240, "sms", [Fault(Flaw.LENGTH, "5")]),
        (GOOD + "长" * 240 + "{article_text}", "email", [Fault(Flaw.SUBJECT)]),
        ("", "phone", [Fault(Flaw.EMPTY)]),
    ],
)
def test_faults_say_what_keeps_words_from_customers(body, channel, found):
    assert faults(body, "", channel, RULES) == found


def test_what_an_offer_makes_necessary_must_be_said_too():
    needed = RULES.needed("sms", offer=True, risk=True)
    assert needed == ["sender", "opt_out", "posted_rates", "investment_risk"]
    assert faults(GOOD, "", "sms", RULES, needed) == [
        Fault(Flaw.DISCLOSURE, "posted_rates"),
        Fault(Flaw.DISCLOSURE, "investment_risk"),
    ]
    said = f"{GOOD}利率以网点公示为准；理财非存款, 产品有风险, 投资须谨慎"
    assert faults(said, "", "sms", RULES, needed) == []


@pytest.mark.parametrize(
    ("text", "parts"),
    [("", 1), ("一" * 70, 1), ("一" * 71, 2), ("一" * 134, 2), ("一" * 135, 3), ("😀" * 35, 1), ("😀" * 36, 2)],
)
def test_text_messages_are_counted_in_ucs2_units(text, parts):
    assert sms_parts(text) == parts


def test_a_value_is_never_read_as_a_variable_and_breaks_no_header():
    values = {"name": "{opt_out}\r\nBcc: x", "opt_out": "L"}
    assert render("{name}|{opt_out}", values) == "{opt_out} Bcc: x|L"
    with pytest.raises(ValueError, match="bank"):
        render("{bank}", values)


@given(st.text(max_size=60), st.dictionaries(st.sampled_from(VARIABLES), st.text(max_size=20), min_size=len(VARIABLES)))
def test_rendering_known_variables_never_fails_and_leaves_other_signs_alone(text, values):
    plain = text.replace("{", "(").replace("}", ")")
    assert render(plain, values) == plain
    assert render("{name}", values) == render("{name}", {"name": values["name"]})


@pytest.mark.parametrize(
    ("name", "surname"),
    [("张伟", "张"), ("欧阳明辉", "欧阳"), ("欧阳", "欧"), ("Smith", ""), ("阿卜杜拉·买买提", ""), ("", "")],
)
def test_the_surname_a_customer_is_addressed_by(name, surname):
    assert surname_of(name) == surname
    assert salutation(name, "female") == (f"{surname}女士" if surname else name)
    assert salutation(name, "") == name


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"banned": ["。"]}, "banned"),
        ({"banned": "保本"}, "banned"),
        ({"sms_most": 0}, "sms_most"),
        ({"sms_part": 71}, "sms_part"),
        ({"prices": {}}, "prices"),
        ({"prices": {**BUILT_IN["prices"], "sms": "-1"}}, "prices"),
        ({"disclosures": [{**BUILT_IN["disclosures"][0], "when": "never"}]}, "disclosures"),
        ({"disclosures": [{**BUILT_IN["disclosures"][0], "text": "{balance}"}]}, "disclosures"),
        ({"disclosures": [BUILT_IN["disclosures"][0]] * 2}, "disclosures"),
    ],
)
def test_rules_that_make_no_sense_are_refused_by_name(change, fault):
    with pytest.raises(ValueError, match=fault):
        read_words({**BUILT_IN, **change})


def test_the_editor_keeps_exactly_what_it_was_given():
    form = WordsForm(kind=CAMPAIGN_WORDS, values=BUILT_IN)
    given = {name: form[name].value() for name in form.fields}
    sent = WordsForm(
        {**given, "effective_on": "2027-01-01", "note": "新的用语规则"}, kind=CAMPAIGN_WORDS, values=BUILT_IN
    )
    assert sent.is_valid(), sent.errors
    assert sent.typed_values() == BUILT_IN
    assert read_words(sent.typed_values()) == RULES
    assert set(TYPICAL) == set(VARIABLES)
