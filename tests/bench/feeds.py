"""Feeds through the product's engine: the bank set up, then days of balances beside the floor's pipeline."""

import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from django.db import connection, transaction

from core.clock import now
from core.enums import ActorKind
from core.trail import Actor
from customers.enums import FeedKind
from customers.gateways.sheets import open_sheet, plain_file
from customers.models import Feed
from customers.rules import feeds as rules
from customers.services import feeds, history, merging, staging
from depositcrm.embedded.folders import ROOT
from tests.bench import floors, world
from tests.bench.measuring import Figure, against_floor, interleaved, timed

BENCH = Actor(None, "bench", ActorKind.JOB)
CUSTOMERS_A_SECOND = 200_000 / 90
DAYS = 30  # of history before the first measured day
DAILY_SHARE = 0.03
IMPORT_TIMES = 1.6
PLAIN_ROWS, AWKWARD_ROWS = 300_000, 100_000
MEMORY_MB = 200
Say = Callable[[str], None]


@dataclass(slots=True)
class Ledger:
    """The bank's balances and the days still free for feeds."""

    balances: world.Balances
    day: date
    folder: Path

    def next_day(self, share: float) -> date:
        """Write the files of one more day, with `share` of the balances moved."""
        self.day += timedelta(days=1)
        self.balances.step(self.day, share)
        self.balances.write_feed(self.plain, self.day)
        self.balances.write_copy(self.copy)
        return self.day

    @property
    def plain(self) -> Path:
        """The day's feed file."""
        return self.folder / "balances.csv"

    @property
    def copy(self) -> Path:
        """The same for the floor."""
        return self.folder / "balances.copy"

    @property
    def awkward(self) -> Path:
        """The same as nobody should send it."""
        return self.folder / "awkward.csv"


def import_file(kind: FeedKind, path: Path, day: date) -> Feed:
    """Import a file that must go in whole. Raises RuntimeError."""
    controls = feeds.Controls(max_rejected=Decimal(0))
    done = feeds.import_feed(
        kind=kind, source=plain_file(path), business_date=day, controls=controls, actor=BENCH, at=now()
    )
    if done.status != "committed":
        raise RuntimeError(f"{kind} of {day}: {done.status} {done.message} {done.notes}")
    return done


def set_up(size: world.Size, measured_days: int, folder: Path, say: Say) -> tuple[Ledger, list[Figure]]:
    """Units, people, customers, accounts and a history of balances; the customers' import is measured on the way."""
    for kind, lines in (
        (FeedKind.BRANCHES, world.units(size)),
        (FeedKind.STAFF, world.people(size)),
        (FeedKind.PRODUCTS, world.products()),
    ):
        import_lines(kind, lines, size.end, folder)
    figures = []
    for kind, lines in ((FeedKind.CUSTOMERS, world.customers(size)), (FeedKind.ACCOUNTS, world.accounts(size))):
        say(f"{kind} through the feed engine")
        rows, seconds = import_lines(kind, lines, size.end, folder)
        note = f"{rows:,} in {seconds:.1f} s"
        least, goal = (CUSTOMERS_A_SECOND, "200,000 in 90 s") if kind == FeedKind.CUSTOMERS else (None, "")
        figures.append(
            Figure(f"import of {kind}, all new", "rows/s", rows / seconds, None, least, goal, at_least=True, note=note)
        )
    say(f"{DAYS} days of balances")
    ledger = Ledger(world.Balances(size), size.end - timedelta(days=measured_days), folder)
    first = ledger.day - timedelta(days=DAYS - 1)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE customers_account")
    history.load_history(changes=ledger.balances.history(first, DAYS, DAILY_SHARE), first=first, last=ledger.day)
    return ledger, figures


