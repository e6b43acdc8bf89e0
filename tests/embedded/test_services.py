"""The services start for whoever needs them first and stop after whoever leaves last."""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis

from tests.embedded.scene import Scene, copy_checkout, end, eventually, query

Make = Callable[..., Scene]


def as_root(test: Callable[..., None]) -> Callable[..., None] | None:
    """Only root can become another account; for anybody else there is no such test."""
    return test if os.geteuid() == 0 else None


@pytest.fixture
def scene_of() -> Iterator[Make]:
    scenes: list[Scene] = []

    def make(**arguments: Path) -> Scene:
        scenes.append(Scene(**arguments))
        return scenes[-1]

    yield make
    for scene in scenes:
        scene.close()


def other_python() -> str:
    """An interpreter of our version that any account may run."""
    ask = "import sys; print(sys.version_info[:2])"
    for candidate in (Path(sys.executable).resolve(), Path("/usr/bin/python3")):
        with contextlib.suppress(PermissionError):
            said = subprocess.run(
                [candidate, "-c", ask], user="nobody", cwd="/", capture_output=True, text=True, check=False
            )
            if said.stdout.strip() == str(sys.version_info[:2]):
                return str(candidate)
    pytest.skip("no Python of this version that another account may run")


def test_the_last_user_turns_off_the_light(scene_of: Make) -> None:
    scene = scene_of()
    first, addresses = scene.user()
    second, same = scene.user()
    assert same == addresses
    assert len(scene.keepers()) == 2

    first.kill()  # no chance to say goodbye
    first.wait()
    assert query(same["DATABASE_URL"], "SELECT current_user, current_database()") == [("depositcrm_app", "depositcrm")]
    assert redis.Redis.from_url(same["REDIS_URL"]).ping()
    # Without it pg_trgm finds nothing in Chinese names, and says nothing.
    owner = same["DATABASE_OWNER_URL"]
    query(owner, "CREATE EXTENSION pg_trgm")
    assert query(owner, "SELECT cardinality(show_trgm('北京银行'))") == [(5,)]

    end(second)
    assert eventually(lambda: not scene.processes(), seconds=60) < 45


def test_everybody_at_once_gets_one_set(scene_of: Make) -> None:
    scene = scene_of()
    answer = "print(ensure_services(), flush=True)"
    crowd = [
        scene.start("-c", f"from depositcrm.embedded.services import *; {answer}; sys.stdin.read()") for _ in range(4)
    ]
    assert len({process.stdout.readline() for process in crowd}) == 1
    postmasters = [line for line in scene.processes() if "bin/postgres" in line]
    assert len(postmasters) == 1


def test_two_folders_never_meet(scene_of: Make) -> None:
    here, there = scene_of(), scene_of()
    _, one = here.user()
    _, two = there.user()
    assert not set(one.values()) & set(two.values())
    query(one["DATABASE_OWNER_URL"], "CREATE TABLE only_here ()")
    assert query(two["DATABASE_OWNER_URL"], "SELECT to_regclass('only_here')") == [(None,)]


def test_killed_keepers_leave_nothing_and_lose_nothing(scene_of: Make) -> None:
    scene = scene_of()
    user, addresses = scene.user()
    query(addresses["DATABASE_OWNER_URL"], "CREATE TABLE kept AS SELECT 42 AS answer")
    queue = redis.Redis.from_url(addresses["REDIS_URL"])
    queue.lpush("queue", "job")
    queue.wait(0, 0)
    for keeper in scene.keepers():
        os.kill(keeper, signal.SIGKILL)
    user.kill()
    assert eventually(lambda: not scene.processes(), seconds=60) < 45

    _, again = scene.user()
    assert query(again["DATABASE_OWNER_URL"], "SELECT answer FROM kept") == [(42,)]
    assert redis.Redis.from_url(again["REDIS_URL"]).lrange("queue", 0, -1) == [b"job"]


