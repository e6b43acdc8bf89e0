"""The daily work at the size of a bank: a full book's list of the day, calculators, the sampling of a wave's night."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path

from django.db import connection
from django.urls import reverse

from core.clock import now, today
from servicing.enums import QuoteKind, SurveyChannel, WaveState
from servicing.models import Wave
from servicing.queries.contacts import midnight
from servicing.queries.surveys import QUIET_ALERTS
from servicing.services import surveys
from staff.models import Branch, User
from tests.bench import floors
from tests.bench.feeds import BENCH, Say
from tests.bench.measuring import Figure, against_floor, interleaved, timed
from tests.bench.pages import Visit, measure_pages

BOOK = 2_000
TODAY_MS, CALCULATOR_MS = 150, 100
PERCENT, SEED = 60, 20_261_122
RUNS = 3
SAMPLING_TIMES = 2
# The first manager gets a book of 2,000 of the unit's customers, with something to say about every other one.
FULL_BOOK = """
CREATE TEMP TABLE full_book AS
SELECT p.customer_id, m.id AS manager_id FROM (
    SELECT id, branch_id FROM staff_user WHERE role = 'manager' AND is_active ORDER BY id LIMIT 1
) m CROSS JOIN LATERAL (
    SELECT customer_id FROM customers_customerposition WHERE branch_id = m.branch_id ORDER BY customer_id LIMIT %(book)s
) p;
UPDATE customers_customer c SET manager_id = b.manager_id FROM full_book b
WHERE c.id = b.customer_id AND c.manager_id IS DISTINCT FROM b.manager_id;
UPDATE customers_customerposition p SET manager_id = b.manager_id,
    last_contact_on = %(day)s - (hashint8(p.customer_id + 5) & 127),
    tier_since = %(day)s - (hashint8(p.customer_id + 11) & 511),
    near = CASE WHEN hashint8(p.customer_id + 8) & 3 = 0 THEN 1 + (hashint8(p.customer_id + 6) & 1) ELSE 0 END
FROM full_book b WHERE p.customer_id = b.customer_id;
INSERT INTO servicing_followup (customer_id, owner_id, kind, title, note, facts, due_on, priority, state, is_planned,
    planned_for, snoozes, created_at, skip_reason, outcome)
SELECT customer_id, manager_id, CASE n & 1 WHEN 0 THEN 'cadence' ELSE 'task' END,
    CASE n & 1 WHEN 0 THEN '' ELSE '回访' END, '',
    CASE n & 1 WHEN 0 THEN jsonb_build_object('last', NULL, 'since', %(day)s - 400, 'every', 60) ELSE '{}' END,
    %(day)s - (n & 15), 2, 'open', n & 1 = 0, CASE n & 1 WHEN 0 THEN %(day)s - (n & 15) END, 0, now(), '', ''
FROM full_book CROSS JOIN LATERAL (SELECT hashint8(customer_id + 12) & 255 AS n) h WHERE n < 48
ON CONFLICT DO NOTHING;
DROP TABLE full_book
"""
# One customer in fifty was spoken to on the day; half of them let themselves be asked by message.
CONTACTS = """
INSERT INTO servicing_interaction (channel, direction, topic, outcome, note, happened_at, recorded_at, author_id,
    branch_id, customer_id)
SELECT 'counter', 'in', 'service', 'reached', '', %(at)s, %(at)s, m.id, c.branch_id, c.id
FROM customers_customer c
JOIN (SELECT branch_id, min(id) AS id FROM staff_user GROUP BY branch_id) m ON m.branch_id = c.branch_id
WHERE c.id %% 50 = 7
"""
CONSENTS = """
INSERT INTO customers_consentwording (purpose, version, text_zh, text_en, effective_on, created_at)
VALUES ('survey', 1000, '同意', 'I agree', %(day)s, now()) ON CONFLICT DO NOTHING;
INSERT INTO customers_consent (customer_id, purpose, channel, decision, proof, proof_ref, stated_at, recorded_at,
    wording_id)
SELECT id, 'survey', 'sms', 'given', 'signature', '', now(), now(),
    (SELECT max(id) FROM customers_consentwording WHERE purpose = 'survey')
FROM customers_customer WHERE id %% 100 = 7
"""
INVITE = """
INSERT INTO floor.servicing_invitation (wave_id, customer_id, branch_id, interaction_id, about_id, channel, digest,
    state, made_at, expires_at)
