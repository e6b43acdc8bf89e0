import pickle

import pytest
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from core.errors import DomainError


class TooFew(DomainError):
    code = "too_few"
    message = _("At least %(least)s of %(given)s are needed.")


def test_shows_the_class_message_with_its_params() -> None:
    assert str(TooFew(least=3, given=5)) == "At least 3 of 5 are needed."


def test_a_message_given_at_the_raise_wins() -> None:
    assert str(TooFew("Nothing here: %(least)s", least=3)) == "Nothing here: 3"


@pytest.mark.parametrize("text", ["100% sure", "%(name)s", ""])
def test_without_params_a_message_is_shown_as_it_stands(text: str) -> None:
    assert str(DomainError(text)) == text


def test_language_is_that_of_the_reader_not_of_the_raise() -> None:
    class Saturday(DomainError):
        message = _("Saturday")

    with translation.override("en"):
        error = Saturday()
    with translation.override("zh-hans"):
        assert str(error) == "星期六"


def test_code_is_told_by_the_class() -> None:
    assert (DomainError().code, TooFew().code) == ("refused", "too_few")


def test_survives_pickling() -> None:
    copy = pickle.loads(pickle.dumps(TooFew(least=3, given=5)))

    assert (type(copy), copy.params, str(copy)) == (TooFew, {"least": 3, "given": 5}, "At least 3 of 5 are needed.")
