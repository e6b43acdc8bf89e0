-- One full join of the staged rows with all accounts; only what differs is written down.
-- kind: U unknown account, N first balance, C changed, L touches a day already known, M known account not named.
-- Money on a closed account is always written down: of closed accounts nothing else tells that a full day named them.
-- Plan: two sequential scans and one hash full join.
CREATE TEMP TABLE feed_diff ON COMMIT DROP AS
SELECT d.*,
       CASE WHEN d.account_id IS NULL THEN 'U'
            WHEN d.line IS NULL THEN 'M'
            WHEN %(late)s OR d.old_on >= %(day)s THEN 'L'
            WHEN d.first_on IS NULL THEN 'N'
            ELSE 'C' END AS kind
FROM (
    SELECT s.line, k.id AS account_id, k.customer_id, s.balance,
           CASE WHEN k.currency = 'CNY' THEN s.balance
                ELSE round(s.balance * coalesce((SELECT x.rate FROM feed_fx x WHERE x.currency = k.currency), 0), 2)
           END AS value,
           k.balance AS old_balance, k.value AS old_value, k."on" AS old_on, k.first_on, k.closed_on
    FROM (SELECT line, account_no, balance FROM feed_rows WHERE errors IS NULL) s
    FULL JOIN (
        SELECT a.id, a.account_no, a.customer_id, a.currency, a.closed_on, b.balance, b.value, b."on", b.first_on
        FROM customers_account a LEFT JOIN customers_accountbalance b ON b.account_id = a.id
    ) k ON k.account_no = s.account_no
) d
WHERE d.account_id IS NULL
   OR (d.line IS NULL AND d.first_on <= %(day)s AND (d.closed_on IS NULL OR d.closed_on > %(day)s))
   OR (d.line IS NOT NULL
       AND (%(late)s OR d.first_on IS NULL OR d.balance <> d.old_balance OR d.value <> d.old_value
            OR (d.closed_on <= %(day)s AND d.balance <> 0)))
