from decimal import Decimal

import pytest
from django.template import Context, Engine
from django.utils import translation

ENGINE = Engine(libraries={"money": "core.templatetags.money"}, builtins=["core.templatetags.money"])


def render(template: str, language: str = "zh-hans", **context: object) -> str:
    with translation.override(language):
        return ENGINE.from_string(template).render(Context(context))


@pytest.mark.parametrize(
    ("value", "expected"), [(Decimal("1234.5"), "1,234.50"), (0, "0.00"), (None, "–"), (Decimal("-1"), "-1.00")]
)
def test_yuan_shows_the_exact_amount_or_a_dash(value: Decimal | int | None, expected: str) -> None:
    assert render("{{ value|yuan }}", value=value) == expected


@pytest.mark.parametrize(
    ("language", "expected"), [("zh-hans", "49.9万"), ("en", "499.9K"), ("zh-hant", "49.9万"), ("en-gb", "499.9K")]
)
def test_wan_follows_the_language_in_use(language: str, expected: str) -> None:
    assert render("{{ value|wan }}", language, value=Decimal("499999.99")) == expected


def test_wan_is_chinese_while_translation_is_off() -> None:
    with translation.override(None):
        assert ENGINE.from_string("{{ value|wan }}").render(Context({"value": 10_001})) == "1.0万"


def test_a_missing_value_is_a_dash() -> None:
    assert render("{{ value|wan }}{{ missing|wan }}{{ missing|yuan }}", value=None) == "–––"
