-- Version 5: taxes, and the tax of statements. Rows that earlier versions inserted have a tax of 0.

CREATE TABLE IF NOT EXISTS {{.DB}}.taxes_data
(
    load UInt64 CODEC(ZSTD(1)),
    cycle LowCardinality(String),
    seller_id LowCardinality(String),
    buyer_id LowCardinality(String),
    tax_id LowCardinality(String),
    rate Decimal(38, 10) CODEC(ZSTD(1)),
    taxable_amount Decimal(38, 8) CODEC(ZSTD(1)),
    tax_amount Decimal(38, 8) CODEC(ZSTD(1)),
    prices LowCardinality(String),
    rounding LowCardinality(String),
    digits Int32,
    currency LowCardinality(String)
)
ENGINE = MergeTree
PARTITION BY cycle
ORDER BY (seller_id, buyer_id, tax_id)
SETTINGS non_replicated_deduplication_window = 0;

ALTER TABLE {{.DB}}.statements_data ADD COLUMN IF NOT EXISTS tax_amount Decimal(38, 8) CODEC(ZSTD(1));
