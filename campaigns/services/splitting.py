"""The draw of those held out, as SQL: equal to `campaigns.rules.holdout`. Parameters: `seed`, `holdout` (per cent)."""


def split_sql(audience: str) -> str:
    """A SELECT of every row of `audience` with its `arm`; `audience` is a SELECT with customer_id and tier.

    Both parameters are bound by name, beside those of `audience`. Plan: one sort of the audience by tier and place.
    """
    return f"""
        SELECT s.*, CASE
            WHEN row_number() OVER (PARTITION BY s.tier ORDER BY s.place, s.customer_id)
                <= (count(*) OVER (PARTITION BY s.tier) * %(holdout)s::int + 99) / 100
            THEN 'held_out' ELSE 'treated' END AS arm
        FROM (
            SELECT a.*, md5(%(seed)s::bigint || ':' || a.customer_id) COLLATE "C" AS place FROM ({audience}) a
        ) s"""


def arm_on_joining_sql(customer: str) -> str:
    """An expression for the arm of a customer who joins on an occasion; `customer` is the SQL of its id."""
    return f"""CASE
        WHEN ('x' || left(md5(%(seed)s::bigint || ':' || {customer}), 7))::bit(28)::int %% 100 < %(holdout)s::int
        THEN 'held_out' ELSE 'treated' END"""
