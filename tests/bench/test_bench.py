"""What the benchmark's figures rest on: its bank and its arithmetic."""

import csv
import gzip
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from tests.bench import lives, pages, world
from tests.bench.measuring import Figure, against_floor, interleaved, percentile, table

SIZE = world.Size(customers=7, branches=2, seed=3, end=date(2026, 11, 20))


@pytest.mark.parametrize(("share", "value"), [(0.5, 10), (0.95, 19), (0.96, 20), (1.0, 20), (0.05, 1)])
def test_a_percentile_is_one_of_the_values(share: float, value: int) -> None:
    assert percentile(list(range(20, 0, -1)), share) == value


def test_goals_are_bounds_in_the_unit_of_the_figure() -> None:
    assert against_floor("job", [3.0, 1.6, 2.0], [1.0, 1.0, 1.0], 1.6).verdict == "over"
    assert against_floor("job", [2.0, 1.6, 2.0], [1.0, 1.0, 1.0], 1.3, plus=0.7).verdict == "ok"
    assert against_floor("job", [2.0], [1.0]).verdict == ""
    assert Figure("rate", "rows/s", 299, bound=300, at_least=True).verdict == "over"


@pytest.mark.django_db
def test_a_page_that_fails_fast_is_no_good_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([200, 200, 500, 200, 200, 200, 200, 200])
    monkeypatch.setattr(pages, "_ask", lambda *_args: next(answers))
    monkeypatch.setattr(pages, "_inside", lambda *_args: None)
    failed, fine = (pages._measure(pages.Visit("teller", "board", ["/"]), None, 0, 2) for _n in range(2))
    assert (failed.verdict, fine.verdict) == ("over", "ok")
    assert failed.note.endswith("status 500")


def test_each_side_goes_first_in_turns() -> None:
    calls: list[str] = []
    interleaved(2, lambda n: calls.append(f"ours {n}") or 0.0, lambda n: calls.append(f"floor {n}") or 0.0)
    assert calls == ["ours 0", "floor 0", "floor 1", "ours 1"]


def test_the_table_stays_aligned_beside_chinese_text() -> None:
    lines = table([Figure("customers ?q=王", "ms", 12.0), Figure("customers", "ms", 120.0, 60.0)]).splitlines()
    assert lines[1].replace("王", "xx").index("12.0 ms") + len("12.0 ms") == lines[2].index("120.0 ms") + len(
        "120.0 ms"
    )


def test_two_and_a_half_accounts_a_customer() -> None:
    owners = Counter(world.owner_of(n) for n in range(world.account_count(SIZE)))
    assert owners == {0: 2, 1: 3, 2: 2, 3: 3, 4: 2, 5: 3, 6: 2}


def test_the_same_seed_makes_the_same_bank(tmp_path: Path) -> None:
    def files() -> tuple[str, ...]:
        balances = world.Balances(SIZE)
        history = [f"{change}" for change in balances.history(date(2026, 10, 20), 30, 0.2)]
        balances.step(SIZE.end, 0.5)
        balances.write_feed(tmp_path / "plain.csv", SIZE.end)
        balances.write_copy(tmp_path / "plain.copy")
        plain, copy = (tmp_path / "plain.csv").read_text(), (tmp_path / "plain.copy").read_text()
        assert [row.split(",")[:2] for row in plain.splitlines()[1:]] == [row.split("\t") for row in copy.splitlines()]
        return plain, *history, *world.customers(SIZE), *world.accounts(SIZE), *world.people(SIZE)

    assert files() == files()


def test_lives_hold_the_balance_of_the_file_and_only_leavers_lose_it_for_good(tmp_path: Path) -> None:
    path, first = tmp_path / "bank.csv.gz", date(2026, 1, 25)
    with gzip.open(path, "wt", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerows([("age", "job", "balance"), *((40, "admin.", n * 300 - 100) for n in range(120))])
    found = lives.people(path, 60, seed=3)
    assert [person.balance for person in found] == [(n * 300 - 100) * 8 for n in range(0, 120, 2)]
    lived = [lives.life(person, first, 3) for person in found]
    assert lived == [lives.life(person, first, 3) for person in lives.people(path, 60, seed=3)]
    assert all(totals[person.anchor] == person.balance for person, totals in zip(found, lived, strict=True))
    assert {person.anchor for person in found if not person.leaves} == {lives.DAYS - 1}
    leavers = [(person, totals) for person, totals in zip(found, lived, strict=True) if person.leaves]
    assert len(leavers) >= 3
    assert all(totals[-1] < person.balance / 2 for person, totals in leavers if person.turn < lives.DAYS - 70)
    for person, totals in zip(found, lived, strict=True):
        told = dict(lives.changes(person, first, 3))
        assert [told[day] for day in sorted(told)] == [
            total for n, total in enumerate(totals) if n == 0 or total != totals[n - 1]
        ]
