"""Complaints: the inbox, the board and the statistics over 200,000 cases, as a browser waits."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

from django.db import connection
from django.urls import reverse

from core.clock import today
from staff.models import User
from tests.bench.feeds import Say
from tests.bench.measuring import Figure
from tests.bench.pages import Visit, measure_pages

CASES = 200_000
INBOX_MS, ALL_MS, STATISTICS_MS = 150, 300, 1500
# Written down in the order they came; a twentieth is open, four times what clocks of fifteen days leave of three years.
# Numbers of a row come from hashes, so that a run is like the next.
SEED = """
WITH people AS (
    SELECT branch_id, array_agg(id ORDER BY id) FILTER (WHERE role = 'manager') AS managers,
        array_agg(id ORDER BY id) FILTER (WHERE role = 'teller') AS tellers
    FROM staff_user WHERE role IN ('manager', 'teller') GROUP BY branch_id
), customers AS (
    SELECT id, branch_id, row_number() OVER (ORDER BY id) - 1 AS place FROM customers_customer
), drawn AS (
    SELECT n, hashint8(n) & 1048575 AS a, hashint8(n + 1000003) & 1048575 AS b, hashint8(n + 2000003) & 1048575 AS c,
        (hashint8(n + 3000003) & 1048575) %% (SELECT count(*) FROM customers_customer) AS place
    FROM generate_series(1, %(cases)s) n
), placed AS (
    SELECT d.*, k.id AS customer_id, k.branch_id, p.managers, p.tellers, u.parent_id,
        CASE WHEN a %% 100 < 5 THEN (ARRAY['registered', 'accepted', 'investigating', 'investigating', 'proposed',
            'reopened'])[1 + b %% 6] WHEN a %% 100 = 5 THEN 'answered' WHEN a %% 100 < 10 THEN 'withdrawn'
            ELSE 'closed' END AS state
    FROM drawn d JOIN customers k ON k.place = d.place JOIN people p ON p.branch_id = k.branch_id
    JOIN staff_branch u ON u.id = k.branch_id
), dated AS (
    SELECT *, %(day)s::date - CASE WHEN state IN ('closed', 'withdrawn') THEN 20 + c %% 1000 ELSE c %% 28 END
        AS received_on
    FROM placed
)
INSERT INTO complaints_complaint (number, once, round, branch_id, desk_id, customer_id, tier, source, source_no,
    complainant, authority, category, product, cause, grade, summary, account_cipher, state, state_at, handler_id,
    registered_by_id, registered_at, received_on, due_on, due_days, internal_days, internal_due_on, contact_due_on,
    contacted_on, answered_on, closed_on, recused)
SELECT 'TS' || n, gen_random_uuid(), 1, branch_id, CASE WHEN a %% 9 = 0 THEN parent_id ELSE branch_id END,
    customer_id, a %% 4 + 1, (ARRAY['counter', 'phone', 'web', 'hotline'])[1 + b %% 4], '', 'customer', '',
    (ARRAY['service', 'waiting', 'handling', 'fees', 'privacy'])[1 + c %% 5], (ARRAY['', 'demand', 'term'])[1 + b %% 3],
    CASE WHEN state = 'closed' THEN (ARRAY['manner', 'slow', 'outage', 'price'])[1 + c %% 4] ELSE '' END,
    1 + (a %% 20) / 9, '排队时间过长 ' || n, decode(repeat(md5(n::text), 20), 'hex'), state, now(),
    CASE WHEN state <> 'registered' THEN managers[1 + c %% cardinality(managers)] END,
    tellers[1 + b %% cardinality(tellers)], now(), received_on, received_on + 15, 15, 5,
    CASE WHEN a %% 7 <> 0 THEN received_on + 7 END, received_on + 1, CASE WHEN a %% 5 <> 0 THEN received_on + 1 END,
    CASE WHEN state IN ('answered', 'closed') THEN received_on + 3 + b %% 14 END,
    CASE WHEN state IN ('closed', 'withdrawn') THEN received_on + 18 END,
    CASE WHEN state <> 'registered' AND b %% 50 = 0
        THEN ARRAY[managers[1 + (c + 1) %% cardinality(managers)]]::bigint[] ELSE '{}' END
FROM dated ORDER BY received_on, n
"""
DECIDE = """
INSERT INTO complaints_decision (complaint_id, round, version, finding, facts_cipher, words_cipher, remedy, letter,
    proposed_by_id, proposed_at, approved_by_id, approved_at, delivery, proof)
SELECT c.id, 1, 1, (ARRAY['upheld', 'partly', 'unfounded'])[1 + c.id %% 3], '', '', 'none', '{}', c.handler_id, now(),
    h.id, now(), '', ''
FROM complaints_complaint c JOIN staff_user h ON h.branch_id = c.branch_id AND h.role = 'branch_head'
WHERE c.state IN ('answered', 'closed')
"""


def measure_complaints(folder: Path, requests: int, say: Say) -> list[Figure]:
    """p95 of the pages of complaints for four roles, once 200,000 cases are there."""
    say(f"{CASES:,} complaints")
    file_cases(CASES, today())
    return measure_pages(folder, requests, say, visits)


def file_cases(cases: int, day: date) -> None:
    """So many cases about the bank's customers up to a day, with the decisions of those that were answered."""
    with connection.cursor() as cursor:
        # What ended long ago is written down at once here, which the file's guard would refuse. A statement each: a
        # table with foreign keys still to be checked cannot be altered.
        cursor.execute(SEED, {"cases": cases, "day": day})
        cursor.execute("ALTER TABLE complaints_decision DISABLE TRIGGER USER")
        cursor.execute(DECIDE, {})
        cursor.execute("ALTER TABLE complaints_decision ENABLE TRIGGER USER")
        cursor.execute("VACUUM ANALYZE complaints_complaint, complaints_decision")


def visits(role: str, user: User) -> Iterator[Visit]:
    """What somebody opens of complaints."""
    inbox = reverse("complaints:inbox")
    yield Visit(role, "complaints", [inbox], limit=INBOX_MS)
    for query in ("due=overdue", "due=today", "law=overdue", "handler=none", "grade=3", "ordering=law"):
        yield Visit(role, f"complaints ?{query}", [f"{inbox}?{query}"], limit=INBOX_MS)
    for query in ("state=all", "state=closed&ordering=-received", "state=all&category=fees&ordering=-received"):
        yield Visit(role, f"complaints ?{query}", [f"{inbox}?{query}"], limit=ALL_MS)
    yield Visit(role, "board of complaints", [reverse("complaints:board")], limit=ALL_MS)
    if role in ("branch_head", "head_office"):
        yield Visit(role, "statistics of complaints", [reverse("complaints:statistics")], limit=STATISTICS_MS)
