-- Which taxes customers are charged. Parameter: cycle ('' = all of them). A line with two taxes is in the taxable amount of both.
SELECT t.cycle AS cycle, t.tax_id AS tax_id, toString(t.rate) AS rate, t.prices AS prices,
       sum(toDecimal256(t.taxable_amount, 8)) AS taxable_amount,
       sum(toDecimal256(t.tax_amount, 8)) AS tax_amount
FROM taxes AS t
WHERE t.seller_id = '' AND ({cycle:String} = '' OR t.cycle = {cycle:String})
GROUP BY 1, 2, 3, 4
ORDER BY 1, 2, 3, 4
