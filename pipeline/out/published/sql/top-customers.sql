-- Which customers are asked to pay most. Parameter: cycle ('' = all of them).
SELECT s.customer_id AS customer_id,
       sum(s.line_count) AS line_count,
       sum(toDecimal256(s.official_amount, 8)) AS official_amount,
       sum(toDecimal256(s.official_discount_amount, 8)) AS official_discount_amount,
       sum(toDecimal256(s.truncated_amount, 8)) AS truncated_amount,
       sum(toDecimal256(s.payment_amount, 8)) AS payment_amount,
       sum(toDecimal256(s.rounding_amount, 8)) AS rounding_amount,
       sum(toDecimal256(s.due_amount, 8)) AS due_amount
FROM statements AS s
WHERE ({cycle:String} = '' OR s.cycle = {cycle:String})
GROUP BY 1
ORDER BY due_amount DESC, customer_id
