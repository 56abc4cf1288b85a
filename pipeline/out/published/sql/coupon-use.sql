-- What coupons paid, by customer and service. Parameter: cycle ('' = all of them).
SELECT l.cycle AS cycle, l.customer_id AS customer_id, l.service_type_code AS service_type_code,
       count() AS line_count,
       sum(toDecimal256(l.payment_amount, 8)) AS payment_amount,
       sum(toDecimal256(l.coupon_amount, 8)) AS coupon_amount,
       sum(toDecimal256(l.counted_coupon_amount, 8)) AS counted_coupon_amount
FROM lines AS l
WHERE ({cycle:String} = '' OR l.cycle = {cycle:String}) AND l.coupon_amount != 0
GROUP BY 1, 2, 3
ORDER BY cycle, coupon_amount DESC, customer_id, service_type_code
