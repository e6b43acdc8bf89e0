"""Accounts the core banking system opens under a number that was merged: an undo gives them back with it."""

from django.db import connection

from customers.services.staging import TABLE, run


def new_under_merged_numbers() -> list[tuple[int, str]]:
    """(merged customer, account number) of the staged usable rows that will make new accounts.

    Plan: the partial index of the merged, their rows of the file by a hash, the account numbers by their index.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM customers_customer WHERE merged_into_id IS NOT NULL)")
        if not cursor.fetchone()[0]:
            return []
        cursor.execute(
            f"SELECT c.id, r.account_no FROM {TABLE} r JOIN customers_customer c USING (customer_no)"
            " WHERE c.merged_into_id IS NOT NULL AND r.errors IS NULL"
            " AND NOT EXISTS (SELECT FROM customers_account a WHERE a.account_no = r.account_no)"
        )
        return list(cursor.fetchall())


def note(opened: list[tuple[int, str]]) -> None:
    """Write new accounts down with the merge of their number, and with every later merge of the customer it became."""
    if not opened:
        return
    run(
        "WITH RECURSIVE opened AS ("
        "  SELECT n.customer_id, a.id AS account_id"
        "  FROM unnest(%(ids)s::bigint[], %(numbers)s::text[]) AS n (customer_id, account_no)"
        "  JOIN customers_account a USING (account_no)"
        "), steps AS ("
        "  SELECT m.id, m.kept_id, o.account_id FROM opened o"
        "  JOIN customers_merge m ON m.dropped_id = o.customer_id AND m.state IN ('done', 'undoing')"
        "  UNION ALL"
        "  SELECT m.id, m.kept_id, s.account_id FROM steps s"
        "  JOIN customers_merge m ON m.dropped_id = s.kept_id AND m.state IN ('done', 'undoing') AND m.id > s.id"
        ") UPDATE customers_merge m SET accounts = m.accounts || n.accounts"
        " FROM (SELECT id, array_agg(account_id) AS accounts FROM steps GROUP BY id) n WHERE m.id = n.id",
        {"ids": [customer_id for customer_id, _no in opened], "numbers": [number for _id, number in opened]},
    )
