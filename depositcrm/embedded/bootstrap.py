"""From a bare checkout to a running product. Standard library only: nothing is installed yet when this runs."""

import contextlib
import fcntl
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMPS = VENV / ".stamps"
LOCKS = ROOT / "requirements"
FRONTEND = ROOT / "frontend"
SYSTEM_CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
BEGAN = time.monotonic()
USAGE = """\
./run                 start everything; Ctrl-C stops it (PORT=8000)
./run test [ARGS]     run all tests, or pytest with ARGS
./run check           format, lint, types, imports, budgets, migrations, templates, translations
./run bench [ARGS]    the benchmark, e.g. --customers 100000
./run manage ARGS     a Django command
./run setup           only prepare this checkout\
"""


class Failed(Exception):
    """A step cannot be done; the message says what to do about it."""


def main(argv: list[str]) -> int:
    """Prepare what the command needs, then become it."""
    command, rest = (argv[0], argv[1:]) if argv else ("start", [])
    modules = {
        "start": "depositcrm.embedded.supervisor",
        "test": "depositcrm.embedded.testing",
        "check": "tools.check",
        "bench": "tests.bench",
    }
    if command not in {*modules, "manage", "setup"}:
        print(USAGE, file=sys.stdout if command in {"help", "-h", "--help"} else sys.stderr)
        return 0 if command in {"help", "-h", "--help"} else 2
    try:
        setup(tests=command in {"test", "check", "bench"})
    except (Failed, PermissionError) as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    if command == "manage":
        become([str(ROOT / "manage.py"), *rest])
    if command in modules:
        os.chdir(ROOT)
        become(["-m", modules[command], *rest])
    return 0


def become(arguments: list[str]) -> NoReturn:
    """Go on as the virtual environment's Python: same process, so signals and exit status are its own."""
    os.environ["DEPOSITCRM_BEGAN"] = str(BEGAN)
    os.execv(PYTHON, [str(PYTHON), *arguments])


def setup(*, tests: bool) -> None:
    """Everything a checkout needs, each step only when its inputs changed. Raises Failed."""
    with one_at_a_time(), ThreadPoolExecutor() as pool:
        # Side by side, unless node has to come from the Python packages.
        assets = pool.submit(install_assets) if has_node() else None
        install_python(tests=tests)
        assets.result() if assets else install_assets()
        compile_translations()


