"""A week of a bank at work, for a bank of any size: what key figures, boards and lists are read from.

Set-based statements, in their order. Numbers of a row come from hashes of its key, so that a run is like the next.
"""

from datetime import date, timedelta
from typing import Any

from django.db import connection

from core.clock import now
from insights.queries.definitions import KIND
from insights.rules.kpis import month_before, month_of
from servicing.enums import SurveyChannel, WaveState
from servicing.models import Wave
from servicing.queries.planning import plan_values
from staff.enums import PolicyStatus
from staff.models import Branch, Policy, User
from tests.bench import floors, nights, planning
from tests.bench.complaints import file_cases
from tests.bench.feeds import Say

MOVING = 0.01  # customers that fall to a lower tier on the day; as many rise
CASES = 0.0055  # complaints a customer in a thousand days: 0.2 % a year
MONTHS = 3
# A still customer is lost after so many days: the bank's whole history is not much longer.
STILL_DAYS = 30
HISTORY = 34

# The closes a day stands on, as if those months had been fed: a tenth more or less than now, of a few five times as
# much; some customers not there, some had by a colleague or another branch.
CLOSES = """
INSERT INTO insights_monthclose (month, customer_id, branch_id, manager_id, tier, adb, total)
SELECT month, p.customer_id, CASE WHEN n.a & 2047 = 3 THEN n.elsewhere ELSE p.branch_id END,
    CASE WHEN n.a & 127 = 3 THEN n.somebody ELSE p.manager_id END, p.tier,
    round(p.total * (900 + (n.a & 255)) / 1000 * CASE WHEN n.b & 255 = 0 THEN 8 ELSE 1 END, 2), p.total
FROM customers_customerposition p
CROSS JOIN LATERAL (
    SELECT hashint8(p.customer_id) AS a, hashint8(p.customer_id + 17) AS b,
        %(branches)s::bigint[] AS branches, %(managers)s::bigint[] AS managers OFFSET 0
) h
CROSS JOIN LATERAL (
    SELECT h.a, h.b, branches[1 + (h.a >> 11 & 1048575) %% cardinality(branches)] AS elsewhere,
        managers[1 + (h.a >> 7 & 1048575) %% cardinality(managers)] AS somebody OFFSET 0
) n
CROSS JOIN unnest(%(months)s::date[]) AS month
WHERE p.total <> 0 AND hashint8(p.customer_id + 7) & 63 > 0
ON CONFLICT DO NOTHING
"""
# Four of a thousand took everything out, half of them before the month began; two of three closed their accounts. Eight
# of a thousand have deposits that ended and were not renewed.
EMPTIED = """
CREATE TEMP TABLE emptied AS
SELECT customer_id, left_on, hashint8(customer_id + 23) %% 3 <> 0 AS closes,
    day_sum + total * (left_on - "on" - 1) AS sum
FROM (
    SELECT *, CASE WHEN hashint8(customer_id + 19) & 1 = 0 THEN %(month)s - 1 ELSE %(day)s - 2 END AS left_on
    FROM customers_customerposition WHERE hashint8(customer_id + 29) & 1023 < 4
) p
WHERE "on" <= left_on;
UPDATE customers_customerposition p SET total = 0, "on" = left_on, day_sum = e.sum,
    month_mark = CASE WHEN left_on < %(month)s THEN e.sum ELSE month_mark END
FROM emptied e WHERE e.customer_id = p.customer_id;
UPDATE customers_accountbalance b
SET balance = 0, value = 0, "on" = left_on, day_sum = day_sum + value * (left_on - "on" - 1)
FROM emptied e WHERE e.customer_id = b.customer_id AND b."on" <= left_on;
UPDATE customers_account a SET status = 'closed', closed_on = left_on
FROM emptied e WHERE e.customer_id = a.customer_id AND e.closes;
INSERT INTO customers_positionchange (customer_id, "on", total, day_sum)
SELECT customer_id, left_on, 0, sum FROM emptied
ON CONFLICT (customer_id, "on") DO UPDATE SET total = 0, day_sum = excluded.day_sum;
DROP TABLE emptied;
UPDATE customers_account
SET matures_on = %(day)s - (hashint8(customer_id + 7) & 31), value_date = least(value_date, %(day)s - 100)
WHERE hashint8(customer_id + 101) & 1023 < 8 AND matures_on > %(day)s
"""
TEAMS = """
WITH placed AS (
    SELECT id, branch_id, 1 + row_number() OVER (PARTITION BY branch_id ORDER BY id) %% 2 || '组' AS team
    FROM staff_user WHERE role = 'manager' AND is_active
), made AS (
    INSERT INTO staff_team (branch_id, name, lead_id, tiers, is_active)
    SELECT branch_id, team, min(id), '{}', true FROM placed GROUP BY 1, 2 RETURNING id, branch_id, name
)
INSERT INTO staff_teammember (team_id, user_id, since)
SELECT m.id, p.id, %(day)s - 200 FROM placed p JOIN made m ON m.branch_id = p.branch_id AND m.name = p.team
"""
TARGETS = """
INSERT INTO staff_target (of, branch_id, person_id, measure, period, starts_on, ends_on, aim, note, version, state,
    drafted_by_id, drafted_at, approved_by_id, approved_at)
SELECT t.of, t.branch_id, t.person_id, m.measure, 'month', %(month)s, (%(month)s + interval '1 month - 1 day')::date,
    CASE m.measure WHEN 'adb_growth' THEN m.aim * t.size ELSE m.aim END, '', 1, 'approved', h.id, now(), s.id, now()
FROM (
    SELECT 'unit' AS of, id AS branch_id, NULL::bigint AS person_id, 6 AS size FROM staff_branch WHERE kind = 'branch'
    UNION ALL SELECT 'person', branch_id, id, 1 FROM staff_user WHERE role = 'manager' AND is_active
) t
CROSS JOIN (VALUES ('adb_growth', 500000), ('follow_ups', 90), ('in_rhythm', 80)) AS m (measure, aim)
JOIN staff_user h ON h.branch_id = t.branch_id AND h.role = 'branch_head'
CROSS JOIN (SELECT min(id) AS id FROM staff_user WHERE role = 'head_office') s
"""
# Everybody's latest talk if it was in the last 60 days, others that reached nobody, and messages of campaigns.
CONTACTS = """
INSERT INTO servicing_interaction (channel, direction, topic, outcome, note, origin, happened_at, recorded_at,
    author_id, branch_id, customer_id)
SELECT k.channel, k.direction, (ARRAY['deposit', 'rate', 'account', 'withdrawal'])[1 + (p.a & 3)], k.outcome, '',
    k.origin, k.at, k.at, coalesce(p.manager_id, t.id), p.branch_id, p.customer_id
FROM (
    SELECT customer_id, branch_id, manager_id, last_contact_on, hashint8(customer_id + 31) AS a,
        hashint8(customer_id + 37) AS b
    FROM customers_customerposition OFFSET 0
) p
JOIN (SELECT branch_id, min(id) AS id FROM staff_user WHERE role = 'teller' GROUP BY 1) t ON t.branch_id = p.branch_id
CROSS JOIN LATERAL (
    SELECT (ARRAY['phone', 'counter', 'wecom', 'visit'])[1 + (p.b & 3)] AS channel, 'out' AS direction,
        (ARRAY['done', 'interested', 'not_interested', 'call_back'])[1 + (p.b >> 2 & 3)] AS outcome, 'form' AS origin,
        p.last_contact_on + time '09:30' + (p.b & 31) * interval '15 minutes' AS local
    WHERE p.last_contact_on > %(day)s - 60
    UNION ALL
    SELECT 'phone', 'out', 'not_reached', 'form', %(day)s - (p.b & 63) + time '17:00' WHERE p.a & 15 = 0
    UNION ALL
    SELECT 'online', 'out', 'sent', 'campaign', %(day)s - (p.b & 15) + time '10:00' WHERE p.a & 15 = 1
) w
CROSS JOIN LATERAL (
    SELECT w.channel, w.direction, w.outcome, w.origin, w.local AT TIME ZONE 'Asia/Shanghai' AS at
) k
"""
# 0.15 a customer, due over ten weeks: of those past most are done, some late, a tenth is open or skipped; a quarter are
# calls of campaigns, with the talk they came to.
FOLLOW_UPS = """
INSERT INTO servicing_followup (customer_id, owner_id, kind, title, note, facts, due_on, priority, state, is_planned,
    snoozes, created_at, closed_at, closed_by_id, skip_reason, outcome, interaction_id)
SELECT d.customer_id, d.manager_id, d.kind, '回访', '', '{}', d.due_on, 2, s.state, false, 0,
    (d.due_on - 14)::timestamp AT TIME ZONE 'Asia/Shanghai', c.at, CASE WHEN c.at IS NOT NULL THEN d.manager_id END,
    CASE WHEN s.state = 'skipped' THEN 'not_now' ELSE '' END, '',
    CASE WHEN s.state = 'done' AND d.kind = 'campaign' THEN (
        SELECT i.id FROM servicing_interaction i WHERE i.customer_id = d.customer_id ORDER BY i.happened_at DESC LIMIT 1
    ) END
FROM (
    SELECT customer_id, manager_id,
        (ARRAY['task', 'task', 'maturity', 'campaign'])[1 + (hashint8(customer_id + 41) & 3)] AS kind,
        %(day)s + 10 - (hashint8(customer_id + 43) & 1048575) %% 70 AS due_on,
        (hashint8(customer_id + 47) & 1048575) %% 100 AS n
    FROM customers_customerposition WHERE manager_id IS NOT NULL AND hashint8(customer_id + 53) & 1023 < 184 OFFSET 0
) d
CROSS JOIN LATERAL (
    SELECT CASE WHEN d.due_on > %(day)s AND n > 15 THEN 'open' WHEN n > 17 THEN 'done' WHEN n > 8 THEN 'open'
        WHEN n > 3 THEN 'skipped' ELSE 'cancelled' END AS state
) s
CROSS JOIN LATERAL (
    SELECT CASE WHEN s.state <> 'open' THEN
        (least(d.due_on - 5 + n %% 8, %(day)s) + time '15:00') AT TIME ZONE 'Asia/Shanghai' END AS at
) c
"""
# Terms that ended before the one that runs: what matured in the last hundred days, and what stayed of it 30 days on.
MATURED = """
INSERT INTO servicing_maturity (account_id, customer_id, matures_on, owner_id, aim, note, amount, total_before, stayed,
    outcome, went, measured_on)
SELECT a.id, a.customer_id, d.on, p.manager_id, 'undecided', '', d.amount, p.total,
    CASE WHEN m.is_measured THEN round(d.amount * k.share, 2) END,
    CASE WHEN m.is_measured THEN k.outcome ELSE '' END, '', CASE WHEN m.is_measured THEN d.on + 30 END
FROM customers_account a
JOIN customers_accountbalance v ON v.account_id = a.id AND v.balance > 0
JOIN customers_customerposition p ON p.customer_id = a.customer_id
CROSS JOIN LATERAL (SELECT a.matures_on - 100 AS on, v.value AS amount) d
CROSS JOIN LATERAL (SELECT d.on + 30 <= %(day)s AS is_measured) m
CROSS JOIN LATERAL (
    SELECT (ARRAY[1, 1, 1, 0.5, 0])[n] AS share, (ARRAY['rolled', 'rolled', 'rolled', 'partly', 'left'])[n] AS outcome
    FROM (SELECT 1 + (hashint8(a.id + 59) & 1048575) %% 5 AS n) x
) k
WHERE d.on BETWEEN %(day)s - 100 AND %(day)s
ON CONFLICT DO NOTHING
"""
# One of ten who were reached is asked the day after, three of ten of those answer; a kiosk at every branch.
INVITED = """
INSERT INTO servicing_invitation (wave_id, customer_id, branch_id, interaction_id, about_id, channel, digest, state,
    made_at, sent_at, expires_at, used_at)
SELECT DISTINCT ON (i.customer_id) %(wave)s, i.customer_id, i.branch_id, i.id, i.author_id, 'sms',
    sha256(int8send(i.id)), 'sent', i.at, i.at, i.at + interval '14 days',
    CASE WHEN i.a %% 10 < 3 THEN least(i.at + (i.a & 127) * interval '1 hour', %(day)s + time '20:00') END
FROM (
    SELECT *, happened_at + interval '20 hours' AS at, hashint8(id + 61) & 1048575 AS a FROM servicing_interaction
    WHERE origin = 'form' AND outcome <> 'not_reached' AND happened_at >= %(day)s - 40 AND happened_at < %(day)s
      AND hashint8(id + 67) & 1023 < 102
) i
ORDER BY i.customer_id, i.happened_at DESC
ON CONFLICT DO NOTHING
"""
ANSWERED = """
INSERT INTO servicing_surveyanswer (wave_id, invitation_id, branch_id, channel, score, marks, comment, answered_at)
SELECT wave_id, id, branch_id, channel, (ARRAY[10, 10, 9, 9, 9, 8, 8, 7, 6, 3, 0])[1 + (hashint8(id) & 1048575) %% 11],
    '{}'::jsonb, '', used_at
FROM servicing_invitation WHERE wave_id = %(wave)s AND used_at IS NOT NULL
UNION ALL
SELECT %(wave)s, NULL, id, 'kiosk', 5 + (hashint8(id + n) & 1048575) %% 6, '{}'::jsonb, '', %(day)s - n + time '03:00'
FROM staff_branch CROSS JOIN generate_series(0, 40) n WHERE kind = 'branch'
"""
# A hundredth of all who have a manager were warned of in the last 60 days: a third is open, most others judged.
WARNINGS = """
INSERT INTO insights_outflowwarning (customer_id, raised_on, seen_on, tier, balance, gone, score, main, signals,
    version, state, closed_on, verdict, note, judged_by_id, judged_at)
SELECT customer_id, raised_on, greatest(raised_on, %(day)s - (a & 7)), tier, total, round(total / 3, 2), 40 + (a & 31),
    'complaint', jsonb_build_array(jsonb_build_object('code', 'complaint', 'points', 40, 'on', raised_on)), 0, state,
    CASE WHEN state <> 'open' THEN k.on END, CASE WHEN state = 'judged' THEN
        (ARRAY['right', 'right', 'right', 'wrong', 'unsure'])[1 + b %% 5] ELSE '' END, '',
    CASE WHEN state = 'judged' THEN manager_id END,
    CASE WHEN state = 'judged' THEN (k.on + time '11:00') AT TIME ZONE 'Asia/Shanghai' END
FROM (
    SELECT customer_id, manager_id, tier, greatest(total, 1) AS total, a, b, %(day)s - a %% 60 AS raised_on,
        CASE WHEN b %% 7 < 2 THEN 'open' WHEN b %% 7 < 6 THEN 'judged' ELSE 'expired' END AS state
    FROM (
        SELECT *, hashint8(customer_id + 71) & 1048575 AS a, hashint8(customer_id + 73) & 1048575 AS b
        FROM customers_customerposition WHERE manager_id IS NOT NULL AND hashint8(customer_id + 79) & 1023 < 10
    ) p
) w
CROSS JOIN LATERAL (SELECT least(w.raised_on + 1 + b %% 9, %(day)s) AS on) k
ON CONFLICT DO NOTHING
"""
LOSSES = """
INSERT INTO insights_outflowloss (customer_id, "on", tier, before, after, warned_on)
SELECT customer_id, %(day)s - (hashint8(customer_id + 83) & 63), tier, greatest(total, 20000), 100,
    CASE WHEN hashint8(customer_id + 89) & 1 = 0 THEN %(day)s - 70 END
FROM customers_customerposition WHERE hashint8(customer_id + 97) & 1023 < 2
ON CONFLICT DO NOTHING
"""
PARTS = {
    "closed months": CLOSES,
    "customers who left": EMPTIED,
    "teams": TEAMS,
    "targets": TARGETS,
    "contacts": CONTACTS,
    "follow-ups": FOLLOW_UPS,
    "matured deposits": MATURED,
    "invitations": INVITED,
    "answers": ANSWERED,
    "warnings": WARNINGS,
    "losses": LOSSES,
}
# The days before as the latest one, near enough for whoever reads them.
EARLIER = """
DELETE FROM insights_kpi WHERE "on" < %(day)s;
DELETE FROM insights_kpiday WHERE "on" < %(day)s;
INSERT INTO insights_kpi ("on", unit_kind, unit_id, branch_id, tier, measure, value, base)
SELECT "on" - n, unit_kind, unit_id, branch_id, tier, measure,
    CASE measure WHEN 'deposits' THEN round(value * (1000 - n) / 1000, 2) ELSE value END, base
FROM insights_kpi CROSS JOIN generate_series(1, %(history)s) n WHERE "on" = %(day)s ORDER BY n;
INSERT INTO insights_kpiday ("on", definitions, rows, made_at)
SELECT "on" - n, definitions, rows, made_at FROM insights_kpiday CROSS JOIN generate_series(1, %(history)s) n
WHERE "on" = %(day)s
"""


