import io
import json
from collections.abc import Callable

import pytest
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command
from django.test import RequestFactory

from staff.models import Branch, User
from tests.factories import make_branch

pytestmark = pytest.mark.django_db
WORDS = ("create_user", "wang", "--staff-no", "A001", "--name", "王敏", "--json")


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """What an operator pipes in."""
    return lambda text: monkeypatch.setattr("sys.stdin", io.StringIO(text + "\n"))


def test_the_first_administrator_brings_the_head_office_along(typed: Callable[[str], None]) -> None:
    typed("a long enough sentence")
    out = io.StringIO()
    call_command(*WORDS, stdout=out)
    assert json.loads(out.getvalue()) == {"username": "wang", "staff_no": "A001", "role": "admin", "branch": "H000"}
    assert Branch.objects.get().kind == "head_office"
    request = RequestFactory().post("/")
    assert authenticate(request, username="wang", password="a long enough sentence") == User.objects.get()


@pytest.mark.parametrize(("password", "branch"), [("short", "H000"), ("a long enough sentence", "B999")])
def test_a_weak_password_or_an_unknown_unit_makes_nobody(
    typed: Callable[[str], None], password: str, branch: str
) -> None:
    make_branch(code="H000")
    typed(password)
    with pytest.raises(CommandError) as refused:
        call_command(*WORDS, "--branch", branch)
    assert refused.value.returncode == 2
    assert User.objects.count() == 0
