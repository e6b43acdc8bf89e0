"""For tests that read words: everything in English, whatever has been translated."""

from collections.abc import Iterator

import pytest
from django.test import Client
from django.utils import translation

from staff.models import User


@pytest.fixture
def english() -> Iterator[None]:
    """Words made outside of requests are English."""
    with translation.override("en"):
        yield


def client_of(user: User) -> Client:
    """A signed-in client of a person who reads English."""
    client = Client()
    client.force_login(user, backend="staff.backends.StaffBackend")
    client.cookies["language"] = "en"
    return client
