-- Of each customer {within} the accounts of the kinds of product that count: their total at the end of the day and
-- the sums of end-of-day values up to and including the days that windows need ({sums}).
LEFT JOIN (
    SELECT a.customer_id, sum({total}) AS total{sums}
    FROM customers_account a
    JOIN customers_product d ON d.id = a.product_id AND d.kind = ANY(%(counted)s)
    JOIN customers_accountbalance b ON b.account_id = a.id
    WHERE {within}
    GROUP BY a.customer_id
) k ON k.customer_id = p.customer_id
