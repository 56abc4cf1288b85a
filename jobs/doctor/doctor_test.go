package doctor

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	server "github.com/tollbook/tollbook/fixtures/clickhouse"
	"github.com/tollbook/tollbook/fixtures/icebergrest"
	"github.com/tollbook/tollbook/fixtures/sample"
	"github.com/tollbook/tollbook/jobs/ledger"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/run"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/period"
)

// newWorkspace returns options for the workspace of the sample before any run.
func newWorkspace(t *testing.T) Options {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "w")
	must(t, sample.Write(dir))
	return Options{Dir: dir, Clock: time.Now, Env: func(string) string {
		return ""
	}, Scratch: t.TempDir(), HashCache: filepath.Join(t.TempDir(), "hashes")}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// tells checks the outcome of a check and words in its finding and its hint.
func tells(t *testing.T, o Options, name string, outcome Outcome, found, do string) {
	t.Helper()
	r := Inspect(t.Context(), o)
	var others []Check
	for _, c := range r.Checks {
		switch {
		case c.Name != name:
		case c.Outcome != outcome || !strings.Contains(c.Found, found) || !strings.Contains(c.Do, do) ||
			(c.Do == "") != (outcome == OK || outcome == Skipped):
			others = append(others, c)
		case r.Workable && outcome == Warn:
			t.Errorf("%s: nothing to look at: %+v", name, r)
			return
		default:
			return
		}
	}
	t.Errorf("%s: %+v, want %s, %q, %q", name, others, outcome, found, do)
}

func TestTimes(t *testing.T) {
	t.Parallel()
	o := newWorkspace(t)
	const name = "times of files"
	tells(t, o, name, OK, "no file of inbox and lake has a time in the future", "")
	file := filepath.Join(o.Dir, "inbox", "usage", "ahead.csv")
	must(t, os.WriteFile(file, nil, 0o666))
	soon := time.Now().Add(30 * time.Second) // on a disk whose clock is slightly ahead
	must(t, os.Chtimes(file, soon, soon))
	tells(t, o, name, OK, "", "")
	later := time.Now().Add(24 * time.Hour)
	must(t, os.Chtimes(file, later, later))
	tells(t, o, name, Warn, file+" is of "+later.UTC().Format("2006-01-02"), "touch it")
	must(t, os.Remove(file))
	lake := filepath.Join(o.Dir, "lake")
	must(t, os.Mkdir(lake, 0o777))
	head := filepath.Join(lake, "HEAD.old")
	must(t, os.WriteFile(head, nil, 0o666))
	must(t, os.Chtimes(head, later, later))
	tells(t, o, name, Warn, head, "set the clock right")
	must(t, os.RemoveAll(lake))
	tells(t, o, name, OK, "", "")
}

func TestBuckets(t *testing.T) {
	t.Parallel()
	o := newWorkspace(t)
	w, err := workspace.Open(o.Dir)
	must(t, err)
	_, err = run.Nightly(t.Context(), w, workspace.Options{AsOf: period.Instant(time.Now().UnixMicro())})
	must(t, err)
	tells(t, o, "lake", OK, "manifest 1", "")
	file := filepath.Join(o.Dir, "tollbook.yaml")
	text, err := os.ReadFile(file)
	must(t, err)
	other := strings.Replace(string(text), "buckets: 16", "buckets: 32", 1)
	must(t, os.WriteFile(file, []byte(other), 0o666))
	tells(t, o, "lake", Fail, "the number of its buckets is 16, not 32", "tollbook rebucket")
}

func TestZone(t *testing.T) {
	t.Parallel()
	o := newWorkspace(t)
	tells(t, o, "time zone", OK, "Asia/Shanghai, now UTC+08:00, by ", "")
	o.Env = func(name string) string {
		if name == "ZONEINFO" {
			return "/opt/zones"
		}
		return ""
	}
	tells(t, o, "time zone", Warn, "/opt/zones", "unset ZONEINFO")
}

func TestCache(t *testing.T) {
	t.Parallel()
	o := newWorkspace(t)
	tells(t, o, "hash cache", OK, o.HashCache, "")
	must(t, os.WriteFile(o.HashCache, []byte("tollbook\x00"), 0o666))
	tells(t, o, "hash cache", Warn, "read remembered hashes "+o.HashCache, "delete "+o.HashCache)
	o.HashCache = ""
	tells(t, o, "hash cache", Skipped, "", "")
}

