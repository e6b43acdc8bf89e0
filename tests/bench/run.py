"""All parts of the benchmark on one size of bank, in their order."""

import argparse
from datetime import date, timedelta
from pathlib import Path

from django.db import connection

from core.clock import today
from insights.services import roll_up_range
from tests.bench import (
    boards,
    calls,
    complaints,
    daily,
    feeds,
    floors,
    kpis,
    nights,
    outflow,
    outreach,
    pages,
    planning,
    segments,
    uplift,
    week,
    world,
)
from tests.bench.database import open_database, own_database
from tests.bench.feeds import Say
from tests.bench.measuring import Figure

IMPORTS = {0.2: 5, 1.0: 2}
MOVERS = {0.1: 3, 0.01: 3}
SMALL_RUNS = 9
ANSWERS = 40
# What needs no bank of that size.
APART = {"calls", "outflow"}


def measure(address: str, customers: int, options: argparse.Namespace, folder: Path, say: Say) -> list[Figure]:
    """The figures of every part asked for."""
    figures = [] if APART.issuperset(options.only) else _measure_bank(address, customers, options, folder, say)
    if "calls" in options.only:
        figures += calls.measure_calls(options.outcomes, say)
    if "outflow" in options.only:
        figures += _outflow(address, customers, options, folder, say)
    return figures


def _measure_bank(address: str, customers: int, options: argparse.Namespace, folder: Path, say: Say) -> list[Figure]:
    say(f"{customers:,} customers")
    open_database(address)
    imports, movers = _runs(IMPORTS, "import", options), _runs(MOVERS, "retier", options)
    # One day for memory, one for the first tiers, one for the naive loop, one for the week; movers are measured twice.
    days = sum(imports.values()) + 2 * sum(movers.values()) + 4
    size = world.Size(customers, options.branches, options.seed, last_day(days))
    ledger, figures = feeds.set_up(size, days, folder, say)
    say("copies for the floors")
    floors.make_copies()
    floors.tidy()
    figures = _imports(ledger, imports, options, say) + figures
    floors.tidy()
    plan = nights.Nights(ledger.day)
    figures += _nights(plan, movers, options, folder, say)
    if "pages" in options.only:
        say("figures of every day")
        roll_up_range(ledger.day - timedelta(days=feeds.DAYS), plan.day)
        floors.tidy()
        figures += pages.measure_pages(folder, options.requests, say)
    if "today" in options.only:
        figures += daily.measure_today(folder, options.requests, say)
    if "surveys" in options.only:
        figures += daily.measure_sampling(say)
    if "complaints" in options.only:
        figures += complaints.measure_complaints(folder, options.requests, say)
    if "segments" in options.only:
        figures += segments.measure_segments(ledger.day, say)
    if "outreach" in options.only:
        figures += outreach.measure_outreach(say)
    if "uplift" in options.only:
        figures += uplift.measure_uplift(ledger.day, options.seed, say)
    if {"kpis", "boards"} & set(options.only):
        figures += _week(plan, options, folder, say)
    return figures


def _week(plan: nights.Nights, options: argparse.Namespace, folder: Path, say: Say) -> list[Figure]:
    """The bank at work: its key figures, and its boards."""
    day = week.load_week(plan, say)
    figures = kpis.measure_kpis(day, say) if "kpis" in options.only else []
    if "boards" in options.only:
        figures += boards.measure_boards(day, folder, options.requests, say)
    return figures


def _outflow(address: str, customers: int, options: argparse.Namespace, folder: Path, say: Say) -> list[Figure]:
    if options.outcomes is None or not options.outcomes.exists():
        say("warnings: no balances; name the file of UCI's Bank Marketing with --outcomes")
        return []
    with own_database(address, "outflow", keep=options.keep) as own:
        open_database(own)
        figures = outflow.measure_outflow(options.outcomes, customers, options.seed, folder, say)
        connection.close()
    return figures


def _runs(usual: dict[float, int], part: str, options: argparse.Namespace) -> dict[float, int]:
    """How often each share of a part is measured."""
    return {share: options.runs or runs for share, runs in usual.items()} if part in options.only else {}


def last_day(days: int) -> date:
    """Yesterday, or the end of last month: measured days must not begin a month, when all averages start anew."""
    yesterday = today() - timedelta(days=1)
    return yesterday if yesterday.day > days else yesterday.replace(day=1) - timedelta(days=1)


def _imports(ledger: feeds.Ledger, shares: dict[float, int], options: argparse.Namespace, say: Say) -> list[Figure]:
    figures = []
    if shares:
        figures += feeds.measure_import(ledger, shares, say)
    if "reading" in options.only:
        figures += feeds.measure_reading(ledger, options.runs or 3, say)
    if "memory" in options.only:
        figures += feeds.measure_memory(ledger, say)
    return figures


def _nights(
    plan: nights.Nights, movers: dict[float, int], options: argparse.Namespace, folder: Path, say: Say
) -> list[Figure]:
    figures = nights.measure_retier(plan, movers, folder, say)
    if "naive" in options.only:
        figures += nights.measure_naive(plan, say)
    if "record" in options.only:
        figures += nights.measure_record(plan.day, say)
    if "rollup" in options.only:
        figures += nights.measure_roll_up(plan.day, SMALL_RUNS, say)
    if "simulator" in options.only:
        figures += nights.measure_simulator(plan.day, ANSWERS, say)
    if "planning" in options.only:
        figures += planning.measure_planning(plan.day, say)
    return figures