def test_a_killed_server_comes_back(scene_of: Make) -> None:
    scene = scene_of()
    _, addresses = scene.user()
    postmaster = int((scene.var / "postgres" / "postmaster.pid").read_text().splitlines()[0])
    os.kill(postmaster, signal.SIGKILL)

    def answers() -> bool:
        try:
            return query(addresses["DATABASE_URL"], "SELECT 1") == [(1,)]
        except Exception:  # any way of not being there
            return False

    eventually(lambda: not answers(), seconds=5)
    eventually(answers, seconds=15)


def test_long_temporary_folder(scene_of: Make) -> None:
    scene = scene_of()
    scene.env["TMPDIR"] = str(scene.home / ("long" * 30))
    Path(scene.env["TMPDIR"]).mkdir()
    _, addresses = scene.user()
    assert query(addresses["DATABASE_URL"], "SELECT 1") == [(1,)]
    assert len(addresses["REDIS_URL"]) < 100
    shutil.rmtree(Path(addresses["REDIS_URL"].removeprefix("unix://").partition("?")[0]).parent, ignore_errors=True)


def test_given_addresses_start_nothing(scene_of: Make) -> None:
    scene = scene_of()
    scene.env |= {"DATABASE_URL": "postgres://x@db/x", "REDIS_URL": "redis://broker"}
    _, addresses = scene.user()
    assert addresses == {}
    assert not scene.var.exists()


def test_only_the_broker_where_the_database_is_given(scene_of: Make) -> None:
    scene = scene_of()
    scene.env["DATABASE_URL"] = "postgres://x@db/x"
    _, addresses = scene.user()
    assert list(addresses) == ["REDIS_URL"]
    assert not (scene.var / "postgres").exists()


def test_data_of_another_major_is_left_alone(scene_of: Make) -> None:
    scene = scene_of()
    (scene.var / "postgres").mkdir(parents=True)
    (scene.var / "postgres" / "PG_VERSION").write_text("9\n")
    _, answer = scene.user()
    assert "was made by PostgreSQL 9" in answer["error"]
    assert "DEPOSITCRM_PG_BIN" in answer["error"]


def test_a_foreign_socket_folder_is_refused(scene_of: Make) -> None:
    scene = scene_of()
    asked = scene.start("-c", "from depositcrm.embedded.folders import folders; print(folders().sockets)")
    sockets = Path(asked.communicate()[0].strip())
    sockets.rmdir()
    sockets.symlink_to("/tmp")
    _, answer = scene.user()
    assert "belongs to another user" in answer["error"]


@as_root
def test_another_account_needs_nothing_of_root(scene_of: Make) -> None:
    scene = scene_of()
    scene.checkout = scene.home / "checkout"
    copy_checkout(scene.checkout)
    scene.python = other_python()
    nobody = pwd.getpwnam("nobody")
    scene.account = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    os.chown(scene.home, nobody.pw_uid, nobody.pw_gid)
    scene.env["HOME"] = "/nonexistent"
    _, addresses = scene.user()
    assert query(addresses["DATABASE_URL"], "SELECT 1") == [(1,)]
    assert {path.owner() for path in scene.var.iterdir()} == {"nobody"}


@as_root
def test_root_in_a_closed_home(scene_of: Make) -> None:
    scene = scene_of()
    closed = scene.home / "closed"
    closed.mkdir(mode=0o700)
    scene.checkout, scene.var = closed / "checkout", closed / "var"
    scene.env["DEPOSITCRM_VAR"] = str(scene.var)
    copy_checkout(scene.checkout)
    _, addresses = scene.user()
    query(addresses["DATABASE_OWNER_URL"], "CREATE TABLE kept AS SELECT 42 AS answer")
    scene.over()
    assert closed.stat().st_mode & 0o777 == 0o700  # nothing was opened up to get there

    _, again = scene.user()
    assert query(again["DATABASE_OWNER_URL"], "SELECT answer FROM kept") == [(42,)]
    assert (scene.var / "postgres").is_symlink()
