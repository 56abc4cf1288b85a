-- Version 1: what is published, in tables that are not for reading, and what says which of it holds.
-- Every statement may run twice: a migration that was stopped is run again from its begin.

CREATE DATABASE IF NOT EXISTS {{.DB}};

-- Which versions of this were run here. name `views` is the views, by the hash of their text.
CREATE TABLE IF NOT EXISTS {{.DB}}.schema_versions
(
    version UInt32,
    name String,
    hash String,
    applied_at DateTime64(6, 'UTC') DEFAULT now64(6)
)
ENGINE = MergeTree
ORDER BY (version, name, applied_at);

-- The pointer. The row with the largest number says which loads the views show; a row is one insert of one block.
CREATE TABLE IF NOT EXISTS {{.DB}}.published
(
    number UInt64,
    moved_at DateTime64(6, 'UTC'),
    lake String,
    manifest UInt64,
    manifest_hash String,
    as_of DateTime64(6, 'UTC'),
    cycles Array(String),
    cycle_manifests Array(UInt64),
    loads Array(UInt64) CODEC(ZSTD(1))
)
ENGINE = MergeTree
ORDER BY number
SETTINGS non_replicated_deduplication_window = 0;

-- One row per file of the lake that was inserted as a whole and verified: what a load holds.
CREATE TABLE IF NOT EXISTS {{.DB}}.loads
(
    load UInt64,
    table_name LowCardinality(String),
    path String,
    layout UInt16,
    cycle LowCardinality(String),
    shard UInt32,
    rows UInt64,
    columns Array(String),
    sums Array(String)
)
ENGINE = MergeTree
ORDER BY load
SETTINGS non_replicated_deduplication_window = 0;

-- What the parts of a partition looked like when all live loads in it were last found right.
CREATE TABLE IF NOT EXISTS {{.DB}}.checks
(
    table_name LowCardinality(String),
    cycle LowCardinality(String),
    parts String,
    checked_at DateTime64(6, 'UTC') DEFAULT now64(6)
)
ENGINE = MergeTree
ORDER BY (table_name, cycle, checked_at)
SETTINGS non_replicated_deduplication_window = 0;

CREATE TABLE IF NOT EXISTS {{.DB}}.lines_data
(
    load UInt64 CODEC(ZSTD(1)),
    cycle LowCardinality(String),
    customer_id LowCardinality(String),
    partner_id LowCardinality(String),
    association_type LowCardinality(String),
    service_type_code LowCardinality(String),
    resource_type_code LowCardinality(String),
    region_code LowCardinality(String),
    charging_mode Int32,
    bill_detail_type Int32,
    trade_id LowCardinality(String),
    trade_time DateTime64(6, 'UTC') CODEC(Delta(8), ZSTD(1)),
    consume_time DateTime64(6, 'UTC') CODEC(Delta(8), ZSTD(1)),
    id String CODEC(ZSTD(1)),
    tier Int32,
    kind LowCardinality(String),
    resource_id String CODEC(ZSTD(1)),
    resource_name String CODEC(ZSTD(1)),
    resource_tag String CODEC(ZSTD(1)),
    sku LowCardinality(String),
    usage_type LowCardinality(String),
    measure LowCardinality(String),
    usage_amount Decimal(38, 10) CODEC(ZSTD(1)),
    free_resource_usage Decimal(38, 10) CODEC(ZSTD(1)),
    quantity Decimal(38, 10) CODEC(ZSTD(1)),
    unit_price Decimal(38, 10) CODEC(ZSTD(1)),
    official_amount Decimal(38, 8) CODEC(ZSTD(1)),
    official_discount_amount Decimal(38, 8) CODEC(ZSTD(1)),
    discount_id LowCardinality(String),
    truncated_amount Decimal(38, 8) CODEC(ZSTD(1)),
    payment_amount Decimal(38, 8) CODEC(ZSTD(1)),
    cash_amount Decimal(38, 8) CODEC(ZSTD(1)),
    credit_amount Decimal(38, 8) CODEC(ZSTD(1)),
    coupon_amount Decimal(38, 8) CODEC(ZSTD(1)),
    stored_value_card_amount Decimal(38, 8) CODEC(ZSTD(1)),
    flexipurchase_coupon_amount Decimal(38, 8) CODEC(ZSTD(1)),
    debt_amount Decimal(38, 8) CODEC(ZSTD(1)),
    origin_cycle LowCardinality(String),
    price_valid_from Nullable(DateTime64(6, 'UTC')) CODEC(ZSTD(1)),
    price_list LowCardinality(String),
    price_region LowCardinality(String),
    package_draws String CODEC(ZSTD(1)),
    usage_start DateTime64(6, 'UTC') CODEC(Delta(8), ZSTD(1)),
    usage_end Nullable(DateTime64(6, 'UTC')) CODEC(ZSTD(1)),
    day LowCardinality(String),
    counted_coupon_amount Decimal(38, 8) CODEC(ZSTD(1)),
    own_time Nullable(DateTime64(6, 'UTC')) CODEC(ZSTD(1)),
    instant Nullable(DateTime64(6, 'UTC')) CODEC(ZSTD(1)),
    currency LowCardinality(String)
)
ENGINE = MergeTree
PARTITION BY cycle
ORDER BY (customer_id, usage_start, id)
SETTINGS non_replicated_deduplication_window = 0;

