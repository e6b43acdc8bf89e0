"""How django-allauth behaves here: no sign-up, no mail."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class ClosedSignup(DefaultAccountAdapter):
    """Accounts come from the staff feed or an administrator, never from a sign-up page."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False
