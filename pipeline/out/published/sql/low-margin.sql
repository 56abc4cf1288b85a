-- Which lines of cost files bring less than effective cost × (1 + min_margin). Parameter: cycle ('' = all of them). Of a closed month that a
-- later delivery changed, each cycle that billed a difference has a row, with the state then: do not add up the rows of several cycles.
SELECT g.cycle AS cycle, g.customer_id AS customer_id, g.id AS id, g.origin_cycle AS origin_cycle, g.source AS source,
       g.service_name AS service_name, g.account AS account, g.sku AS sku, g.min_margin AS min_margin,
       sum(toDecimal256(g.cost_effective, 18)) AS cost_effective, -- in the source's currency
       sum(toDecimal256(g.fx_rate, 10)) AS fx_rate, -- from that to the customer's
       sum(toDecimal256(g.payment_amount, 8)) AS payment_amount
FROM cost_groups AS g
WHERE g.low_margin = 1 AND ({cycle:String} = '' OR g.cycle = {cycle:String})
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9
ORDER BY 1, 2, 3, 4, 5, 6, 7, 8, 9
