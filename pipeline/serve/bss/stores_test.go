package bss_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	server "github.com/tollbook/tollbook/fixtures/clickhouse"
	"github.com/tollbook/tollbook/fixtures/program"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/out/publish"
	"github.com/tollbook/tollbook/pipeline/out/published"
	"github.com/tollbook/tollbook/pipeline/read/query"
	"github.com/tollbook/tollbook/pipeline/run"
	"github.com/tollbook/tollbook/pipeline/run/admin"
	"github.com/tollbook/tollbook/pipeline/serve"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/period"
)

// newCopied returns a house with late records and a re-rate whose runs publish, and the store that reads from the copy.
func newCopied(t *testing.T) (*house, *published.ClickHouse) {
	t.Helper()
	dsn, err := url.Parse(server.DSN(t))
	must(t, err)
	dsn.Path = "/" + strings.ToLower(t.Name())
	h := newHouse(t)
	h.edit("tollbook.yaml", "lake: {buckets: 2}", "lake: {buckets: 2}\nclickhouse: {dsn: '"+dsn.String()+
		"', retries: 0}")
	h.later()
	w, err := workspace.Open(h.dir)
	must(t, err)
	options, err := publish.ServerOptionsFrom(&w.Settings.ClickHouse, w.Dir, func(string) string { return "" })
	must(t, err)
	conn, err := publish.OpenServer(t.Context(), options)
	must(t, err)
	t.Cleanup(func() {
		for _, database := range []string{options.Database, options.Database + publish.InternalSuffix} {
			must(t, conn.Exec(context.Background(), "DROP DATABASE IF EXISTS "+publish.QuotedName(database)))
		}
		must(t, conn.Close())
	})
	return h, published.NewClickHouse(conn, options.Database)
}

// serve starts another server over the workspace, which reads records from another store.
func (h *house) serve(store func(*lake.Snapshot, query.Store) query.Store) *serve.Server {
	h.t.Helper()
	w, err := workspace.Open(h.dir)
	must(h.t, err)
	clock, err := time.Parse(time.RFC3339, now)
	must(h.t, err)
	s, err := serve.New(serve.Config{Workspace: w, Clock: func() time.Time {
		return clock
	}, Log: slog.New(slog.DiscardHandler), Store: store})
	must(h.t, err)
	return s
}

// TestStores sends the same requests to the lake and to the published copy of a workspace with late records and a
// re-rate, and compares the answers byte by byte. The quick form sends every fourth request.
func TestStores(t *testing.T) {
	t.Parallel()
	h, copied := newCopied(t)
	fromLake := h.server
	fromCopy := h.serve(func(snap *lake.Snapshot, _ query.Store) query.Store { return copied.At(snap, nil) })
	for i, r := range requests() {
		if testing.Short() && i%12 != 0 {
			continue
		}
		h.server = fromLake
		code, want := h.call(r.as, r.path, r.body)
		h.server = fromCopy
		code2, got := h.call(r.as, r.path, r.body)
		if code != http.StatusOK || code2 != code || got != want {
			t.Errorf("%s %s as %q\nlake %d:       %s\nClickHouse %d: %s", r.path, r.body, r.as, code, want, code2, got)
		}
	}
	h.lay("inbox/usage/more.csv", "record_id,customer_id,resource_id,sku,region_code,usage_start,usage_end,quantity\n"+
		"d9,dan,r5,gb,east,2026-10-05T10:00:00Z,2026-10-05T11:00:00Z,1\n")
	h.edit("tollbook.yaml", "\nclickhouse:", "\n#")
	h.night("2026-10-06T00:00:00Z") // not published
	if code, body := h.call("", subRecords+"?bill_cycle=2026-10&customer_id=dan",
		""); code != http.StatusInternalServerError {
		t.Errorf("a state that is not published: %d %s", code, body)
	}
}

