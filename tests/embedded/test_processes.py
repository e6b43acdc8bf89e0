"""Processes the product starts end with it, however it was started."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from depositcrm.embedded.folders import ROOT
from tests.embedded.scene import eventually

# As a shell starts what runs in its background: interrupts are ignored, and so they are for children.
PARENT = """
import os, signal, sys
from depositcrm.embedded.processes import spawn
for ignored in (signal.SIGINT, signal.SIGQUIT):
    signal.signal(ignored, signal.SIG_IGN)
child = spawn(["sleep", "60"], log=None, stdout=None, dies_by=signal.Signals[sys.argv[1]], env=dict(os.environ))
print(child.pid, flush=True)
sys.stdin.read()
"""


def is_there(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False


@pytest.mark.parametrize("signal_name", ["SIGINT", "SIGQUIT", "SIGTERM"])
def test_a_child_hears_that_its_parent_was_killed_though_a_shell_ignores_interrupts(signal_name: str) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, signal_name],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    child = int(parent.stdout.readline())  # type: ignore[union-attr]
    time.sleep(0.2)
    assert is_there(child)
    parent.kill()
    parent.wait()
    try:
        eventually(lambda: not is_there(child), seconds=10)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
