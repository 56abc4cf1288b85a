-- What was billed for cycles that were closed already, by the cycle it belongs to. Parameter: cycle that it is billed in ('' = all of them).
SELECT l.cycle AS cycle, l.origin_cycle AS origin_cycle, l.service_type_code AS service_type_code, l.day AS day,
       count() AS line_count,
       sum(toDecimal256(l.official_amount, 8)) AS official_amount,
       sum(toDecimal256(l.official_discount_amount, 8)) AS official_discount_amount,
       sum(toDecimal256(l.truncated_amount, 8)) AS truncated_amount,
       sum(toDecimal256(l.payment_amount, 8)) AS payment_amount
FROM lines AS l
WHERE ({cycle:String} = '' OR l.cycle = {cycle:String}) AND l.origin_cycle != ''
GROUP BY 1, 2, 3, 4
ORDER BY 1, 2, 3, 4
