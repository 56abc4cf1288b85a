package settings

import (
	"slices"
	"strings"
	"time"

	"github.com/tollbook/tollbook/schemas/money"
)

// Key is one key of tollbook.yaml.
type Key struct {
	Name     string // full name: rounding.grain
	Type     string // form of its value
	Required bool
	Default  string // as written in the file; for a key that is not required
	Meaning  string

	template string // the value that init writes
	read     func(*Settings, YAMLMap, string)
}

// Keys lists every key in the order of the file.
func Keys() []Key {
	return slices.Concat(
		moneyKeys(),
		placeKeys(),
		taxKeys(),
		partnerMoneyKeys(),
		gateKeys(),
		costKeys(),
		clickHouseKeys(),
		icebergKeys(),
		engineKeys(),
		apiKeys(),
		consoleKeys(),
		scheduleKeys(),
		retentionKeys(),
	)
}

// moneyKeys are the keys of rating and of the lake.
func moneyKeys() []Key {
	return []Key{
		{Name: "zone", Type: "IANA time zone", Required: true, template: "Asia/Shanghai", read: readZone,
			Meaning: "contract zone: where days and cycles begin"},
		{Name: "currency.code", Type: "3 to 8 capital letters or digits", Required: true, template: "CNY",
			read:    readCurrencyCode,
			Meaning: "the workspace's currency; price_lists.csv and partners.csv can name others"},
		{Name: "currency.digits", Type: "0 to 8", Required: true, template: "2", read: readDigits,
			Meaning: "decimals of what is paid (CNY 2, JPY 0)"},
		{Name: "vendor.id", Type: "text", Default: "vendor", read: readVendorID,
			Meaning: "what books call the cloud itself"},
		{Name: "vendor.name", Type: "text", Default: "Example Cloud", read: readVendorName,
			Meaning: "its name on statements"},
		{Name: "rounding.grain", Type: "line | cycle", Required: true, template: "cycle", read: readGrain,
			Meaning: "round every usage line, or only the cycle's total"},
		{Name: "rounding.mode", Type: "truncate | half_up | half_even | up", Required: true, template: "half_up",
			read:    readMode,
			Meaning: "how amounts are rounded to the currency's digits"},
		{Name: "payments", Type: "assume_cash | ledger", Default: "assume_cash", read: readPayments,
			Meaning: "every line is paid in cash, or from the balances of the accounts feed"},
		{Name: "usage.max_age_months", Type: "0 to 1200", Default: "18", read: readMaxAge,
			Meaning: "usage and bandwidth of cycles further back are too_old"},
		{Name: "usage.future_tolerance", Type: "duration", Default: "24h", read: readTolerance,
			Meaning: "how much later than the run's as-of a record's time may be"},
		{Name: "refund.unconditional_hours", Type: "0 to 87600", Default: "120", read: readUnconditional,
			Meaning: "a new order cancelled within these hours is paid back in full"},
		{Name: "refund.fee_rate", Type: "rate, 0 to 1, in quotes", Default: `"0"`, read: readFeeRate,
			Meaning: "share of what was paid that a later refund retains"},
		{Name: "close.day", Type: "1 to 28", Default: "4", read: readCloseDay,
			Meaning: "day of the next month, contract zone, when the schedule closes a cycle"},
		{Name: "close.time", Type: "hh:mm, 00:00 to 24:00", Default: `"24:00"`, read: readCloseTime,
			Meaning: "time of that day"},
		{Name: "close.with_open_rejects", Type: "true | false", Default: "false", read: readCloseWithRejects,
			Meaning: "the schedule closes a cycle although rejects are open or incentives disputed"},
		{Name: "close.with_missing_feeds", Type: "true | false", Default: "false", read: readCloseWithGaps,
			Meaning: "the schedule closes a cycle although records of feeds are missing, deliveries of cost files do " +
				"not count, or feed files were not ingested"},
		{Name: "lake.path", Type: "folder or s3://bucket/prefix", Default: "lake", read: readLakePath,
			Meaning: "where tollbook writes: a folder, relative to the workspace, or an object store (deployment.md)"},
		{Name: "lake.endpoint", Type: endpointType, Default: `""`, read: readLakeEndpoint,
			Meaning: "object store other than Amazon S3; empty = Amazon S3"},
		{Name: "lake.region", Type: "text", Default: `""`, read: readLakeRegion,
			Meaning: "region of the bucket; empty = us-east-1"},
		{Name: "lake.lease", Type: "duration", Default: "60s", read: readLease,
			Meaning: "how long a run on another machine holds an object store without renewing its lease; 0s = runs " +
				"take no lease (deployment.md)"},
		{Name: "lake.buckets", Type: "1 to 1024", Default: "16", read: readBuckets,
			Meaning: "number of parts that customers are distributed over; " +
				"`tollbook rebucket` changes that of a lake that exists"},
	}
}

