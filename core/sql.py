"""Set-based SQL kept in files beside the app that runs it: <app>/sql/<name>.sql."""

from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@cache
def statement(app: str, name: str) -> str:
    """The text of <app>/sql/<name>.sql, with named parameters as %(name)s."""
    return (ROOT / app / "sql" / f"{name}.sql").read_text(encoding="utf-8")
