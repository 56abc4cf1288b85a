-- Version 2: bandwidth samples, for workspaces with clickhouse.samples.

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
