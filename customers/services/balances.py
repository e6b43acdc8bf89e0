"""The ledger: end-of-day balances, running sums and totals, kept right whatever the order days arrive in.

Everything here runs inside the transaction of one import, over temporary tables that `feeds` filled.
"""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection
from django.db.models import Max

from core.sql import statement
from core.trail import Actor
from customers.models import FedDay
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
    """Make the partitions of the months of these days, for which no reader has to wait."""
    for day in days:
        run("SELECT customers_ensure_month(%(day)s)", {"day": day})


def apply_day(*, day: date) -> LedgerCounts:
    """Post the staged balances of `day` (table feed_rows) to accounts and customers, late or not."""
    last = last_day()
    is_late = last is not None and day < last
    _load_rates(day)
    drop("feed_diff")
    run(_sql("balance_diff"), {"day": day, "late": is_late})
    run("ANALYZE feed_diff (account_id, customer_id, kind)")
    mark("unknown_account", "FROM feed_diff d WHERE d.kind = 'U' AND d.line = r.line")
    counts = dict(_fetch("SELECT kind, count(*) FROM feed_diff GROUP BY kind"))
    first, changed = fetch_one(_sql("late_counts" if is_late else "counts"), {"day": day})
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
    _close_again(day)
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
            "quarter_start": new.quarter_start,
            "quarter": new.quarter_start != old.quarter_start,
            "year_start": new.year_start,
            "year": new.year_start != old.year_start,
        },
    )


def close_accounts(*, day: date, account_ids: list[int], is_known: bool = False) -> int:
    """Accounts the core closed on `day`: their balance is zero from then on unless a feed says otherwise.

    `is_known`: the closing was known when later days were fed, so their silence about the account means nothing.
    """
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
        _apply_late(day=day, last=max(day, last), is_closing=not is_known)
        _name_on(day=day, named="SELECT account_id FROM late")
    return int(touched)


def _close_again(day: date) -> None:
    """First balances that arrive after the closing of their account, for a day before it, end with the closing."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT d.closed_on, array_agg(d.account_id) FROM feed_diff d WHERE d.kind IN ('N', 'L')"
            " AND d.closed_on > %(day)s AND NOT EXISTS (SELECT FROM customers_balancechange c"
            ' WHERE c.account_id = d.account_id AND c."on" = d.closed_on) GROUP BY d.closed_on ORDER BY d.closed_on',
            {"day": day},
        )
        closings = cursor.fetchall()
    for closed_on, ids in closings:
        ensure_months(closed_on)
        close_accounts(day=closed_on, account_ids=ids, is_known=True)


def revalue(*, day: date, currency: str) -> int:
    """Value the balances of a currency from `day` on at the stored rates (the last one not after each day).

    The day gets a change row of its own for every account that had a balance by then.
    """
    drop("late")
    run(
        "CREATE TEMP TABLE late ON COMMIT DROP AS"
        " SELECT a.id AS account_id, a.customer_id, c.balance, 0::numeric(18,2) AS value FROM customers_account a"
        " JOIN customers_accountbalance b ON b.account_id = a.id"
        " LEFT JOIN LATERAL (SELECT balance FROM customers_balancechange WHERE account_id = a.id"
        '  AND "on" <= %(day)s ORDER BY "on" DESC LIMIT 1) c ON true WHERE a.currency = %(currency)s',
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


def _apply_late(*, day: date, last: date, is_closing: bool = False) -> None:
    """Put the rows of table `late` in at `day` and rebuild everything after it for their accounts and customers."""
    _mark_unnamed_before_first(day)
    _find_named(day=day, last=last, is_closing=is_closing)
    run(_sql("late_anchor"), {"day": day, "closing": is_closing})
    _post_late(day)
    rebuild(day=day, last=last)


def _post_late(day: date) -> None:
    run(
        'INSERT INTO customers_balancechange (account_id, customer_id, "on", balance, value, day_sum)'
        " SELECT account_id, customer_id, %(day)s, balance, value, 0 FROM late WHERE balance IS NOT NULL"
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


def _find_named(*, day: date, last: date, is_closing: bool) -> None:
    """Table late_next: for each late account the first later day whose feed named it.

    Full days list the accounts they did not name, but not the closed ones: those they named only if it is written
    down as a change. So for accounts that are just being closed (`is_closing`) it is every later day, while the
    lists still tell.
    """
    drop("late_next")
    run('CREATE TEMP TABLE late_next (account_id bigint, "on" date, PRIMARY KEY (account_id, "on")) ON COMMIT DROP')
    (wanted,) = fetch_one("SELECT count(*) FROM late")
    for fed in FedDay.objects.filter(on__gt=day, on__lte=last).order_by("on"):
        listed = "NOT EXISTS" if fed.is_full else "EXISTS"
        found = run(
            "INSERT INTO late_next SELECT l.account_id, %(on)s FROM late l"
            " JOIN customers_account a ON a.id = l.account_id"
            " LEFT JOIN customers_accountbalance b USING (account_id)"
            " WHERE (b.first_on IS NULL OR b.first_on <= %(on)s)"
            " AND (%(closing)s OR NOT EXISTS (SELECT FROM late_next n WHERE n.account_id = l.account_id))"
            " AND (%(closing)s OR NOT %(full)s OR a.closed_on IS NULL OR a.closed_on > %(on)s)"
            f" AND {listed} (SELECT FROM customers_feddayaccount x"
            ' WHERE x."on" = %(on)s AND x.account_id = l.account_id)',
            {"on": fed.on, "full": fed.is_full, "closing": is_closing},
        )
        wanted -= 0 if is_closing else found
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
