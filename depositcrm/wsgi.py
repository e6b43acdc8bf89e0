"""The web server's way in (gunicorn depositcrm.wsgi)."""

import gc
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.core.wsgi import get_wsgi_application
from django.template import TemplateSyntaxError, engines
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "depositcrm.settings")
# In words of 8 bytes: a little over 128 KB, so that a piece of 256 KB is taken and half of it is left.
STACK_WORDS = 17_000


def load_everything() -> None:
    """Load views and templates before the server forks, and keep what is loaded out of garbage collections.

    Half a million objects live as long as the process: looking through them again took a tenth of a second, in the
    middle of one request in ten. The first requests of a worker would wait for the loading, too.
    """
    list(get_resolver().reverse_dict)
    for engine in engines.all():
        for folder in map(Path, engine.engine.dirs):
            for path in folder.rglob("*.html"):
                with suppress(TemplateSyntaxError):  # its own page says so, and no other
                    engine.get_template(path.relative_to(folder).as_posix())
    gc.collect()
    gc.freeze()


def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """A request."""
    return django(environ, start_response)


# CPython keeps the frames of calls in pieces of 16 KB and gives a piece back as soon as nothing is in it: a page whose
# loops run where one ends took and gave back memory with every call, and doubled its time. A first frame that asks for
# much makes the piece so large that all others fit.
application.__code__ = application.__code__.replace(co_stacksize=STACK_WORDS)
django = get_wsgi_application()
load_everything()
