-- Version 7: the currencies of amounts. Rows that earlier versions inserted are of workspaces of one currency: the columns are empty.

ALTER TABLE {{.DB}}.lines_data ADD COLUMN IF NOT EXISTS currency LowCardinality(String);

ALTER TABLE {{.DB}}.statements_data ADD COLUMN IF NOT EXISTS currency LowCardinality(String);

ALTER TABLE {{.DB}}.taxes_data ADD COLUMN IF NOT EXISTS currency LowCardinality(String);

ALTER TABLE {{.DB}}.partner_statements_data ADD COLUMN IF NOT EXISTS currency LowCardinality(String);

ALTER TABLE {{.DB}}.partner_statements_data ADD COLUMN IF NOT EXISTS fx_rate LowCardinality(String);

ALTER TABLE {{.DB}}.partner_statements_data ADD COLUMN IF NOT EXISTS fx_date LowCardinality(String);

ALTER TABLE {{.DB}}.partner_statements_data ADD COLUMN IF NOT EXISTS customer_currency LowCardinality(String);

ALTER TABLE {{.DB}}.incentives_data ADD COLUMN IF NOT EXISTS currency LowCardinality(String);

ALTER TABLE {{.DB}}.accounts_data ADD COLUMN IF NOT EXISTS currency LowCardinality(String);

ALTER TABLE {{.DB}}.cost_groups_data ADD COLUMN IF NOT EXISTS currency LowCardinality(String);

ALTER TABLE {{.DB}}.partner_accounts_data ADD COLUMN IF NOT EXISTS currency LowCardinality(String);

ALTER TABLE {{.DB}}.receivables_data ADD COLUMN IF NOT EXISTS currency LowCardinality(String);

ALTER TABLE {{.DB}}.coupons_data ADD COLUMN IF NOT EXISTS currency LowCardinality(String);

ALTER TABLE {{.DB}}.coupon_records_data ADD COLUMN IF NOT EXISTS currency LowCardinality(String);

ALTER TABLE {{.DB}}.funds_data ADD COLUMN IF NOT EXISTS currency LowCardinality(String);

ALTER TABLE {{.DB}}.withdrawals_data ADD COLUMN IF NOT EXISTS currency LowCardinality(String);

ALTER TABLE {{.DB}}.invoices_data ADD COLUMN IF NOT EXISTS currency LowCardinality(String);

ALTER TABLE {{.DB}}.invoice_records_data ADD COLUMN IF NOT EXISTS currency LowCardinality(String);

ALTER TABLE {{.DB}}.order_status_data ADD COLUMN IF NOT EXISTS currency LowCardinality(String);
