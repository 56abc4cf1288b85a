-- What partners owe their sellers, and what distributors earn on their resellers. Parameter: cycle ('' = all of them).
SELECT p.cycle AS cycle, p.partner_id AS partner_id, p.seller_id AS seller_id, p.reseller_id AS reseller_id, p.service_type_code AS service_type_code,
       sum(p.line_count) AS line_count,
       sum(toDecimal256(p.payment_amount, 8)) AS payment_amount,
       sum(toDecimal256(p.performance_amount, 8)) AS performance_amount,
       sum(toDecimal256(p.owed_amount, 8)) AS owed_amount,
       sum(toDecimal256(p.revenue_amount, 8)) AS revenue_amount,
       sum(toDecimal256(p.cost_amount, 8)) AS cost_amount,
       sum(toDecimal256(p.margin_amount, 8)) AS margin_amount
FROM partner_statements AS p
WHERE ({cycle:String} = '' OR p.cycle = {cycle:String})
GROUP BY 1, 2, 3, 4, 5
ORDER BY 1, 2, 3, 4, 5
