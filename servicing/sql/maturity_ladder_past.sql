-- What matured, of the rows {rows} (day, tier, product, who, amount, stayed, outcome), by day, tier, product and who:
-- of each outcome ('' = not measured yet) the number, the yuan that matured, and the yuan that stayed.
SELECT f.day, f.tier, f.product, f.who, f.outcome, count(*), sum(f.amount), coalesce(sum(f.stayed), 0),
       grouping(f.day), grouping(f.tier), grouping(f.product)
FROM ({rows}) f(day, tier, product, who, amount, stayed, outcome)
GROUP BY GROUPING SETS ((f.day, f.outcome), (f.tier, f.outcome), (f.product, f.outcome), (f.who, f.outcome))