SELECT DISTINCT ON (i.customer_id) %(wave)s, i.customer_id, i.branch_id, i.id, i.author_id, 'sms',
    sha256(convert_to(gen_random_uuid()::text || gen_random_uuid()::text, 'UTF8')), 'waiting', %(at)s,
    %(at)s + interval '14 days'
FROM servicing_interaction i JOIN customers_customer c ON c.id = i.customer_id
WHERE i.happened_at >= %(since)s AND i.happened_at < %(since)s + interval '1 day' AND c.merged_into_id IS NULL
  AND c.phone_cipher IS NOT NULL
  AND mod(hashtextextended(c.customer_no, %(seed)s::bigint) & 9223372036854775807, 100) < %(percent)s
  AND (SELECT decision FROM customers_consent k WHERE k.customer_id = c.id AND k.purpose = 'survey'
       AND k.channel = 'sms' ORDER BY stated_at DESC, id DESC LIMIT 1) = 'given'
  AND NOT EXISTS (SELECT FROM customers_customeralert a WHERE a.customer_id = c.id AND a.dismissed_at IS NULL
       AND a.kind = ANY(%(alerts)s) AND a.starts_on <= %(day)s AND coalesce(a.ends_on, 'infinity') >= %(day)s)
ORDER BY i.customer_id, i.happened_at DESC, i.id DESC
"""
SAMPLED = "SELECT count(*), sum(hashint8(customer_id)::bigint), sum(interaction_id) FROM {schema}.servicing_invitation"


def measure_today(folder: Path, requests: int, say: Say) -> list[Figure]:
    """A manager with 2,000 customers opens the list of the day, through the real web server."""
    say(f"list of the day of {BOOK:,} customers")
    with connection.cursor() as cursor:
        cursor.execute(FULL_BOOK, {"book": BOOK, "day": today()})
    floors.tidy()
    return measure_pages(folder, requests, say, _today)


def _today(role: str, user: User) -> Iterator[Visit]:
    if role == "manager":
        yield Visit(role, f"today, {BOOK:,} customers", [reverse("servicing:today")], limit=TODAY_MS)
        pages = [reverse("servicing:work_out", args=[kind]) for kind in QuoteKind.values]
        yield Visit(role, "calculators", pages, limit=CALCULATOR_MS)


def measure_sampling(say: Say) -> list[Figure]:
    """The night that asks those spoken to on a day, in a wave of the whole bank, beside one plain statement."""
    say("sampling of a wave")
    day = today() - timedelta(days=1)
    floors.run(CONTACTS, at=midnight(day) + timedelta(hours=10))
    floors.run(CONSENTS, day=day)
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS floor.servicing_invitation")
        cursor.execute("CREATE TABLE floor.servicing_invitation (LIKE servicing_invitation INCLUDING ALL)")
    wave = Wave.everything.create(
        name="Bench",
        branch=Branch.objects.get(parent=None),
        starts_on=day,
        ends_on=day,
        channels=[SurveyChannel.SMS],
        percent=PERCENT,
        seed=SEED,
        state=WaveState.RUNNING,
        created_by=User.objects.order_by("pk")[0],
        created_at=now(),
    )
    floors.tidy()
    ours, plain = interleaved(RUNS, partial(_asked, wave, day), partial(_plain, wave, day))
    asked, by_floor = (floors.run(SAMPLED.format(schema=schema)) for schema in ("public", "floor"))
    if asked != by_floor:
        raise RuntimeError(f"the product and the floor ask different customers: {asked} {by_floor}")
    figure = against_floor("sampling of a wave, 2% spoken to", ours, plain, SAMPLING_TIMES)
    return [replace(figure, note=f"{asked[0][0]:,} asked; {figure.note}")]


def _asked(wave: Wave, day: date, _n: int) -> float:
    floors.run("DELETE FROM servicing_invitation WHERE wave_id = %(wave)s", wave=wave.pk)
    return timed(lambda: surveys.run(business_day=day, actor=BENCH, at=now()))


def _plain(wave: Wave, day: date, _n: int) -> float:
    floors.run("TRUNCATE floor.servicing_invitation")
    values = {"wave": wave.pk, "day": day, "since": midnight(day), "percent": PERCENT, "seed": SEED}
    alerts = [str(kind) for kind in QUIET_ALERTS]
    return timed(lambda: floors.run(INVITE, **values, alerts=alerts, at=now()))
