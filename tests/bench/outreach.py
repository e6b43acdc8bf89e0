"""Campaigns: preparing outreach to 200,000 customers beside its floor, and console sends a minute on one worker."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta

from django.db import connection, transaction

from campaigns.enums import CampaignState, ContentState
from campaigns.models import Campaign, Member, Outreach, Segment, Template
from campaigns.services import sending
from campaigns.services.preparing import prepare_outreach
from core.calendar import bank_calendar
from core.clock import SHANGHAI, now, today
from staff.models import Branch, User
from tests.bench import floors
from tests.bench.feeds import Say
from tests.bench.measuring import Figure, against_floor, interleaved, timed

AUDIENCE, TIMES, RUNS = 200_000, 1.5, 3
SENDS, A_MINUTE = 5_000, 10_000
# Four of five agreed to text messages, one of twenty of them left again.
CONSENTS = """
INSERT INTO customers_consent (customer_id, purpose, channel, decision, proof, proof_ref, stated_at, recorded_at,
    wording_id)
SELECT c.id, 'marketing', 'sms', s.decision, 'signed_form', 'b', now() - s.ago, now(),
    (SELECT max(id) FROM customers_consentwording WHERE purpose = 'marketing')
FROM customers_customer c
CROSS JOIN (VALUES ('given', interval '9 days'), ('withdrawn', interval '1 day')) s(decision, ago)
WHERE hashint8(c.id + 31) & 1023 < 820 AND (s.decision = 'given' OR hashint8(c.id + 37) & 1023 < 50)
"""
ALERTS = """
INSERT INTO customers_customeralert (customer_id, kind, severity, text, starts_on, raised_at, dismiss_reason)
SELECT id, (array['do_not_contact', 'bereavement', 'complaint'])[1 + (hashint8(id + 43) & 1)
    + (hashint8(id + 47) & 1)], 'info', '', %(day)s - 10, now(), ''
