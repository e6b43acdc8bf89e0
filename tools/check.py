"""`./run check`: everything that can be told without running the tests. All checks run, then all failures are shown."""

import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
AT_ONCE = 2
CHECKS: dict[str, list[str]] = {
    "types": ["-m", "mypy"],
    "templates": ["-m", "djlint", "--lint", "--quiet", "templates"],
    "migrations": ["manage.py", "makemigrations", "--check", "--dry-run", "--skip-checks"],
    "imports": [str(BIN / "lint-imports")],
    "format": ["-m", "ruff", "format", "--check", "--quiet", "."],
    "lint": ["-m", "ruff", "check", "--quiet", "--output-format", "concise", "."],
    "budgets": ["tools/budgets.py"],
    "translations": ["tools/translations.py", "check"],
}


def environment(var: str) -> dict[str, str]:
    """Settings load without any service: no check touches a database."""
    nowhere = {"DATABASE_URL": "postgres://check@%2Fnonexistent/check", "REDIS_URL": "unix:///nonexistent"}
    return {**os.environ, **nowhere, "DEPOSITCRM_ENV": "development", "DEPOSITCRM_VAR": var, "PYTHONWARNINGS": "ignore"}


def run(name: str, env: dict[str, str]) -> tuple[str, int, float, str]:
    """(name, exit status, seconds, output) of one check."""
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, *CHECKS[name]],
        cwd=ROOT,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return name, done.returncode, time.monotonic() - began, (done.stdout + done.stderr).strip()


def main(names: list[str]) -> int:
    """Run the checks named, or all; the exit status is 1 when one fails."""
    unknown = set(names) - set(CHECKS)
    if unknown:
        print(f"no such check: {', '.join(unknown)}; there are {', '.join(CHECKS)}", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as var, ThreadPoolExecutor(AT_ONCE) as pool:
        env = environment(var)
        results = list(pool.map(lambda name: run(name, env), names or CHECKS))
    for name, status, _, said in results:
        if status:
            print(f"\n{name}\n{said}\n")
    for name, status, seconds, said in results:
        last = said.splitlines()[-1] if said and not status else ""
        print(f"{'FAILED' if status else 'ok':7}{name:14}{seconds:5.1f} s  {last}")
    return int(any(status for _, status, _, _ in results))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