CREATE TABLE IF NOT EXISTS {{.DB}}.statements_data
(
    load UInt64 CODEC(ZSTD(1)),
    cycle LowCardinality(String),
    customer_id LowCardinality(String),
    line_count Int64 CODEC(Delta(8), ZSTD(1)),
    official_amount Decimal(38, 8) CODEC(ZSTD(1)),
    official_discount_amount Decimal(38, 8) CODEC(ZSTD(1)),
    truncated_amount Decimal(38, 8) CODEC(ZSTD(1)),
    payment_amount Decimal(38, 8) CODEC(ZSTD(1)),
    rounding_amount Decimal(38, 8) CODEC(ZSTD(1)),
    due_amount Decimal(38, 8) CODEC(ZSTD(1)),
    cash_amount Decimal(38, 8) CODEC(ZSTD(1)),
    credit_amount Decimal(38, 8) CODEC(ZSTD(1)),
    coupon_amount Decimal(38, 8) CODEC(ZSTD(1)),
    stored_value_card_amount Decimal(38, 8) CODEC(ZSTD(1)),
    flexipurchase_coupon_amount Decimal(38, 8) CODEC(ZSTD(1)),
    debt_amount Decimal(38, 8) CODEC(ZSTD(1)),
    tax_amount Decimal(38, 8) CODEC(ZSTD(1)),
    currency LowCardinality(String)
)
ENGINE = MergeTree
PARTITION BY cycle
ORDER BY (customer_id)
SETTINGS non_replicated_deduplication_window = 0;

CREATE TABLE IF NOT EXISTS {{.DB}}.partner_statements_data
(
    load UInt64 CODEC(ZSTD(1)),
    cycle LowCardinality(String),
    partner_id LowCardinality(String),
    seller_id LowCardinality(String),
    reseller_id LowCardinality(String),
    customer_id LowCardinality(String),
    association_type LowCardinality(String),
    service_type_code LowCardinality(String),
    charging_mode Int32,
    sign LowCardinality(String),
    line_count Int64 CODEC(Delta(8), ZSTD(1)),
    official_amount Decimal(38, 8) CODEC(ZSTD(1)),
    official_discount_amount Decimal(38, 8) CODEC(ZSTD(1)),
    truncated_amount Decimal(38, 8) CODEC(ZSTD(1)),
    payment_amount Decimal(38, 8) CODEC(ZSTD(1)),
    performance_amount Decimal(38, 8) CODEC(ZSTD(1)),
    owed_amount Decimal(38, 8) CODEC(ZSTD(1)),
    revenue_amount Decimal(38, 8) CODEC(ZSTD(1)),
    cost_amount Decimal(38, 8) CODEC(ZSTD(1)),
    margin_amount Decimal(38, 8) CODEC(ZSTD(1)),
    currency LowCardinality(String),
    fx_rate LowCardinality(String),
    fx_date LowCardinality(String),
    customer_currency LowCardinality(String)
)
ENGINE = MergeTree
PARTITION BY cycle
ORDER BY (partner_id, seller_id, reseller_id, customer_id, service_type_code)
SETTINGS non_replicated_deduplication_window = 0;

