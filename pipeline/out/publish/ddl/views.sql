-- The views, which are all that is in their database. They are replaced whenever this text differs from the one that
-- was run last. The comments of columns are the meanings in schemas/table.
--
-- A view must come to know the pointer before it takes the snapshot of the data. The server takes the snapshot of a
-- table when it resolves its name, which is before it evaluates a pointer in WHERE; but that of what is below a Merge
-- or a Distributed table only when that is read. So the views read NAME_rows and never NAME_data. PUB-3 to PUB-5 in
-- doc.go say why that is enough.

CREATE OR REPLACE VIEW {{.Views}}.schema_versions
(
    version UInt32 COMMENT 'version of the tables; 0: the views',
    name String COMMENT 'name of what was run',
    hash String COMMENT 'hash of the statements that made the views; empty for the tables',
    applied_at DateTime64(6, 'UTC') COMMENT 'when it was run'
)
AS
SELECT
    version,
    name,
    hash,
    applied_at
FROM {{.DB}}.schema_versions
COMMENT 'What made the tables and views. A program reads here whether a newer one made them.';

CREATE OR REPLACE VIEW {{.Views}}.live
(
    number UInt64 COMMENT 'number of the publish; it rises',
    moved_at DateTime64(6, 'UTC') COMMENT 'when the views began to show this state',
    lake String COMMENT 'hash of the first manifest of the lake: which lake this is a copy of',
    manifest UInt64 COMMENT 'number of the manifest of the lake that the views show',
    manifest_hash String COMMENT 'hash of that manifest',
    as_of DateTime64(6, 'UTC') COMMENT 'clock of the run that committed that manifest',
    cycles Array(String) COMMENT 'cycles that the views show',
    cycle_manifests Array(UInt64) COMMENT 'for each of these cycles the manifest that it was published from'
)
AS
SELECT
    number,
    moved_at,
    lake,
    manifest,
    manifest_hash,
    as_of,
    cycles,
    cycle_manifests
FROM {{.DB}}.published
ORDER BY number DESC
LIMIT 1
COMMENT 'One row: the state of the lake that all views show.';

CREATE OR REPLACE TABLE {{.DB}}.lines_rows AS {{.DB}}.lines_data
ENGINE = {{rows "lines"}};

CREATE OR REPLACE VIEW {{.Views}}.lines
(
{{columns "lines"}}
)
AS
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
    instant,
    currency
FROM {{.DB}}.lines_rows
WHERE {{live}}
COMMENT 'One row per consumption record.';

CREATE OR REPLACE TABLE {{.DB}}.statements_rows AS {{.DB}}.statements_data
ENGINE = {{rows "statements"}};

CREATE OR REPLACE VIEW {{.Views}}.statements
(
{{columns "statements"}}
)
AS
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
    debt_amount,
    tax_amount,
    currency
FROM {{.DB}}.statements_rows
WHERE {{live}}
COMMENT 'One row per customer and cycle: what the month costs, what is due, and what paid it.';

CREATE OR REPLACE TABLE {{.DB}}.taxes_rows AS {{.DB}}.taxes_data
ENGINE = {{rows "taxes"}};

CREATE OR REPLACE VIEW {{.Views}}.taxes
(
{{columns "taxes"}}
)
AS
SELECT
    cycle,
    seller_id,
    buyer_id,
    tax_id,
    rate,
    taxable_amount,
    tax_amount,
    prices,
    rounding,
    digits,
    currency
FROM {{.DB}}.taxes_rows
WHERE {{live}}
COMMENT 'One row per buyer, tax and rate in a cycle; rows with a seller_id are of partner statements.';

CREATE OR REPLACE TABLE {{.DB}}.partner_statements_rows AS {{.DB}}.partner_statements_data
ENGINE = {{rows "partner_statements"}};

CREATE OR REPLACE VIEW {{.Views}}.partner_statements
(
{{columns "partner_statements"}}
)
AS
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
    margin_amount,
    currency,
    fx_rate,
    fx_date,
    customer_currency
FROM {{.DB}}.partner_statements_rows
WHERE {{live}}
COMMENT 'One row per partner, customer, service, charging mode and sign in a cycle; open cycles are provisional.';

CREATE OR REPLACE TABLE {{.DB}}.incentives_rows AS {{.DB}}.incentives_data
ENGINE = {{rows "incentives"}};

CREATE OR REPLACE VIEW {{.Views}}.incentives
(
{{columns "incentives"}}
)
AS
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
    state,
    currency
FROM {{.DB}}.incentives_rows
WHERE {{live}}
COMMENT 'One row per incentive of a partner for a period.';

CREATE OR REPLACE TABLE {{.DB}}.accounts_rows AS {{.DB}}.accounts_data
ENGINE = {{rows "accounts"}};

CREATE OR REPLACE VIEW {{.Views}}.accounts
(
{{columns "accounts"}}
)
AS
SELECT
    cycle,
    customer_id,
    time,
    id,
    type,
    balance_type,
    amount,
    balance_after,
    month_end,
    currency
FROM {{.DB}}.accounts_rows
WHERE {{live}}
COMMENT 'One row per movement of a balance of a customer.';