// TestStoresOfManyReratings changes a price of a closed month back and forth many times, so that differences are equal
// in all columns of §8 and in the amount. Pages of any size are the same from the published copy and from the lake.
// Invariants: PUBLISHED-1, REC-1.
func TestStoresOfManyReratings(t *testing.T) {
	t.Parallel()
	h, copied := newCopied(t)
	prices := [2]string{"mail,*,,2026-01-01,,2,,0.25", "mail,*,,2026-01-01,,2,,0.5"}
	for i := range 12 {
		h.edit("books/prices.csv", prices[i%2], prices[(i+1)%2])
		h.rerate(fmt.Sprintf("2026-10-05T03:%02d:00Z", i))
	}
	fromLake := h.server
	fromCopy := h.serve(func(snap *lake.Snapshot, _ query.Store) query.Store { return copied.At(snap, nil) })
	for _, limit := range []int{1, 2, 3, 5, 7, 11, 100} {
		for offset := 0; offset < 15; offset += limit {
			path := fmt.Sprintf("%s?bill_cycle=2026-10&customer_id=ann&limit=%d&offset=%d", subRecords, limit, offset)
			h.server = fromLake
			_, want := h.call("", path, "")
			h.server = fromCopy
			if code, got := h.call("", path, ""); code != http.StatusOK || got != want {
				t.Errorf("limit %d, offset %d\nlake:           %s\nClickHouse %d: %s", limit, offset, want, code, got)
			}
		}
	}
}

// request is a request to the stores.
type request struct{ as, path, body string }

