-- Before the first balances of a later month: everybody's running sum at the end of the day before the month began.
UPDATE customers_customerposition p
SET month_mark = s.at_month,
    quarter_mark = CASE WHEN %(quarter)s THEN s.at_month ELSE p.quarter_mark END,
    year_mark = CASE WHEN %(year)s THEN s.at_month ELSE p.year_mark END
FROM (
    SELECT customer_id, day_sum + total * (%(month_start)s - 1 - "on") AS at_month
    FROM customers_customerposition WHERE "on" IS NOT NULL
) s
WHERE p.customer_id = s.customer_id
