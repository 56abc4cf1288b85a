-- What the vendors' cost files cost and what customers pay for them. Parameter: cycle ('' = all of them). A sum over sources of different
-- currencies is of no use: group by currency too, as here.
SELECT m.cycle AS cycle, m.origin_cycle AS origin_cycle, m.source AS source, m.customer_id AS customer_id,
       m.service_name AS service_name, m.account AS account, m.day AS day, m.commitment_status AS commitment_status,
       m.reason AS reason, m.currency AS currency,
       sum(toDecimal256(m.cost_list, 18)) AS cost_list,
       sum(toDecimal256(m.cost_contracted, 18)) AS cost_contracted,
       sum(toDecimal256(m.cost_effective, 18)) AS cost_effective,
       sum(toDecimal256(m.cost_billed, 18)) AS cost_billed,
       sum(toDecimal256(m.payment_amount, 8)) AS payment_amount,
       sum(toDecimal256(m.margin_amount, 8)) AS margin_amount
FROM margins AS m
WHERE ({cycle:String} = '' OR m.cycle = {cycle:String})
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
ORDER BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