// clickHouseKeys are the keys of publishing to ClickHouse.
func clickHouseKeys() []Key {
	return []Key{
		{Name: "clickhouse.dsn", Type: "clickhouse://host:9000/database, http:// or https://", Default: `""`,
			read:    readDSN,
			Meaning: "server to publish to; empty = none"},
		{Name: "clickhouse.cluster", Type: "text", Default: `""`, read: readCluster,
			Meaning: "cluster name on that server; empty = a single server"},
		{Name: "clickhouse.user", Type: "text", Default: `""`, read: readUser,
			Meaning: "user; empty = that of the dsn; TOLLBOOK_CLICKHOUSE_USER comes first"},
		{Name: "clickhouse.password_file", Type: "file", Default: `""`, read: readCHFile,
			Meaning: "file with the password, relative to the workspace; TOLLBOOK_CLICKHOUSE_PASSWORD comes first"},
		{Name: "clickhouse.ca_file", Type: "PEM file", Default: `""`, read: readCHFile,
			Meaning: "authorities that the server's certificate is checked against; empty = those of the system"},
		{Name: "clickhouse.cert_file", Type: "PEM file", Default: `""`, read: readCHFile,
			Meaning: "client certificate to show the server"},
		{Name: "clickhouse.key_file", Type: "PEM file", Default: `""`, read: readCHFile,
			Meaning: "the client certificate's key"},
		{Name: "clickhouse.skip_verify", Type: "true | false", Default: "false", read: readSkipVerify,
			Meaning: "take any certificate: anyone on the way can read and change what is sent"},
		{Name: "clickhouse.compression", Type: "lz4 | zstd | none", Default: "lz4", read: readCompression,
			Meaning: "how rows are packed on their way to a server on another machine"},
		{Name: "clickhouse.connect_timeout", Type: "duration", Default: "10s", read: readCHDuration,
			Meaning: "how long connecting may take"},
		{Name: "clickhouse.timeout", Type: "duration", Default: "5m", read: readCHDuration,
			Meaning: "how long the server may be silent"},
		{Name: "clickhouse.retries", Type: "0 to 20", Default: "3", read: readRetries,
			Meaning: "how often retryable errors are retried, after 1 s, 2 s, 4 s, up to 30 s"},
		{Name: "clickhouse.keep", Type: "duration", Default: "24h", read: readCHDuration,
			Meaning: "how long rows stay on the server that the views no longer show"},
		{Name: "clickhouse.samples", Type: "true | false", Default: "false", read: readSamples,
			Meaning: "publish bandwidth samples too"},
	}
}

// icebergKeys are the keys of the Iceberg tables.
func icebergKeys() []Key {
	return []Key{
		{Name: "iceberg.warehouse", Type: "folder or s3://bucket/prefix", Default: `""`, read: readWarehouse,
			Meaning: "where Iceberg tables of the lake are kept: a folder on the lake's file system, relative to the " +
				"workspace, or, if the lake is in an object store, a place in the same store; empty = none"},
		{Name: "iceberg.namespace", Type: "text", Default: "tollbook", read: readNamespace,
			Meaning: "folder of the tables in the warehouse, and their namespace in the catalog"},
		{Name: "iceberg.keep", Type: "duration", Default: "24h", read: readIcebergKeep,
			Meaning: "how long snapshots stay readable after they were replaced"},
		{Name: "iceberg.catalog", Type: "URL", Default: `""`, read: readCatalog,
			Meaning: "Iceberg REST catalog that names the newest state of the tables, without v1; empty = the newest " +
				"metadata file in the warehouse counts"},
		{Name: "iceberg.catalog_warehouse", Type: "text", Default: `""`, read: readCatalogText,
			Meaning: "what the catalog calls the warehouse; empty = it has one"},
		{Name: "iceberg.token_file", Type: "file", Default: `""`, read: readCatalogText,
			Meaning: "file with a token for the catalog, relative to the workspace; TOLLBOOK_ICEBERG_TOKEN comes " +
				"first"},
		{Name: "iceberg.client_id", Type: "text", Default: `""`, read: readCatalogText,
			Meaning: "client that gets tokens for the catalog (OAuth2 client credentials); empty = none"},
		{Name: "iceberg.client_secret_file", Type: "file", Default: `""`, read: readCatalogText,
			Meaning: "file with the client's secret, relative to the workspace; TOLLBOOK_ICEBERG_CLIENT_SECRET comes " +
				"first"},
		{Name: "iceberg.token_url", Type: "URL", Default: `""`, read: readCatalogText,
			Meaning: "where the client gets tokens; empty = v1/oauth/tokens of the catalog"},
		{Name: "iceberg.scope", Type: "text", Default: "catalog", read: readCatalogText,
			Meaning: "scope of these tokens"},
	}
}

