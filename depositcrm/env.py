"""Typed reading of the environment: the only place that touches os.environ for settings."""

import contextlib
import json
import os
import secrets
from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from depositcrm.embedded.services import ensure_services

ROOT = Path(__file__).resolve().parent.parent
PRODUCTION_NEEDS = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "FIELD_KEYS", "ALLOWED_HOSTS")
# Commands that change the schema or rebuild the database connect as its owner; everything else as the restricted role.
OWNER_COMMANDS = frozenset({"migrate", "makemigrations", "prepare", "restore", "sqlmigrate", "showmigrations"})


class UnsafeEnvironment(Exception):
    """Production settings are missing or unsafe; the message names every one of them."""


@dataclass(frozen=True, slots=True)
class Environment:
    """What the outside decides: addresses, keys, folders."""

    production: bool
    var: Path
    database_url: str
    redis_url: str
    secret_key: str
    field_keys: str
    allowed_hosts: tuple[str, ...]


def database_config(url: str) -> dict[str, object]:
    """Django's DATABASES entry for a postgres:// address; the host may be a quoted socket directory."""
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise UnsafeEnvironment(f"DATABASE_URL must begin with postgres://, not {parts.scheme}://")
    options = dict(parse_qsl(parts.query))
    host = options.pop("host", "") or unquote(parts.netloc.rpartition("@")[2].partition(":")[0])
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": str(parts.port or ""),
        "OPTIONS": options,
    }


def redis_urls(url: str) -> tuple[str, str]:
    """(broker, cache) addresses from one REDIS_URL; kombu and redis-py spell sockets differently."""
    parts = urlsplit(url)
    if parts.scheme == "unix":
        return f"redis+socket://{parts.path}?virtual_host=0", f"unix://{parts.path}?db=1"
    base = url.rsplit("/", 1)[0] if parts.path.strip("/") else url.rstrip("/")
    return f"{base}/0", f"{base}/1"


def read(environ: dict[str, str] | None = None, command: str = "") -> Environment:
    """The environment for this process. Raises UnsafeEnvironment in production when anything needed is missing."""
    env = os.environ if environ is None else environ
    production = env.get("DEPOSITCRM_ENV", "development") == "production"
    var = Path(env.get("DEPOSITCRM_VAR") or ROOT / "var").resolve()
    if production:
        _refuse_unsafe(env)
        keys = {"secret_key": env["SECRET_KEY"], "field_keys": env["FIELD_KEYS"]}
    else:
        kept = _development_secrets(var)
        keys = {
            "secret_key": env.get("SECRET_KEY") or kept["secret_key"],
            "field_keys": env.get("FIELD_KEYS") or kept["field_keys"],
        }
    urls = dict(env) if env.get("DATABASE_URL") and env.get("REDIS_URL") else {**env, **_embedded(env)}
    database = urls["DATABASE_URL"]
    if command in OWNER_COMMANDS:
        database = urls.get("DATABASE_OWNER_URL") or database
    hosts = tuple(h.strip() for h in env.get("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]").split(",") if h.strip())
    return Environment(production, var, database, urls["REDIS_URL"], allowed_hosts=hosts, **keys)


def _embedded(env: "os._Environ[str] | dict[str, str]") -> dict[str, str]:
    """Addresses of the embedded services, started on demand, for what the environment leaves open."""
    found = ensure_services()
    return {k: v for k, v in found.items() if not env.get(k)}


def _refuse_unsafe(env: "os._Environ[str] | dict[str, str]") -> None:
    faults = [f"{name} is not set" for name in PRODUCTION_NEEDS if not env.get(name)]
    if len(env.get("SECRET_KEY", "")) < 40 and env.get("SECRET_KEY"):
        faults.append("SECRET_KEY is shorter than 40 characters")
    if "*" in env.get("ALLOWED_HOSTS", ""):
        faults.append("ALLOWED_HOSTS must name hosts, not *")
    if env.get("DEBUG", "").lower() in {"1", "true", "yes"}:
        faults.append("DEBUG must not be set")
    if faults:
        raise UnsafeEnvironment("refusing to start in production: " + "; ".join(faults))


def _development_secrets(var: Path) -> dict[str, str]:
    """Keys of this checkout's embedded product, made once and readable by its owner only."""
    path = var / "secrets.json"
    if not path.exists():
        var.mkdir(parents=True, exist_ok=True)
        made = {
            "secret_key": secrets.token_urlsafe(48),
            "field_keys": f"k1:{_key()},index:{_key()}",
        }
        temporary = path.with_suffix(f".{os.getpid()}")
        temporary.touch(mode=0o600)
        temporary.write_text(json.dumps(made))
        with contextlib.suppress(FileExistsError):  # the first of several processes wins; all read what it wrote
            os.link(temporary, path)
        temporary.unlink()
    return dict(json.loads(path.read_text()))


def _key() -> str:
    return b64encode(secrets.token_bytes(32)).decode()
