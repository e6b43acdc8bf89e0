-- Before the first balances of a later month: everybody's running sum at the end of the day before the month began, and
-- so for a later quarter and year. They may have begun months before: no feed need have come in between.
UPDATE customers_customerposition
SET month_mark = day_sum + total * (%(month_start)s::date - 1 - "on"),
    quarter_mark = CASE WHEN %(quarter)s THEN day_sum + total * (%(quarter_start)s::date - 1 - "on") ELSE quarter_mark END,
    year_mark = CASE WHEN %(year)s THEN day_sum + total * (%(year_start)s::date - 1 - "on") ELSE year_mark END
WHERE "on" IS NOT NULL
