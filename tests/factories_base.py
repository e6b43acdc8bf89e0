"""The first of everything tests make: the day, numbers nobody had before, units and people."""

from datetime import date, datetime
from itertools import count
from typing import Any

from core.clock import SHANGHAI
from staff.models import Branch, User

TODAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 20, 10, 30, tzinfo=SHANGHAI)
PASSWORD = "correct horse battery"

_numbers = count(1)


def number() -> int:
    """A number nobody had before."""
    return next(_numbers)


def make_branch(*, parent: Branch | None = None, kind: str = "branch", **fields: Any) -> Branch:
    """A unit under `parent`, with its path; without a parent a root of its own."""
    n = number()
    branch = Branch.objects.create(
        **{"code": f"B{n:04}", "name": f"第{n}支行", "kind": kind, "parent": parent, **fields}
    )
    branch.path = f"{parent.path if parent else '/'}{branch.pk}/"
    branch.save(update_fields=["path"])
    return branch


def make_user(*, role: str = "teller", branch: Branch | None = None, password: str = PASSWORD, **fields: Any) -> User:
    """A member of staff with PASSWORD as password, unless another or none ("") is given."""
    n = number()
    user = User(
        **{
            "username": f"user{n}",
            "staff_no": f"S{n:05}",
            "name": f"员工{n}",
            "role": role,
            "branch": branch or make_branch(),
            **fields,
        }
    )
    if password:
        user.set_password(password)
    else:
        user.set_unusable_password()
    user.save()
    return user