// consoleKeys are the keys of the console.
func consoleKeys() []Key {
	return []Key{
		{Name: "console", Type: "on | off", Default: "off", read: readConsole,
			Meaning: "on: `tollbook serve` also serves the console, with sign-in by key"},
		{Name: "oidc.issuer", Type: "https:// address", Default: `""`, read: readOIDCIssuer,
			Meaning: "OpenID Connect provider by which callers of the console can sign in; empty = none"},
		{Name: "oidc.client_id", Type: "text", Default: `""`, read: readOIDCText,
			Meaning: "client id of the console at the provider"},
		{Name: "oidc.client_secret_file", Type: "file", Default: `""`, read: readOIDCText,
			Meaning: "file with the client's secret, relative to the workspace; TOLLBOOK_OIDC_CLIENT_SECRET comes " +
				"first; without either the client is a public one"},
		{Name: "oidc.redirect_url", Type: "https://host/console/oidc", Default: `""`, read: readOIDCRedirect,
			Meaning: "address to which the provider sends a browser back"},
		{Name: "oidc.claim", Type: "text", Default: "tollbook", read: readOIDCText,
			Meaning: "claim of the id token that says who a person is: vendor, finance, partner:ID or " +
				"customer:ID, alone or in a list"},
		{Name: "oidc.scopes", Type: "text", Default: "openid", read: readOIDCText,
			Meaning: "scopes to ask for, separated by spaces; openid is one of them"},
	}
}

// apiKeys are the keys of the query API.
func apiKeys() []Key {
	return []Key{
		{Name: "api.listen", Type: "host:port", Default: "127.0.0.1:8080", read: readListen,
			Meaning: "address of the query API"},
		{Name: "api.keys", Type: "file", Default: "keys.json", read: readKeysFile,
			Meaning: "file of the keys of callers, relative to the workspace"},
		{Name: "api.tls_cert", Type: "file", Default: `""`, read: readTLS,
			Meaning: "certificate chain in PEM, relative to the workspace; empty = no TLS"},
		{Name: "api.tls_key", Type: "file", Default: `""`, read: readTLS,
			Meaning: "private key of the certificate, in PEM"},
		{Name: "api.rate_limit", Type: "0 to 100000", Default: "10", read: readRateLimit,
			Meaning: "requests a second of each caller and operation; 0 = any number"},
		{Name: "api.failure_limit", Type: "0 to 100000", Default: "20", read: readFailureLimit,
			Meaning: "requests a second of a remote address with a missing or wrong signature or token, before more " +
				"are answered CBC.0250; 0 = any number"},
		{Name: "api.language", Type: "en_US | zh_CN", Default: "en_US", read: readLanguage,
			Meaning: "language of error texts for requests without X-Language"},
		{Name: "api.cache_bytes", Type: "16777216 to 68719476736", Default: "671088640", read: readCacheBytes,
			Meaning: "maximum memory of the cache of lake data between requests"},
		{Name: "api.max_body_bytes", Type: "1024 to 67108864", Default: "1048576", read: readMaxBody,
			Meaning: "longest body of a request"},
		{Name: "api.max_url_bytes", Type: "256 to 65536", Default: "8192", read: readMaxURL,
			Meaning: "longest path and query of a request"},
		{Name: "api.read_timeout", Type: "duration", Default: "15s", read: readAPITime,
			Meaning: "how long a caller may take to send a request"},
		{Name: "api.write_timeout", Type: "duration", Default: "60s", read: readAPITime,
			Meaning: "maximum time of an answer; of a file or an export the maximum time without progress"},
		{Name: "api.idle_timeout", Type: "duration", Default: "2m", read: readAPITime,
			Meaning: "how long a connection without a request stays open"},
		{Name: "api.stop_timeout", Type: "duration", Default: "30s", read: readAPITime,
			Meaning: "how long requests may continue after the server was stopped"},
	}
}

