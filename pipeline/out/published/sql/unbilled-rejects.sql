-- Which records were not taken and are not billed, by file and reason.
SELECT r.feed AS feed, r.file AS file, r.reason AS reason, r.column AS column,
       count() AS record_count
FROM rejects AS r
GROUP BY 1, 2, 3, 4
ORDER BY record_count DESC, 1, 2, 3, 4
