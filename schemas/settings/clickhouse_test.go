package settings

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

var (
	defaultClickHouse = ClickHouse{ConnectTimeout: 10 * time.Second, Timeout: 5 * time.Minute, Retries: 3,
		Keep: 24 * time.Hour}
	otherClickHouse = ClickHouse{
		DSN: DSN{TLS: true, Host: "h", Port: 9440, Database: "db", User: "u", Password: "p@ss"}, Cluster: "main",
		User:   "tollbook",
		CAFile: "ca.pem", CertFile: "client.pem", KeyFile: "client.key", SkipVerify: true, Compression: ZSTD,
		ConnectTimeout: 3 * time.Second, Timeout: time.Minute, Samples: true}
)

// TestClickHouseErrors checks each error of the connection settings separately, with its place.
func TestClickHouseErrors(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"clickhouse: {dsn: 'tcp://h'}":                        `4:19: clickhouse.dsn: begins with none of clickhouse://, http://, https://`,
		"clickhouse: {dsn: 'clickhouse://u:p@'}":              `4:19: clickhouse.dsn: does not name one host: clickhouse://host:9000/database`,
		"clickhouse: {dsn: 'clickhouse://a,b/x'}":             `4:19: clickhouse.dsn: does not name one host`,
		"clickhouse: {dsn: 'clickhouse://u:p%@h/'}":           `4:19: clickhouse.dsn: not of the form clickhouse://host:9000/database (percent-encode`,
		"clickhouse: {dsn: 'clickhouse://h:0'}":               `4:19: clickhouse.dsn: the port is not from 1 to 65535`,
		"clickhouse: {dsn: 'clickhouse://h/a-b'}":             `4:19: clickhouse.dsn: the database's name must consist of`,
		"clickhouse: {dsn: 'http://h/?secure=true'}":          `4:19: clickhouse.dsn: http with secure=true: write https`,
		"clickhouse: {dsn: 'http://h/?compress=lz4'}":         `4:19: clickhouse.dsn: takes no parameter but secure=true`,
		"clickhouse: {dsn: 'http://h', cluster: c}":           `4:40: clickhouse.cluster "c": a cluster requires the native protocol`,
		"clickhouse: {dsn: 'http://h', ca_file: c}":           `4:40: clickhouse.ca_file "c": the dsn does not use TLS`,
		"clickhouse: {key_file: k}":                           `4:24: clickhouse.key_file "k": one without the other`,
		"clickhouse: {cert_file: k}":                          `4:25: clickhouse.cert_file "k": one without the other`,
		"clickhouse: {dsn: 'http://u:p@h', password_file: f}": `4:50: clickhouse.password_file "f": the dsn has a password too`,
		"clickhouse: {compression: gzip}":                     `4:27: clickhouse.compression "gzip": not one of lz4, zstd, none`,
		"clickhouse: {timeout: 0s}":                           `4:23: clickhouse.timeout "0s": not from 10ms to 24h0m0s`,
		"clickhouse: {keep: soon}":                            `4:20: clickhouse.keep "soon": not a duration such as 24h or 30s`,
		"clickhouse: {skip_verify: 1}":                        `4:27: clickhouse.skip_verify "1": not true or false`,
		"clickhouse: {retries: 21}":                           `4:23: clickhouse.retries "21": not from 0 to 20`,
	} {
		if got := wrong(t, required+text+"\n"); !strings.HasPrefix(got, "tollbook.yaml:"+want) ||
			strings.Contains(got, "\n") {
			t.Errorf("%s:\n%s\nwant\ntollbook.yaml:%s", text, got, want)
		}
	}
}

// TestSecretsStay checks that no fmt verb and no message about an invalid dsn shows a password.
func TestSecretsStay(t *testing.T) {
	t.Parallel()
	const secret = "hunter2"
	s := parse(t, required+"clickhouse: {dsn: 'https://finance:"+secret+"@ch.example.com/tollbook'}\n")
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		if text := fmt.Sprintf(verb, s); strings.Contains(text, secret) {
			t.Errorf("%s prints it: %s", verb, text)
		}
	}
	if got, want := s.ClickHouse.DSN.String(), "https://ch.example.com:8443/tollbook"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	for _, dsn := range []string{"clickhouse://u:" + secret + "@", "clickhouse://u:" + secret + "%@h", "tcp://u:" +
		secret + "@h", secret, "http://u:" + secret + "@h:99999",
		"clickhouse://h?password=" + secret} {
		if text := wrong(t, required+"clickhouse: {dsn: '"+dsn+"'}\n"); text == "" || strings.Contains(text, secret) {
			t.Errorf("%q", text)
		}
	}
}
