"""Pages as PDF, made by WeasyPrint in a process of its own: its libraries are C, and a letter is seldom.

It needs pango and a Chinese face on the machine; where they miss, the page itself is printed by the browser.
"""

import ctypes
import importlib.util
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path

SECONDS = 30
LIBRARIES = ("libgobject-2.0.so.0", "libpango-1.0.so.0", "libpangoft2-1.0.so.0", "libharfbuzz-subset.so.0")


class NoPdf(Exception):
    """It could not be made; the page is there to be printed. The text is an operator's, in English."""


@cache
def lacking() -> str:
    """What this machine lacks to make PDF, "" when nothing: "weasyprint", "pango" or "font"."""
    if importlib.util.find_spec("weasyprint") is None:
        return "weasyprint"
    try:
        for name in LIBRARIES:
            ctypes.CDLL(name)
    except OSError:
        return "pango"
    try:
        faces = subprocess.run(["fc-list", ":lang=zh", "file"], capture_output=True, check=False, timeout=SECONDS)
    except (OSError, subprocess.TimeoutExpired):
        return "font"
    return "" if faces.stdout.strip() else "font"


def pdf_of(html: str, styles: Sequence[Path]) -> bytes:
    """The page as PDF under these style sheets; nothing else is fetched. Raises NoPdf."""
    if lacked := lacking():
        raise NoPdf(lacked)
    sheets = [part for path in styles for part in ("-s", str(path))]
    # Only data: addresses, so that no text can make it read files or call hosts.
    command = [sys.executable, "-m", "weasyprint", "--quiet", "--allowed-protocols", "data", "--pdf-tags", *sheets]
    try:
        done = subprocess.run(
            [*command, "-", "-"], input=html.encode(), capture_output=True, timeout=SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NoPdf(type(error).__name__) from error
    if done.returncode or not done.stdout.startswith(b"%PDF"):
        raise NoPdf(done.stderr.decode(errors="replace")[-300:])
    return done.stdout
