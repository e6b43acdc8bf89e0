"""Runs the benchmark: `./run bench --customers 1000000`. Prints one table and writes var/bench/<when>.json."""

import argparse
import contextlib
import json
import math
import os
import platform
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import django

from depositcrm.embedded.folders import var_folder
from tests.bench.database import addresses, own_database

GROWTH_GOAL = 1.05
SECTIONS = (
    *("import", "reading", "memory", "retier", "naive", "record", "rollup", "simulator", "planning", "pages"),
    *("today", "surveys", "complaints", "segments", "outreach", "uplift", "calls", "kpis", "boards", "outflow"),
)
BEGAN = time.monotonic()


def main(argv: Sequence[str]) -> int:
    """Measure, print, write; 0 however the figures are."""
    options = _options(argv)
    results = var_folder() / "bench"
    with tempfile.TemporaryDirectory(prefix="depositcrm-bench-") as folder, _environment(Path(folder)) as url:
        runs = {customers: _one_size(url, customers, options, Path(folder)) for customers in sorted(_sizes(options))}
    figures = runs[max(runs)]
    growth = _growth(runs)
    _print(figures + growth, max(runs), options.branches)
    path = _write(results, runs, growth, options)
    print(f"\n{path}")
    return 0


def _options(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./run bench", description=__doc__)
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--branches", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--runs", type=int, help="repetitions of each big job (default: 2 or 3)")
    parser.add_argument("--requests", type=int, default=20, help="requests of each page")
    parser.add_argument(
        "--only", nargs="+", choices=SECTIONS, default=list(SECTIONS), metavar="PART", help=", ".join(SECTIONS)
    )
    parser.add_argument("--growth", action="store_true", help="also measure a tenth of the size, and how times grow")
    outcomes = os.environ.get("UCI_BANK_MARKETING")
    named = {"type": Path, "default": outcomes and Path(outcomes), "metavar": "FILE"}
    parser.add_argument("--outcomes", **named, help="UCI's Bank Marketing (bank-full.csv.gz), for calls and outflow")
    parser.add_argument("--keep", action="store_true", help="leave the database behind")
    return parser.parse_args(argv)


def _sizes(options: argparse.Namespace) -> set[int]:
    return {options.customers, *([max(1000, options.customers // 10)] if options.growth else [])}


@contextlib.contextmanager
def _environment(folder: Path) -> Iterator[str]:
    """The services' addresses; everything else of this run lies in a folder of its own."""
    found = addresses()
    os.environ.update(found)
    os.environ["DEPOSITCRM_VAR"] = str(folder)
    (folder / "static").mkdir()
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.bench.settings"
    yield found["DATABASE_URL"]


def _one_size(url: str, customers: int, options: argparse.Namespace, folder: Path) -> list[Any]:
    """All figures of one size of bank, in a database of its own."""
    with own_database(url, str(customers), keep=options.keep) as address:
        os.environ["DATABASE_URL"] = address
        django.setup()
        # Only now may anything of the product be imported.
        from tests.bench.run import measure

        return measure(address, customers, options, folder, _say)


def _growth(runs: dict[int, list[Any]]) -> list[Any]:
    """The exponent with which each big job's time grows from the smaller bank to the larger one."""
    from tests.bench.measuring import Figure

    if len(runs) < 2:
        return []
    small, large = sorted(runs)
    before = {figure.job.replace(f"{small * 5 // 2:,} ", ""): figure for figure in runs[small]}
    found = []
    for figure in runs[large]:
        earlier = before.get(figure.job.replace(f"{large * 5 // 2:,} ", ""))
        if figure.unit == "s" and earlier and figure.floor:
            exponent = math.log(figure.product / earlier.product) / math.log(large / small)
            found.append(Figure(f"growth of: {figure.job}", "", exponent, None, GROWTH_GOAL, f"≤ {GROWTH_GOAL}"))
    return found


def _print(figures: list[Any], customers: int, branches: int) -> None:
    from tests.bench.measuring import table

    print(f"\n{customers:,} customers, {branches} branches, {os.cpu_count()} processors\n")
    print(table(figures))


def _write(results: Path, runs: dict[int, list[Any]], growth: list[Any], options: argparse.Namespace) -> Path:
    results.mkdir(parents=True, exist_ok=True)
    path = results / f"{time.strftime('%Y%m%d-%H%M%S')}-{max(runs)}.json"
    found = {
        "python": platform.python_version(),
        "processors": os.cpu_count(),
        "branches": options.branches,
        "seed": options.seed,
        "seconds": round(time.monotonic() - BEGAN, 1),
        "sizes": {str(customers): [figure.as_json() for figure in figures] for customers, figures in runs.items()},
        "growth": [figure.as_json() for figure in growth],
    }
    path.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return path


def _say(step: str) -> None:
    print(f"[{time.monotonic() - BEGAN:6.1f} s] {step}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