// requests returns requests of all operations that read lines, page by page, with every kind of condition.
func requests() (out []request) {
	for _, cycle := range []string{"2026-08", "2026-09", "2026-10"} {
		for _, customer := range []string{"ann", "bob", "cat", "dan", "eve"} {
			base := subRecords + "?bill_cycle=" + cycle + "&customer_id=" + customer
			for _, more := range []string{"&limit=100", "&limit=3", "&limit=3&offset=3", "&limit=3&offset=6",
				"&offset=1000", "&charging_mode=1", "&charging_mode=77",
				"&service_type_code=st", "&region_code=east&resource_name=disk", "&bill_detail_type=16",
				"&association_type=2", "&trade_id=o1", "&resource_id=r2",
				"&bill_date_begin=" + cycle + "-02&bill_date_end=" + cycle + "-21"} {
				out = append(out, request{"", base + more, ""})
			}
		}
		out = append(out, request{"north", subRecords + "?bill_cycle=" + cycle + "&customer_id=ann&limit=100", ""},
			request{"hub", subRecords + "?bill_cycle=" + cycle + "&customer_id=ann&indirect_partner_id=north&limit=100",
				""})
		for _, as := range []string{"", "hub", "north", "scout"} {
			out = append(out, request{as, consumers, `{"bill_cycle":"` + cycle + `"}`})
			for _, more := range []string{"charge_mode=1", "charge_mode=3", "charge_mode=3&bill_type=0",
				"charge_mode=1&bill_type=1", "charge_mode=3&bill_type=2", "charge_mode=3&cloud_service_type=st"} {
				out = append(out, request{as, partnerSums + "?cycle=" + cycle + "&" + more, ""})
			}
		}
		for _, as := range []string{"ann", "bob"} {
			for _, more := range []string{"", "&statistic_type=1", "&include_zero_record=false",
				"&charge_mode=3&limit=2&offset=1", "&bill_type=4"} {
				out = append(out, request{as, ownRecords + "?cycle=" + cycle + more, ""})
			}
			for _, more := range []string{"", "&status=1", "&status=2", "&status=3", "&resource_type_code=st.gb"} {
				out = append(out, request{as, ownFees + "?bill_cycle=" + cycle + more, ""})
			}
			for _, more := range []string{"", `,"statistic_type":2`, `,"statistic_type":3,"limit":2,"offset":1`} {
				out = append(out, request{as, ownDetails, `{"cycle":"` + cycle + `"` + more + `}`})
			}
			out = append(out, request{as, breakDowns + "?shared_month=" + cycle + "&limit=50", ""},
				request{as, ownSums + "?bill_cycle=" + cycle, ""},
				request{as, ownSums + "?bill_cycle=" + cycle + "&service_type_code=st", ""})
		}
	}
	return append(out, request{"north", onDemand, `{"customer_id":"ann"}`},
		request{"hub", onDemand, `{"customer_id":"ann","indirect_partner_id":"north"}`})
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

// page requests a page of dan's records and returns its state, the total number of records, and the ids on the page.
func (h *house) page(cycle string, offset int) (state string, total int, ids []string) {
	h.t.Helper()
	r := httptest.NewRequest(http.MethodGet, fmt.Sprintf("%s?bill_cycle=%s&customer_id=dan&limit=2&offset=%d",
		subRecords, cycle, offset), nil)
	r.Header.Set("X-Auth-Token", h.tokens[""])
	w := httptest.NewRecorder()
	h.server.ServeHTTP(w, r)
	var body struct {
		Total   int                   `json:"total_count"`
		Records []struct{ ID string } `json:"fee_records"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil || w.Code != http.StatusOK {
		h.t.Fatalf("from %d: %d %s %v", offset, w.Code, w.Body, err)
	}
	for _, r := range body.Records {
		ids = append(ids, r.ID)
	}
	return w.Header().Get("X-Tollbook-State"), body.Total, ids
}

// usage returns a file with n records of dan on 2 October, starting at an hour.
func usage(name string, hour, n int) string {
	var b strings.Builder
	b.WriteString("record_id,customer_id,resource_id,sku,region_code,usage_start,usage_end,quantity\n")
	for i := range n {
		fmt.Fprintf(&b, "%s%d,dan,r5,gb,east,2026-10-02T%02d:0%d:00Z,2026-10-02T23:00:00Z,1\n", name, i, hour, i)
	}
	return b.String()
}

// TestEarlierStores reads a state from the copy after another one was published and its replaced files are no longer in
// the lake. The answers are byte for byte those of the lake. Pages that started on the state continue on it until
// clickhouse.keep is over, and then on the live state.
func TestEarlierStores(t *testing.T) {
	t.Parallel()
	program.Slow(t)
	h, copied := newCopied(t)
	fromLake := h.server
	h.lay("inbox/usage/b.csv", usage("b", 10, 5))
	h.night("2026-10-05T03:00:00Z")
	var earlier *lake.Snapshot
	h.server = h.serve(func(snap *lake.Snapshot, own query.Store) query.Store {
		if earlier == nil {
			earlier = snap
		}
		return copied.At(snap, own)
	})
	paging := h.server
	state, total, ids := h.page("2026-10", 0)
	if total != 5 || strings.Join(ids, " ") != "b0 b1" {
		t.Fatalf("%d, %v", total, ids)
	}
	h.server = fromLake
	var want []string
	for _, r := range requests() {
		_, body := h.call(r.as, r.path, r.body)
		want = append(want, body)
	}
	h.lay("inbox/usage/c.csv", usage("c", 9, 3)+"b0,dan,r5,gb,east,2026-10-02T10:00:00Z,2026-10-02T23:00:00Z,1\n"+
		"c9,ann,r1,gb,east,2026-10-02T11:00:00Z,2026-10-02T12:00:00Z,1\n"+
		"c8,bob,r3,gb,east,2026-10-02T11:00:00Z,2026-10-02T12:00:00Z,1\n"+
		"c7,cat,r4,gb,east,2026-10-02T11:00:00Z,2026-10-02T12:00:00Z,1\n"+
		"c6,ann,r1,gb,east,2026-09-12T11:00:00Z,2026-09-12T12:00:00Z,1\n")
	h.night("2026-10-05T04:00:00Z")
	h.server = h.serve(func(*lake.Snapshot, query.Store) query.Store { return copied.At(earlier, nil) })
	for i, r := range requests() {
		if code, got := h.call(r.as, r.path, r.body); code != http.StatusOK || got != want[i] {
			t.Errorf("%s %s as %q\nthen: %s\nnow %d: %s", r.path, r.body, r.as, want[i], code, got)
		}
	}
	h.server = paging
	if s, total, ids := h.page("2026-10", 2); s != state || total != 5 || strings.Join(ids, " ") != "b2 b3" {
		t.Errorf("the paging goes on: state %s of %s, %d, %v", s, state, total, ids)
	}
	h.edit("tollbook.yaml", "retries: 0", "retries: 0, keep: 0s")
	h.lay("inbox/usage/d.csv", usage("d", 8, 1))
	h.night("2026-10-05T05:00:00Z")
	if s, total, ids := h.page("2026-10", 4); s == state || total != 9 || strings.Join(ids, " ") != "b0 b1" {
		t.Errorf("the paging's state is gone: state %s of %s, %d, %v", s, state, total, ids)
	}
}

// TestArchivedStores requests a cycle whose lines were archived: the lake and the copy both answer that it is archived,
// never with an empty list. The exception is lines that are not billed, which no closed cycle has.
func TestArchivedStores(t *testing.T) {
	t.Parallel()
	h, copied := newCopied(t)
	h.edit("tollbook.yaml", "lake: {buckets: 2}", "lake: {buckets: 2}\nusage: {max_age_months: 1}\n"+
		"retention: {lines_months: 1}")
	h.run("2026-11-05T00:00:00Z", func(w *workspace.Workspace, o workspace.Options) (*workspace.Report, error) {
		return run.Close(context.Background(), w, cycleOf(t, "2026-10"), false, o)
	})
	path := breakDowns + "?shared_month=2026-10&limit=50"
	_, october := h.call("ann", path, "")
	h.archive("2026-09", "2026-11-05T00:00:00Z")
	for store, s := range map[string]*serve.Server{"lake": h.server, "ClickHouse": h.serve(
		func(snap *lake.Snapshot, files query.Store) query.Store { return copied.At(snap, files) })} {
		at := &house{t: t, dir: h.dir, tokens: h.tokens, server: s}
		if code, got := at.call("ann", path, ""); code != http.StatusOK || got != october ||
			!strings.Contains(got, `"bill_cycle":"2026-09"`) {
			t.Errorf("%s: October while September is archived: %d %s; want %s", store, code, got, october)
		}
	}
	fromLake, fromCopy := h.server, h.serve(func(snap *lake.Snapshot, _ query.Store) query.Store {
		return copied.At(snap, nil)
	})
	const want = `{"error_code":"CBC.0404","error_msg":"cycle 2026-09 is archived"}`
	for _, r := range requests() {
		if !strings.Contains(r.path+r.body, "2026-09") || strings.Contains(r.path, ownFees) &&
			strings.Contains(r.path, "&status=3") {
			continue
		}
		for store, s := range map[string]*serve.Server{"lake": fromLake, "ClickHouse": fromCopy} {
			h.server = s
			if code, got := h.call(r.as, r.path, r.body); code != http.StatusNotFound || got != want {
				t.Errorf("%s: %s %s as %q: %d %s", store, r.path, r.body, r.as, code, got)
			}
		}
	}
}

// archive archives the lines of a cycle, which must be the only one that can be archived.
func (h *house) archive(cycle, asOf string) {
	h.t.Helper()
	w, err := workspace.Open(h.dir)
	must(h.t, err)
	at, err := period.ParseInstant(asOf)
	must(h.t, err)
	r, err := admin.Prune(h.t.Context(), w, admin.PruneOptions{}, workspace.Options{AsOf: at, Env: func(string) string {
		return ""
	}})
	must(h.t, err)
	if len(r.Cycles) != 1 || r.Cycles[0].Cycle != cycle || r.Owed != nil {
		h.t.Fatalf("archived %+v, waits %+v, owed %+v", r.Cycles, r.Waits, r.Owed)
	}
}
