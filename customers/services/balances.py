"""The ledger: end-of-day balances, running sums and totals, kept right whatever the order days arrive in.

Everything here runs inside the transaction of one import, over temporary tables that `feeds` filled.
"""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection
from django.db.models import Max

from core.sql import statement
from core.trail import Actor
from customers.enums import AccountStatus
from customers.models import Account, FedDay
from customers.rules.periods import periods_of
from customers.services.staging import TABLE, drop, fetch_one, mark, run


@dataclass(frozen=True, slots=True)
class LedgerCounts:
    """What a day's balances did: accounts with a first balance, with a changed one, and unknown numbers."""

    first: int
    changed: int
    unknown: int


def last_day() -> date | None:
    """The latest day with balances (the ledger day); None before the first feed."""
    found: date | None = FedDay.objects.aggregate(last=Max("on"))["last"]
    return found


def ensure_months(*days: date) -> None:
    """Make the partitions of the months of these days; outside the import's transaction, so readers never wait."""
    for day in days:
        run("SELECT customers_ensure_month(%(day)s)", {"day": day})


def apply_day(*, day: date) -> LedgerCounts:
    """Post the staged balances of `day` (table feed_rows) to accounts and customers, late or not."""
    last = last_day()
    is_late = last is not None and day < last
    _load_rates(day)
    drop("feed_diff")
    run(_sql("balance_diff"), {"day": day, "late": is_late})
    mark("unknown_account", "FROM feed_diff d WHERE d.kind = 'U' AND d.line = r.line")
    counts = dict(_fetch("SELECT kind, count(*) FROM feed_diff GROUP BY kind"))
    first, changed = _fetch_one_pair(
        "SELECT count(*) FILTER (WHERE first_on IS NULL), count(*) FILTER (WHERE first_on IS NOT NULL"
        " AND (balance <> old_balance OR value <> old_value)) FROM feed_diff WHERE kind IN ('N', 'C', 'L')"
    )
    if last is None or day > last:
        open_period(day=day, last=last)
    if counts.get("C") or counts.get("N"):
        run(_sql("balance_apply"), {"day": day})
        run(_sql("position_apply"), {"day": day})
    if counts.get("L"):
        drop("late")
        run(
            "CREATE TEMP TABLE late ON COMMIT DROP AS"
            " SELECT account_id, customer_id, balance, value FROM feed_diff WHERE kind = 'L'"
        )
        _apply_late(day=day, last=last or day)
    _cover(day=day, missing=counts.get("M", 0))
    return LedgerCounts(first, changed, counts.get("U", 0))


def open_period(*, day: date, last: date | None) -> None:
    """Set the marks of everybody's running sums when `day` is the first of a later month, quarter or year."""
    if last is None:
        return
    new, old = periods_of(day), periods_of(last)
    if new.month_start == old.month_start:
        return
    run(
        _sql("open_month"),
        {
            "month_start": new.month_start,
            "quarter": new.quarter_start != old.quarter_start,
            "year": new.year_start != old.year_start,
        },
    )


def close_accounts(*, day: date, account_ids: list[int]) -> int:
    """Accounts the core closed on `day`: their balance is zero from then on unless a feed says otherwise."""
    if not account_ids:
        return 0
    drop("late")
    run(
        "CREATE TEMP TABLE late ON COMMIT DROP AS"
        " SELECT b.account_id, b.customer_id, 0::numeric(18,2) AS balance, 0::numeric(18,2) AS value"
        " FROM customers_accountbalance b WHERE b.account_id = ANY(%(ids)s) AND b.first_on <= %(day)s",
        {"ids": account_ids, "day": day},
    )
    (touched,) = fetch_one("SELECT count(*) FROM late")
    if touched:
        last = last_day() or day
        open_period(day=max(day, last), last=last)
        _apply_late(day=day, last=max(day, last))
        _name_on(day=day, named="SELECT account_id FROM late")
    return int(touched)


def revalue(*, day: date, currency: str) -> int:
    """Value the balances of a currency from `day` on at the stored rates (the last one not after each day)."""
    drop("late")
    run(
        "CREATE TEMP TABLE late ON COMMIT DROP AS"
        " SELECT a.id AS account_id, a.customer_id, c.balance, 0::numeric(18,2) AS value FROM customers_account a"
        " CROSS JOIN LATERAL (SELECT balance FROM customers_balancechange WHERE account_id = a.id"
        '  AND "on" <= %(day)s ORDER BY "on" DESC LIMIT 1) c WHERE a.currency = %(currency)s',
        {"day": day, "currency": currency},
    )
    (touched,) = fetch_one("SELECT count(*) FROM late")
    if touched:
        _post_late(day)
        run(_sql("revalue"), {"day": day, "currency": currency})
        rebuild(day=day, last=last_day() or day)
    return int(touched)


def roll(*, business_day: date, actor: Actor, at: datetime) -> dict[str, int]:
    """The night's check of the ledger: averages' marks stand for the day's periods; counts customers with balances.

    Running sums themselves are kept by each import, so there is nothing to add up here.
    """
    (customers,) = fetch_one(
        'SELECT count(*) FROM customers_customerposition WHERE "on" <= %(day)s', {"day": business_day}
    )
    return {"rows": int(customers)}


def unvalued(*, day: date) -> list[tuple[str, int]]:
    """Currencies without a rate on or before `day`, with the accounts whose balances count as nothing for it."""
    with connection.cursor() as cursor:
        cursor.execute(_sql("unvalued"), {"day": day})
        return [(currency, int(count)) for currency, count in cursor.fetchall()]


