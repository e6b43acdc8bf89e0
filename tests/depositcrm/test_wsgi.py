"""What the web server loads before it serves."""

import subprocess
import sys

from depositcrm.embedded.folders import ROOT

LOADED = """
import gc
from django.db import connections
from depositcrm import wsgi
from django.template import engines
from django.template.loaders.cached import Loader
from django.urls import get_resolver
assert "servicing.views.today" in __import__("sys").modules
loader = engines["django"].engine.template_loaders[0]
assert isinstance(loader, Loader) and len(loader.get_template_cache) > 300, loader
assert gc.get_freeze_count() > 100_000
assert wsgi.application.__code__.co_stacksize == wsgi.STACK_WORDS
# A connection made before the fork would be shared by all workers.
assert all(one.connection is None for one in connections.all())
print("loaded")
"""


def test_everything_is_loaded_before_the_fork() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADED], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.stdout.strip() == "loaded", done.stderr
