"""Settings of the benchmark: the product's own as the database's owner, with a queue of its own on the broker."""

from depositcrm.settings import *  # noqa: F403  a settings module is its names
from depositcrm.settings import CACHES, CELERY_BROKER_TRANSPORT_OPTIONS, DATABASES, REST_FRAMEWORK, STORAGES

DATABASES["default"]["CONN_HEALTH_CHECKS"] = False
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"] = {"user": "1000000/min"}
CACHES["default"]["KEY_PREFIX"] = "bench"
# A running product's workers must not take the benchmark's jobs.
CELERY_TASK_DEFAULT_QUEUE = "bench"
CELERY_BROKER_TRANSPORT_OPTIONS["global_keyprefix"] = "bench:"
LOGGING_CONFIG = None
