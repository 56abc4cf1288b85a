-- The views, which are all that is in their database. They are replaced whenever this text differs from the one that
-- was run last. The comments of columns are the meanings in schemas/table.
--
-- A view must come to know the pointer before it takes the snapshot of the data. The server takes the snapshot of a
-- table when it resolves its name, which is before it evaluates a pointer in WHERE; but that of what is below a Merge
-- or a Distributed table only when that is read. So the views read NAME_rows and never NAME_data. PUB-3 to PUB-5 in
-- doc.go say why that is enough.

CREATE OR REPLACE VIEW {{.Views}}.schema_versions
(
    version UInt32 COMMENT 'number of a change of the layout; 0: the views',
    name String COMMENT 'name of the change',
    hash String COMMENT 'hash of the statements that made the views; empty for other changes',
    applied_at DateTime64(6, 'UTC') COMMENT 'when it was applied'
)
AS
SELECT
    version,
    name,
    hash,
    applied_at
FROM {{.DB}}.schema_versions
COMMENT 'One row per applied change of the layout. An older program reads here that it must not publish.';

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
    instant
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
    tax_amount
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
    digits
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
    margin_amount
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
    state
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
    month_end
FROM {{.DB}}.accounts_rows
WHERE {{live}}
COMMENT 'One row per movement of a customers balance.';

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
COMMENT 'One row per bandwidth sample that counts; empty unless clickhouse.samples is true.';

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
    consumed_units
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
    made
FROM {{.DB}}.cost_deliveries_rows
WHERE {{live}}
COMMENT 'One row per delivery of a cost file.';
