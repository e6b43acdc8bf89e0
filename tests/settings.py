"""Settings of the tests: the product's own, as the database's owner, with plain static files, quick passwords."""

import os

# Tests make tables and empty them, which the application's own role may not.
os.environ["DATABASE_URL"] = os.environ.get("DATABASE_OWNER_URL") or os.environ.get("DATABASE_URL", "")

from depositcrm.settings import *  # noqa: F403  a settings module is its names, and the address comes first
from depositcrm.settings import CACHE_URL, CELERY_BROKER_TRANSPORT_OPTIONS, DATABASES, REST_FRAMEWORK, STORAGES

# Kept connections would stand in the way when the test database is dropped.
DATABASES["default"]["CONN_MAX_AGE"] = 0
# live_server knows no hashed names.
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
# Or every test client would read all static files anew.
WHITENOISE_AUTOREFRESH = True
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"] = {"user": "1000000/min"}
# Each worker of a parallel run has a cache and a queue of its own on the one broker.
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
CACHES = {**globals()["CACHES"]}
# Clearing a cache empties its whole database: one each, beside the product's 0 and 1.
CACHES["default"] = {**CACHES["default"], "LOCATION": f"{CACHE_URL[:-1]}{2 + int(WORKER[2:])}"}
CELERY_TASK_DEFAULT_QUEUE = f"test-{WORKER}"
CELERY_BROKER_TRANSPORT_OPTIONS["global_keyprefix"] = f"test-{WORKER}:"
LOGGING_CONFIG = None