def import_lines(kind: FeedKind, lines: Iterable[str], day: date, folder: Path) -> tuple[int, float]:
    """Import made lines; rows and seconds."""
    path = folder / f"{kind}.csv"
    with path.open("w", encoding="utf-8") as file:
        file.writelines(lines)
    feed = import_file(kind, path, day)
    path.unlink()
    return feed.rows, feed.seconds


def measure_import(ledger: Ledger, shares: dict[float, int], say: Say) -> list[Figure]:
    """Whole days of balances: the engine beside the floor; afterwards both must hold the same figures."""
    figures = []
    for share, runs in shares.items():
        say(f"balance feeds, {share:.0%} changed, {runs} runs")
        ready: dict[int, date] = {}

        def day_of(n: int, share: float = share, ready: dict[int, date] = ready) -> date:
            if n not in ready:
                ready[n] = ledger.next_day(share)
            return ready[n]

        def product(n: int) -> float:
            day = day_of(n)
            return timed(lambda: import_file(FeedKind.BALANCES, ledger.plain, day))

        def floor(n: int) -> float:
            day = day_of(n)
            return timed(lambda: floors.import_day(ledger.copy, day))

        ours, plain = interleaved(runs, product, floor)
        rows = len(ledger.balances.fen)
        job = f"import of {rows:,} balances, {share:.0%} changed"
        figures.append(against_floor(job, ours, plain, IMPORT_TIMES))
    _compare()
    return figures


def _compare() -> None:
    ours, plain = floors.sums("public"), floors.sums("floor")
    if ours != plain:
        raise RuntimeError(f"the product and the floor differ: {ours} {plain}")


def measure_reading(ledger: Ledger, runs: int, say: Say) -> list[Figure]:
    """Decoding and parsing into COPY, everything after it left out."""
    say("reading files into COPY")
    ledger.balances.write_feed(ledger.plain, ledger.day)
    ledger.balances.write_awkward(ledger.awkward, ledger.day)
    figures = []
    for name, path, goal in (
        ("plain UTF-8", ledger.plain, PLAIN_ROWS),
        ("GB18030, title, thousands separators", ledger.awkward, AWKWARD_ROWS),
    ):
        seconds = sorted(timed(lambda path=path: _read(path, ledger.day)) for _ in range(runs))[runs // 2]
        rate = len(ledger.balances.fen) / seconds
        figures.append(
            Figure(f"reading into COPY, {name}", "rows/s", rate, bound=goal, goal=f"≥ {goal:,} rows/s", at_least=True)
        )
    return figures


def _read(path: Path, day: date) -> None:
    with transaction.atomic():
        sheet = open_sheet(plain_file(path), rules.is_heading)
        located = feeds.locate(FeedKind.BALANCES, sheet)
        context = merging.Context(FeedKind.BALANCES, day, BENCH, now(), located.header.places)
        outcome = merging.Outcome()
        lines = merging._balance_lines(context, feeds.data_rows(located, []), outcome)
        staging.stage(merging.BALANCE_COLUMNS, lines)
        transaction.set_rollback(True)


def measure_memory(ledger: Ledger, say: Say) -> list[Figure]:
    """Peak memory of the import command in a process of its own, beside one that only starts Django."""
    say("memory of the import command")
    day = ledger.next_day(0.2)
    peak = _peak_mb("import_feed", "balances", str(ledger.plain), "--business-date", day.isoformat())
    idle = _peak_mb("adb", "--help")
    floors.import_day(ledger.copy, day)
    goal = f"≤ {MEMORY_MB} MB"
    return [Figure("memory of the import, peak", "MB", peak, None, MEMORY_MB, goal, note=f"{idle:.0f} MB of it Django")]


def _peak_mb(*arguments: str) -> float:
    """Most memory a Django command holds, in MB. Raises RuntimeError with what a failing one says."""
    argv = [sys.executable, "-m", "tests.bench.peak", sys.executable, str(ROOT / "manage.py"), *arguments]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(arguments)}: {done.stderr[-2000:]}")
    return int(done.stdout) / 1024