def load_week(plan: nights.Nights, say: Say) -> date:
    """One more day on which some customers change tier, and all that a bank at work leaves by then; returns the day."""
    day, _bounds = plan.next_day(MOVING, rising=MOVING)
    say(f"the week up to {day}: tiers")
    nights.retier_alone(day)
    floors.run(planning.STANDING, day=day, everys=plan_values(day, now())["everys"])
    values = _values(day)
    for name, part in PARTS.items():
        say(f"the week: {name}")
        floors.run(part, **values)
    say("the week: complaints")
    file_cases(round(size_of_bank() * CASES) + 20, day)
    floors.tidy()
    return day


def copy_earlier(day: date) -> None:
    """The key figures of a day as those of the days before."""
    floors.run(EARLIER, day=day, history=HISTORY)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE insights_kpi, insights_kpiday")


def size_of_bank() -> int:
    """How many customers there are."""
    ((count,),) = floors.run("SELECT count(*) FROM customers_customerposition")
    return int(count)


def _values(day: date) -> dict[str, Any]:
    head = User.objects.filter(role="head_office").earliest("pk")
    Policy.objects.create(
        kind=KIND,
        version=1,
        values={"churn_inactive": STILL_DAYS},
        effective_on=day - timedelta(days=400),
        status=PolicyStatus.APPROVED,
        drafted_by=head,
        drafted_at=now(),
    )
    wave = Wave.everything.create(
        name="Bench, the week",
        branch=Branch.objects.get(parent=None),
        starts_on=day - timedelta(days=60),
        ends_on=day + timedelta(days=60),
        channels=[SurveyChannel.SMS],
        seed=1,
        state=WaveState.RUNNING,
        created_by=head,
        created_at=now(),
    )
    months = [month_of(day)]
    for _n in range(MONTHS):
        months.append(month_before(months[-1]))
    return {
        "day": day,
        "month": months[0],
        "months": months[1:],
        "wave": wave.pk,
        "branches": list(Branch.objects.filter(kind="branch").order_by("pk").values_list("pk", flat=True)),
        "managers": list(User.objects.filter(role="manager").order_by("pk").values_list("pk", flat=True)),
    }
