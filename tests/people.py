"""The personas of the small bank that tests ask everywhere, and what is known of that bank."""

from dataclasses import dataclass, field
from typing import Any

from django.test import Client

from customers.models import Customer
from staff.models import User

# Persona: role and unit. A and B are branches of one bank; the rest stands at head office.
PEOPLE = {
    "teller": ("teller", "A"),
    "lobby": ("lobby", "A"),
    "manager": ("manager", "A"),
    "other_manager": ("manager", "A"),
    "senior": ("senior_manager", "A"),
    "expert": ("expert", "A"),
    "head": ("branch_head", "A"),
    "hq": ("head_office", "top"),
    "admin": ("admin", "top"),
    "second_admin": ("admin", "top"),
    "compliance": ("compliance", "top"),
    "auditor": ("auditor", "top"),
    "teller_b": ("teller", "B"),
    "lobby_b": ("lobby", "B"),
    "manager_b": ("manager", "B"),
    "senior_b": ("senior_manager", "B"),
    "expert_b": ("expert", "B"),
    "head_b": ("branch_head", "B"),
}
# Two that are nobody's session: no sign-in at all, and the manager's program.
ANONYMOUS, TOKEN = "anonymous", "token"
# What customer a got in a message.
SURVEY_TOKEN = "A" * 32
EVERYBODY = (ANONYMOUS, TOKEN, *PEOPLE)


@dataclass
class World:
    """The bank's people and records; `a` is the customer of branch A and of the manager there, `b` that of branch B."""

    users: dict[str, User] = field(default_factory=dict)
    branches: dict[str, Any] = field(default_factory=dict)
    a: Customer = None  # type: ignore[assignment]
    b: Customer = None  # type: ignore[assignment]
    records: dict[str, Any] = field(default_factory=dict)
    sessions: dict[str, str] = field(default_factory=dict)
    token: str = ""

    def client(self, persona: str) -> Client:
        """A fresh client of the persona, whatever an earlier one did to its session."""
        client = Client(raise_request_exception=False)
        if persona in self.sessions:
            client.cookies["sessionid"] = self.sessions[persona]
        if persona == TOKEN:
            client.defaults["HTTP_AUTHORIZATION"] = f"Bearer {self.token}"
        return client
