"""Set-based SQL kept in files beside the app that runs it, <app>/sql/<name>.sql, and what the ORM has no words for."""

from collections.abc import Iterable
from functools import cache
from pathlib import Path

from django.db.models import BooleanField, F, Func, Value

ROOT = Path(__file__).resolve().parent.parent


@cache
def statement(app: str, name: str) -> str:
    """The text of <app>/sql/<name>.sql, with named parameters as %(name)s."""
    return (ROOT / app / "sql" / f"{name}.sql").read_text(encoding="utf-8")


def any_of(column: str, keys: Iterable[int]) -> Func:
    """The condition that a column holds one of the keys, as one value: written out one by one, thousands of them cost
    more to send and to parse than to look up."""
    return Func(
        F(column),
        Value(f"{{{','.join(map(str, keys))}}}"),
        template="%(expressions)s::bigint[])",
        arg_joiner=" = ANY (",
        output_field=BooleanField(),
    )
