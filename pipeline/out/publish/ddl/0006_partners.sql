-- Version 6: partners' accounts, coupons, funds, withdrawals and invoices, and the statuses of orders.

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
