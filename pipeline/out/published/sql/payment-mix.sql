-- What paid the bill, by service. Parameter: cycle ('' = all of them).
SELECT l.cycle AS cycle, l.service_type_code AS service_type_code,
       count() AS line_count,
       sum(toDecimal256(l.payment_amount, 8)) AS payment_amount,
       sum(toDecimal256(l.coupon_amount, 8)) AS coupon_amount,
       sum(toDecimal256(l.stored_value_card_amount, 8)) AS stored_value_card_amount,
       sum(toDecimal256(l.flexipurchase_coupon_amount, 8)) AS flexipurchase_coupon_amount,
       sum(toDecimal256(l.cash_amount, 8)) AS cash_amount,
       sum(toDecimal256(l.credit_amount, 8)) AS credit_amount,
       sum(toDecimal256(l.debt_amount, 8)) AS debt_amount
FROM lines AS l
WHERE ({cycle:String} = '' OR l.cycle = {cycle:String})
GROUP BY 1, 2
ORDER BY 1, 2
