-- How far discounts and cuts take the bill below official prices, by discount. Parameter: cycle ('' = all of them).
SELECT l.cycle AS cycle, l.discount_id AS discount_id, l.kind AS kind, l.service_type_code AS service_type_code,
       count() AS line_count,
       sum(toDecimal256(l.official_amount, 8)) AS official_amount,
       sum(toDecimal256(l.official_discount_amount, 8)) AS official_discount_amount,
       sum(toDecimal256(l.truncated_amount, 8)) AS truncated_amount,
       sum(toDecimal256(l.payment_amount, 8)) AS payment_amount
FROM lines AS l
WHERE ({cycle:String} = '' OR l.cycle = {cycle:String})
GROUP BY 1, 2, 3, 4
ORDER BY cycle, official_discount_amount DESC, truncated_amount DESC, discount_id, kind, service_type_code
