-- Version 1: what is published, in tables that are not for reading, and what says which of it holds.
-- Every statement may run twice: a migration that was stopped is run again from its begin.

CREATE DATABASE IF NOT EXISTS `copy`;

-- Which versions of this were run here. name `views` is the views, by the hash of their text.
CREATE TABLE IF NOT EXISTS `copy`.schema_versions
(
    version UInt32,
    name String,
    hash String,
    applied_at DateTime64(6, 'UTC') DEFAULT now64(6)
)
ENGINE = MergeTree
ORDER BY (version, name, applied_at);

-- The pointer. The row with the largest number says which loads the views show; a row is one insert of one block.
CREATE TABLE IF NOT EXISTS `copy`.published
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
CREATE TABLE IF NOT EXISTS `copy`.loads
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
CREATE TABLE IF NOT EXISTS `copy`.checks
(
    table_name LowCardinality(String),
    cycle LowCardinality(String),
    parts String,
    checked_at DateTime64(6, 'UTC') DEFAULT now64(6)
)
ENGINE = MergeTree
ORDER BY (table_name, cycle, checked_at)
SETTINGS non_replicated_deduplication_window = 0;

CREATE TABLE IF NOT EXISTS `copy`.lines_data
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
    instant Nullable(DateTime64(6, 'UTC')) CODEC(ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY cycle
ORDER BY (customer_id, usage_start, id)
SETTINGS non_replicated_deduplication_window = 0;

CREATE TABLE IF NOT EXISTS `copy`.statements_data
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
    debt_amount Decimal(38, 8) CODEC(ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY cycle
ORDER BY (customer_id)
SETTINGS non_replicated_deduplication_window = 0;

CREATE TABLE IF NOT EXISTS `copy`.partner_statements_data
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
    margin_amount Decimal(38, 8) CODEC(ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY cycle
ORDER BY (partner_id, seller_id, reseller_id, customer_id, service_type_code)
SETTINGS non_replicated_deduplication_window = 0;

CREATE TABLE IF NOT EXISTS `copy`.incentives_data
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
    state LowCardinality(String)
)
ENGINE = MergeTree
PARTITION BY cycle
ORDER BY (partner_id, programme_id, period)
SETTINGS non_replicated_deduplication_window = 0;

CREATE TABLE IF NOT EXISTS `copy`.accounts_data
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
    month_end Int32
)
ENGINE = MergeTree
PARTITION BY cycle
ORDER BY (customer_id, time)
SETTINGS non_replicated_deduplication_window = 0;

CREATE TABLE IF NOT EXISTS `copy`.rejects_data
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

CREATE TABLE IF NOT EXISTS `copy`.runs_data
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

CREATE TABLE IF NOT EXISTS `copy`.totals_data
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

-- Version 2: bandwidth samples, for workspaces with clickhouse.samples.

CREATE TABLE IF NOT EXISTS `copy`.samples_data
(
    load UInt64 CODEC(ZSTD(1)),
    cycle LowCardinality(String),
    customer_id LowCardinality(String),
    resource_id LowCardinality(String),
    slot DateTime64(6, 'UTC') CODEC(Delta(8), ZSTD(1)),
    sample_time DateTime64(6, 'UTC') CODEC(Delta(8), ZSTD(1)),
    in_bps Decimal(38, 10) CODEC(ZSTD(1)),
    out_bps Decimal(38, 10) CODEC(ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY cycle
ORDER BY (customer_id, resource_id, slot)
SETTINGS non_replicated_deduplication_window = 0;

-- What is for reading. These are made anew whenever this text differs from the one that was run last.
--
-- A view must come to know the pointer before it takes the snapshot of the data. The server takes the snapshot of a table when it
-- resolves its name, which is before it evaluates a pointer in WHERE; but that of what lies below a Merge or a Distributed table only
-- when that is read. So the views read NAME_rows and never NAME_data. PUB-3 to PUB-5
-- in doc.go say why that is enough.

CREATE OR REPLACE VIEW `copy`.live AS
SELECT
    number,
    moved_at,
    lake,
    manifest,
    manifest_hash,
    as_of,
    cycles,
    cycle_manifests
FROM `copy`.published
ORDER BY number DESC
LIMIT 1;

CREATE OR REPLACE TABLE `copy`.lines_rows AS `copy`.lines_data
ENGINE = Merge(`copy`, '^lines_data$');

CREATE OR REPLACE VIEW `copy`.lines AS
SELECT
    cycle,
    customer_id,
    partner_id,
    association_type,
    service_type_code,
    resource_type_code,
    region_code,
    charging_mode,
    bill_detail_type,
    trade_id,
    trade_time,
    consume_time,
    id,
    tier,
    kind,
    resource_id,
    resource_name,
    resource_tag,
    sku,
    usage_type,
    measure,
    usage_amount,
    free_resource_usage,
    quantity,
    unit_price,
    official_amount,
    official_discount_amount,
    discount_id,
    truncated_amount,
    payment_amount,
    cash_amount,
    credit_amount,
    coupon_amount,
    stored_value_card_amount,
    flexipurchase_coupon_amount,
    debt_amount,
    origin_cycle,
    price_valid_from,
    price_list,
    price_region,
    package_draws,
    usage_start,
    usage_end,
    day,
    counted_coupon_amount,
    own_time,
    instant
FROM `copy`.lines_rows
WHERE load GLOBAL IN (SELECT arrayJoin((SELECT argMax(loads, number) FROM `copy`.`published`)));

CREATE OR REPLACE TABLE `copy`.statements_rows AS `copy`.statements_data
ENGINE = Merge(`copy`, '^statements_data$');

CREATE OR REPLACE VIEW `copy`.statements AS
SELECT
    cycle,
    customer_id,
    line_count,
    official_amount,
    official_discount_amount,
    truncated_amount,
    payment_amount,
    rounding_amount,
    due_amount,
    cash_amount,
    credit_amount,
    coupon_amount,
    stored_value_card_amount,
    flexipurchase_coupon_amount,
    debt_amount
FROM `copy`.statements_rows
WHERE load GLOBAL IN (SELECT arrayJoin((SELECT argMax(loads, number) FROM `copy`.`published`)));

CREATE OR REPLACE TABLE `copy`.partner_statements_rows AS `copy`.partner_statements_data
ENGINE = Merge(`copy`, '^partner_statements_data$');

CREATE OR REPLACE VIEW `copy`.partner_statements AS
SELECT
    cycle,
    partner_id,
    seller_id,
    reseller_id,
    customer_id,
    association_type,
    service_type_code,
    charging_mode,
    sign,
    line_count,
    official_amount,
    official_discount_amount,
    truncated_amount,
    payment_amount,
    performance_amount,
    owed_amount,
    revenue_amount,
    cost_amount,
    margin_amount
FROM `copy`.partner_statements_rows
WHERE load GLOBAL IN (SELECT arrayJoin((SELECT argMax(loads, number) FROM `copy`.`published`)));

CREATE OR REPLACE TABLE `copy`.incentives_rows AS `copy`.incentives_data
ENGINE = Merge(`copy`, '^incentives_data$');

CREATE OR REPLACE VIEW `copy`.incentives AS
SELECT
    partner_id,
    programme_id,
    period,
    performance_amount,
    transferred_amount,
    carried_in,
    tier_amount,
    bonus_amount,
    incentive_amount,
    carried_out,
    state
FROM `copy`.incentives_rows
WHERE load GLOBAL IN (SELECT arrayJoin((SELECT argMax(loads, number) FROM `copy`.`published`)));

CREATE OR REPLACE TABLE `copy`.accounts_rows AS `copy`.accounts_data
ENGINE = Merge(`copy`, '^accounts_data$');

CREATE OR REPLACE VIEW `copy`.accounts AS
SELECT
    cycle,
    customer_id,
    time,
    id,
    type,
    balance_type,
    amount,
    balance_after,
    month_end
FROM `copy`.accounts_rows
WHERE load GLOBAL IN (SELECT arrayJoin((SELECT argMax(loads, number) FROM `copy`.`published`)));

CREATE OR REPLACE TABLE `copy`.rejects_rows AS `copy`.rejects_data
ENGINE = Merge(`copy`, '^rejects_data$');

CREATE OR REPLACE VIEW `copy`.rejects AS
SELECT
    feed,
    file,
    row,
    column,
    reason,
    value,
    id,
    raw,
    file_hash,
    header
FROM `copy`.rejects_rows
WHERE load GLOBAL IN (SELECT arrayJoin((SELECT argMax(loads, number) FROM `copy`.`published`)));

CREATE OR REPLACE TABLE `copy`.runs_rows AS `copy`.runs_data
ENGINE = Merge(`copy`, '^runs_data$');

CREATE OR REPLACE VIEW `copy`.runs AS
SELECT
    number,
    hash,
    parent,
    as_of,
    command,
    closed_through,
    buckets
FROM `copy`.runs_rows
WHERE load GLOBAL IN (SELECT arrayJoin((SELECT argMax(loads, number) FROM `copy`.`published`)));

CREATE OR REPLACE TABLE `copy`.totals_rows AS `copy`.totals_data
ENGINE = Merge(`copy`, '^totals_data$');

CREATE OR REPLACE VIEW `copy`.totals AS
SELECT
    cycle,
    name,
    value
FROM `copy`.totals_rows
WHERE load GLOBAL IN (SELECT arrayJoin((SELECT argMax(loads, number) FROM `copy`.`published`)));

CREATE OR REPLACE TABLE `copy`.samples_rows AS `copy`.samples_data
ENGINE = Merge(`copy`, '^samples_data$');

CREATE OR REPLACE VIEW `copy`.samples AS
SELECT
    cycle,
    customer_id,
    resource_id,
    slot,
    sample_time,
    in_bps,
    out_bps
FROM `copy`.samples_rows
WHERE load GLOBAL IN (SELECT arrayJoin((SELECT argMax(loads, number) FROM `copy`.`published`)));