FROM customers_customer WHERE hashint8(id + 41) & 1023 < 9
"""
# What a person would write for exactly this campaign: the same rows, by the same draw.
FLOOR = """
WITH judged AS MATERIALIZED (
    SELECT p.customer_id, p.branch_id, p.manager_id, p.tier, CASE
        WHEN w.kinds @> '{do_not_contact}' THEN 'do_not_contact' WHEN w.kinds @> '{bereavement}' THEN 'bereavement'
        WHEN w.kinds IS NOT NULL OR EXISTS (SELECT FROM complaints_complaint m WHERE m.customer_id = p.customer_id
            AND (m.state NOT IN ('closed', 'withdrawn') OR m.quiet_until >= %(day)s)) THEN 'complaint'
        WHEN k.decision = 'withdrawn' THEN 'opted_out' WHEN k.decision IS NULL THEN 'no_consent'
        WHEN c.phone_cipher IS NULL THEN 'no_address' ELSE '' END AS reason
    FROM customers_customerposition p JOIN customers_customer c ON c.id = p.customer_id AND c.merged_into_id IS NULL
    LEFT JOIN (SELECT DISTINCT ON (customer_id) customer_id, decision FROM customers_consent
        WHERE purpose = 'marketing' AND channel = 'sms' ORDER BY customer_id, stated_at DESC, id DESC) k
        ON k.customer_id = p.customer_id
    LEFT JOIN (SELECT customer_id, array_agg(kind::text) AS kinds FROM customers_customeralert
        WHERE dismissed_at IS NULL AND starts_on <= %(day)s AND (ends_on IS NULL OR ends_on >= %(day)s)
          AND kind IN ('do_not_contact', 'bereavement', 'complaint') GROUP BY customer_id) w
        ON w.customer_id = p.customer_id
    WHERE p.branch_id = ANY(%(units)s)
), drawn AS MATERIALIZED (
    SELECT *, row_number() OVER (PARTITION BY tier ORDER BY md5(%(seed)s || ':' || customer_id) COLLATE "C")
        <= (count(*) OVER (PARTITION BY tier) * 10 + 99) / 100 AS is_held
    FROM judged WHERE reason = ''
), joined AS (
    INSERT INTO campaigns_member (campaign_id, customer_id, branch_id, manager_id, tier, arm, joined_on)
    SELECT %(campaign)s, customer_id, branch_id, manager_id, tier, CASE WHEN is_held THEN 'held_out' ELSE 'treated' END,
        %(day)s::date FROM drawn ORDER BY customer_id RETURNING 1
), written AS (
    INSERT INTO campaigns_outreach (campaign_id, customer_id, step, occasion_key, channel, state, reason, attempts,
        provider_no, receipt, created_at)
    SELECT %(campaign)s, customer_id, 1, '', 'sms', 'queued', '', 0, '', '', now() FROM drawn WHERE NOT is_held
    UNION ALL SELECT %(campaign)s, customer_id, 1, '', 'sms', 'suppressed', reason, 0, '', '', now()
    FROM judged WHERE reason <> '' RETURNING 1
)
SELECT (SELECT count(*) FROM joined), (SELECT count(*) FROM written)
"""


def measure_outreach(say: Say) -> list[Figure]:
    """Preparing beside its floor, and sends a minute."""
    floors.run(CONSENTS)
    floors.run(ALERTS, day=today())
    floors.tidy()
    units, customers = units_with(AUDIENCE)
    say(f"preparing outreach to {customers:,} customers")
    campaign = draw_up(units)
    ours, plain = interleaved(
        RUNS,
        lambda _n: undone(lambda: prepare_outreach(campaign=campaign, business_day=today(), at=now())),
        lambda _n: undone(
            lambda: floors.run(FLOOR, campaign=campaign.pk, units=units, seed=campaign.seed, day=today())
        ),
    )
    prepared = against_floor(f"prepare outreach to {customers:,}", ours, plain, TIMES)
    prepare_outreach(campaign=campaign, business_day=today(), at=now())
    floors.tidy()
    say(f"sending {SENDS:,} messages to the console")
    return [prepared, _sending(campaign)]


def units_with(audience: int) -> tuple[list[int], int]:
    """Units of so many customers at least, or all there are; and how many customers those have."""
    found: list[int] = []
    total = 0
    for branch, count in floors.run(
        "SELECT branch_id, count(*) FROM customers_customerposition GROUP BY branch_id ORDER BY branch_id"
    ):
        if total < audience:
            found.append(branch)
            total += count
    return found, total


def draw_up(units: list[int]) -> Campaign:
    """A running campaign of text messages to everybody of some units, with the usual tenth held out."""
    at, top = now(), Branch.objects.get(parent=None)
    people = list(User.objects.order_by("pk")[:2])
    made = {"created_by": people[0], "created_at": at}
    segment = Segment.everything.create(
        **made, name="bench", branch=top, rule={"field": "branch", "op": "in", "value": units}, changed_at=at
    )
    template = Template.everything.create(
        **made,
        name="bench",
        channel="sms",
        body="{salutation}您好，{branch}有新的定期存款，到期日{matures_on}。退订：{opt_out}",
        state=ContentState.APPROVED,
        approved_by=people[1],
        approved_at=at,
    )
    return Campaign.everything.create(
        **made,
        name="bench",
        goal="bench",
        branch=top,
        segment=segment,
        template=template,
        starts_on=today(),
        ends_on=today() + timedelta(days=60),
        seed=20_261_122,
        state=CampaignState.RUNNING,
        state_at=at,
        approved_by=people[1],
        digest="d" * 64,
        frozen={"name": "bench"},
        launched_at=at,
        launched_on=today(),
    )


def undone(work: Callable[[], object]) -> float:
    """Seconds of some work that is taken back."""
    with transaction.atomic():
        seconds = timed(work)
        transaction.set_rollback(True)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM campaigns_member, campaigns_outreach")
    return seconds


def _sending(campaign: Campaign) -> Figure:
    """The rest of the outreach is put off, so that one run of the worker sends exactly some."""
    at = open_hour(today())
    rest = Outreach.everything.filter(campaign=campaign, state="queued").order_by("pk").values("pk")[SENDS:]
    Outreach.everything.filter(pk__in=rest).update(not_before=at + timedelta(days=30))
    assert Member.everything.filter(campaign=campaign).exists()
    found: dict[str, object] = {}
    seconds = timed(lambda: found.update(sending.run(channel="sms", clock=lambda: at)))
    sent = found["rows"]
    assert isinstance(sent, int)
    assert Outreach.everything.filter(campaign=campaign, state="sent").count() == sent
    connection.close()
    return Figure(
        "console sends a minute, one worker", "/min", sent / seconds * 60, None, A_MINUTE, f"≥ {A_MINUTE:,}", True
    )


def open_hour(day: date) -> datetime:
    """Ten o'clock of the first workday from `day` on."""
    calendar = bank_calendar()
    while not calendar.is_workday(day):
        day += timedelta(days=1)
    return datetime.combine(day, time(10), SHANGHAI)
