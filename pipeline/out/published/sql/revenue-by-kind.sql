-- What was billed by what happened. Parameter: cycle ('' = all of them).
SELECT l.cycle AS cycle, l.charging_mode AS charging_mode, l.bill_detail_type AS bill_detail_type, l.kind AS kind,
       count() AS line_count,
       sum(toDecimal256(l.official_amount, 8)) AS official_amount,
       sum(toDecimal256(l.official_discount_amount, 8)) AS official_discount_amount,
       sum(toDecimal256(l.truncated_amount, 8)) AS truncated_amount,
       sum(toDecimal256(l.payment_amount, 8)) AS payment_amount
FROM lines AS l
WHERE ({cycle:String} = '' OR l.cycle = {cycle:String})
GROUP BY 1, 2, 3, 4
ORDER BY 1, 2, 3, 4