// scheduleKeys are the keys of the schedule.
func scheduleKeys() []Key {
	return []Key{
		{Name: "schedule.nightly", Type: "cron expression, 5 fields", Default: `"30 1 * * *"`, read: readCron,
			Meaning: "when the nightly run starts, contract zone"},
		{Name: "schedule.monthly", Type: "cron expression, 5 fields", Default: `"0 12 5 * *"`, read: readCron,
			Meaning: "when the monthly run starts, contract zone"},
		{Name: "schedule.publish", Type: "cron expression, 5 fields", Default: `""`, read: readCron,
			Meaning: "when to publish in addition to the end of each run, contract zone; empty = never"},
		{Name: "schedule.retention", Type: "cron expression, 5 fields", Default: `""`, read: readCron,
			Meaning: "when to prune, contract zone; empty = never"},
		{Name: "schedule.stop_timeout", Type: "duration", Default: "10m", read: readStopTimeout,
			Meaning: "how long a run may continue after the schedule was stopped; then it is canceled, with " +
				"nothing committed"},
		{Name: "schedule.listen", Type: "host:port", Default: `""`, read: readScheduleListen,
			Meaning: "address of the schedule's metrics and health; empty = none"},
	}
}

// retentionKeys are the keys of `prune`.
func retentionKeys() []Key {
	return []Key{
		{Name: "retention.lines_months", Type: "1 to 1200", Default: "18", read: readLinesMonths,
			Meaning: "prune archives closed cycles further back than this, and than usage.max_age_months"},
		{Name: "retention.inbox_cycles", Type: "0 to 1200", Default: "0", read: readInboxCycles,
			Meaning: "prune packs feed files away that are older than so many closed cycles; 0 = never"},
		{Name: "retention.archive", Type: "folder or s3://bucket/prefix", Default: "archive", read: readArchive,
			Meaning: "where prune archives to: a folder, relative to the workspace, or an object store"},
		{Name: "retention.archive_endpoint", Type: endpointType, Default: `""`, read: readArchiveEndpoint,
			Meaning: "object store of the archive; if endpoint and region are empty, those of the lake are used"},
		{Name: "retention.archive_region", Type: "text", Default: `""`, read: readArchiveRegion,
			Meaning: "region of its bucket"},
	}
}

// split splits a full name into its group and the key in it; the group of a top-level key is "".
func (k Key) split() (group, key string) {
	if group, key, ok := strings.Cut(k.Name, "."); ok {
		return group, key
	}
	return "", k.Name
}

// Default returns the settings if all keys that are not required are absent. It is not valid: zone, currency and
// rounding have no default.
func Default() Settings {
	return Settings{
		Vendor:   Vendor{ID: "vendor", Name: "Example Cloud"},
		Payments: AssumeCash,
		Usage:    Usage{MaxAgeMonths: 18, FutureTolerance: 24 * hour},
		Refund:   Refund{UnconditionalHours: 120, FeeRate: money.Rate{}},
		Close:    Close{Day: 4, Time: 24 * 60},
		Lake:     Lake{Path: "lake", Buckets: 16, Lease: time.Minute},
		Inbox:    Inbox{Place: Place{Path: inboxFolder}},
		Books:    Place{Path: booksFolder},
		Engine:   Engine{Namespace: "default", Queue: "tollbook", Heartbeat: 30 * time.Second},
		Costs:    Costs{Settle: 15 * time.Minute},
		API: API{Listen: "127.0.0.1:8080", Keys: "keys.json", RateLimit: 10, FailureLimit: 20, Language: "en_US",
			CacheBytes: 640 << 20,
			MaxBody:    1 << 20, MaxURL: 8192,
			ReadTimeout: 15 * time.Second, WriteTimeout: time.Minute, IdleTimeout: 2 * time.Minute,
			StopTimeout: 30 * time.Second},
		Schedule:  Schedule{Nightly: "30 1 * * *", Monthly: "0 12 5 * *", StopTimeout: 10 * time.Minute},
		Retention: Retention{LinesMonths: 18, Archive: "archive"},
		ClickHouse: ClickHouse{ConnectTimeout: 10 * time.Second, Timeout: 5 * time.Minute, Retries: 3,
			Keep: 24 * time.Hour},
		Iceberg:          Iceberg{Namespace: "tollbook", Keep: 24 * time.Hour, Scope: "catalog"},
		OIDC:             OIDC{Claim: "tollbook", Scopes: "openid"},
		StatementDueDays: 30, Invoice: Invoice{Content: "Cloud services"},
	}
}
