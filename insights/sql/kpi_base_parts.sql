-- The figures of customers and deposits as facts of the unit that has them now; the opening of the one that had it then.
INSERT INTO kpi_part (branch_id, person_id, tier, measure, value, base)
SELECT b.branch_id, b.manager_id, b.tier, v.measure, sum(v.value)::numeric, sum(v.base)::numeric
FROM kpi_base b
CROSS JOIN LATERAL (
    VALUES
        ('customers', b.customers, NULL::numeric),
        ('deposits', b.deposits, NULL),
        ('adb', b.adb, NULL),
        ('in_rhythm', b.in_rhythm, b.with_rhythm)
) AS v (measure, value, base)
GROUP BY 1, 2, 3, 4
UNION ALL
SELECT b.branch_id, b.manager_id, b.tier, v.measure, sum(v.value)::numeric, NULL::numeric
FROM kpi_base b
CROSS JOIN LATERAL (
    VALUES
        ('adb_new', b.new), ('adb_up', b.up), ('adb_down', b.down), ('adb_lost', b.lost),
        ('adb_matured_left', b.matured_left)
) AS v (measure, value)
WHERE %(is_compared)s
GROUP BY 1, 2, 3, 4
UNION ALL
SELECT branch_then, manager_then, tier, 'adb_before', sum(opening), NULL::numeric
FROM kpi_base
WHERE %(is_compared)s
GROUP BY 1, 2, 3
