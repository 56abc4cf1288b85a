-- Which deliveries of cost files there are, and which of them count.
SELECT d.source AS source, d.period AS period, d.delivery AS delivery, d.state AS state, d.currency AS currency,
       d.tolerated AS tolerated, d.fault AS fault,
       sum(d.rows) AS rows, sum(d.rejected) AS rejected,
       sum(toDecimal256(d.cost_list, 18)) AS cost_list,
       sum(toDecimal256(d.cost_contracted, 18)) AS cost_contracted,
       sum(toDecimal256(d.cost_effective, 18)) AS cost_effective,
       sum(toDecimal256(d.cost_billed, 18)) AS cost_billed
FROM cost_deliveries AS d
GROUP BY 1, 2, 3, 4, 5, 6, 7
ORDER BY 1, 2, 3, 4, 5, 6, 7
