-- Version 7: the exchange rates of deliveries of cost files. Rows that earlier versions inserted have none.

ALTER TABLE {{.DB}}.cost_deliveries_data ADD COLUMN IF NOT EXISTS rates String CODEC(ZSTD(1));
