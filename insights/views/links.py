"""Addresses of the lists behind numbers."""

from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse


def link(name: str, *args: Any, **params: Any) -> str:
    """The address of a page with query parameters; empty ones are left out."""
    wanted = {key: _text(value) for key, value in params.items() if value not in (None, "")}
    return reverse(name, args=args) + (f"?{urlencode(wanted)}" if wanted else "")


def _text(value: Any) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)
