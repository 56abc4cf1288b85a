package publish_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	server "github.com/tollbook/tollbook/fixtures/clickhouse"
	"github.com/tollbook/tollbook/fixtures/sample"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/out/publish"
	"github.com/tollbook/tollbook/pipeline/run"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/period"
)

// world is a workspace with the sample and a server.
type world struct {
	*testing.T
	dir    string
	server *server.Server
	env    map[string]string
	asOf   string
}

// newWorld returns a world with its own server. more is appended to clickhouse in the settings.
func newWorld(t *testing.T, o server.Options, more string) *world {
	t.Helper()
	s := server.Start(t, o)
	return at(t, s, s.DSN(), more)
}

// at returns a workspace that publishes to the database of a dsn.
func at(t *testing.T, s *server.Server, dsn, more string) *world {
	t.Helper()
	w := &world{T: t, dir: filepath.Join(t.TempDir(), "w"), server: s, env: map[string]string{}, asOf: sample.AsOf}
	w.must(sample.WriteUsage(w.dir))
	w.settings(dsn, more)
	return w
}

// settings writes settings with the server.
func (w *world) settings(dsn, more string) {
	w.Helper()
	name := filepath.Join(w.dir, "tollbook.yaml")
	text, err := os.ReadFile(name)
	w.must(err)
	var out []string
	for line := range strings.Lines(string(text)) {
		if !strings.HasPrefix(line, "clickhouse:") {
			out = append(out, line)
		}
	}
	out = append(out, "clickhouse: {dsn: '"+dsn+"', retries: 0"+more+"}\n")
	w.must(os.WriteFile(name, []byte(strings.Join(out, "")), 0o644))
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) workspace() *workspace.Workspace {
	w.Helper()
	ws, err := workspace.Open(w.dir)
	w.must(err)
	return ws
}

func (w *world) options() workspace.Options {
	w.Helper()
	asOf, err := period.ParseInstant(w.asOf)
	w.must(err)
	return workspace.Options{AsOf: asOf, Workers: 2, Env: func(name string) string { return w.env[name] }}
}

// month runs the month of the sample.
func (w *world) month() *workspace.Report {
	w.Helper()
	r, err := run.Monthly(w.Context(), w.workspace(), cycle(w.T, sample.Cycle), w.options())
	w.must(err)
	return r
}

// billed returns a workspace whose month was run without a server.
var billed = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "publish-")
	if err != nil {
		return "", err
	}
	asOf, ofAsOf := period.ParseInstant(sample.AsOf)
	c, ofCycle := period.ParseCycle(sample.Cycle)
	if err := errors.Join(ofAsOf, ofCycle, sample.WriteUsage(filepath.Join(dir, "w"))); err != nil {
		return dir, err
	}
	ws, err := workspace.Open(filepath.Join(dir, "w"))
	if err != nil {
		return dir, err
	}
	_, err = run.Monthly(context.Background(), ws, c, workspace.Options{AsOf: asOf, Workers: 2})
	return dir, err
})

// TestMain removes the workspace of billed after the tests.
func TestMain(m *testing.M) {
	code := m.Run()
	if dir, _ := billed(); dir != "" {
		os.RemoveAll(dir)
	}
	os.Exit(code)
}

// unpublishedMonth gives the workspace a lake with the sample's month, which no server has.
func (w *world) unpublishedMonth() {
	w.Helper()
	dir, err := billed()
	w.must(err)
	settings := filepath.Join(w.dir, "tollbook.yaml")
	text, err := os.ReadFile(settings)
	w.must(err)
	w.must(os.RemoveAll(w.dir))
	w.must(os.CopyFS(w.dir, os.DirFS(filepath.Join(dir, "w"))))
	w.must(os.WriteFile(settings, text, 0o644))
}

// publishedMonth is unpublishedMonth followed by a publish.
func (w *world) publishedMonth() {
	w.Helper()
	w.unpublishedMonth()
	w.publish()
}

// october delivers one record of usage of the month after the sample's.
func (w *world) october() {
	w.Helper()
	w.deliver("october.csv", "october,delta,delta-depot,vm.c2,east-1,2026-10-10T00:00:00+08:00,"+
		"2026-10-10T01:00:00+08:00,60")
}

// deliver puts a file of usage into the inbox.
func (w *world) deliver(name string, rows ...string) {
	w.Helper()
	rows = append([]string{"record_id,customer_id,resource_id,sku,region_code,usage_start,usage_end,quantity"}, rows...)
	w.must(os.WriteFile(filepath.Join(w.dir, "inbox", "usage", name), []byte(strings.Join(rows, "\n")+"\n"), 0o600))
}

func cycle(t *testing.T, name string) period.Cycle {
	t.Helper()
	c, err := period.ParseCycle(name)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// publish publishes everything.
func (w *world) publish() *publish.Report {
	w.Helper()
	r, err := w.tryPublish(run.PublishOptions{Cycle: lake.NoCycle})
	w.must(err)
	return r
}

func (w *world) tryPublish(po run.PublishOptions) (*publish.Report, error) {
	w.Helper()
	return run.PublishClickHouse(w.Context(), w.workspace(), po, w.options())
}

// ask sends a query to the server and returns the answer.
func (w *world) ask(sql string) string {
	w.Helper()
	return strings.TrimSpace(w.server.Ask(w.T, sql))
}

// shows checks the answer to a query.
func (w *world) shows(sql, want string) {
	w.Helper()
	if got := w.ask(sql); got != want {
		w.Errorf("%s\ngot  %s\nwant %s", sql, got, want)
	}
}

// Figures of the sample's month, as in fixtures/sample and `make run`: lines with their cost, and the amounts due.
const (
	sampleLines = "18351\t8912.10475295\t266.73631814\t8645.36843481"
	sampleDue   = "12\t8645.36843481\t8645.37\t-0.00156519"
	linesSQL    = "SELECT count(), sum(official_amount), sum(official_discount_amount), sum(payment_amount) FROM " +
		"copy.lines"
	statementsSQL  = "SELECT count(), sum(payment_amount), sum(due_amount), sum(rounding_amount) FROM copy.statements"
	rowsOfLinesSQL = "SELECT count() FROM copy_internal.lines_data"
)

// errStopped is the error of a publish that is interrupted at a stop point.
var errStopped = errors.New("stopped here")

// stopAt publishes up to a stop point.
func (w *world) stopAt(point string) {
	w.Helper()
	o := w.options()
	o.StopAt = func(at string) error {
		if at == point {
			return errStopped
		}
		return nil
	}
	if _, err := run.PublishClickHouse(context.WithoutCancel(w.Context()), w.workspace(),
		run.PublishOptions{Cycle: lake.NoCycle}, o); !errors.Is(err, errStopped) {
		w.Fatalf("publish up to %s: %v", point, err)
	}
}
