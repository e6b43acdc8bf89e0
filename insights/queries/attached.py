"""Values worked out for some customers, as a column of their rows, so that a list can sort and page by them."""

import json
from collections.abc import Mapping
from decimal import Decimal

from django.db.models import CharField, DecimalField, F, Func, IntegerField, Value
from django.db.models.functions import Cast


def amount_of(values: Mapping[int, Decimal], column: str = "customer_id") -> Func:
    """The amount of each row's customer, in yuan; null for customers without one."""
    return _looked_up(
        {key: str(value) for key, value in values.items()}, column, DecimalField(max_digits=20, decimal_places=2)
    )


def text_of(values: Mapping[int, str], column: str = "customer_id") -> Func:
    """The code of each row's customer; null for customers without one."""
    return _looked_up(values, column, CharField())


def number_of(values: Mapping[int, int], column: str = "customer_id") -> Func:
    """The number of each row's customer; null for customers without one."""
    return _looked_up(values, column, IntegerField())


def _looked_up(values: Mapping[int, object], column: str, field: CharField | DecimalField | IntegerField) -> Func:
    # One constant, in which PostgreSQL finds a key by halving: written out as CASE it would be tried one by one.
    found = Func(
        Value(json.dumps({str(key): value for key, value in values.items()})),
        Cast(F(column), CharField()),
        template="(%(expressions)s)",
        arg_joiner="::jsonb ->> ",
        output_field=CharField(),
    )
    return Cast(found, field)
