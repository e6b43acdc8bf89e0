"""The floor of each job: the best plain SQL found for it, on copies of the product's tables (performance.md 2).

The copies keep the product's keys, indexes and room for updates in place, but no foreign keys, partitions or checks of
what the rows mean: those are the product's to pay for.
"""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from tiers.rules.deciding import watch_limit, zones

COPIES = {
    "customers_account": "",
    "customers_accountbalance": "fillfactor = 50",
    "customers_balancechange": "",
    "customers_customerposition": "fillfactor = 80",
    "customers_positionchange": "",
    "tiers_tierchange": "",
    "tiers_tieroverride": "",
    "insights_depositday": "",
    "insights_branchday": "",
}
# What a careful administrator would set for such a session; the product has to live with the server's own settings.
SESSION = "SET LOCAL work_mem = '256MB'; SET LOCAL jit = off"

STAGE = "CREATE TEMP TABLE plain_rows (account_no text, balance numeric(18,2)) ON COMMIT DROP"
CONTROLS = "SELECT count(*), sum(balance) FROM plain_rows"
DUPLICATES = """
SELECT count(*) FROM (SELECT account_no FROM plain_rows GROUP BY account_no HAVING count(*) > 1) twice
"""
DIFFERENCES = """
CREATE TEMP TABLE plain_diff ON COMMIT DROP AS
SELECT k.id AS account_id, k.customer_id, r.balance, k.balance AS old_balance, r.account_no IS NULL AS is_missing
FROM plain_rows r
FULL JOIN (
    SELECT a.id, a.account_no, a.customer_id, b.balance
    FROM floor.customers_account a LEFT JOIN floor.customers_accountbalance b ON b.account_id = a.id
) k USING (account_no)
WHERE r.account_no IS NULL OR k.id IS NULL OR r.balance IS DISTINCT FROM k.balance
"""
ACCOUNTS = """
WITH changed AS (
    UPDATE floor.customers_accountbalance b
    SET balance = d.balance, value = d.balance, "on" = %(day)s,
        day_sum = b.day_sum + b.value * (%(day)s - b."on" - 1) + d.balance
    FROM plain_diff d
    WHERE b.account_id = d.account_id AND d.balance IS NOT NULL
    RETURNING b.account_id, b.customer_id, b.balance, b.day_sum
)
INSERT INTO floor.customers_balancechange (account_id, customer_id, "on", balance, value, day_sum)
SELECT account_id, customer_id, %(day)s, balance, balance, day_sum FROM changed
"""
POSITIONS = """
WITH moved AS (
    SELECT customer_id, sum(balance - old_balance) AS difference FROM plain_diff
    WHERE balance IS NOT NULL GROUP BY customer_id
), updated AS (
    UPDATE floor.customers_customerposition p
    SET total = p.total + m.difference, "on" = %(day)s,
        day_sum = p.day_sum + p.total * (%(day)s - p."on") + m.difference
    FROM moved m WHERE p.customer_id = m.customer_id AND m.difference <> 0
    RETURNING p.customer_id, p.total, p.day_sum
)
INSERT INTO floor.customers_positionchange (customer_id, "on", total, day_sum)
SELECT customer_id, %(day)s, total, day_sum FROM updated
"""
# Everything a run has to decide: band and nearness, what a watch still holds, what an override gives over the rule.
# Each OFFSET keeps the planner from working a column out again wherever it is named: three times as fast.
RETIER = """
WITH given AS (
    SELECT DISTINCT ON (customer_id) customer_id, id,
        array_position(%(letters)s::text[], letter::text)::smallint AS rank
    FROM floor.tiers_tieroverride
    WHERE status IN ('approved', 'ended') AND %(day)s BETWEEN starts_on AND ends_on
    ORDER BY customer_id, id DESC
), valued AS (
    SELECT p.customer_id, p.branch_id, p.manager_id, p.tier, p.ruled_tier, p.watch_since, p.near, p.total,
        g.id AS override_id, g.rank AS given, width_bucket(p.total, %(bounds)s::numeric[]) + 1 AS zone
    FROM floor.customers_customerposition p LEFT JOIN given g ON g.customer_id = p.customer_id OFFSET 0
), ruled AS (
    SELECT *, (%(bands)s::smallint[])[zone] AS band, coalesce(ruled_tier, tier) AS held,
        (%(bands)s::smallint[])[zone] < coalesce(ruled_tier, tier)
            AND coalesce(watch_since, %(day)s) >= %(watch_limit)s AS is_kept
    FROM valued OFFSET 0
), judged AS (
    SELECT *,
        coalesce(given, CASE WHEN is_kept THEN held ELSE band END) AS after,
        CASE WHEN given IS NOT NULL THEN CASE WHEN is_kept THEN held ELSE band END END AS after_ruled,
        CASE WHEN is_kept THEN coalesce(watch_since, %(day)s) END AS after_watch,
        CASE WHEN coalesce(given, CASE WHEN is_kept THEN held ELSE band END) > band THEN 2 WHEN given < band THEN 0
            ELSE (%(near)s::smallint[])[zone] END AS after_near
    FROM ruled OFFSET 0
), moved AS MATERIALIZED (
    SELECT * FROM judged
    WHERE (tier, ruled_tier, watch_since, near) IS DISTINCT FROM (after, after_ruled, after_watch, after_near)
), placed AS (
    UPDATE floor.customers_customerposition p
    SET tier = j.after, tier_since = CASE WHEN j.after <> j.tier THEN %(day)s ELSE p.tier_since END,
        ruled_tier = j.after_ruled, watch_since = j.after_watch, near = j.after_near
    FROM moved j WHERE p.customer_id = j.customer_id
    RETURNING j.*
)
INSERT INTO floor.tiers_tierchange (customer_id, "on", event, from_tier, to_tier, from_ruled, to_ruled, from_watch,
    to_watch, override_id, scheme_id, measure, value, window_from, window_to, branch_id, manager_id)
SELECT customer_id, %(day)s,
    CASE WHEN tier = 0 THEN 'first' WHEN after > tier THEN 'up' WHEN after < tier THEN 'down'
        WHEN ruled_tier IS NULL AND after_ruled IS NOT NULL THEN 'overridden'
        WHEN ruled_tier IS NOT NULL AND after_ruled IS NULL THEN 'returned'
        WHEN watch_since IS NULL AND after_watch IS NOT NULL THEN 'watched'
        WHEN watch_since IS NOT NULL AND after_watch IS NULL THEN 'cleared' ELSE 'ruled' END,
    tier, after, ruled_tier, after_ruled, watch_since, after_watch,
    CASE WHEN after_ruled IS NOT NULL THEN override_id END,
    1, 'balance', total, %(day)s, %(day)s, branch_id, manager_id
FROM placed
WHERE (tier, ruled_tier, watch_since) IS DISTINCT FROM (after, after_ruled, after_watch)
"""
ROLL_UP = """
WITH fine AS (
    INSERT INTO floor.insights_depositday ("on", branch_id, manager_id, tier, customers, total)
    SELECT %(day)s, branch_id, manager_id, tier, count(*), sum(total)
    FROM floor.customers_customerposition GROUP BY branch_id, manager_id, tier
    RETURNING branch_id, tier, customers, total
)
INSERT INTO floor.insights_branchday ("on", branch_id, tier, customers, total)
SELECT %(day)s, branch_id, tier, sum(customers), sum(total) FROM fine GROUP BY branch_id, tier
"""
SIMULATE = """
SELECT tier, width_bucket(total, %(floors)s::numeric[]) AS after, count(*)
FROM floor.customers_customerposition GROUP BY tier, after
"""


