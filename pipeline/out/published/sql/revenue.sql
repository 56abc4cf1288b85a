-- What was billed by service, region and day. Parameters: cycle ('' = all of them), zone (the contract zone).
SELECT l.cycle AS cycle, l.service_type_code AS service_type_code, l.region_code AS region_code,
       if(l.day = 'events', toString(toDate32(l.trade_time, {zone:String})), toString(l.day)) AS day,
       count() AS line_count,
       sum(toDecimal256(l.official_amount, 8)) AS official_amount,
       sum(toDecimal256(l.official_discount_amount, 8)) AS official_discount_amount,
       sum(toDecimal256(l.truncated_amount, 8)) AS truncated_amount,
       sum(toDecimal256(l.payment_amount, 8)) AS payment_amount
FROM lines AS l
WHERE ({cycle:String} = '' OR l.cycle = {cycle:String})
GROUP BY 1, 2, 3, 4
ORDER BY 1, 2, 3, 4
