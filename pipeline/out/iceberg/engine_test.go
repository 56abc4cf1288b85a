package iceberg_test

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	server "github.com/tollbook/tollbook/fixtures/clickhouse"
	"github.com/tollbook/tollbook/fixtures/icebergrest"
	"github.com/tollbook/tollbook/fixtures/sample"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/out/iceberg"
	"github.com/tollbook/tollbook/pipeline/run"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/period"
)

// billing is a workspace with the sample's books, other feed files and Iceberg tables, and an engine that reads them.
type billing struct {
	*testing.T
	dir    string
	engine *server.Server
	stop   string              // point at which the publish of the next run is interrupted
	n      int                 // number of feed files
	rest   *icebergrest.Server // nil = no catalog
}

func newBilling(t *testing.T) *billing {
	t.Helper()
	b := &billing{T: t, dir: filepath.Join(t.TempDir(), "w"), engine: server.Start(t, server.Options{})}
	b.must(sample.Write(b.dir))
	for _, feed := range []string{"usage", "bandwidth", "orders", "adjustments"} {
		b.must(os.RemoveAll(filepath.Join(b.dir, "inbox", feed)))
	}
	b.must(os.MkdirAll(filepath.Join(b.dir, "inbox", "usage"), 0o755))
	b.set("iceberg: {warehouse: tables, keep: 0s}\n")
	return b
}

// set adds a line to the settings.
func (b *billing) set(line string) {
	b.Helper()
	settings := filepath.Join(b.dir, "tollbook.yaml")
	text, err := os.ReadFile(settings)
	b.must(err)
	text, _, _ = bytes.Cut(text, []byte("iceberg: "))
	b.must(os.WriteFile(settings, append(text, line...), 0o644))
}

