"""What every test may ask for: clients of people, the application's own database role, a clean cache."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial

import hypothesis
import pytest
from celery import Celery, current_app
from celery.contrib.testing.worker import start_worker
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.test import Client, TransactionTestCase
from pytest_django.plugin import DjangoDbBlocker

from core.management.commands.prepare import APP_ROLE, grant_app_role
from staff.models import User
from tests import databases
from tests.factories import make_user

ClientOf = Callable[[User], Client]
# The same examples each time: what was green stays green. `./run test --hypothesis-profile=search` looks for others.
hypothesis.settings.register_profile("steady", derandomize=True, deadline=None)
hypothesis.settings.register_profile("search", print_blob=True, deadline=None)
hypothesis.settings.load_profile("steady")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The journeys come first: the first worker is at them, with one demo bank, while the others do the rest."""
    items.sort(key=lambda item: not item.nodeid.startswith("tests/journeys/"))


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """pytest-django's own, but the database is a copy; tests that commit get a new one instead of emptied tables."""
    name, kept = f"test_depositcrm_{settings.WORKER}", connection.settings_dict["NAME"]

    def renew(*_test: object) -> None:
        connection.close()
        databases.copy_migrated(name)

    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", renew)
        renew()
        connection.settings_dict["NAME"] = name
        yield
        connection.close()
        connection.settings_dict["NAME"] = kept
        databases.drop(name)


@pytest.fixture(autouse=True)
def _clean_cache(request: pytest.FixtureRequest) -> None:
    """Throttles and cached figures of one test never reach the next."""
    if request.node.get_closest_marker("django_db") or {"db", "transactional_db"} & set(request.fixturenames):
        cache.clear()


@pytest.fixture
def client_of() -> ClientOf:
    """A signed-in client of a person."""

    def sign_in(user: User) -> Client:
        client = Client()
        client.force_login(user, backend="staff.backends.StaffBackend")
        return client

    return sign_in


@pytest.fixture
def as_role(db: None, client_of: ClientOf) -> Callable[..., Client]:
    """A signed-in client of a new person of a role: as_role("teller", branch=...)."""

    def sign_in(role: str, **fields: object) -> Client:
        return client_of(make_user(role=role, **fields))

    return sign_in


@pytest.fixture
def app_role(db: None) -> Iterator[str]:
    """The connection acts as the application's role, without the owner's rights, until the test ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [APP_ROLE])
        if cursor.fetchone() is None:
            cursor.execute(f"CREATE ROLE {APP_ROLE}")
    grant_app_role()
    with connection.cursor() as cursor:
        cursor.execute(f"SET ROLE {APP_ROLE}")
        yield APP_ROLE
        cursor.execute("RESET ROLE")


class Broker:
    """The real broker, as far as this run's own queue goes."""

    def __init__(self) -> None:
        transport = current_app.conf.broker_transport_options
        self._prefix = transport["global_keyprefix"]
        self._queue = current_app.conf.task_default_queue
        self._client = current_app.connection_for_write().default_channel.client

    def waiting(self) -> int:
        """How many messages wait for a worker."""
        return int(self._client.llen(self._queue))

    def flush(self) -> None:
        """Lose everything, as a broker without its file does."""
        for key in self._client.scan_iter(f"{self._prefix}*"):
            self._client.delete(key.decode().removeprefix(self._prefix))  # kombu puts the prefix before this one

    def drained(self, seconds: float = 10) -> None:
        """Wait until no message waits."""
        deadline = time.monotonic() + seconds
        while self.waiting():
            assert time.monotonic() < deadline, "messages are left over"
            time.sleep(0.05)


@pytest.fixture
def broker(transactional_db: None) -> Broker:
    """The broker with an empty queue."""
    found = Broker()
    found.flush()
    return found


@pytest.fixture
def worker(transactional_db: None) -> Callable[..., AbstractContextManager[object]]:
    """`with worker():` a Celery worker takes messages from the real broker, in a thread of this process."""
    return partial(start_worker, current_app, perform_ping_check=False)


@pytest.fixture
def broker_away(transactional_db: None) -> Iterator[None]:
    """The broker cannot be reached while the test runs."""
    kept = current_app._get_current_object()
    lost = Celery("lost", broker="redis://127.0.0.1:1/0", set_as_current=True)
    lost.conf.update(broker_connection_timeout=1, task_publish_retry=False)
    yield
    lost.close()
    kept.set_current()
