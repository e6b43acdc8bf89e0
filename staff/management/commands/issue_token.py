"""Issues an interface token from the command line."""

from collections.abc import Mapping
from typing import Any

from django.core.management.base import CommandParser

from core.clock import now
from core.commands import JsonCommand, Unusable
from core.enums import ActorKind
from core.trail import Actor
from staff.models import User
from staff.services import issue_token

OPERATOR = Actor(None, "operator", ActorKind.JOB)


class Command(JsonCommand):
    """The token is printed once and kept nowhere."""

    help = "Issue an API token for a member of staff; its text is printed once."

    def add_options(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--scope", action="append", required=True, help="such as customers:read; may be repeated")
        parser.add_argument("--days", type=int, default=90)
        parser.add_argument("--label", default="command line")

    def work(self, **options: Any) -> Mapping[str, Any]:
        user = User.objects.filter(username=options["username"].lower(), is_active=True).first()
        if user is None:
            raise Unusable(f"no active member of staff has the sign-in name {options['username']}")
        scopes = [scope for text in options["scope"] for scope in text.replace(",", " ").split()]
        text, token = issue_token(
            user=user, scopes=scopes, days=options["days"], label=options["label"], actor=OPERATOR, at=now()
        )
        return {"token": text, "scopes": token.scopes, "expires_on": token.expires_on.isoformat()}
