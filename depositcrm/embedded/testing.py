"""`./run test`: a browser and a Chinese font, from the system when it has or lets us install them, then pytest."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

from depositcrm.embedded.binaries import wheel_folders
from depositcrm.embedded.bootstrap import LOCKS, PYTHON, ROOT, VENV, Failed, command, pip_install, say

WORKERS = 2  # pytest-xdist processes for the whole suite
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
DEBIAN_PACKAGES = ["chromium-headless-shell", "fonts-wqy-microhei"]
FONT_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.fonts", "~/.local/share/fonts")
CHINESE_FONTS = ("wqy", "cjk", "sourcehan", "simsun", "simhei", "pingfang")
UNPACKED = VENV / "browser"
FONTCONFIG = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>/usr/share/fonts</dir><dir>{font}</dir><cachedir>{cache}</cachedir></fontconfig>
"""


def main(arguments: list[str]) -> NoReturn:
    """Become pytest, with DEPOSITCRM_CHROMIUM naming the browser if there is one."""
    try:
        os.environ.update(browser_environment())
    except (Failed, OSError) as error:
        print(f"\n{error}\nNO BROWSER: the browser tests cannot run.", file=sys.stderr, flush=True)
        if os.environ.get("CI") == "true":
            sys.exit(1)
    if not arguments and WORKERS:
        # Each has a half of the tests; who is done first takes over what the other has not begun.
        arguments = ["-n", str(WORKERS), "--dist", "worksteal"]
    os.execv(PYTHON, [str(PYTHON), "-m", "pytest", *arguments])


def browser_environment() -> dict[str, str]:
    """What the tests need to know about browser and font, after installing what is missing. Raises Failed."""
    if not (find_browser() and has_chinese_font()) and os.geteuid() == 0 and shutil.which("apt-get"):
        say(f"apt-get install {' '.join(DEBIAN_PACKAGES)}")
        os.environ["DEBIAN_FRONTEND"] = "noninteractive"
        try:
            command(["apt-get", "update", "-q"])
            command(["apt-get", "install", "-q", "-y", "--no-install-recommends", *DEBIAN_PACKAGES])
        except Failed as error:
            say(f"apt-get did not work ({str(error).splitlines()[0]})")
    browser = find_browser() or _browser_without_root()
    fonts = {} if has_chinese_font() else {"FONTCONFIG_FILE": str(_font_without_root())}
    return {"DEPOSITCRM_CHROMIUM": browser, **fonts}


def find_browser() -> str | None:
    """The browser named by DEPOSITCRM_CHROMIUM or installed on this machine."""
    return os.environ.get("DEPOSITCRM_CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)


def has_chinese_font() -> bool:
    """Whether Chinese text is more than empty boxes; told by file names, fontconfig's own tools may be missing."""
    files = (path for folder in FONT_FOLDERS for path in Path(folder).expanduser().rglob("*.tt[fc]"))
    others = (path for folder in FONT_FOLDERS for path in Path(folder).expanduser().rglob("*.otf"))
    return any(name in str(path).lower() for found in (files, others) for path in found for name in CHINESE_FONTS)


def _browser_without_root() -> str:
    """A browser from npm that brings its libraries along, behind a script that names them."""
    script = UNPACKED / "browser"
    if not script.exists():
        say("browser from npm (none installed, and no right to install one)")
        package = ROOT / "tests" / "browser"
        command(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], cwd=package)
        UNPACKED.mkdir(exist_ok=True)
        env = {**os.environ, "TMPDIR": str(UNPACKED), "PATH": os.pathsep.join([os.environ["PATH"], str(VENV / "bin")])}
        done = subprocess.run(["node", "unpack.mjs"], cwd=package, env=env, capture_output=True, text=True, check=False)
        if done.returncode:
            raise Failed(f"the browser could not be unpacked:\n{done.stderr}")
        libraries = UNPACKED / "al2023" / "lib"
        script.write_text(f'#!/bin/sh\nLD_LIBRARY_PATH="{libraries}" exec "{done.stdout.strip()}" "$@"\n')
        script.chmod(0o755)
    return str(script)


def _font_without_root() -> Path:
    """A fontconfig file that adds a Chinese font from the package index."""
    configuration = VENV / "fonts.conf"
    if not wheel_folders("noto_cjk_sans_otc"):
        say("Chinese font (none installed)")
        pip_install(LOCKS / "font.lock")
    font = next((VENV / "lib").glob("python*/site-packages/noto_cjk_sans_otc"))
    configuration.write_text(FONTCONFIG.format(font=font, cache=VENV / ".fontcache"))
    return configuration


if __name__ == "__main__":
    main(sys.argv[1:])