CREATE OR REPLACE TABLE {{.DB}}.rejects_rows AS {{.DB}}.rejects_data
ENGINE = {{rows "rejects"}};

CREATE OR REPLACE VIEW {{.Views}}.rejects
(
{{columns "rejects"}}
)
AS
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
FROM {{.DB}}.rejects_rows
WHERE {{live}}
COMMENT 'One row per record that was not accepted.';

CREATE OR REPLACE TABLE {{.DB}}.runs_rows AS {{.DB}}.runs_data
ENGINE = {{rows "runs"}};

CREATE OR REPLACE VIEW {{.Views}}.runs
(
{{columns "runs"}}
)
AS
SELECT
    number,
    hash,
    parent,
    as_of,
    command,
    closed_through,
    buckets
FROM {{.DB}}.runs_rows
WHERE {{live}}
COMMENT 'One row per run that committed: a manifest of the lake.';

CREATE OR REPLACE TABLE {{.DB}}.totals_rows AS {{.DB}}.totals_data
ENGINE = {{rows "totals"}};

CREATE OR REPLACE VIEW {{.Views}}.totals
(
{{columns "totals"}}
)
AS
SELECT
    cycle,
    name,
    value
FROM {{.DB}}.totals_rows
WHERE {{live}}
COMMENT 'One row per control total of a cycle.';

CREATE OR REPLACE TABLE {{.DB}}.samples_rows AS {{.DB}}.samples_data
ENGINE = {{rows "samples"}};

CREATE OR REPLACE VIEW {{.Views}}.samples
(
{{columns "samples"}}
)
AS
SELECT
    cycle,
    customer_id,
    resource_id,
    slot,
    sample_time,
    in_bps,
    out_bps
FROM {{.DB}}.samples_rows
WHERE {{live}}
COMMENT 'One row per bandwidth sample that counts in the cycle of its slot, without those billed after its close; empty unless clickhouse.samples is true.';

CREATE OR REPLACE TABLE {{.DB}}.margins_rows AS {{.DB}}.margins_data
ENGINE = {{rows "margins"}};

CREATE OR REPLACE VIEW {{.Views}}.margins
(
{{columns "margins"}}
)
AS
SELECT
    cycle,
    origin_cycle,
    source,
    customer_id,
    service_name,
    account,
    day,
    commitment_status,
    reason,
    currency,
    cost_list,
    cost_contracted,
    cost_effective,
    cost_billed,
    payment_currency,
    payment_amount,
    margin_amount
FROM {{.DB}}.margins_rows
WHERE {{live}}
COMMENT 'One row per cycle, origin cycle, source, customer, service, account, day, commitment status and reason: what vendors charge and what customers pay.';

CREATE OR REPLACE TABLE {{.DB}}.cost_groups_rows AS {{.DB}}.cost_groups_data
ENGINE = {{rows "cost_groups"}};

CREATE OR REPLACE VIEW {{.Views}}.cost_groups
(
{{columns "cost_groups"}}
)
AS
SELECT
    cycle,
    customer_id,
    id,
    origin_cycle,
    source,
    delivery,
    rule,
    sku,
    quantity_column,
    account,
    service_name,
    region_id,
    resource_id,
    charge_category,
    charge_class,
    commitment_status,
    rows,
    cost_list,
    cost_contracted,
    cost_effective,
    cost_billed,
    pricing_quantity,
    consumed_quantity,
    fx_rate,
    min_margin,
    payment_amount,
    low_margin,
    usage_start,
    usage_end,
    came,
    pricing_units,
    consumed_units,
    currency
FROM {{.DB}}.cost_groups_rows
WHERE {{live}}
COMMENT 'One row per group of cost rows that was priced as one.';

CREATE OR REPLACE TABLE {{.DB}}.cost_deliveries_rows AS {{.DB}}.cost_deliveries_data
ENGINE = {{rows "cost_deliveries"}};

CREATE OR REPLACE VIEW {{.Views}}.cost_deliveries
(
{{columns "cost_deliveries"}}
)
AS
SELECT
    source,
    period,
    delivery,
    state,
    hash,
    fixed,
    rows,
    rejected,
    accepted_rejects,
    currency,
    cost_list,
    cost_contracted,
    cost_effective,
    cost_billed,
    tolerated,
    fault,
    made,
    reading
FROM {{.DB}}.cost_deliveries_rows
WHERE {{live}}
COMMENT 'One row per delivery of a cost file.';

CREATE OR REPLACE TABLE {{.DB}}.partner_accounts_rows AS {{.DB}}.partner_accounts_data
ENGINE = {{rows "partner_accounts"}};

CREATE OR REPLACE VIEW {{.Views}}.partner_accounts
(
{{columns "partner_accounts"}}
)
AS
SELECT
    partner_id,
    time,
    entry_id,
    type,
    counterparty_id,
    balance_type,
    amount,
    balance_after,
    currency
FROM {{.DB}}.partner_accounts_rows
WHERE {{live}}
COMMENT 'One row per change of a balance of a partner.';

