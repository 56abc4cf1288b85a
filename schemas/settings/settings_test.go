package settings

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/problem"
)

// specSample is the sample of §2.1.
const specSample = `zone: Asia/Shanghai
currency: {code: CNY, digits: 2}
vendor: {id: vendor, name: Example Cloud}
rounding: {grain: line, mode: truncate}   # line|cycle; truncate|half_up|half_even
payments: assume_cash                     # or ledger
usage: {max_age_months: 18, future_tolerance: 24h}
refund: {unconditional_hours: 120, fee_rate: "0"}
close: {day: 4, time: "24:00"}
lake: {path: lake, buckets: 16}
clickhouse: {dsn: "", cluster: ""}
api: {listen: 127.0.0.1:8080}
schedule: {nightly: "30 1 * * *", monthly: "0 12 5 * *"}
`

// TestSecretFiles checks that each file that a key names is listed among those that a backup copies only on request.
func TestSecretFiles(t *testing.T) {
	t.Parallel()
	const catalog = "catalog: https://catalog.example, warehouse: tables, "
	with := map[string]string{"iceberg.token_file": catalog, "iceberg.client_secret_file": catalog + "client_id: c, ",
		"clickhouse.cert_file": "key_file: other, ", "clickhouse.key_file": "cert_file: other, ",
		"api.tls_cert": "tls_key: other, ", "api.tls_key": "tls_cert: other, "}
	tested := 0
	for _, k := range Keys() {
		if k.Type != "file" && k.Type != "PEM file" {
			continue
		}
		tested++
		group, key, _ := strings.Cut(k.Name, ".")
		s := parse(t, required+group+": {"+with[k.Name]+key+": a/secret}\n")
		if !slices.Contains(s.SecretFiles(), "a/secret") {
			t.Errorf("%s is not among %v", k.Name, s.SecretFiles())
		}
	}
	if tested < 10 {
		t.Errorf("%d keys name a file, want 10 or more", tested)
	}
}

