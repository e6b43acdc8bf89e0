"""Makes a member of staff from the command line: above all a new bank's first administrators."""

import sys
from collections.abc import Mapping
from getpass import getpass
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import CommandParser

from core.clock import now
from core.commands import JsonCommand, Unusable
from core.enums import ActorKind
from core.trail import Actor
from staff.enums import BranchKind, Role
from staff.models import Branch
from staff.services import create_user

OPERATOR = Actor(None, "operator", ActorKind.JOB)


class Command(JsonCommand):
    """The password is asked for, or read as a line from standard input; never an argument others could see."""

    help = "Create a member of staff who can sign in; the head office is made when the database has no unit yet."

    def add_options(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--staff-no", required=True)
        parser.add_argument("--name", required=True)
        parser.add_argument("--role", choices=list(Role.values), default=Role.ADMIN)
        parser.add_argument("--branch", default="H000", help="unit code")

    def work(self, **options: Any) -> Mapping[str, Any]:
        password = getpass() if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
        try:
            validate_password(password)
        except ValidationError as error:
            raise Unusable(" ".join(error.messages)) from error
        user = create_user(
            username=options["username"],
            staff_no=options["staff_no"],
            name=options["name"],
            role=options["role"],
            branch=self._unit(options["branch"]),
            password=password,
            actor=OPERATOR,
            at=now(),
        )
        return {"username": user.username, "staff_no": user.staff_no, "role": user.role, "branch": user.branch.code}

    def _unit(self, code: str) -> Branch:
        found = Branch.objects.filter(code=code).first()
        if found is None and Branch.objects.exists():
            raise Unusable(f"no unit {code}")
        if found is None:
            found = Branch.objects.create(code=code, name="总行", kind=BranchKind.HEAD_OFFICE)
            found.path = f"/{found.pk}/"
            found.save(update_fields=["path"])
        return found
