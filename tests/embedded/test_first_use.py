"""A command in a checkout nobody has started yet: services, tables and keys come by themselves."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.embedded.scene import ROOT

GIVEN = ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE")


def test_the_first_command_needs_no_preparation(tmp_path: Path) -> None:
    env = {name: value for name, value in os.environ.items() if name not in GIVEN} | {"DEPOSITCRM_VAR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "manage.py", "check_trail", "--json"],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["ok"] is True
    assert "first use" in done.stderr