// TestGates checks gates with either limit, both or none, and with a share as a ratio or a percentage.
func TestGates(t *testing.T) {
	t.Parallel()
	rate := func(text string) money.Rate {
		r, err := money.ParseRate(text)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	s := parse(t, required+`gates:
  usage: {share: 5%, count: 100}
  bandwidth: {share: "0.005"}
  orders: {count: 0}
  accounts: {share: 12.5%}
  transfers: {share: 100%}
  adjustments: {}
`)
	want := Gates{Usage: Gate{true, rate("0.05"), true, 100}, Bandwidth: Gate{HasShare: true, Share: rate("0.005")},
		Orders:   Gate{HasCount: true},
		Accounts: Gate{HasShare: true, Share: rate("0.125")}, Transfers: Gate{HasShare: true, Share: rate("1")}}
	if s.Gates != want {
		t.Errorf("got  %+v\nwant %+v", s.Gates, want)
	}
	if got := s.Gates.Of("usage").String(); got != "{share: 0.05, count: 100}" {
		t.Error(got)
	}
	for text, want := range map[string]string{
		"gates: {usage: 5%}":            `4:16: gates.usage is a single value, not a mapping`,
		"gates: {usages: {count: 1}}":   `4:9: unknown key "gates.usages"`,
		"gates: {usage: {most: 1}}":     `4:17: unknown key "gates.usage.most"`,
		"gates: {usage: {share: 101%}}": `4:24: gates.usage.share "101%": not a share from 0% to 100%`,
		"gates: {usage: {share: 1.5}}":  `4:24: gates.usage.share "1.5": `,
		"gates: {usage: {share: .5%}}":  `4:24: gates.usage.share ".5%": not a share such as 5% or 0.05`,
		"gates: {usage: {share: -1%}}":  `4:24: gates.usage.share "-1%": not a share such as 5% or 0.05`,
		"gates: {usage: {count: -1}}":   `4:24: gates.usage.count "-1": not from 0 to 1000000000`,
		"gates: {usage: {count: many}}": `4:24: gates.usage.count "many": not a whole number`,
	} {
		if got := wrong(t, required+text+"\n"); !strings.HasPrefix(got, "tollbook.yaml:"+want) ||
			strings.Contains(got, "\n") {
			t.Errorf("%s:\n%s\nwant\ntollbook.yaml:%s", text, got, want)
		}
	}
}

// defaultAPI is the group api if no key is set.
var defaultAPI = API{Listen: "127.0.0.1:8080", Keys: "keys.json", RateLimit: 10, FailureLimit: 20, Language: "en_US",
	CacheBytes: 671088640, MaxBody: 1048576, MaxURL: 8192,
	ReadTimeout: 15 * time.Second, WriteTimeout: 60 * time.Second, IdleTimeout: 120 * time.Second,
	StopTimeout: 30 * time.Second}

var otherAPI = API{Listen: ":0", Keys: "/etc/tollbook/keys.json", TLSCert: "cert.pem", TLSKey: "key.pem",
	FailureLimit: 100000,
	Language:     "zh_CN", CacheBytes: 16777216, MaxBody: 2048, MaxURL: 65536,
	ReadTimeout: time.Second, WriteTimeout: time.Hour, IdleTimeout: 90 * time.Second, StopTimeout: 5 * time.Second}

const required = `zone: Asia/Shanghai
currency: {code: CNY, digits: 2}
rounding: {grain: cycle, mode: half_up}
`

func parse(t testing.TB, text string) Settings {
	t.Helper()
	s, err := Parse("tollbook.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func wrong(t testing.TB, text string) string {
	t.Helper()
	_, err := Parse("tollbook.yaml", []byte(text))
	if err == nil {
		return ""
	}
	var ps problem.Problems
	if !errors.As(err, &ps) {
		t.Fatalf("%T is no problem.Problems", err)
	}
	return ps.Error()
}

func TestParseSample(t *testing.T) {
	t.Parallel()
	s := parse(t, specSample)
	if s.Zone.Name() != "Asia/Shanghai" {
		t.Error(s.Zone.Name())
	}
	s.Zone = nil
	want := Settings{
		Currency: Currency{"CNY", 2}, Vendor: Vendor{"vendor", "Example Cloud"},
		Rounding: Rounding{Line, money.Truncate},
		Payments: AssumeCash, Usage: Usage{18, 86_400_000_000}, Refund: Refund{120, money.Rate{}},
		Close: Close{4, 1440},
		Inbox: Inbox{Place: Place{Path: "inbox"}}, Books: Place{Path: "books"},
		Lake:       Lake{"lake", 16, "", "", time.Minute},
		Engine:     Engine{Namespace: "default", Queue: "tollbook", Heartbeat: 30 * time.Second},
		Costs:      Costs{Settle: 15 * time.Minute},
		ClickHouse: defaultClickHouse,
		Iceberg:    Iceberg{Namespace: "tollbook", Keep: 24 * time.Hour, Scope: "catalog"},
		API:        defaultAPI,
		OIDC:       OIDC{Claim: "tollbook", Scopes: "openid"},
		Schedule:   Schedule{Nightly: "30 1 * * *", Monthly: "0 12 5 * *", StopTimeout: 10 * time.Minute},
		Retention:  Retention{LinesMonths: 18, Archive: "archive"},

		StatementDueDays: 30, Invoice: Invoice{Content: "Cloud services"},
	}
	if s != want {
		t.Errorf("got  %+v\nwant %+v", s, want)
	}
}

func TestDefaultsAreTheSample(t *testing.T) {
	t.Parallel()
	sample, bare := parse(t, specSample), parse(t, required)
	sample.Zone, sample.Rounding = bare.Zone, bare.Rounding
	if sample != bare {
		t.Errorf("got  %+v\nwant %+v", bare, sample)
	}
	// Keys must agree with the parser.
	for _, k := range Keys() {
		if k.Required != (k.Default == "") {
			t.Errorf("%s: required %v, default %q", k.Name, k.Required, k.Default)
		}
	}
}

func TestParseOthers(t *testing.T) {
	t.Parallel()
	s := parse(t, `zone: America/New_York
currency: {code: JPY, digits: 0}
vendor: {id: acme, name: ""}
rounding: {grain: cycle, mode: half_even}
payments: ledger
usage: {max_age_months: 0, future_tolerance: 1h30m}
inbox: {settle: 10m}
refund: {unconditional_hours: 0, fee_rate: 0.05}
close:
  day: 28
  time: 06:05
lake: {path: /var/lake, buckets: 1024}
clickhouse:
  dsn: "clickhouse://u:p%40ss@h/db?secure=true"
  cluster: main
  user: tollbook
  ca_file: ca.pem
  cert_file: client.pem
  key_file: client.key
  skip_verify: true
  compression: zstd
  connect_timeout: 3s
  timeout: 1m
  retries: 0
  keep: 0s
  samples: true
iceberg: {warehouse: /var/tables, namespace: billing, keep: 0s, catalog: "https://c.example.com/iceberg",
  catalog_warehouse: main, client_id: tollbook, client_secret_file: iceberg.txt,
  token_url: "https://login.example.com/token", scope: "PRINCIPAL_ROLE:ALL"}
engine: {dsn: 'temporals://t.example.com:7233', namespace: billing, queue: acme, heartbeat: 5s}
api:
  listen: ":0"
  keys: /etc/tollbook/keys.json
  tls_cert: cert.pem
  tls_key: key.pem
  rate_limit: 0
  failure_limit: 100000
  language: zh_CN
  cache_bytes: 16777216
  max_body_bytes: 2048
  max_url_bytes: 65536
  read_timeout: 1s
  write_timeout: 1h
  idle_timeout: 1m30s
  stop_timeout: 5s
console: on
oidc: {issuer: "https://login.example.com/realm", client_id: console, redirect_url: "https://billing.example.com/console/oidc",
  client_secret_file: secret.txt, claim: groups, scopes: openid groups}
schedule: {nightly: "@daily", monthly: "0 0 29 2 *", publish: "15 */2 * * *", retention: "0 4 * * 0", stop_timeout: 30s, listen: ":9464"}
retention: {lines_months: 24, inbox_cycles: 2, archive: /var/cold}
`)
	rate, err := money.ParseRate("0.05")
	if err != nil {
		t.Fatal(err)
	}
	s.Zone = nil
	want := Settings{
		Currency: Currency{"JPY", 0}, Vendor: Vendor{"acme", ""}, Rounding: Rounding{PerCycle, money.HalfEven},
		Payments: Ledger, Usage: Usage{0, 5_400_000_000}, Inbox: Inbox{Place{Path: "inbox"}, 10 * time.Minute},
		Books: Place{Path: "books"}, Refund: Refund{0, rate},
		Close:      Close{28, 365},
		Lake:       Lake{"/var/lake", 1024, "", "", time.Minute},
		Engine:     Engine{"t.example.com:7233", true, "billing", "acme", 5 * time.Second},
		Costs:      Costs{Settle: 15 * time.Minute},
		ClickHouse: otherClickHouse, API: otherAPI, Console: true,
		Iceberg: Iceberg{"/var/tables", "billing", 0, "https://c.example.com/iceberg", "main", "", "tollbook",
			"iceberg.txt", "https://login.example.com/token", "PRINCIPAL_ROLE:ALL"},
		OIDC: OIDC{"https://login.example.com/realm", "console", "https://billing.example.com/console/oidc",
			"secret.txt", "groups", "openid groups"},
		Schedule:  Schedule{"@daily", "0 0 29 2 *", "15 */2 * * *", "0 4 * * 0", 30 * time.Second, ":9464"},
		Retention: Retention{LinesMonths: 24, InboxCycles: 2, Archive: "/var/cold"},

		StatementDueDays: 30, Invoice: Invoice{Content: "Cloud services"},
	}
	if s != want {
		t.Errorf("got  %+v\nwant %+v", s, want)
	}
}

// TestErrors checks each kind of error separately, with its place. Each text follows the three required lines and
// starts on line 4.
func TestErrors(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"colour: red":                 `4:1: unknown key "colour"`,
		"lake: {buckets: 4, size: 3}": `4:20: unknown key "lake.size"`,
		"zone: UTC":                   `4:1: key "zone" is duplicate: first on line 1`,
		"lake: {path: a, path: b}":    `4:17: key "path" is duplicate: first on line 4`,
		"vendor: acme":                `4:9: vendor is a single value, not a mapping`,
		"vendor:":                     `4:1: vendor is nothing, not a mapping`,
		"vendor: [acme]":              `4:9: vendor is a list, not a mapping`,
		"vendor: {id: ''}":            `4:14: vendor.id "": not an id`,
		"vendor: {id: customer}":      `4:14: vendor.id "customer": not an id`,
		"vendor: {name: [x]}":         `4:16: vendor.name: a list instead of one value`,
		"oidc: {issuer: 'http://login.example.com', client_id: a, redirect_url: 'https://b/console/oidc'}": `4:16: ` +
			`oidc.issuer "http://login.example.com": must begin with https://`,
		"oidc: {issuer: 'https://login.example.com', redirect_url: 'https://b/console/oidc'}": `4:16: oidc.issuer ` +
			`"https://login.example.com": without oidc.client_id`,
		"oidc: {redirect_url: 'https://b/oidc'}":   `4:22: oidc.redirect_url "https://b/oidc": must end in /console/oidc`,
		"oidc: {redirect_url: 'ftp://localhost/'}": `4:22: oidc.redirect_url "ftp://localhost/": must begin with https://`,
		"oidc: {claim: ''}":                        `4:15: oidc.claim is empty`,
		"oidc: {scopes: email}":                    `4:16: oidc.scopes "email": without openid`,
		"oidc: {client_secret_file: secrets/}":     `4:28: oidc.client_secret_file "secrets/": not a file`,
		"console: true":                            `4:10: console "true": not one of off, on`,
		"payments: cash":                           `4:11: payments "cash": not one of assume_cash, ledger`,
		"usage: {max_age_months: 1.5}":             `4:25: usage.max_age_months "1.5": not a whole number`,
		"usage: {max_age_months: 010}":             `4:25: usage.max_age_months "010": not a whole number`,
		"usage: {max_age_months: -1}":              `4:25: usage.max_age_months "-1": not from 0 to 1200`,
		"usage: {max_age_months: {}}": `4:25: usage.max_age_months: a mapping instead of a ` +
			`whole number`,
		"usage: {future_tolerance: 24}":        `4:27: usage.future_tolerance "24": not a duration such as 24h or 30m`,
		"usage: {future_tolerance: -1h}":       `4:27: usage.future_tolerance "-1h": not from 0 to 87600h`,
		"usage: {future_tolerance: 1ns}":       `4:27: usage.future_tolerance "1ns": finer than a microsecond`,
		"inbox: {settle: 10}":                  `4:17: inbox.settle "10": not a duration such as 30s or 10m`,
		"inbox: {path: feeds}":                 `4:15: inbox.path "feeds": neither the folder inbox of the workspace nor s3://bucket/prefix`,
		"inbox: {path: 's3://'}":               `4:15: inbox.path "s3://": not s3://bucket/prefix`,
		"books: {region: r}":                   `4:17: books.region "r": the path is a folder`,
		"books: {path: 's3://b', endpoint: x}": `4:35: books.endpoint "x": not http://host:port or https://host:port`,
		"inbox: {settle: 25h}":                 `4:17: inbox.settle "25h": not from 0s to 24h`,
		"inbox: {settle: -1s}":                 `4:17: inbox.settle "-1s": not from 0s to 24h`,
		"refund: {fee_rate: '1.01'}":           `4:20: refund.fee_rate "1.01": outside 0 to 1`,
		"refund: {fee_rate: 1e-1}":             `4:20: refund.fee_rate "1e-1": `,
		"refund: {unconditional_hours: 87601}": `4:31: refund.unconditional_hours "87601": not from 0 to 87600`,
		"close: {day: 29}":                     `4:14: close.day "29": not from 1 to 28`,
		"close: {time: '24:01'}":               `4:15: close.time "24:01": not a time hh:mm from 00:00 to 24:00`,
		"close: {time: '1:00'}":                `4:15: close.time "1:00": not a time hh:mm`,
		"close: {time: '+1:00'}":               `4:15: close.time "+1:00": not a time hh:mm`,
		"close: {time: '12:60'}":               `4:15: close.time "12:60": not a time hh:mm`,
		"lake: {path: ''}":                     `4:14: lake.path is empty`,
		"lake: {path: .}":                      `4:14: lake.path ".": not a folder of its own`,
		"lake: {path: ./inbox/lake}": `4:14: lake.path "./inbox/lake": is in another folder of ` +
			`the workspace`,
		"lake: {path: 's3://'}":        `4:14: lake.path "s3://": not s3://bucket/prefix`,
		"lake: {path: 's3://b/../c'}":  `4:14: lake.path "s3://b/../c": not s3://bucket/prefix`,
		"lake: {path: 'gs://bucket'}":  `4:14: lake.path "gs://bucket": neither a folder nor s3://bucket/prefix`,
		"lake: {path: lake-scratch}":   `4:14: lake.path "lake-scratch": is in another folder of the workspace`,
		"lake: {path: runs}":           `4:14: lake.path "runs": is in another folder of the workspace`,
		"lake: {path: runs/lake}":      `4:14: lake.path "runs/lake": is in another folder of the workspace`,
		"lake: {path: archive/inbox}":  `4:14: lake.path "archive/inbox": is in another folder of the workspace`,
		"lake: {endpoint: 'http://h'}": `4:18: lake.endpoint "http://h": the lake is in a folder`,
		"lake: {region: eu-west-1}":    `4:16: lake.region "eu-west-1": the lake is in a folder`,
		"lake: {path: 's3://b', endpoint: 'h:1'}": `4:34: lake.endpoint "h:1": not http://host:port or ` +
			`https://host:port`,
		"retention: {archive: 's3://'}": `4:22: retention.archive "s3://": not s3://bucket/prefix`,
		"retention: {archive: runs/a}": `4:22: retention.archive "runs/a": a folder that the workspace uses for ` +
			`something else`,
		"lake: {path: cold/inbox/lake}\nretention: {archive: cold}": `5:22: retention.archive "cold": a folder that ` +
			`the workspace uses for something else`,
		"lake: {lease: 1ms}":    `4:15: lake.lease "1ms": neither 0s nor whole seconds from 1s to 1h`,
		"lake: {buckets: 0}":    `4:17: lake.buckets "0": not from 1 to 1024`,
		"lake: {buckets: 1025}": `4:17: lake.buckets "1025": not from 1 to 1024`,
		"iceberg: {warehouse: 's3://b/t'}": `4:22: iceberg.warehouse "s3://b/t": the lake is in "lake": both must be ` +
			`folders, or both in the same object store`,
		"iceberg: {warehouse: lake/tables}": `4:22: iceberg.warehouse "lake/tables": is in another folder of the ` +
			`workspace, or contains one`,
		"lake: {path: 's3://b/lake'}\niceberg: {warehouse: 's3://b/lake/tables'}": `5:22: iceberg.warehouse ` +
			`"s3://b/lake/tables": overlaps with lake.path "s3://b/lake"`,
		"iceberg: {namespace: a-b}": `4:22: iceberg.namespace must consist of letters, digits and underscores, a ` +
			`letter first`,
		"iceberg: {catalog: 'https://c/'}": `4:20: iceberg.catalog "https://c/": without iceberg.warehouse`,
		"iceberg: {warehouse: t, catalog: 'c:8181'}": `4:34: iceberg.catalog "c:8181": not http://host/path or ` +
			`https://host/path`,
		"iceberg: {warehouse: t, catalog: 'http://u:p@c'}": `4:34: iceberg.catalog "http://u:p@c": not ` +
			`http://host/path or https://host/path`,
		"iceberg: {warehouse: t, client_id: a}":                        `4:36: iceberg.client_id "a": without iceberg.catalog`,
		"iceberg: {warehouse: t, catalog: 'http://c', token_file: a/}": `4:58: iceberg.token_file "a/": not a file`,
		"iceberg: {warehouse: t, catalog: 'http://c', token_file: a, client_id: b}": `4:72: iceberg.client_id "b": ` +
			`excludes iceberg.token_file`,
		"iceberg: {warehouse: t, catalog: 'http://c', token_url: c}": `4:57: iceberg.token_url "c": not ` +
			`http://host/path or https://host/path`,
		"engine: {processes: 2}":                       `4:10: unknown key "engine.processes"`,
		"engine: {dsn: 'host:7233'}":                   `4:15: engine.dsn "host:7233": neither temporal://host:port nor`,
		"engine: {dsn: 'temporal://h'}":                `4:15: engine.dsn "temporal://h": a host and a port must follow temporal://`,
		"engine: {queue: a b}":                         `4:17: engine.queue must consist of up to 100 letters, digits, dots, hyphens and`,
		"engine: {heartbeat: 1}":                       `4:21: engine.heartbeat "1": not a duration from 1s to 1h`,
		"iceberg: {keep: 1}":                           `4:17: iceberg.keep "1": not a duration from 0s to 8760h`,
		"clickhouse: {cluster: main}":                  `4:23: clickhouse.cluster "main": a cluster without a dsn`,
		"api: {listen: localhost}":                     `4:15: api.listen "localhost": not host:port`,
		"api: {listen: 'localhost:http'}":              `4:15: api.listen "localhost:http": not a port from 0 to 65535`,
		"api: {listen: 'localhost:65536'}":             `4:15: api.listen "localhost:65536": not a port from 0 to 65535`,
		"api: {keys: ''}":                              `4:13: api.keys is empty`,
		"api: {keys: keys/}":                           `4:13: api.keys "keys/": not a file`,
		"api: {tls_cert: a.pem}":                       `4:17: api.tls_cert "a.pem": without api.tls_key`,
		"api: {tls_key: a.pem, tls_cert: ''}":          `4:16: api.tls_key "a.pem": without api.tls_cert`,
		"api: {rate_limit: -1}":                        `4:19: api.rate_limit "-1": not from 0 to 100000`,
		"api: {failure_limit: 100001}":                 `4:22: api.failure_limit "100001": not from 0 to 100000`,
		"api: {cache_bytes: 1}":                        `4:20: api.cache_bytes "1": not from 16777216 to 68719476736`,
		"api: {max_body_bytes: 1023}":                  `4:23: api.max_body_bytes "1023": not from 1024 to 67108864`,
		"api: {max_url_bytes: 65537}":                  `4:22: api.max_url_bytes "65537": not from 256 to 65536`,
		"api: {read_timeout: 0s}":                      `4:21: api.read_timeout "0s": not from 1s to 1h`,
		"api: {stop_timeout: 30}":                      `4:21: api.stop_timeout "30": not a duration such as 30s or 2m`,
		"schedule: {nightly: '30 1 * *'}":              `4:21: schedule.nightly "30 1 * *": not a cron expression: expected exactly 5 fields, found 4`,
		"schedule: {nightly: '60 1 * * *'}":            `4:21: schedule.nightly "60 1 * * *": not a cron expression: end of range (60) above maximum (59): 60`,
		"schedule: {monthly: ''}":                      `4:21: schedule.monthly "": not a cron expression: empty spec string`,
		"schedule: {monthly: '0 0 30 2 *'}":            `4:21: schedule.monthly "0 0 30 2 *": never comes`,
		"schedule: {monthly: '@every 1h'}":             `4:21: schedule.monthly "@every 1h": an interval has no fixed time of day`,
		"schedule: {monthly: 'CRON_TZ=UTC 0 0 1 * *'}": `4:21: schedule.monthly "CRON_TZ=UTC 0 0 1 * *": names a zone`,
		"schedule: {monthly: 'TZ='}":                   `4:21: schedule.monthly "TZ=": names a zone`,
		"schedule: {publish: '* * *'}":                 `4:21: schedule.publish "* * *": not a cron expression: expected exactly 5 fields, found 3`,
		"schedule: {stop_timeout: 25h}":                `4:26: schedule.stop_timeout "25h": not from 1s to 24h`,
		"schedule: {listen: localhost}":                `4:20: schedule.listen "localhost": not host:port`,
	} {
		got := wrong(t, required+text+"\n")
		if !strings.HasPrefix(got, "tollbook.yaml:"+want) {
			t.Errorf("%s:\n%s\nwant\ntollbook.yaml:%s", text, got, want)
		}
		if strings.Contains(got, "\n") {
			t.Errorf("%s: more than one problem:\n%s", text, got)
		}
	}
}

func TestRequired(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"": `tollbook.yaml:1:1: missing key "currency"
tollbook.yaml:1:1: missing key "rounding"
tollbook.yaml:1:1: missing key "zone"`,
		"zone: UTC\ncurrency: {code: CNY}\nrounding:\n  mode: half_up\n": `tollbook.yaml:2:11: missing key "currency.digits"
tollbook.yaml:4:3: missing key "rounding.grain"`,
		"zone: Mars/Base\ncurrency: {code: cny, digits: 9}\nrounding: {grain: day, mode: no}\n": "" +
			`tollbook.yaml:1:7: zone "Mars/Base": not a time zone
tollbook.yaml:2:18: currency.code "cny": not 3 to 8 capital letters or digits
tollbook.yaml:2:31: currency.digits "9": not from 0 to 8
tollbook.yaml:3:19: rounding.grain "day": not one of line, cycle
tollbook.yaml:3:30: rounding.mode "no": not one of truncate, half_up, half_even, up`,
		"hello": "tollbook.yaml:1:1: a single value, not a mapping of keys",
	} {
		if got := wrong(t, text); got != want {
			t.Errorf("%q:\n%s\nwant\n%s", text, got, want)
		}
	}
}

