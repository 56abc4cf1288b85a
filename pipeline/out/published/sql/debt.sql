-- What customers owe, and how it came from the cycle's start to its end. Parameter: cycle ('' = all of them, from nothing on).
SELECT a.customer_id AS customer_id,
       sumIf(toDecimal256(a.amount, 8), a.cycle < {cycle:String}) AS opening_amount,
       sumIf(toDecimal256(a.amount, 8), a.cycle >= {cycle:String} AND a.amount > 0) AS incurred_amount,
       -sumIf(toDecimal256(a.amount, 8), a.cycle >= {cycle:String} AND a.amount < 0) AS repaid_amount,
       sum(toDecimal256(a.amount, 8)) AS debt_amount
FROM accounts AS a
WHERE a.balance_type = 'debt' AND ({cycle:String} = '' OR a.cycle <= {cycle:String})
GROUP BY 1
HAVING opening_amount != 0 OR incurred_amount != 0 OR repaid_amount != 0
ORDER BY debt_amount DESC, customer_id
