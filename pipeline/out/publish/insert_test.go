package publish_test

import (
	"context"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/ch-go/proto"

	server "github.com/tollbook/tollbook/fixtures/clickhouse"
	"github.com/tollbook/tollbook/pipeline/out/publish"
	"github.com/tollbook/tollbook/schemas/settings"
)

// TestInsertOpensConnection checks that an INSERT over HTTP succeeds if it has to open a connection, for any
// compression of its blocks. The inner INSERT runs while the outer one uses the only open connection.
func TestInsertOpensConnection(t *testing.T) {
	t.Parallel()
	s := server.Start(t, server.Options{})
	s.Ask(t, "CREATE TABLE default.numbers (n Int64) ENGINE = MergeTree ORDER BY n")
	dsn, err := url.Parse(s.HTTPDSN())
	if err != nil {
		t.Fatal(err)
	}
	for _, packing := range []settings.Compression{settings.LZ4, settings.ZSTD, settings.Unpacked} {
		s.Ask(t, "TRUNCATE TABLE default.numbers")
		conn, err := publish.OpenServer(t.Context(), publish.ServerOptions{Address: dsn.Host, HTTP: true,
			Compression: packing, Database: "default", ConnectTimeout: time.Minute, Timeout: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		inner := numbers(2, nil)
		outer := numbers(1, func(ctx context.Context) error { return conn.Insert(ctx, inner) })
		if err := conn.Insert(t.Context(), outer); err != nil {
			t.Errorf("%s: %v", packing, err)
		}
		got := strings.TrimSpace(s.Ask(t, "SELECT groupArray(n) FROM (SELECT n FROM default.numbers ORDER BY n)"))
		if got != "[1,2]" {
			t.Errorf("%s: the table holds %s, not [1,2]", packing, got)
		}
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	}
}

// numbers returns an INSERT of one number. before is called when the number is requested.
func numbers(n int64, before func(context.Context) error) *publish.ServerInsert {
	column, sent := new(proto.ColInt64), false
	return &publish.ServerInsert{Table: "default.numbers", Columns: proto.Input{{Name: "n", Data: column}},
		Next: func(ctx context.Context) (bool, error) {
			if sent {
				return false, nil
			}
			sent = true
			column.Append(n)
			if before == nil {
				return true, nil
			}
			return true, before(ctx)
		}}
}