CREATE TABLE IF NOT EXISTS {{.DB}}.incentives_data
(
    load UInt64 CODEC(ZSTD(1)),
    cycle LowCardinality(String),
    partner_id LowCardinality(String),
    programme_id LowCardinality(String),
    period LowCardinality(String),
    performance_amount Decimal(38, 8) CODEC(ZSTD(1)),
    transferred_amount Decimal(38, 8) CODEC(ZSTD(1)),
    carried_in Decimal(38, 8) CODEC(ZSTD(1)),
    tier_amount Decimal(38, 8) CODEC(ZSTD(1)),
    bonus_amount Decimal(38, 8) CODEC(ZSTD(1)),
    incentive_amount Decimal(38, 8) CODEC(ZSTD(1)),
    carried_out Decimal(38, 8) CODEC(ZSTD(1)),
    state LowCardinality(String),
    currency LowCardinality(String)
)
ENGINE = MergeTree
PARTITION BY cycle
ORDER BY (partner_id, programme_id, period)
SETTINGS non_replicated_deduplication_window = 0;

CREATE TABLE IF NOT EXISTS {{.DB}}.accounts_data
(
    load UInt64 CODEC(ZSTD(1)),
    cycle LowCardinality(String),
    customer_id LowCardinality(String),
    time DateTime64(6, 'UTC') CODEC(Delta(8), ZSTD(1)),
    id String CODEC(ZSTD(1)),
    type LowCardinality(String),
    balance_type LowCardinality(String),
    amount Decimal(38, 8) CODEC(ZSTD(1)),
    balance_after Decimal(38, 8) CODEC(ZSTD(1)),
    month_end Int32,
    currency LowCardinality(String)
)
ENGINE = MergeTree
PARTITION BY cycle
ORDER BY (customer_id, time)
SETTINGS non_replicated_deduplication_window = 0;

CREATE TABLE IF NOT EXISTS {{.DB}}.rejects_data
(
    load UInt64 CODEC(ZSTD(1)),
    cycle LowCardinality(String),
    feed LowCardinality(String),
    file LowCardinality(String),
    row Int64 CODEC(Delta(8), ZSTD(1)),
    column LowCardinality(String),
    reason LowCardinality(String),
    value String CODEC(ZSTD(1)),
    id String CODEC(ZSTD(1)),
    raw String CODEC(ZSTD(1)),
    file_hash LowCardinality(String),
    header LowCardinality(String)
)
ENGINE = MergeTree
PARTITION BY cycle
ORDER BY (feed, file, row)
SETTINGS non_replicated_deduplication_window = 0;

CREATE TABLE IF NOT EXISTS {{.DB}}.runs_data
(
    load UInt64 CODEC(ZSTD(1)),
    cycle LowCardinality(String),
    number Int64 CODEC(Delta(8), ZSTD(1)),
    hash String CODEC(ZSTD(1)),
    parent String CODEC(ZSTD(1)),
    as_of DateTime64(6, 'UTC') CODEC(Delta(8), ZSTD(1)),
    command LowCardinality(String),
    closed_through LowCardinality(String),
    buckets Int32
)
ENGINE = MergeTree
PARTITION BY cycle
ORDER BY (number)
SETTINGS non_replicated_deduplication_window = 0;

CREATE TABLE IF NOT EXISTS {{.DB}}.totals_data
(
    load UInt64 CODEC(ZSTD(1)),
    cycle LowCardinality(String),
    name LowCardinality(String),
    value String CODEC(ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY cycle
ORDER BY (name)
SETTINGS non_replicated_deduplication_window = 0;