@contextlib.contextmanager
def one_at_a_time() -> Iterator[None]:
    """Two starts at once must not build one environment: the checkout's folder itself is the lock."""
    descriptor = os.open(ROOT, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def install_python(*, tests: bool) -> None:
    """The virtual environment with the locked packages; every file is checked against its hash."""
    # The locks agree with each other, so an environment for the tests runs the product too.
    lock = LOCKS / ("test.lock" if tests or (STAMPS / "test.lock").exists() else "base.lock")
    done, wanted = STAMPS / lock.name, fingerprint([lock])
    if PYTHON.exists() and stamped(done, wanted):
        return
    make_venv()
    say(f"python packages ({lock.name})")
    pip_install(lock)
    # Makes `.venv/bin/pytest` and friends find the project from any folder.
    site = subprocess.run(
        [PYTHON, "-c", "import site; print(site.getsitepackages()[0])"], capture_output=True, text=True, check=True
    )
    Path(site.stdout.strip(), "checkout.pth").write_text(f"{ROOT}\n")
    stamp(done, wanted)


def make_venv() -> None:
    """A virtual environment with pip, made anew when the one there does not work."""
    with contextlib.suppress(OSError):
        if subprocess.run([PYTHON, "-c", "import pip"], capture_output=True, check=False).returncode == 0:
            return
    if importlib.util.find_spec("ensurepip") is None:
        raise Failed(missing("python3-venv", "Python's venv module"))
    say("virtual environment")
    base = getattr(sys, "_base_executable", sys.executable)
    command([base, "-m", "venv", "--clear", VENV], "Is the disk full, or the checkout somebody else's?")


def pip_install(lock: Path) -> None:
    """Install a lock with uv; with pip, which takes ten times as long, where uv does not work."""
    uv = VENV / "bin" / "uv"
    pip: list[str | Path] = [
        PYTHON,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--require-hashes",
    ]
    try:
        if not uv.exists():
            command([*pip, "-r", LOCKS / "uv.lock"])
        command([uv, "pip", "install", "--quiet", "--python", PYTHON, "--require-hashes", "-r", lock])
    except (Failed, OSError) as error:
        say(f"uv did not work, using pip ({str(error).splitlines()[0]})")
        command(
            [*pip, "-r", lock], "Is the package index reachable? pip's own settings (PIP_INDEX_URL, pip.conf) are used."
        )


def install_assets() -> None:
    """The front end's third-party files: fetched by their lock, then those that are served are copied."""
    packages = fingerprint([FRONTEND / "package.json", FRONTEND / "package-lock.json"])
    everything = fingerprint(path for path in FRONTEND.iterdir() if path.is_file())
    fetched, copied = FRONTEND / "node_modules" / ".stamp", ROOT / "assets_dist" / ".stamp"
    if stamped(copied, everything):
        return
    if not stamped(fetched, packages):
        if not has_node():
            say("node (no npm on this machine)")
            pip_install(LOCKS / "node.lock")
        say("front-end packages")
        npm = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        command(npm, "Is the npm registry reachable? npm's own settings are used.", cwd=FRONTEND)
        stamp(fetched, packages)
    say("front-end assets")
    command(["node", "copy.mjs"], cwd=FRONTEND)
    stamp(copied, everything)


def has_node() -> bool:
    """Whether this machine or the virtual environment has node and npm."""
    return all(shutil.which(program, path=search_path()) for program in ("node", "npm"))


def compile_translations() -> None:
    """Message catalogues, without GNU gettext."""
    sources = sorted(ROOT.glob("locale/*/LC_MESSAGES/*.po"))
    wanted = fingerprint(sources)
    done = STAMPS / "translations"
    if all(source.with_suffix(".mo").exists() for source in sources) and stamped(done, wanted):
        return
    say("translations")
    command([PYTHON, ROOT / "tools" / "translations.py", "compile"])
    stamp(done, wanted)


def command(argv: Sequence[str | Path], hint: str = "", cwd: Path = ROOT) -> None:
    """Run quietly; when it fails raise Failed with everything it said."""
    env = {**os.environ, "PATH": search_path()}
    if Path(SYSTEM_CERTIFICATES).exists():  # uv and node bring their own, which know no company's proxy
        env.setdefault("UV_SYSTEM_CERTS", "1")
        env.setdefault("NODE_EXTRA_CA_CERTS", SYSTEM_CERTIFICATES)
    home = Path(env.get("HOME") or "/nonexistent")
    if not os.access(home, os.W_OK):  # an account without a home: the tools' caches need a place
        env["HOME"] = str(VENV / ".home")
    done = subprocess.run(
        list(map(str, argv)),
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    if done.returncode:
        said = done.stdout.decode(errors="replace").strip()
        raise Failed(f"{Path(argv[0]).name} failed ({' '.join(map(str, argv))})\n{said}\n{hint}".rstrip())


def search_path() -> str:
    """PATH, then the virtual environment's programs (node, where the machine has none)."""
    return os.pathsep.join([os.environ.get("PATH", os.defpath), str(VENV / "bin")])


def missing(package: str, what: str) -> str:
    """What to type when a system package is missing."""
    sudo = "" if os.geteuid() == 0 else "sudo "
    line = f"{sudo}apt-get update && {sudo}apt-get install -y {package}"
    return f"{what} is missing. On Debian or Ubuntu:\n    {line}\nthen run this again."


def fingerprint(files: Iterable[Path]) -> str:
    """Changes when any of the files does, or this Python's version."""
    digest = hashlib.sha256(sys.version.encode())
    for path in sorted(files):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def stamped(path: Path, wanted: str) -> bool:
    """Whether this step was done for these inputs."""
    return path.exists() and path.read_text() == wanted


def stamp(path: Path, value: str) -> None:
    """Remember that this step is done; a stamp lies in what the step made, and goes with it."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(value)


def say(step: str) -> None:
    """One line of progress."""
    print(f"[{time.monotonic() - BEGAN:5.1f} s] {step}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