func (b *billing) must(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// usage writes a feed file with usage of two customers on a day.
func (b *billing) usage(day string, minutes int) {
	b.Helper()
	b.n++
	text := "record_id,customer_id,resource_id,sku,region_code,usage_start,usage_end,quantity,unit\n"
	for _, customer := range []string{"ocean", "delta"} {
		text += fmt.Sprintf("%s-%d,%s,%s-port,vm.c2,east-1,%sT00:00:00+08:00,%sT12:00:00+08:00,%d,minute\n", customer,
			b.n, customer, customer, day, day, minutes)
	}
	b.must(os.WriteFile(filepath.Join(b.dir, "inbox", "usage", fmt.Sprintf("%d.csv", b.n)), []byte(text), 0o644))
}

// open opens the workspace for a run with an as-of.
func (b *billing) open(asOf string) (*workspace.Workspace, workspace.Options) {
	b.Helper()
	at, err := period.ParseInstant(asOf)
	b.must(err)
	w, err := workspace.Open(b.dir)
	b.must(err)
	return w, workspace.Options{AsOf: at, Started: at, Workers: 2, StopAt: func(point string) error {
		if point == b.stop {
			b.stop = ""
			return errStopped
		}
		return nil
	}}
}

// ran checks that a run committed and that the tables equal the lake, immediately or, if the publish of the run was
// interrupted, after another publish.
func (b *billing) ran(asOf string, report *workspace.Report, err error) {
	b.Helper()
	b.must(err)
	if !report.Changed || (report.Owed == nil) != (report.Iceberg != nil) {
		b.Fatalf("changed %t, owed %+v, published %+v", report.Changed, report.Owed, report.Iceberg)
	}
	if report.Owed != nil {
		if !strings.Contains(report.Owed.Why, errStopped.Error()) {
			b.Fatal(report.Owed.Why)
		}
		w, o := b.open(asOf)
		r, err := run.PublishIceberg(b.Context(), w, run.PublishOptions{Cycle: lake.NoCycle}, o)
		b.must(err)
		if r.Manifest != report.Manifest {
			b.Fatalf("the tables show manifest %d, want %d", r.Manifest, report.Manifest)
		}
	}
	for table, sums := range map[string][2]string{
		"lines": {"lines", "count(), sum(usage_amount), sum(official_amount), sum(payment_amount), sum(cash_amount), " +
			"sum(debt_amount), min(usage_start), max(usage_end), uniqExact(id)"},
		"statements": {"statements", "count(), sum(line_count), sum(payment_amount), sum(due_amount)"},
		"accounts":   {"account_entries", "count(), sum(amount), sum(balance_after), min(time), max(time)"},
	} {
		files, err := filepath.Glob(filepath.Join(b.dir, "lake", sums[0], "cycle=*"))
		b.must(err)
		if len(files) == 0 {
			continue
		}
		by := func(from string) string {
			return b.engine.Ask(b.T, fmt.Sprintf("SELECT customer_id, %s FROM %s GROUP BY ALL ORDER BY ALL", sums[1],
				from))
		}
		want := by("file('" + filepath.Join(b.dir, "lake", sums[0], "**", "*.parquet") + "')")
		got := by(b.table(table))
		if got != want || want == "" {
			b.Errorf("manifest %d, %s\nthe lake:\n%s\nthe table:\n%s", report.Manifest, table, want, got)
		}
	}
}

// icebergTable returns the engine's expression for a table: the newest metadata file in the folder, or that of the
// catalog.
func (b *billing) table(name string) string {
	at := strings.TrimPrefix(filepath.Join(b.dir, "tables", "tollbook", name), "/")
	if b.rest == nil {
		return "icebergLocal('" + at + "')"
	}
	_, file, _ := strings.Cut(b.rest.Newest("tollbook", name), at+"/")
	return "icebergLocal('" + at + "', SETTINGS iceberg_metadata_file_path = '" + file + "')"
}

// TestEngine checks that ClickHouse finds the same counts and sums in the tables as in the lake's files after each of
// 20 commits: nights, late records, a month-end, a close, records for the closed month, changed prices for it. Three of
// four publishes are interrupted once (ICE-1, ICE-8).
func TestEngine(t *testing.T) {
	t.Parallel()
	b := newBilling(t)
	september, err := period.ParseCycle("2026-09")
	b.must(err)
	points := iceberg.StopPoints()
	next := func() {
		if i := b.n % 4; i < 3 {
			b.stop = points[(i+b.n/4)%len(points)]
		}
	}
	night := func(asOf string) {
		t.Helper()
		next()
		w, o := b.open(asOf)
		report, err := run.Nightly(t.Context(), w, o)
		b.ran(asOf, report, err)
	}
	for day := 1; day <= 14; day++ {
		b.usage(fmt.Sprintf("2026-09-%02d", day), 60*day)
		night(fmt.Sprintf("2026-09-%02dT20:00:00Z", day))
	}
	b.usage("2026-09-03", 7) // late record
	night("2026-09-15T20:00:00Z")
	b.usage("2026-09-30", 8)
	next()
	w, o := b.open("2026-10-02T00:00:00Z")
	report, err := run.Monthly(t.Context(), w, september, o)
	b.ran("2026-10-02T00:00:00Z", report, err)
	w, o = b.open("2026-10-05T00:00:00Z")
	report, err = run.Close(t.Context(), w, september, false, o)
	b.ran("2026-10-05T00:00:00Z", report, err)
	b.usage("2026-09-20", 9) // late record of the closed month
	b.usage("2026-10-05", 10)
	night("2026-10-06T00:00:00Z")
	prices := filepath.Join(b.dir, "books", "prices.csv")
	text, err := os.ReadFile(prices)
	b.must(err)
	dearer := strings.Replace(string(text), ",0.0125,", ",0.015,", 1)
	b.must(os.WriteFile(prices, []byte(dearer), 0o644))
	w, o = b.open("2026-10-07T00:00:00Z")
	report, _, err = run.Rerate(t.Context(), w, september, run.RerateOptions{}, o)
	b.ran("2026-10-07T00:00:00Z", report, err)
	b.usage("2026-10-07", 11)
	night("2026-10-08T00:00:00Z")
	if report.Manifest != 19 {
		t.Errorf("%d commits before the last, want 19", report.Manifest)
	}
}

// TestEngineCatalog checks after each of six nights that ClickHouse finds the same counts and sums in the metadata
// files of a catalog as in the lake's files. The first night has no catalog; the next one registers the tables. Later a
// response to a commit is lost, the catalog fails, and it forgets the token (ICE-1, ICE-10, ICE-11). Finally ClickHouse
// reads the tables as a client of the catalog. The quick form has three nights.
func TestEngineCatalog(t *testing.T) {
	t.Parallel()
	b := newBilling(t)
	nights := 6
	if testing.Short() {
		nights = 3
	}
	for day := 1; day <= nights; day++ {
		if day == 2 {
			b.rest = serveFolders(t, icebergrest.Options{Prefix: "main", Warehouse: "main",
				ClientID: "tollbook", Secret: "hidden", Scope: "catalog"})
			b.must(os.WriteFile(filepath.Join(b.dir, "secret.txt"), []byte("hidden\n"), 0o600))
			b.set(fmt.Sprintf("iceberg: {warehouse: tables, keep: 0s, catalog: '%s', catalog_warehouse: main, "+
				"client_id: tollbook, client_secret_file: secret.txt}\n", b.rest.Address()))
		}
		if day > 2 {
			lost := false
			b.rest.Disturb(func(n int, r *http.Request) (f icebergrest.Fault) {
				switch commit := r.Method == http.MethodPost && strings.Contains(r.URL.Path, "/tables/"); {
				case day == 3 && commit && !lost:
					lost, f.After, f.Cut = true, http.StatusOK, true
				case day == 4 && n == 4:
					f.After = http.StatusBadGateway
				case day == 5 && n == 3:
					f.Do = b.rest.Expire
				}
				return f
			})
		}
		b.usage(fmt.Sprintf("2026-09-%02d", day), 60*day)
		asOf := fmt.Sprintf("2026-09-%02dT20:00:00Z", day)
		w, o := b.open(asOf)
		report, err := run.Nightly(t.Context(), w, o)
		b.ran(asOf, report, err)
	}
	b.attached()
}

// attached checks that ClickHouse, as a client of the catalog, finds the three tables, with the rows and sums of the
// lake's files.
func (b *billing) attached() {
	b.Helper()
	b.rest.Disturb(nil)
	at := b.rest.Address()
	b.engine.Ask(b.T, "CREATE DATABASE billing ENGINE = DataLakeCatalog('"+at+"/v1', 'Parquet') SETTINGS "+
		"catalog_type = 'rest', warehouse = 'main', catalog_credential = 'tollbook:hidden', auth_scope = 'catalog', "+
		"oauth_server_uri = '"+at+"/v1/oauth/tokens' SETTINGS allow_database_iceberg = 1")
	const want = "tollbook.accounts\ntollbook.lines\ntollbook.statements"
	if got := strings.TrimSpace(b.engine.Ask(b.T, "SHOW TABLES FROM billing")); got != want {
		b.Errorf("the catalog has\n%s", got)
	}
	for _, name := range []string{"lines", "statements"} {
		const sums = "SELECT count(), sum(payment_amount) FROM "
		files := filepath.Join(b.dir, "lake", name, "**", "*.parquet")
		got := b.engine.Ask(b.T, sums+"billing.`tollbook."+name+"`")
		if want := b.engine.Ask(b.T, sums+"file('"+files+"')"); got != want || want == "" {
			b.Errorf("%s in the catalog: %s, in the lake: %s", name, got, want)
		}
	}
}

// TestEngineCurrencies checks that the currency column is added in the first month with a customer in another currency,
// that the month before has no value in it, and that sums per currency are as calculated here. August: acme 3 GB at
// 8.00 = 24.00 CNY. September: acme 2 GB = 16.00 CNY; bell 3 GB at 150.5 = 451.5, rounded to 452 JPY.
func TestEngineCurrencies(t *testing.T) {
	t.Parallel()
	b := &billing{T: t, dir: filepath.Join(t.TempDir(), "w"), engine: server.Start(t, server.Options{})}
	lay := func(files map[string]string) {
		for name, text := range files {
			path := filepath.Join(b.dir, filepath.FromSlash(name))
			b.must(os.MkdirAll(filepath.Dir(path), 0o755))
			b.must(os.WriteFile(path, []byte(text), 0o644))
		}
	}
	const head = "record_id,customer_id,resource_id,sku,region_code,usage_start,usage_end,quantity\n"
	const at = ",r,gb,east,2026-0%d-02T00:00:00Z,2026-0%d-02T01:00:00Z,%d\n"
	lay(map[string]string{
		"tollbook.yaml": "zone: UTC\ncurrency: {code: CNY, digits: 2}\nrounding: {grain: line, mode: half_up}\n" +
			"iceberg: {warehouse: tables, keep: 0s}\n",
		"books/products.csv": "sku,service_type_code,measure,pricing_model\ngb,network,GB,flat\n",
		"books/prices.csv": "sku,price_list,valid_from,tier,unit_price\ngb,,2026-01-01,1,8\n" +
			"gb,jp,2026-01-01,1,150.5\n",
		"books/customers.csv": "customer_id,price_list\nacme,\n",
		"inbox/usage/a.csv":   head + "a1,acme" + fmt.Sprintf(at, 8, 8, 3),
	})
	w, o := b.open("2026-09-05T00:00:00Z")
	report, err := run.Close(t.Context(), w, period.CycleOf(2026, 8), false, o)
	b.ran("2026-09-05T00:00:00Z", report, err)
	table := b.table
	if got := b.engine.Ask(t, "DESCRIBE "+table("statements")); strings.Contains(got, "currency") {
		t.Errorf("a table of one currency has the column:\n%s", got)
	}
	lay(map[string]string{
		"books/price_lists.csv": "price_list,currency\njp,JPY\n",
		"books/customers.csv":   "customer_id,price_list\nacme,\nbell,jp\n",
		"inbox/usage/b.csv":     head + "a2,acme" + fmt.Sprintf(at, 9, 9, 2) + "b1,bell" + fmt.Sprintf(at, 9, 9, 3),
	})
	w, o = b.open("2026-10-02T00:00:00Z")
	report, err = run.Monthly(t.Context(), w, period.CycleOf(2026, 9), o)
	b.ran("2026-10-02T00:00:00Z", report, err)
	got := b.engine.Ask(t, "SELECT cycle, ifNull(currency, '-'), count(), sum(payment_amount) FROM "+
		table("statements")+" GROUP BY ALL ORDER BY ALL")
	if want := "2026-08\t-\t1\t24\n2026-09\tCNY\t1\t16\n2026-09\tJPY\t1\t452"; strings.TrimSpace(got) != want {
		t.Errorf("statements:\n%s\nwant\n%s", got, want)
	}
	got = b.engine.Ask(t, "SELECT currency, sum(l.payment_amount) FROM "+table("lines")+" l JOIN "+table("statements")+
		" s USING (cycle, customer_id) WHERE cycle = '2026-09' GROUP BY ALL ORDER BY ALL")
	if want := "CNY\t16\nJPY\t452"; strings.TrimSpace(got) != want {
		t.Errorf("lines by currency:\n%s\nwant\n%s", got, want)
	}
}
