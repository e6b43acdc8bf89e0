"""The product's own settings on a fixed day: the same figures, dates and pictures whenever the journeys are walked."""

import os
from datetime import datetime, timedelta

from core import clock

_real_now, _shift = clock.now, timedelta(seconds=float(os.environ["JOURNEYS_SHIFT"]))


def _shifted_now() -> datetime:
    return _real_now() + _shift


# Before any module takes the function by name.
clock.now = _shifted_now

from depositcrm.settings import *  # noqa: E402, F403  a settings module is its names, and the clock comes first
from depositcrm.settings import CACHES, CELERY_BROKER_TRANSPORT_OPTIONS  # noqa: E402

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
NAME = os.environ["JOURNEYS_NAME"]
CACHES["default"]["KEY_PREFIX"] = NAME
CELERY_TASK_DEFAULT_QUEUE = NAME
CELERY_BROKER_TRANSPORT_OPTIONS["global_keyprefix"] = f"{NAME}:"
