"""The start script before anything is installed."""

import subprocess
from pathlib import Path

import pytest

from depositcrm.embedded import bootstrap
from depositcrm.embedded.folders import ROOT


def test_unknown_command_shows_usage_and_does_nothing() -> None:
    done = subprocess.run([ROOT / "run", "nonsense"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "./run test" in done.stderr


def test_run_finds_its_checkout_from_anywhere(tmp_path: Path) -> None:
    link = tmp_path / "crm"
    link.symlink_to(ROOT / "run")
    done = subprocess.run([link, "help"], cwd="/", capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, bootstrap.USAGE)


def test_bootstrap_needs_the_standard_library_only() -> None:
    done = subprocess.run(
        ["/usr/bin/env", "-i", bootstrap.PYTHON, "-S", "-I", ROOT / "depositcrm/embedded/bootstrap.py", "help"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_step_is_done_again_when_its_inputs_change(tmp_path: Path) -> None:
    lock = tmp_path / "a.lock"
    lock.write_text("one")
    before, done = bootstrap.fingerprint([lock]), tmp_path / "made" / ".stamp"
    assert not bootstrap.stamped(done, before)
    bootstrap.stamp(done, before)
    assert bootstrap.stamped(done, before)
    lock.write_text("two")
    assert not bootstrap.stamped(done, bootstrap.fingerprint([lock]))


def test_a_failing_step_tells_everything_it_said() -> None:
    with pytest.raises(bootstrap.Failed, match=r"no space left\nIs the disk full"):
        bootstrap.command(["sh", "-c", "echo no space left >&2; exit 1"], "Is the disk full?")


def test_a_missing_system_package_comes_with_the_line_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap.os, "geteuid", lambda: 1000)
    assert "sudo apt-get install -y python3-venv" in bootstrap.missing("python3-venv", "venv")


def test_locks_name_no_host_and_agree() -> None:
    base, test = ((ROOT / "requirements" / f"{name}.lock").read_text() for name in ("base", "test"))
    assert "http" not in base + test
    pins = {line.partition(" ")[0] for line in base.splitlines() if "==" in line and not line.startswith(" ")}
    assert pins <= {line.partition(" ")[0] for line in test.splitlines() if "==" in line}
