"""What all commands share: prose to standard error, one JSON object to standard output, fixed exit statuses."""

import json
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from core.errors import DomainError

FAILED, UNUSABLE, REFUSED = 1, 2, 3


class Unusable(CommandError):
    """Wrong arguments or an unreadable file: exit status 2."""

    def __init__(self, text: str) -> None:
        super().__init__(text, returncode=UNUSABLE)


class JsonCommand(BaseCommand):
    """Subclasses write `add_options` and `work`; a DomainError ends with 3, anything unforeseen with 1."""

    requires_system_checks: list[str] = []
    needs_tables = True

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
        self.add_options(parser)

    def add_options(self, parser: CommandParser) -> None:
        """Declare the command's own arguments."""

    def work(self, **options: Any) -> Mapping[str, Any]:
        """Do it and return the values to print. A value `exit_status` is taken out and becomes the exit status."""
        raise NotImplementedError

    def handle(self, *args: Any, **options: Any) -> None:
        if self.needs_tables and not settings.PRODUCTION:
            self._prepare_first_use()
        try:
            result = dict(self.work(**options))
        except DomainError as error:
            raise CommandError(str(error), returncode=REFUSED) from error
        status = result.pop("exit_status", 0)
        if options["json"]:
            self.stdout.write(json.dumps(result, ensure_ascii=False, default=str))
        else:
            width = max(map(len, result), default=0)
            for key, value in result.items():
                self.stdout.write(f"{key:<{width}}  {value}")
        if status:
            sys.exit(status)

    def _prepare_first_use(self) -> None:
        """Make the tables of a database nobody has used yet, as its owner; in production that is an operator's step."""
        if "core_job" in connection.introspection.table_names():
            return
        self.say("first use of this database: making its tables")
        command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "prepare", "--no-seed"]
        subprocess.run(command, check=True, stdout=sys.stderr)

    def say(self, text: str) -> None:
        """A line of progress."""
        self.stderr.write(text, self.style.NOTICE)
        self.stderr.flush()
