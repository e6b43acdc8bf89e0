"""Verifies the trail's seals."""

from collections.abc import Mapping
from typing import Any

from core import trail
from core.commands import FAILED, JsonCommand


class Command(JsonCommand):
    """Recomputes every seal; exit status 1 when one is broken."""

    help = "Verify every seal of the trail against the entries it covers."

    def work(self, **options: Any) -> Mapping[str, Any]:
        found = trail.check()
        return {
            "entries": found.entries,
            "seals": found.seals,
            "unsealed": found.unsealed,
            "ok": found.ok,
            "first_bad": found.first_bad,
            "exit_status": 0 if found.ok else FAILED,
        }