// TestFailedRun checks that a run that failed or was killed is named until another run takes feed files: runs of other
// kinds and firings without work do not do its work.
func TestFailedRun(t *testing.T) {
	t.Parallel()
	o := newWorkspace(t)
	at := time.Date(2026, 10, 3, 1, 30, 0, 0, time.UTC)
	add := func(kind, command string, outcome ledger.Outcome, failure string) {
		t.Helper()
		at = at.Add(time.Hour)
		e := &ledger.Entry{Kind: kind, Command: command, Started: at, Ended: at, Outcome: outcome}
		if failure != "" {
			e.Error, e.Hint = failure, "make room"
		}
		open, err := ledger.Begin(ledger.Dir(o.Dir), e)
		must(t, err)
		must(t, open.End(e))
	}
	const replaced = "run nightly of 2026-10-03T02:30:00Z ended as failed: disk full; the newest, %s, does not " +
		"replace it"
	add("nightly", "run nightly", ledger.Failed, "disk full")
	tells(t, o, "runs", Warn, "the newest, run nightly, ended as failed: disk full", "make room")
	add("nightly", "run nightly", ledger.Skipped, "")
	tells(t, o, "runs", Warn, "the newest, run nightly, ended as failed: disk full", "make room")
	for _, kind := range []string{"prune", "rerate"} {
		add(kind, kind, ledger.Done, "")
		tells(t, o, "runs", Warn, fmt.Sprintf(replaced, kind), "make room")
	}
	add("prune", "prune", ledger.Failed, "archive full")
	tells(t, o, "runs", Warn, "the newest, prune, ended as failed: archive full", "make room")
	tells(t, o, "runs", Warn, fmt.Sprintf(replaced, "prune"), "make room")
	add("nightly", "run nightly", ledger.Done, "")
	add("publish", "publish", ledger.Done, "")
	tells(t, o, "runs", OK, "7 in the ledger, the newest: publish, done", "")
	add("monthly", "run monthly", ledger.Running, "") // and no process holds its lock
	tells(t, o, "runs", Warn, "the newest, run monthly, was killed", "`tollbook run monthly` does what it did not do")
}

func TestScratch(t *testing.T) {
	t.Parallel()
	o := newWorkspace(t)
	tells(t, o, "space for queries", OK, "free in "+o.Scratch, "")
	o.Scratch = filepath.Join(t.TempDir(), "gone")
	tells(t, o, "space for queries", Warn, "cannot be written", "set TMPDIR")
	o.Scratch = ""
	tells(t, o, "space for queries", Skipped, "", "")
}

// TestTables checks the findings for a server's tables that were dropped, altered, or created by a later program.
func TestTables(t *testing.T) {
	t.Parallel()
	s := server.Start(t, server.Options{})
	o := newWorkspace(t)
	settings := filepath.Join(o.Dir, "tollbook.yaml")
	text, err := os.ReadFile(settings)
	must(t, err)
	var kept []string
	for line := range strings.Lines(string(text)) {
		if !strings.HasPrefix(line, "clickhouse:") {
			kept = append(kept, line)
		}
	}
	kept = append(kept, "clickhouse: {dsn: '"+strings.TrimSuffix(s.DSN(), "default")+
		"copy', retries: 0, samples: true}\n")
	must(t, os.WriteFile(settings, []byte(strings.Join(kept, "")), 0o666))
	tells(t, o, "ClickHouse", Warn, "nothing is published", "`tollbook publish`")
	w, err := workspace.Open(o.Dir)
	must(t, err)
	asOf, err := period.ParseInstant(sample.AsOf)
	must(t, err)
	report, err := run.Nightly(t.Context(), w, workspace.Options{AsOf: asOf, Workers: 1})
	if err != nil || report.Owed != nil {
		t.Fatal(report, err)
	}
	const name = "ClickHouse tables"
	tells(t, o, name, OK, "as this program makes them", "")
	s.Ask(t, "ALTER TABLE copy_internal.lines_data MODIFY COLUMN payment_amount Decimal(38, 4)")
	tells(t, o, name, Warn, "column payment_amount of lines_data is Decimal(38, 4)", "MODIFY COLUMN")
	s.Ask(t, "ALTER TABLE copy_internal.lines_data MODIFY COLUMN payment_amount Decimal(38, 8)")
	tells(t, o, name, OK, "", "")
	s.Ask(t, "DROP VIEW copy.lines")
	tells(t, o, name, Warn, "not as this program makes them: tables.sql", "`tollbook publish`")
	if _, err := run.PublishClickHouse(t.Context(), w, run.PublishOptions{Cycle: lake.NoCycle},
		workspace.Options{AsOf: asOf}); err != nil {
		t.Fatal(err)
	}
	tells(t, o, name, OK, "", "")
	s.Ask(t, "INSERT INTO copy_internal.schema_versions (version, name, hash) VALUES (99, 'later.sql', '')")
	tells(t, o, name, Warn, "are of version 99, this program knows version 1", "the program that made them")
}

