-- Costs that nobody bears. Parameter: cycle ('' = all of them).
SELECT m.cycle AS cycle, m.origin_cycle AS origin_cycle, m.reason AS reason, m.source AS source, m.account AS account,
       m.service_name AS service_name, m.currency AS currency,
       sum(toDecimal256(m.cost_list, 18)) AS cost_list,
       sum(toDecimal256(m.cost_contracted, 18)) AS cost_contracted,
       sum(toDecimal256(m.cost_effective, 18)) AS cost_effective,
       sum(toDecimal256(m.cost_billed, 18)) AS cost_billed
FROM margins AS m
WHERE m.reason IN ('no_rule', 'no_price', 'no_quantity', 'negative_quantity')
  AND ({cycle:String} = '' OR m.cycle = {cycle:String})
GROUP BY 1, 2, 3, 4, 5, 6, 7
ORDER BY cost_billed DESC, 1, 2, 3, 4, 5, 6, 7
