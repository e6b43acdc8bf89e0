#!/usr/bin/env python
"""Django's command line; starts the embedded services on demand when no addresses are given."""

import os
import sys

from django.core.management import execute_from_command_line

from depositcrm.embedded.folders import ServiceError
from depositcrm.env import UnsafeEnvironment


def main() -> None:
    """Run the command named on the command line."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "depositcrm.settings")
    try:
        execute_from_command_line(sys.argv)
    except (ServiceError, UnsafeEnvironment) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