func TestAllErrorsAtOnce(t *testing.T) {
	t.Parallel()
	got := wrong(t, `zone: Nowhere
zone: UTC
colour: red
currency: {code: CNY, digits: two}
rounding: {mode: half_up, grain: line, digits: 2}
close: {day: 0, time: noon}
schedule: {nightly: never, monthly: "0 12 5 * *"}
`)
	want := `tollbook.yaml:1:7: zone "Nowhere": not a time zone
tollbook.yaml:2:1: key "zone" is duplicate: first on line 1
tollbook.yaml:3:1: unknown key "colour"
tollbook.yaml:4:31: currency.digits "two": not a whole number
tollbook.yaml:5:40: unknown key "rounding.digits"
tollbook.yaml:6:14: close.day "0": not from 1 to 28
tollbook.yaml:6:23: close.time "noon": not a time hh:mm from 00:00 to 24:00
tollbook.yaml:7:21: schedule.nightly "never": not a cron expression: expected exactly 5 fields, found 1: [never]`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestSyntaxErrorIsToldAlone(t *testing.T) {
	t.Parallel()
	got := wrong(t, "zone: UTC\nrounding: {grain: line\n")
	if !strings.HasPrefix(got, "tollbook.yaml:2:") || !strings.Contains(got, "not YAML: ") ||
		strings.Contains(got, "missing") {
		t.Error(got)
	}
}

func TestTemplate(t *testing.T) {
	t.Parallel()
	bare := parse(t, string(Template(false)))
	if want := parse(t, required); bare.Rounding != want.Rounding || bare.Currency != want.Currency ||
		bare.Zone.Name() != "Asia/Shanghai" {
		t.Errorf("%+v", bare)
	}
	full := parse(t, string(Template(true)))
	full.Zone, bare.Zone = nil, nil
	if full != bare {
		t.Errorf("with every key: %+v\nwith those required: %+v", full, bare)
	}
	for _, k := range Keys() {
		_, key := k.split()
		if !strings.Contains(string(Template(true)), key+": ") || !strings.Contains(string(Template(false)), key+": ") {
			t.Errorf("%s is not in the template", k.Name)
		}
	}
}

func TestCloseTime(t *testing.T) {
	t.Parallel()
	s := parse(t, required)
	for cycle, want := range map[period.Cycle]string{
		period.CycleOf(2026, 9):  "2026-10-04T16:00:00Z", // the 4th at 24:00 in Shanghai
		period.CycleOf(2026, 12): "2027-01-04T16:00:00Z",
	} {
		if got := s.CloseTime(cycle).String(); got != want {
			t.Errorf("%s: %s, want %s", cycle, got, want)
		}
	}
	s.Close = Close{Day: 1, Time: 9*60 + 30}
	if got := s.CloseTime(period.CycleOf(2026, 9)).String(); got != "2026-10-01T01:30:00Z" {
		t.Error(got)
	}
}

func TestLoad(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, File)
	_, err := Load(path)
	var ps problem.Problems
	if !errors.As(err, &ps) || ps.Error() != path+": not there" || ps[0].Hint == "" {
		t.Errorf("%v", err)
	}
	if err := os.WriteFile(path, []byte("\ufeff"+strings.ReplaceAll(specSample, "\n", "\r\n")), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(path); err != nil {
		t.Error(err)
	}
	if _, err := Load(dir); err == nil || errors.As(err, &ps) {
		t.Errorf("a folder is no settings file: %v", err)
	}
}

func TestWords(t *testing.T) {
	t.Parallel()
	got := []string{Line.String(), PerCycle.String(), Grain(0).String(), AssumeCash.String(), Ledger.String(),
		Payments(7).String(), TimeOfDay(1440).String()}
	if want := []string{"line", "cycle", "Grain(0)", "assume_cash", "ledger", "Payments(7)",
		"24:00"}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(specSample))
	f.Add(Template(true))
	f.Add([]byte("zone: UTC\nschedule: {nightly: '*/7 1-5,9 ? * MON#2'}\nusage: {future_tolerance: 1e9h}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := Parse("tollbook.yaml", data)
		var ps problem.Problems
		switch {
		case err == nil && (s.Zone == nil || s.Rounding.Grain == 0 || s.Rounding.Mode == 0 || s.Currency.Code == ""):
			t.Fatalf("taken without what is required: %+v", s)
		case err != nil && (!errors.As(err, &ps) || len(ps) == 0):
			t.Fatalf("%T %v", err, err)
		}
		for _, p := range ps {
			if p.Line < 1 || p.Column < 1 || p.Text == "" {
				t.Fatalf("%+v has no place", p)
			}
		}
	})
}

// TestTax checks that by default prices exclude tax and that a bill's tax is rounded once, and that settings can change
// both (§10.6).
func TestTax(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":          "exclusive bill",
		"tax: {}\n": "exclusive bill",
		"tax: {prices: inclusive, rounding: line}\n": "inclusive line",
		"tax: {prices: exclusive, rounding: bill}\n": "exclusive bill",
	} {
		s := parse(t, required+text)
		if got := s.Tax.Prices() + " " + s.Tax.Rounding(); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
	if got := wrong(t, required+"tax: {prices: gross}\n"); !strings.Contains(got, `tax.prices "gross": not one of`) {
		t.Error(got)
	}
}
