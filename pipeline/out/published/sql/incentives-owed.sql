-- What partners have earned by incentive programmes and were not paid yet. Parameter: cycle, of the periods that hold it ('' = all of them);
-- a period is a month, 2026-09, or a quarter, 2026-Q3.
SELECT i.partner_id AS partner_id, i.programme_id AS programme_id, i.period AS period, i.state AS state,
       sum(toDecimal256(i.performance_amount, 8)) AS performance_amount,
       sum(toDecimal256(i.incentive_amount, 8)) AS incentive_amount
FROM incentives AS i
WHERE i.state NOT IN ('paid', 'void')
  AND {cycle:String} IN ('', i.period, if(substring(i.period, 6, 1) = 'Q' AND startsWith({cycle:String}, substring(i.period, 1, 5))
      AND intDiv(toUInt8OrZero(substring({cycle:String}, 6)) + 2, 3) = toUInt8OrZero(substring(i.period, 7)), {cycle:String}, ''))
GROUP BY 1, 2, 3, 4
ORDER BY 1, 2, 3, 4
