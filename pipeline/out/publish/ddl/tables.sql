-- The tables: what is published, which is not for reading, and what says which of it holds.
-- Every statement may run twice: after an interruption all are run again.

CREATE DATABASE IF NOT EXISTS {{.DB}};

CREATE DATABASE IF NOT EXISTS {{.Views}} COMMENT 'What tollbook has published: views to read.';

-- Which of this was run here. name `views` is the views, by the hash of their text.
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

CREATE TABLE IF NOT EXISTS {{.DB}}.samples_data
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

CREATE TABLE IF NOT EXISTS {{.DB}}.partner_accounts_data
(
    load UInt64 CODEC(ZSTD(1)),
    cycle LowCardinality(String),
    partner_id LowCardinality(String),
    time DateTime64(6, 'UTC') CODEC(Delta(8), ZSTD(1)),
    entry_id String CODEC(ZSTD(1)),
    type LowCardinality(String),
    counterparty_id LowCardinality(String),
    balance_type LowCardinality(String),
    amount Decimal(38, 8) CODEC(ZSTD(1)),
    balance_after Decimal(38, 8) CODEC(ZSTD(1)),
    currency LowCardinality(String)
)
ENGINE = MergeTree
PARTITION BY cycle
ORDER BY (partner_id, time, entry_id)
SETTINGS non_replicated_deduplication_window = 0;

CREATE TABLE IF NOT EXISTS {{.DB}}.receivables_data
(
    load UInt64 CODEC(ZSTD(1)),
    cycle LowCardinality(String),
    partner_id LowCardinality(String),
    amount Decimal(38, 8) CODEC(ZSTD(1)),
    collected_amount Decimal(38, 8) CODEC(ZSTD(1)),
    paid_amount Decimal(38, 8) CODEC(ZSTD(1)),
    unpaid_amount Decimal(38, 8) CODEC(ZSTD(1)),
    due_date LowCardinality(String),
    age_days Int64 CODEC(ZSTD(1)),
    bucket LowCardinality(String),
    currency LowCardinality(String)
)
ENGINE = MergeTree
PARTITION BY cycle
ORDER BY (cycle, partner_id)
SETTINGS non_replicated_deduplication_window = 0;

CREATE TABLE IF NOT EXISTS {{.DB}}.coupons_data
(
    load UInt64 CODEC(ZSTD(1)),
    cycle LowCardinality(String),
    coupon_id String CODEC(ZSTD(1)),
    source LowCardinality(String),
    partner_id LowCardinality(String),
    customer_id LowCardinality(String),
    kind LowCardinality(String),
    amount Decimal(38, 8) CODEC(ZSTD(1)),
    used Decimal(38, 8) CODEC(ZSTD(1)),
    taken_back Decimal(38, 8) CODEC(ZSTD(1)),
    expired Decimal(38, 8) CODEC(ZSTD(1)),
    `left` Decimal(38, 8) CODEC(ZSTD(1)),
    valid_from Nullable(DateTime64(6, 'UTC')) CODEC(ZSTD(1)),
    valid_to Nullable(DateTime64(6, 'UTC')) CODEC(ZSTD(1)),
    state LowCardinality(String),
    currency LowCardinality(String)
)
ENGINE = MergeTree
PARTITION BY cycle
ORDER BY coupon_id
SETTINGS non_replicated_deduplication_window = 0;

CREATE TABLE IF NOT EXISTS {{.DB}}.coupon_records_data
(
    load UInt64 CODEC(ZSTD(1)),
    cycle LowCardinality(String),
    coupon_id String CODEC(ZSTD(1)),
    time DateTime64(6, 'UTC') CODEC(Delta(8), ZSTD(1)),
    type LowCardinality(String),
    id String CODEC(ZSTD(1)),
    customer_id LowCardinality(String),
    amount Decimal(38, 8) CODEC(ZSTD(1)),
    left_after Decimal(38, 8) CODEC(ZSTD(1)),
    currency LowCardinality(String)
)
ENGINE = MergeTree
PARTITION BY cycle
ORDER BY (coupon_id, time)
SETTINGS non_replicated_deduplication_window = 0;

CREATE TABLE IF NOT EXISTS {{.DB}}.funds_data
(
    load UInt64 CODEC(ZSTD(1)),
    cycle LowCardinality(String),
    partner_id LowCardinality(String),
    programme_id LowCardinality(String),
    period LowCardinality(String),
    claim_id String CODEC(ZSTD(1)),
    heads Int64 CODEC(ZSTD(1)),
    quota_amount Decimal(38, 8) CODEC(ZSTD(1)),
    listed_amount Decimal(38, 8) CODEC(ZSTD(1)),
    reserved_amount Decimal(38, 8) CODEC(ZSTD(1)),
    claimed_amount Decimal(38, 8) CODEC(ZSTD(1)),
    approved_amount Decimal(38, 8) CODEC(ZSTD(1)),
    paid_amount Decimal(38, 8) CODEC(ZSTD(1)),
    state LowCardinality(String),
    until Nullable(DateTime64(6, 'UTC')) CODEC(ZSTD(1)),
    currency LowCardinality(String)
)
ENGINE = MergeTree
PARTITION BY cycle
ORDER BY (partner_id, programme_id, period, claim_id)
SETTINGS non_replicated_deduplication_window = 0;