def make_copies() -> None:
    """Schema `floor` with the product's tables as they are now."""
    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA IF EXISTS floor CASCADE; CREATE SCHEMA floor")
        for table, options in COPIES.items():
            cursor.execute(f"CREATE TABLE floor.{table} (LIKE {table} INCLUDING ALL)")
            if options:
                cursor.execute(f"ALTER TABLE floor.{table} SET ({options})")
            cursor.execute(f"INSERT INTO floor.{table} SELECT * FROM {table} ORDER BY 1")


def tidy() -> None:
    """Both sides as a night finds them: vacuumed, analysed, written out."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("CHECKPOINT")


def run(statement: str, **params: Any) -> list[tuple[Any, ...]]:
    """One statement in a transaction of its own."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(SESSION)
        cursor.execute(statement, params)
        return list(cursor.fetchall()) if cursor.description else []


def retier(day: date, bounds: Sequence[Decimal]) -> None:
    """Judge and write a day by these floors in yuan, in force without a watch, letters D upwards."""
    cut = zones(bounds)
    run(
        RETIER,
        day=day,
        bounds=list(cut.bounds),
        bands=list(cut.bands),
        near=list(cut.near),
        letters=["D", "C", "B", "A"][: len(bounds)],
        watch_limit=watch_limit("balance", 0, day),
    )


def import_day(path: Path, day: date) -> None:
    """The whole pipeline of a day's balances from a file in COPY's own format."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(SESSION)
        cursor.execute(STAGE)
        with path.open("rb") as file:
            cursor.cursor.copy_expert("COPY plain_rows FROM STDIN", file, size=1 << 18)
        cursor.execute("ANALYZE plain_rows")
        cursor.execute(CONTROLS)
        cursor.execute(DUPLICATES)
        if cursor.fetchone() != (0,):
            raise ValueError("the floor's own feed names an account twice")
        cursor.execute(DIFFERENCES)
        cursor.execute("ANALYZE plain_diff (account_id, customer_id)")
        for statement in (ACCOUNTS, POSITIONS):
            cursor.execute(statement, {"day": day})


def sums(schema: str) -> tuple[Decimal, ...]:
    """What must come out the same on both sides: balances, totals, running sums, change rows."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT (SELECT sum(balance) FROM {schema}.customers_accountbalance),"
            f" (SELECT sum(day_sum) FROM {schema}.customers_accountbalance),"
            f" (SELECT sum(total) FROM {schema}.customers_customerposition),"
            f" (SELECT sum(day_sum) FROM {schema}.customers_customerposition),"
            f" (SELECT count(*) FROM {schema}.customers_balancechange),"
            f" (SELECT sum(day_sum) FROM {schema}.customers_positionchange)"
        )
        found: tuple[Decimal, ...] = cursor.fetchone()
        return found
