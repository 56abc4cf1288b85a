-- What was drawn from prepaid packages, by customer and product. A draw is package_id:quantity, of a line several with semicolons between them;
-- an id may hold a colon. Parameter: cycle ('' = all of them).
SELECT cycle, customer_id, substring(draw, 1, length(draw) - position(reverse(draw), ':')) AS package_id, sku, measure,
       count() AS draw_count,
       sum(toDecimal256(substring(draw, length(draw) - position(reverse(draw), ':') + 2), 10)) AS drawn_quantity
FROM (
    SELECT l.cycle AS cycle, l.customer_id AS customer_id, l.sku AS sku, l.measure AS measure, arrayJoin(splitByChar(';', l.package_draws)) AS draw
    FROM lines AS l
    WHERE ({cycle:String} = '' OR l.cycle = {cycle:String}) AND l.package_draws != ''
)
GROUP BY 1, 2, 3, 4, 5
ORDER BY 1, 2, 3, 4, 5