CREATE OR REPLACE TABLE {{.DB}}.receivables_rows AS {{.DB}}.receivables_data
ENGINE = {{rows "receivables"}};

CREATE OR REPLACE VIEW {{.Views}}.receivables
(
{{columns "receivables"}}
)
AS
SELECT
    cycle,
    partner_id,
    amount,
    collected_amount,
    paid_amount,
    unpaid_amount,
    due_date,
    age_days,
    bucket,
    currency
FROM {{.DB}}.receivables_rows
WHERE {{live}}
COMMENT 'One row per partner and closed cycle: what it owes and has paid.';

CREATE OR REPLACE TABLE {{.DB}}.coupons_rows AS {{.DB}}.coupons_data
ENGINE = {{rows "coupons"}};

CREATE OR REPLACE VIEW {{.Views}}.coupons
(
{{columns "coupons"}}
)
AS
SELECT
    coupon_id,
    source,
    partner_id,
    customer_id,
    kind,
    amount,
    used,
    taken_back,
    expired,
    `left`,
    valid_from,
    valid_to,
    state,
    currency
FROM {{.DB}}.coupons_rows
WHERE {{live}}
COMMENT 'One row per coupon: what became of its amount.';

CREATE OR REPLACE TABLE {{.DB}}.coupon_records_rows AS {{.DB}}.coupon_records_data
ENGINE = {{rows "coupon_records"}};

CREATE OR REPLACE VIEW {{.Views}}.coupon_records
(
{{columns "coupon_records"}}
)
AS
SELECT
    coupon_id,
    time,
    type,
    id,
    customer_id,
    amount,
    left_after,
    currency
FROM {{.DB}}.coupon_records_rows
WHERE {{live}}
COMMENT 'One row per issue, use, reclaim and expiry of a coupon.';

CREATE OR REPLACE TABLE {{.DB}}.funds_rows AS {{.DB}}.funds_data
ENGINE = {{rows "funds"}};

CREATE OR REPLACE VIEW {{.Views}}.funds
(
{{columns "funds"}}
)
AS
SELECT
    partner_id,
    programme_id,
    period,
    claim_id,
    heads,
    quota_amount,
    listed_amount,
    reserved_amount,
    claimed_amount,
    approved_amount,
    paid_amount,
    state,
    until,
    currency
FROM {{.DB}}.funds_rows
WHERE {{live}}
COMMENT 'One row per list, claim and quota of a fund.';

CREATE OR REPLACE TABLE {{.DB}}.withdrawals_rows AS {{.DB}}.withdrawals_data
ENGINE = {{rows "withdrawals"}};

CREATE OR REPLACE VIEW {{.Views}}.withdrawals
(
{{columns "withdrawals"}}
)
AS
SELECT
    withdrawal_id,
    part,
    partner_id,
    source,
    route,
    recharge_id,
    channel,
    amount,
    state,
    requested,
    decided,
    currency
FROM {{.DB}}.withdrawals_rows
WHERE {{live}}
COMMENT 'One row per part of a withdrawal.';

CREATE OR REPLACE TABLE {{.DB}}.invoices_rows AS {{.DB}}.invoices_data
ENGINE = {{rows "invoices"}};

CREATE OR REPLACE VIEW {{.Views}}.invoices
(
{{columns "invoices"}}
)
AS
SELECT
    cycle,
    issuer_id,
    recipient_id,
    invoiceable_amount,
    issued_amount,
    returned_amount,
    credited_amount,
    left_amount,
    state,
    currency
FROM {{.DB}}.invoices_rows
WHERE {{live}}
COMMENT 'One row per issuer, recipient and cycle: what can be invoiced and was invoiced.';

CREATE OR REPLACE TABLE {{.DB}}.invoice_records_rows AS {{.DB}}.invoice_records_data
ENGINE = {{rows "invoice_records"}};

CREATE OR REPLACE VIEW {{.Views}}.invoice_records
(
{{columns "invoice_records"}}
)
AS
SELECT
    event_id,
    invoice_id,
    number,
    issuer_id,
    recipient_id,
    cycle,
    time,
    event,
    amount,
    content,
    instant,
    currency
FROM {{.DB}}.invoice_records_rows
WHERE {{live}}
COMMENT 'One row per accepted event of an invoice.';

CREATE OR REPLACE TABLE {{.DB}}.order_status_rows AS {{.DB}}.order_status_data
ENGINE = {{rows "order_status"}};

CREATE OR REPLACE VIEW {{.Views}}.order_status
(
{{columns "order_status"}}
)
AS
SELECT
    customer_id,
    order_id,
    order_line,
    status,
    time,
    order_type,
    sku,
    region_code,
    resource_id,
    quantity,
    period_type,
    period_num,
    effective_time,
    expire_time,
    base_order_id,
    base_order_line,
    payer,
    discount_id,
    coupon_ids,
    official_amount,
    has_official,
    as_of,
    paid,
    refused,
    met,
    file,
    file_hash,
    row,
    header,
    raw,
    currency
FROM {{.DB}}.order_status_rows
WHERE {{live}}
COMMENT 'One row per step in the life of an order line.';
