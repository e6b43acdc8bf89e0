"""Passwords of members of staff, checked without PermissionsMixin: rights come from `staff.access` alone."""

from typing import Any

from django.contrib.auth.backends import BaseBackend
from django.http import HttpRequest

from staff.access import with_standing
from staff.models import User
from staff.queries import member_by_sign_in


class StaffBackend(BaseBackend):
    """Sign in by sign-in name or staff number; disabled people are refused at sign-in and at every request."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **_: Any
    ) -> User | None:
        if not username or password is None:
            return None
        user = member_by_sign_in(username)
        if user is None:
            User().set_password(password)  # as slow as a real check, so that timing tells nothing
            return None
        return user if user.check_password(password) and user.is_active else None

    def get_user(self, user_id: int) -> User | None:
        return with_standing(User.objects.filter(pk=user_id, is_active=True)).first()