def closed_now(*, day: date) -> list[int]:
    """Ids of accounts whose closing on `day` has just been recorded."""
    return list(Account.everything.filter(status=AccountStatus.CLOSED, closed_on=day).values_list("pk", flat=True))


def _apply_late(*, day: date, last: date) -> None:
    """Put the rows of table `late` in at `day` and rebuild everything after it for their accounts and customers."""
    _mark_unnamed_before_first(day)
    _find_next_named(day=day, last=last)
    run(_sql("late_anchor"), {"day": day})
    _post_late(day)
    rebuild(day=day, last=last)


def _post_late(day: date) -> None:
    run(
        'INSERT INTO customers_balancechange (account_id, customer_id, "on", balance, value, day_sum)'
        " SELECT account_id, customer_id, %(day)s, balance, value, 0 FROM late"
        ' ON CONFLICT (account_id, "on") DO UPDATE SET balance = excluded.balance, value = excluded.value',
        {"day": day},
    )


def rebuild(*, day: date, last: date) -> None:
    """Rebuild running sums, latest balances and positions of the accounts in table `late` from `day` on."""
    run("ANALYZE late")
    run(_sql("late_rebuild_accounts"), {"day": day})
    run(_sql("late_latest"), {"day": day})
    run(_sql("late_rebuild_positions"), {"day": day})
    place_positions(last=last)


def place_positions(*, last: date) -> None:
    """Set the narrow rows of the customers in table `late`, with their marks, from their change rows."""
    periods = periods_of(last)
    run(
        _sql("late_positions"),
        {
            "month_start": periods.month_start,
            "quarter_start": periods.quarter_start,
            "year_start": periods.year_start,
        },
    )


def _mark_unnamed_before_first(day: date) -> None:
    """Full days between a late first balance and the one known before did not name the account: say so."""
    run(
        'INSERT INTO customers_feddayaccount ("on", account_id)'
        ' SELECT f."on", l.account_id FROM late l JOIN customers_fedday f ON f.is_full AND f."on" > %(day)s'
        " LEFT JOIN customers_accountbalance b USING (account_id)"
        ' WHERE b.first_on IS NULL OR f."on" < b.first_on ON CONFLICT DO NOTHING',
        {"day": day},
    )


def _find_next_named(*, day: date, last: date) -> None:
    """Table late_next: for each late account the first later day whose feed named it."""
    drop("late_next")
    run('CREATE TEMP TABLE late_next (account_id bigint PRIMARY KEY, "on" date NOT NULL) ON COMMIT DROP')
    (wanted,) = fetch_one("SELECT count(*) FROM late")
    for fed in FedDay.objects.filter(on__gt=day, on__lte=last).order_by("on"):
        listed = "NOT EXISTS" if fed.is_full else "EXISTS"
        wanted -= run(
            "INSERT INTO late_next SELECT l.account_id, %(on)s FROM late l"
            " LEFT JOIN customers_accountbalance b USING (account_id)"
            " WHERE (b.first_on IS NULL OR b.first_on <= %(on)s)"
            f" AND {listed} (SELECT 1 FROM customers_feddayaccount x"
            ' WHERE x."on" = %(on)s AND x.account_id = l.account_id)'
            " ON CONFLICT DO NOTHING",
            {"on": fed.on},
        )
        if wanted <= 0:
            break


def _cover(*, day: date, missing: int) -> None:
    """Remember which accounts the day's feeds named: as a list of the named, or of the others when they are fewer."""
    (accepted,) = fetch_one(f"SELECT count(*) FROM {TABLE} WHERE errors IS NULL")
    if not accepted:
        return
    named = f"SELECT a.id FROM {TABLE} r JOIN customers_account a USING (account_no) WHERE r.errors IS NULL"
    known = FedDay.objects.filter(on=day).first()
    if (known is None or not known.is_full) and missing <= accepted:
        drop("unnamed")
        run(
            "CREATE TEMP TABLE unnamed ON COMMIT DROP AS SELECT account_id FROM feed_diff d WHERE kind = 'M' AND NOT"
            ' EXISTS (SELECT 1 FROM customers_feddayaccount x WHERE x."on" = %(day)s AND x.account_id = d.account_id)',
            {"day": day},
        )
        run('DELETE FROM customers_feddayaccount WHERE "on" = %(day)s', {"day": day})
        run(
            'INSERT INTO customers_feddayaccount ("on", account_id) SELECT %(day)s, account_id FROM unnamed',
            {"day": day},
        )
        FedDay.objects.update_or_create(on=day, defaults={"is_full": True})
        return
    _name_on(day=day, named=named)


def _name_on(*, day: date, named: str) -> None:
    """Record that `day` named the accounts the query gives, in the way that day is kept."""
    known, _created = FedDay.objects.get_or_create(on=day, defaults={"is_full": False})
    if known.is_full:
        run(f'DELETE FROM customers_feddayaccount WHERE "on" = %(day)s AND account_id IN ({named})', {"day": day})
    else:
        run(
            f'INSERT INTO customers_feddayaccount ("on", account_id) SELECT %(day)s, named.* FROM ({named}) named'
            " ON CONFLICT DO NOTHING",
            {"day": day},
        )


def _load_rates(day: date) -> None:
    drop("feed_fx")
    run(
        "CREATE TEMP TABLE feed_fx ON COMMIT DROP AS SELECT DISTINCT ON (currency) currency, rate"
        ' FROM customers_exchangerate WHERE "on" <= %(day)s ORDER BY currency, "on" DESC',
        {"day": day},
    )


def _sql(name: str) -> str:
    return statement("customers", name)


def _fetch(sql: str) -> list[tuple[str, int]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall())


def _fetch_one_pair(sql: str) -> tuple[int, int]:
    first, second = fetch_one(sql)
    return int(first), int(second)
