"""`./run` from start to stop, on a product of one table: whatever happens, nothing stays behind and nothing is lost."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from depositcrm.embedded.folders import ROOT
from tests.embedded.scene import Scene, eventually

PRODUCT = {
    "depositcrm/__init__.py": "from depositcrm.celery import app",
    "depositcrm/celery.py": """
from celery import Celery
app = Celery("product")
app.config_from_object("django.conf:settings", namespace="CELERY")
""",
    "depositcrm/settings.py": """
import os, tempfile
from depositcrm.env import database_config, redis_urls
SECRET_KEY, ALLOWED_HOSTS, ROOT_URLCONF, INSTALLED_APPS = "test", ["*"], "depositcrm.urls", ["core"]
DATABASES = {"default": database_config(os.environ["DATABASE_OWNER_URL"])}
CELERY_BROKER_URL, _ = redis_urls(os.environ["REDIS_URL"])
""",
    "depositcrm/urls.py": """
from django.db import connection
from django.http import HttpResponse
from django.urls import path
def visit(request):
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO visits DEFAULT VALUES RETURNING number")
        return HttpResponse(str(cursor.fetchone()[0]))
urlpatterns = [path("health/live", lambda request: HttpResponse("ok")), path("visit", visit)]
""",
    "core/__init__.py": "",
    "core/management/__init__.py": "",
    "core/management/commands/__init__.py": "",
    "core/management/commands/prepare.py": """
from django.core.management import BaseCommand
from django.db import connection
class Command(BaseCommand):
    def handle(self, **options):
        with connection.cursor() as cursor:
            cursor.execute("CREATE TABLE IF NOT EXISTS visits (number serial)")
        self.stdout.write("sign-in: teller")
""",
}


@pytest.fixture
def scene() -> Iterator[Scene]:
    scene = Scene()
    scene.checkout = scene.home / "checkout"
    shutil.copytree(ROOT / "depositcrm" / "embedded", scene.checkout / "depositcrm" / "embedded")
    for name in ("manage.py", "depositcrm/env.py", "depositcrm/wsgi.py"):
        shutil.copy(ROOT / name, scene.checkout / name)
    for name, text in PRODUCT.items():
        (scene.checkout / name).parent.mkdir(parents=True, exist_ok=True)
        (scene.checkout / name).write_text(text)
    yield scene
    scene.close()


def run(scene: Scene, port: int = 0) -> subprocess.Popen[str]:
    scene.env["PORT"] = str(port)
    return scene.start("-m", "depositcrm.embedded.supervisor")


def ready(process: subprocess.Popen[str]) -> str:
    """Everything printed up to the line that ends the start."""
    said = ""
    for line in process.stdout:
        said += line
        if line.startswith("Ctrl-C"):
            return said
    pytest.fail(f"did not start:\n{said}")


def visit(scene: Scene) -> int:
    port = (scene.var / "port").read_text().strip()
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/visit", timeout=20) as answer:
        return int(answer.read())


def visit_again(scene: Scene) -> int:
    """As `visit`, after the server was killed: a worker it left may take a request and then see its master gone."""
    for _try in range(5):
        with contextlib.suppress(ConnectionError, urllib.error.URLError):
            return visit(scene)
        time.sleep(1)
    return visit(scene)


def child(scene: Scene, text: str) -> int:
    """Process id of the first process whose command line has `text`."""
    return min(int(line.split()[0]) for line in scene.processes() if text in line)


def test_start_and_ctrl_c(scene: Scene) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        product = run(scene, port=taken.getsockname()[1])
        said = ready(product)
        assert f"port {taken.getsockname()[1]} is taken" in said
    assert "sign-in: teller" in said
    assert f"http://127.0.0.1:{(scene.var / 'port').read_text().strip()}/" in said
    assert visit(scene) == 1
    assert sum("celery" in line and "worker" in line for line in scene.processes()) >= 1
    assert sum("celery" in line and "beat" in line for line in scene.processes()) == 1

    second = run(scene)
    assert second.wait(timeout=10) == 1

    product.send_signal(signal.SIGINT)
    assert product.wait(timeout=30) == 0
    assert scene.processes() == []
    assert not (scene.var / "port").exists()


def test_kill_minus_nine(scene: Scene) -> None:
    product = run(scene)
    ready(product)
    assert visit(scene) == 1
    product.kill()
    assert eventually(lambda: not scene.processes(), seconds=60) < 45

    again = run(scene)
    ready(again)
    assert visit(scene) == 2
    os.kill(child(scene, "gunicorn"), signal.SIGKILL)  # requests wait on our socket until it is back
    assert visit_again(scene) >= 3
    scheduler = child(scene, "beat")
    os.kill(scheduler, signal.SIGKILL)
    eventually(lambda: any("beat" in line and not line.startswith(f"{scheduler} ") for line in scene.processes()), 10)
    again.send_signal(signal.SIGTERM)
    assert again.wait(timeout=30) == 0
    assert scene.processes() == []


def test_a_failing_start_says_why_and_stops(scene: Scene) -> None:
    command = scene.checkout / "core/management/commands/prepare.py"
    command.write_text("raise SystemExit('the disk is full')")
    product = scene.start("-m", "depositcrm.embedded.supervisor")
    assert product.wait(timeout=30) == 1
    assert scene.processes() == []
    assert not Path(scene.var / "port").exists()