CREATE TABLE IF NOT EXISTS {{.DB}}.withdrawals_data
(
    load UInt64 CODEC(ZSTD(1)),
    cycle LowCardinality(String),
    withdrawal_id String CODEC(ZSTD(1)),
    part Int64 CODEC(ZSTD(1)),
    partner_id LowCardinality(String),
    source LowCardinality(String),
    route LowCardinality(String),
    recharge_id String CODEC(ZSTD(1)),
    channel LowCardinality(String),
    amount Decimal(38, 8) CODEC(ZSTD(1)),
    state LowCardinality(String),
    requested DateTime64(6, 'UTC') CODEC(Delta(8), ZSTD(1)),
    decided Nullable(DateTime64(6, 'UTC')) CODEC(ZSTD(1)),
    currency LowCardinality(String)
)
ENGINE = MergeTree
PARTITION BY cycle
ORDER BY (withdrawal_id, part)
SETTINGS non_replicated_deduplication_window = 0;

CREATE TABLE IF NOT EXISTS {{.DB}}.invoices_data
(
    load UInt64 CODEC(ZSTD(1)),
    cycle LowCardinality(String),
    issuer_id LowCardinality(String),
    recipient_id LowCardinality(String),
    invoiceable_amount Decimal(38, 8) CODEC(ZSTD(1)),
    issued_amount Decimal(38, 8) CODEC(ZSTD(1)),
    returned_amount Decimal(38, 8) CODEC(ZSTD(1)),
    credited_amount Decimal(38, 8) CODEC(ZSTD(1)),
    left_amount Decimal(38, 8) CODEC(ZSTD(1)),
    state LowCardinality(String),
    currency LowCardinality(String)
)
ENGINE = MergeTree
PARTITION BY cycle
ORDER BY (cycle, issuer_id, recipient_id)
SETTINGS non_replicated_deduplication_window = 0;

CREATE TABLE IF NOT EXISTS {{.DB}}.invoice_records_data
(
    load UInt64 CODEC(ZSTD(1)),
    event_id String CODEC(ZSTD(1)),
    invoice_id String CODEC(ZSTD(1)),
    number String CODEC(ZSTD(1)),
    issuer_id LowCardinality(String),
    recipient_id LowCardinality(String),
    cycle LowCardinality(String),
    time DateTime64(6, 'UTC') CODEC(Delta(8), ZSTD(1)),
    event LowCardinality(String),
    amount Decimal(38, 8) CODEC(ZSTD(1)),
    content String CODEC(ZSTD(1)),
    instant DateTime64(6, 'UTC') CODEC(Delta(8), ZSTD(1)),
    currency LowCardinality(String)
)
ENGINE = MergeTree
PARTITION BY cycle
ORDER BY (instant, event_id)
SETTINGS non_replicated_deduplication_window = 0;

CREATE TABLE IF NOT EXISTS {{.DB}}.order_status_data
(
    load UInt64 CODEC(ZSTD(1)),
    cycle LowCardinality(String),
    customer_id LowCardinality(String),
    order_id String CODEC(ZSTD(1)),
    order_line Int64 CODEC(ZSTD(1)),
    status LowCardinality(String),
    time DateTime64(6, 'UTC') CODEC(Delta(8), ZSTD(1)),
    order_type LowCardinality(String),
    sku LowCardinality(String),
    region_code LowCardinality(String),
    resource_id String CODEC(ZSTD(1)),
    quantity Decimal(38, 10) CODEC(ZSTD(1)),
    period_type LowCardinality(String),
    period_num Int64 CODEC(ZSTD(1)),
    effective_time DateTime64(6, 'UTC') CODEC(Delta(8), ZSTD(1)),
    expire_time Nullable(DateTime64(6, 'UTC')) CODEC(ZSTD(1)),
    base_order_id String CODEC(ZSTD(1)),
    base_order_line Int64 CODEC(ZSTD(1)),
    payer LowCardinality(String),
    discount_id LowCardinality(String),
    coupon_ids String CODEC(ZSTD(1)),
    official_amount Decimal(38, 8) CODEC(ZSTD(1)),
    has_official Int32,
    as_of DateTime64(6, 'UTC') CODEC(Delta(8), ZSTD(1)),
    paid Int32,
    refused Int32,
    met LowCardinality(String),
    file LowCardinality(String),
    file_hash LowCardinality(String),
    row Int64 CODEC(ZSTD(1)),
    header LowCardinality(String),
    raw String CODEC(ZSTD(1)),
    currency LowCardinality(String)
)
ENGINE = MergeTree
PARTITION BY cycle
ORDER BY (customer_id, order_id, order_line)
SETTINGS non_replicated_deduplication_window = 0;