// TestIcebergCatalog checks the findings for a catalog: that it fails, that its secret is missing or wrong, and which
// manifest its tables show.
func TestIcebergCatalog(t *testing.T) {
	t.Parallel()
	s := icebergrest.Start(icebergrest.Options{ClientID: "tollbook", Secret: "right", Scope: "catalog"}.InFolders())
	defer s.Close()
	o := newWorkspace(t)
	settings := filepath.Join(o.Dir, "tollbook.yaml")
	text, err := os.ReadFile(settings)
	must(t, err)
	set := func(catalog string) {
		t.Helper()
		line := "iceberg: {warehouse: tables, client_id: tollbook, catalog: '" + catalog + "'}\n"
		must(t, os.WriteFile(settings, []byte(string(text)+line), 0o666))
	}
	const name = "Iceberg"
	set(s.Address())
	tells(t, o, name, Warn, "iceberg.client_id is set", "`tollbook publish`")
	secret := "wrong"
	o.Env = func(key string) string {
		return map[string]string{"TOLLBOOK_ICEBERG_CLIENT_SECRET": secret}[key]
	}
	tells(t, o, name, Warn, "401 Unauthorized: invalid_client", "check TOLLBOOK_ICEBERG_TOKEN, or iceberg.client_id")
	secret = "right"
	tells(t, o, name, Warn, "the catalog "+s.Address()+": nothing is published", "`tollbook publish`")
	must(t, os.RemoveAll(filepath.Join(o.Dir, "inbox")))
	must(t, os.MkdirAll(filepath.Join(o.Dir, "inbox", "usage"), 0o777))
	rows := "record_id,customer_id,resource_id,sku,region_code,usage_start,usage_end,quantity,unit\n" +
		"a,ocean,port,vm.c2,east-1,2026-09-01T00:00:00+08:00,2026-09-01T12:00:00+08:00,60,minute\n"
	must(t, os.WriteFile(filepath.Join(o.Dir, "inbox", "usage", "a.csv"), []byte(rows), 0o666))
	w, err := workspace.Open(o.Dir)
	must(t, err)
	asOf, err := period.ParseInstant(sample.AsOf)
	must(t, err)
	report, err := run.Nightly(t.Context(), w, workspace.Options{AsOf: asOf, Started: asOf, Workers: 1, Env: o.Env})
	if err != nil || report.Iceberg == nil {
		t.Fatal(report, err)
	}
	tells(t, o, name, OK, "the catalog "+s.Address()+" shows manifest 1, as the lake", "")
	s.Disturb(func(int, *http.Request) icebergrest.Fault { return icebergrest.Fault{Before: 503} })
	tells(t, o, name, Warn, "503 Service Unavailable", "check that the catalog runs")
	must(t, os.WriteFile(settings, []byte(string(text)+"iceberg: {warehouse: tables}\n"), 0o666))
	tells(t, o, name, Warn, "is in the catalog "+s.Address()+"; the settings name no catalog", "`tollbook publish`")
}

func TestNamed(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]string{"v1.2.0": "v1.2.0", "": "a build without a version"} {
		if got := named(version); got != want {
			t.Errorf("%q: %s, want %s", version, got, want)
		}
	}
}
