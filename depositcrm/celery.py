"""The Celery application: wakes workers up, keeps nothing."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "depositcrm.settings")

app = Celery("depositcrm")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
# One static tick; what is due stands in the database (core.jobs, depositcrm.night).
app.conf.beat_schedule = {
    "sweep": {"task": "core.sweep", "schedule": 15.0, "options": {"expires": 15}},
    "tick": {"task": "depositcrm.tick", "schedule": 60.0, "options": {"expires": 60}},
}
