package bss_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	server "github.com/tollbook/tollbook/fixtures/clickhouse"
	"github.com/tollbook/tollbook/pipeline"
	"github.com/tollbook/tollbook/pipeline/clickhouse"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/records"
	"github.com/tollbook/tollbook/pipeline/serve"
)

// TestStores asks the lake and the published copy the same, of a workspace that knows late records and a re-rating: the answers are the
// same bytes.
func TestStores(t *testing.T) {
	t.Parallel()
	dsn, err := url.Parse(server.DSN(t))
	must(t, err)
	dsn.Path = "/stores"
	h := newHouse(t)
	h.edit("tollbook.yaml", "lake: {buckets: 2}", "lake: {buckets: 2}\nclickhouse: {dsn: '"+dsn.String()+"', retries: 0}")
	h.later()
	w, err := pipeline.OpenWorkspace(h.dir)
	must(t, err)
	options, err := clickhouse.FromSettings(&w.Settings.ClickHouse, w.Dir, func(string) string { return "" })
	must(t, err)
	conn, err := clickhouse.Open(t.Context(), options)
	must(t, err)
	t.Cleanup(func() {
		must(t, conn.Exec(context.Background(), "DROP DATABASE IF EXISTS "+clickhouse.Name(options.Database)))
		must(t, conn.Close())
	})
	copied := records.NewClickHouse(conn, options.Database)
	clock, err := time.Parse(time.RFC3339, now)
	must(t, err)
	fromLake := h.server
	fromCopy, err := serve.New(serve.Config{Workspace: w, Clock: func() time.Time { return clock }, Log: slog.New(slog.DiscardHandler),
		Store: func(snap *lake.Snapshot, _ records.Store) records.Store { return copied.At(snap, nil) }})
	must(t, err)
	for _, r := range requests() {
		h.server = fromLake
		code, want := h.call(r.as, r.path, r.body)
		h.server = fromCopy
		code2, got := h.call(r.as, r.path, r.body)
		if code != http.StatusOK || code2 != code || got != want {
			t.Errorf("%s %s as %q\nlake %d:       %s\nClickHouse %d: %s", r.path, r.body, r.as, code, want, code2, got)
		}
	}
	h.lay("inbox/usage/more.csv", "record_id,customer_id,resource_id,sku,region_code,usage_start,usage_end,quantity\nd9,dan,r5,gb,east,2026-10-05T10:00:00Z,2026-10-05T11:00:00Z,1\n")
	h.edit("tollbook.yaml", "clickhouse: {dsn: '"+dsn.String()+"', retries: 0}", "")
	h.night("2026-10-06T00:00:00Z") // it is not published
	if code, body := h.call("", subRecords+"?bill_cycle=2026-10&customer_id=dan", ""); code != http.StatusInternalServerError {
		t.Errorf("a state that is not published: %d %s", code, body)
	}
}

// request is what the stores are asked.
type request struct{ as, path, body string }

// requests are all operations that read lines, page by page, with every kind of condition.
func requests() (out []request) {
	for _, cycle := range []string{"2026-08", "2026-09", "2026-10"} {
		for _, customer := range []string{"ann", "bob", "cat", "dan", "nobody"} {
			base := subRecords + "?bill_cycle=" + cycle + "&customer_id=" + customer
			for _, more := range []string{"&limit=100", "&limit=3", "&limit=3&offset=3", "&limit=3&offset=6", "&offset=1000", "&charging_mode=1", "&charging_mode=77",
				"&service_type_code=st", "&region_code=east&resource_name=disk", "&bill_detail_type=16", "&association_type=2", "&trade_id=o1", "&resource_id=r2",
				"&bill_date_begin=" + cycle + "-02&bill_date_end=" + cycle + "-21"} {
				out = append(out, request{"", base + more, ""})
			}
		}
		out = append(out, request{"north", subRecords + "?bill_cycle=" + cycle + "&customer_id=ann&limit=100", ""},
			request{"hub", subRecords + "?bill_cycle=" + cycle + "&customer_id=ann&indirect_partner_id=north&limit=100", ""})
		for _, as := range []string{"", "hub", "north", "scout"} {
			out = append(out, request{as, consumers, `{"bill_cycle":"` + cycle + `"}`})
			for _, more := range []string{"charge_mode=1", "charge_mode=3", "charge_mode=3&bill_type=0", "charge_mode=1&bill_type=1", "charge_mode=3&bill_type=2", "charge_mode=3&cloud_service_type=st"} {
				out = append(out, request{as, partnerSums + "?cycle=" + cycle + "&" + more, ""})
			}
		}
		for _, as := range []string{"ann", "bob"} {
			for _, more := range []string{"", "&statistic_type=1", "&include_zero_record=false", "&charge_mode=3&limit=2&offset=1", "&bill_type=4"} {
				out = append(out, request{as, ownRecords + "?cycle=" + cycle + more, ""})
			}
			for _, more := range []string{"", "&status=1", "&status=2", "&status=3", "&resource_type_code=st.gb"} {
				out = append(out, request{as, ownFees + "?bill_cycle=" + cycle + more, ""})
			}
			out = append(out, request{as, ownSums + "?bill_cycle=" + cycle, ""}, request{as, ownSums + "?bill_cycle=" + cycle + "&service_type_code=st", ""})
		}
	}
	return out
}

// lay writes a file of the workspace.
func (h *house) lay(name, text string) {
	h.t.Helper()
	path := filepath.Join(h.dir, filepath.FromSlash(name))
	must(h.t, os.MkdirAll(filepath.Dir(path), 0o755))
	must(h.t, os.WriteFile(path, []byte(text), 0o644))
}

// edit replaces some text of a file.
func (h *house) edit(name, from, to string) {
	h.t.Helper()
	text, err := os.ReadFile(filepath.Join(h.dir, filepath.FromSlash(name)))
	must(h.t, err)
	if !strings.Contains(string(text), from) {
		h.t.Fatalf("%s has no %q", name, from)
	}
	h.lay(name, strings.Replace(string(text), from, to, 1))
}
