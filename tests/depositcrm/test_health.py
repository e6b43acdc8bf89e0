import pytest

from core import trail
from core.models import Job
from depositcrm import health
from tests.factories import NOW


@pytest.fixture
def _broken(monkeypatch):
    def fail():
        raise ConnectionError("away")

    monkeypatch.setitem(health.CHECKS, "broker", fail)


def test_live_touches_nothing(client):
    response = client.get("/health/live")  # no database mark: a query would fail the test
    assert (response.status_code, response.content) == (200, b"ok")


@pytest.mark.django_db
def test_ready_names_what_is_there(client):
    response = client.get("/health/ready")
    assert (response.status_code, response.json()) == (200, {"database": True, "broker": True, "migrations": True})


@pytest.mark.django_db
@pytest.mark.usefixtures("_broken")
def test_ready_is_503_while_something_is_away(client):
    response = client.get("/health/ready")
    assert (response.status_code, response.json()["broker"]) == (503, False)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("configured", "sent", "status"),
    [("", "", 404), ("", "Bearer ", 404), ("s3cret", "", 404), ("s3cret", "Bearer wrong", 404), ("s3cret", "é", 404)],
)
def test_metrics_do_not_exist_without_their_token(client, settings, configured, sent, status):
    settings.METRICS_TOKEN = configured
    assert client.get("/metrics", headers={"Authorization": sent}).status_code == status


@pytest.mark.django_db
def test_metrics_count_jobs_and_the_unsealed_trail(client, settings):
    settings.METRICS_TOKEN = "s3cret"
    Job.objects.create(name="test", key="1", state="parked", due_at=NOW, created_at=NOW)
    trail.record(actor=trail.NIGHT, action="run", subject="test", at=NOW)
    text = client.get("/metrics", headers={"Authorization": "Bearer s3cret"}).content.decode()
    assert 'depositcrm_jobs{state="parked"} 1.0' in text
    assert "depositcrm_trail_unsealed 1.0" in text
