import json
from io import StringIO

import pytest
from django.contrib.staticfiles.finders import get_finder
from django.core.management import CommandError, call_command
from django.db import connection

from core import trail
from core.commands import JsonCommand, Unusable
from core.errors import DomainError
from core.management.commands import prepare
from core.trail import NIGHT
from staff.models import ApiToken
from staff.rules import token_digest
from tests.factories import NOW, make_user


class Locked(DomainError):
    message = "The control total differs."


class Sample(JsonCommand):
    needs_tables = False

    def add_options(self, parser):
        parser.add_argument("--how", default="done")

    def work(self, **options):
        self.say("working")
        match options["how"]:
            case "refused":
                raise Locked()
            case "unusable":
                raise Unusable("no such file: x")
            case "broken":
                raise RuntimeError("boom")
        return {"rows": 3, "name": "张三", "exit_status": 1 if options["how"] == "bad" else 0}


def run(*args, command=None):
    out, err = StringIO(), StringIO()
    call_command(command or Sample(), *args, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_json_is_one_object_and_nothing_else():
    out, err = run("--json")
    assert json.loads(out) == {"rows": 3, "name": "张三"}
    assert "张三" in out
    assert "working" in err


def test_prose_without_json():
    out, _err = run()
    assert out.splitlines() == ["rows  3", "name  张三"]


@pytest.mark.parametrize(("how", "status"), [("refused", 3), ("unusable", 2)])
def test_refusals_and_unusable_input_have_their_own_status(how, status):
    with pytest.raises(CommandError) as caught:
        run("--how", how)
    assert caught.value.returncode == status


def test_a_result_may_carry_a_status_of_its_own():
    with pytest.raises(SystemExit) as caught:
        run("--how", "bad", "--json")
    assert caught.value.code == 1


@pytest.mark.parametrize(("argv", "status"), [(["--how", "refused"], 3), (["--nonsense"], 2), ([], 0)])
def test_exit_statuses_as_a_shell_sees_them(argv, status, capsys):
    if status == 0:
        Sample().run_from_argv(["manage.py", "sample", *argv])
        return
    with pytest.raises(SystemExit) as caught:
        Sample().run_from_argv(["manage.py", "sample", *argv])
    assert caught.value.code == status


@pytest.mark.django_db
class TestTrailCommands:
    def test_seal_then_check(self):
        trail.record(actor=NIGHT, action="run", subject="test", at=NOW)
        assert json.loads(run("--json", command="seal_trail")[0]) == {"sealed": 1}
        assert json.loads(run("--json", command="check_trail")[0]) == {
            "entries": 1,
            "seals": 1,
            "unsealed": 0,
            "ok": True,
            "first_bad": None,
        }

    def test_a_broken_seal_ends_with_status_1(self):
        trail.record(actor=NIGHT, action="run", subject="test", at=NOW)
        trail.seal(at=NOW)
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE core_trailentry DISABLE TRIGGER ALL")
            cursor.execute("UPDATE core_trailentry SET action = 'walk'")
        with pytest.raises(SystemExit) as caught:
            run("--json", command="check_trail")
        assert caught.value.code == 1


@pytest.mark.django_db
class TestIssueToken:
    def test_prints_the_token_once(self):
        user = make_user(role="manager", username="manager")
        out, _err = run(
            "manager",
            "--scope",
            "customers:read",
            "--scope",
            "tiers:read",
            "--days",
            "5",
            "--json",
            command="issue_token",
        )
        printed = json.loads(out)
        token = ApiToken.objects.get(user=user)
        assert printed == {
            "token": printed["token"],
            "scopes": ["customers:read", "tiers:read"],
            "expires_on": token.expires_on.isoformat(),
        }
        assert bytes(token.digest) == token_digest(printed["token"])

    def test_an_unknown_person_is_a_wrong_argument(self):
        with pytest.raises(CommandError) as caught:
            run("nobody", "--scope", "customers:read", command="issue_token")
        assert caught.value.returncode == 2

    def test_a_scope_beyond_the_role_is_refused(self):
        make_user(role="admin", username="admin")
        with pytest.raises(CommandError) as caught:
            run("admin", "--scope", "customers:read", command="issue_token")
        assert caught.value.returncode == 3


@pytest.mark.django_db
class TestPrepare:
    @pytest.fixture(autouse=True)
    def _no_files(self, monkeypatch):
        monkeypatch.setattr(prepare, "collect_changed", lambda: False)

    @pytest.fixture
    def seeded(self, monkeypatch):
        called = []
        kept = prepare.call_command

        def call(name, *args, **options):
            return called.append(name) if name == "seed_demo" else kept(name, *args, **options)

        monkeypatch.setattr(prepare, "call_command", call)
        return called

    def test_seeds_an_empty_database_and_prints_the_password_once(self, seeded, monkeypatch):
        monkeypatch.delenv("DEPOSITCRM_DEMO_PASSWORD", raising=False)
        printed = json.loads(run("--json", command="prepare")[0])
        assert seeded == ["seed_demo"]
        assert len(printed["password"]) >= 12
        assert "teller" in printed["demo sign-ins"]

    def test_never_repeats_a_given_password(self, seeded, monkeypatch):
        monkeypatch.setenv("DEPOSITCRM_DEMO_PASSWORD", "open sesame 42")
        assert "open sesame 42" not in run("--json", command="prepare")[0]

    def test_leaves_alone_what_has_people(self, seeded):
        make_user()
        assert json.loads(run("--json", command="prepare")[0]) == {}
        assert seeded == []

    @pytest.mark.parametrize("how", ["production", "environment", "option"])
    def test_seeds_only_where_it_is_wanted(self, seeded, settings, monkeypatch, how):
        settings.PRODUCTION = how == "production"
        monkeypatch.setenv("DEPOSITCRM_SEED", "0" if how == "environment" else "1")
        assert run("--json", *(["--no-seed"] if how == "option" else []), command="prepare")[0].strip() == "{}"
        assert seeded == []


def test_static_files_are_collected_when_they_changed(settings, tmp_path):
    settings.STATIC_ROOT = tmp_path / "static"
    source = tmp_path / "source"
    source.mkdir()
    (source / "one.css").write_text("a{}")
    settings.STATICFILES_DIRS = [source]
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    get_finder.cache_clear()
    assert prepare.collect_changed() is True
    assert prepare.collect_changed() is False
    (source / "one.css").write_text("a{color:red}")
    assert prepare.collect_changed() is True
    assert (tmp_path / "static/one.css").read_text() == "a{color:red}"
    get_finder.cache_clear()
