"""One day's key figures beside plain SQL that leaves the same rows."""

from dataclasses import replace
from datetime import date
from typing import Any

from django.db import connection, transaction

from core.clock import now
from customers.rules.periods import periods_of
from insights.rules.kpis import month_before
from insights.rules.measures import MEASURES
from insights.services.kpis import replace_day, values_of
from tests.bench import floors, week
from tests.bench.feeds import Say
from tests.bench.kpis_floor import STATEMENTS
from tests.bench.measuring import Figure, against_floor, interleaved, timed

RUNS, TIMES = 5, 1.5
# Into as long a history as ours.
COPY = """
DROP TABLE IF EXISTS floor.insights_kpi;
CREATE TABLE floor.insights_kpi (LIKE insights_kpi INCLUDING ALL);
INSERT INTO floor.insights_kpi ("on", unit_kind, unit_id, branch_id, tier, measure, value, base)
SELECT "on", unit_kind, unit_id, branch_id, tier, measure, value, base FROM insights_kpi ORDER BY id
"""
DIFFERENT = """
SELECT count(*) FROM (
    SELECT unit_kind, unit_id, tier, measure, value, base FROM insights_kpi WHERE "on" = %(day)s
) ours FULL JOIN (
    SELECT unit_kind, unit_id, tier, measure, value, base FROM floor.insights_kpi WHERE "on" = %(day)s
) plain USING (unit_kind, unit_id, tier, measure)
WHERE ours.value IS DISTINCT FROM plain.value OR ours.base IS DISTINCT FROM plain.base
"""
KEPT = 'SELECT count(*), count(DISTINCT measure) FROM insights_kpi WHERE "on" = %(day)s'


def measure_kpis(day: date, say: Say) -> list[Figure]:
    """The roll-up of the latest day beside its floor, both replacing what they wrote before; they must agree."""
    closes = {"before": month_before(day), "opening": month_before(periods_of(day).quarter_start)}
    say(f"key figures of {day}")
    replace_day(day=day, ledger_day=day, at=now())
    week.copy_earlier(day)
    floors.run(COPY)
    floors.tidy()
    asked = {**values_of(day), **closes}
    ours, plain = interleaved(
        RUNS, lambda _n: timed(lambda: replace_day(day=day, ledger_day=day, at=now())), lambda _n: _plain(asked)
    )
    ((different,),) = floors.run(DIFFERENT, day=day)
    assert different == 0, f"{different} figures differ from the floor"
    ((rows, measures),) = floors.run(KEPT, day=day)
    figure = against_floor("key figures of a day", ours, plain, TIMES)
    note = f"{rows:,} rows of {measures} of {len(MEASURES)} measures, all as the floor's; {figure.note}"
    return [replace(figure, note=note)]


def _plain(values: dict[str, Any]) -> float:
    def work() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(floors.SESSION)
            cursor.execute('DELETE FROM floor.insights_kpi WHERE "on" = %(day)s', values)
            for statement in STATEMENTS:
                cursor.execute(statement, values)

    return timed(work)
