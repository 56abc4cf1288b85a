-- Version 4: vendors' cost files: which deliveries count, what was billed for their rows, and the margins.

CREATE TABLE IF NOT EXISTS {{.DB}}.margins_data
(
    load UInt64 CODEC(ZSTD(1)),
    cycle LowCardinality(String),
    origin_cycle LowCardinality(String),
    source LowCardinality(String),
    customer_id LowCardinality(String),
    service_name LowCardinality(String),
    account LowCardinality(String),
    day LowCardinality(String),
    commitment_status LowCardinality(String),
    reason LowCardinality(String),
    currency LowCardinality(String),
    cost_list Decimal(38, 18) CODEC(ZSTD(1)),
    cost_contracted Decimal(38, 18) CODEC(ZSTD(1)),
    cost_effective Decimal(38, 18) CODEC(ZSTD(1)),
    cost_billed Decimal(38, 18) CODEC(ZSTD(1)),
    payment_currency LowCardinality(String),
    payment_amount Decimal(38, 8) CODEC(ZSTD(1)),
    margin_amount Decimal(38, 8) CODEC(ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY cycle
ORDER BY (customer_id, source, service_name, account, day)
SETTINGS non_replicated_deduplication_window = 0;

CREATE TABLE IF NOT EXISTS {{.DB}}.cost_groups_data
(
    load UInt64 CODEC(ZSTD(1)),
    cycle LowCardinality(String),
    customer_id LowCardinality(String),
    id String CODEC(ZSTD(1)),
    origin_cycle LowCardinality(String),
    source LowCardinality(String),
    delivery String CODEC(ZSTD(1)),
    rule Int32,
    sku LowCardinality(String),
    quantity_column LowCardinality(String),
    account String CODEC(ZSTD(1)),
    service_name LowCardinality(String),
    region_id LowCardinality(String),
    resource_id String CODEC(ZSTD(1)),
    charge_category LowCardinality(String),
    charge_class LowCardinality(String),
    commitment_status LowCardinality(String),
    rows Int64 CODEC(ZSTD(1)),
    cost_list Decimal(38, 18) CODEC(ZSTD(1)),
    cost_contracted Decimal(38, 18) CODEC(ZSTD(1)),
    cost_effective Decimal(38, 18) CODEC(ZSTD(1)),
    cost_billed Decimal(38, 18) CODEC(ZSTD(1)),
    pricing_quantity Decimal(38, 18) CODEC(ZSTD(1)),
    consumed_quantity Decimal(38, 18) CODEC(ZSTD(1)),
    fx_rate Decimal(38, 10) CODEC(ZSTD(1)),
    min_margin String CODEC(ZSTD(1)),
    payment_amount Decimal(38, 8) CODEC(ZSTD(1)),
    low_margin Int32,
    usage_start DateTime64(6, 'UTC') CODEC(Delta(8), ZSTD(1)),
    usage_end DateTime64(6, 'UTC') CODEC(Delta(8), ZSTD(1)),
    came String CODEC(ZSTD(1)),
    pricing_units Int32,
    consumed_units Int32,
    currency LowCardinality(String)
)
ENGINE = MergeTree
PARTITION BY cycle
ORDER BY (customer_id, id)
SETTINGS non_replicated_deduplication_window = 0;

CREATE TABLE IF NOT EXISTS {{.DB}}.cost_deliveries_data
(
    load UInt64 CODEC(ZSTD(1)),
    cycle LowCardinality(String),
    source LowCardinality(String),
    period LowCardinality(String),
    delivery String CODEC(ZSTD(1)),
    state LowCardinality(String),
    hash String CODEC(ZSTD(1)),
    fixed Int32,
    rows Int64 CODEC(ZSTD(1)),
    rejected Int64 CODEC(ZSTD(1)),
    accepted_rejects Int32,
    currency LowCardinality(String),
    cost_list Decimal(38, 18) CODEC(ZSTD(1)),
    cost_contracted Decimal(38, 18) CODEC(ZSTD(1)),
    cost_effective Decimal(38, 18) CODEC(ZSTD(1)),
    cost_billed Decimal(38, 18) CODEC(ZSTD(1)),
    tolerated String CODEC(ZSTD(1)),
    fault String CODEC(ZSTD(1)),
    made String CODEC(ZSTD(1)),
    reading String CODEC(ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY cycle
ORDER BY (source, period, delivery)
SETTINGS non_replicated_deduplication_window = 0;
