-- After past days were re-done: who is near a bound by the values of the last of them.
WITH {judged}
UPDATE customers_customerposition p
SET near = j.after_near
FROM judged j
WHERE p.customer_id = j.customer_id AND p.customer_id BETWEEN %(low)s AND %(high)s AND p.near <> j.after_near
