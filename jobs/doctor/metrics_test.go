package doctor

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tollbook/tollbook/fixtures/clickhouse"
	"github.com/tollbook/tollbook/jobs"
	"github.com/tollbook/tollbook/pipeline/workspace"
)

// site is a workspace in Shanghai with metrics and a scheduler whose nightly runs start at 02:05.
type site struct {
	t         *testing.T
	dir       string
	now       time.Time
	metrics   *Metrics
	scheduler *jobs.Scheduler
}

func newSite(t *testing.T, more string) *site {
	t.Helper()
	s := &site{t: t, dir: t.TempDir()}
	s.must(os.CopyFS(s.dir, os.DirFS("../testdata")))
	s.must(os.WriteFile(filepath.Join(s.dir, "tollbook.yaml"), fmt.Appendf(nil,
		"zone: Asia/Shanghai\ncurrency: {code: CNY, digits: 2}\nrounding: {grain: line, mode: truncate}\n"+
			"lake: {buckets: 2}\n"+
			"schedule: {nightly: \"5 2 * * *\"}\n%s\n", more), 0o666))
	s.now = s.time("2026-03-01T12:00")
	s.metrics = NewMetrics("v1", func() time.Time { return s.now })
	runner := &jobs.Runner{Dir: s.dir, Clock: func() time.Time {
		return s.now
	}, Options: workspace.Options{Workers: 2}, Ended: s.metrics.Ended}
	var err error
	s.scheduler, err = jobs.Open(runner, slog.New(slog.DiscardHandler), s.metrics.Watch())
	s.must(err)
	t.Cleanup(func() { s.scheduler.Close() })
	return s
}

func (s *site) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) time(wall string) time.Time {
	s.t.Helper()
	at, err := time.Parse(time.RFC3339, wall+":00+08:00")
	s.must(err)
	return at
}

// feed adds the usage of a day, three rows, to the inbox at 00:30 of the next day. If wrong is set, one row is invalid.
func (s *site) feed(day string, wrong bool) {
	s.t.Helper()
	quantity := "4"
	if wrong {
		quantity = `"1,000"`
	}
	text := fmt.Sprintf("record_id,customer_id,resource_id,sku,region_code,usage_start,usage_end,quantity\n"+
		"%[1]s-a,acme,m1,vm,east,%[1]sT01:00:00+08:00,%[1]sT02:00:00+08:00,1\n"+
		"%[1]s-b,beta,m2,vm,east,%[1]sT03:00:00+08:00,%[1]sT04:00:00+08:00,2\n"+
		"%[1]s-c,beta,m3,vm,east,%[1]sT03:00:00+08:00,%[1]sT04:00:00+08:00,%[2]s\n", day, quantity)
	path := filepath.Join(s.dir, "inbox", "usage", day+".csv")
	at := s.time(day + "T00:30").Add(24 * time.Hour)
	s.must(os.MkdirAll(filepath.Dir(path), 0o777))
	s.must(os.WriteFile(path, []byte(text), 0o666))
	s.must(os.Chtimes(path, at, at))
}

// pass sets the clock, does what is due, and returns the outcomes as text.
func (s *site) pass(at time.Time) string {
	s.t.Helper()
	s.now = at
	var words []string
	for _, o := range s.scheduler.Pass(context.Background(), context.Background()) {
		words = append(words, string(o.Why)+" "+string(o.Firing.Kind)+" "+o.Word())
	}
	return strings.Join(words, "; ")
}

// ask requests a page of the metrics server.
func (s *site) ask(path string) (int, string) {
	answer := httptest.NewRecorder()
	s.metrics.Handler().ServeHTTP(answer, httptest.NewRequest(http.MethodGet, path, nil))
	return answer.Code, answer.Body.String()
}

// has checks samples of /metrics, given as the name with labels and the value.
func (s *site) has(want map[string]string) {
	s.t.Helper()
	_, text := s.ask("/metrics")
	got := make(map[string]string)
	for line := range strings.Lines(text) {
		if name, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "} "); ok {
			got[name+"}"] = value
		} else if name, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), " "); ok {
			got[name] = value
		}
	}
	for name, value := range want {
		if got[name] != value {
			s.t.Errorf("%s is %q, want %s", name, got[name], value)
		}
	}
}

// unix returns a time in the format of Prometheus.
func (s *site) unix(wall string) string {
	return strconv.FormatFloat(float64(s.time(wall).Unix()), 'g', -1, 64)
}

func TestMetricsOfNights(t *testing.T) {
	t.Parallel()
	s := newSite(t, "")
	if code, text := s.ask("/readyz"); code != http.StatusServiceUnavailable || text != "it has not looked yet\n" {
		t.Error(code, text)
	}
	s.feed("2026-03-01", false)
	s.feed("2026-03-02", true)
	if got := s.pass(s.time("2026-03-01T12:01")); got != "" {
		t.Fatal(got)
	}
	s.has(map[string]string{"tollbook_lake_state": "0", `tollbook_owed_firings{kind="nightly"}`: "0",
		`tollbook_panics_total{kind="nightly"}`:                              "0",
		`tollbook_runs_total{kind="close",outcome="refused",why="catch-up"}`: "0",
		`tollbook_rows_total{outcome="rejected"}`:                            "0",
		`tollbook_next_firing_timestamp_seconds{kind="nightly"}`:             s.unix("2026-03-02T02:05"),
		`tollbook_build_info{version="v1"}`:                                  "1"})
	if got := s.pass(s.time("2026-03-02T02:05")) + "; " +
		s.pass(s.time("2026-03-03T02:05")); got != "schedule nightly done; schedule nightly look" {
		t.Fatal(got)
	}
	s.has(map[string]string{
		`tollbook_runs_total{kind="nightly",outcome="done",why="schedule"}`: "1",
		`tollbook_runs_total{kind="nightly",outcome="look",why="schedule"}`: "1",
		`tollbook_rows_total{outcome="accepted"}`:                           "5",
		`tollbook_rows_total{outcome="rejected"}`:                           "1",
		`tollbook_rows_total{outcome="duplicate"}`:                          "0",
		`tollbook_run_seconds_count{kind="nightly"}`:                        "2",
		`tollbook_stage_seconds_count{stage="open"}`:                        "2",
		`tollbook_rejects_total{feed="usage",reason="bad_decimal"}`:         "1",
		`tollbook_newest_record_timestamp_seconds{feed="usage"}`:            s.unix("2026-03-02T00:00"),
		`tollbook_last_good_run_timestamp_seconds{kind="nightly"}`:          s.unix("2026-03-03T02:05"),
		"tollbook_lake_state":                                               "2",
		"tollbook_oldest_owed_timestamp_seconds":                            "0",
		"tollbook_last_look_timestamp_seconds":                              s.unix("2026-03-03T02:05"),
		"tollbook_clock_back":                                               "0",
		"tollbook_blind":                                                    "0",
		"tollbook_publish_owed":                                             "0",
	})
	if code, text := s.ask("/readyz"); code != http.StatusOK || text != "ready\n" {
		t.Error(code, text)
	}
	if code, text := s.ask("/healthz"); code != http.StatusOK || text != "ok\n" {
		t.Error(code, text)
	}
}

func TestMetricsOfTrouble(t *testing.T) {
	t.Parallel()
	s := newSite(t, "")
	s.feed("2026-03-01", false)
	s.pass(s.time("2026-03-02T02:05"))

	s.pass(s.time("2026-03-02T01:00"))
	s.has(map[string]string{"tollbook_clock_back": "1"})
	if code, text := s.ask("/readyz"); code != http.StatusServiceUnavailable ||
		text != "the clock is before 2026-03-01T18:05:00Z, the as-of of the lake: nothing runs\n" {
		t.Error(code, text)
	}

	prices := filepath.Join(s.dir, "books", "prices.csv")
	right, err := os.ReadFile(prices)
	s.must(err)
	s.must(os.WriteFile(prices, []byte("sku\n"), 0o666))
	if got := s.pass(s.time("2026-03-06T03:00")); got != "catch-up nightly refused" {
		t.Fatal(got)
	}
	s.has(map[string]string{
		"tollbook_clock_back": "0", `tollbook_owed_firings{kind="nightly"}`: "4",
		`tollbook_owed_firings{kind="close"}`:                                  "0",
		"tollbook_oldest_owed_timestamp_seconds":                               s.unix("2026-03-03T02:05"),
		`tollbook_failing_tries{kind="nightly"}`:                               "1",
		`tollbook_runs_total{kind="nightly",outcome="refused",why="catch-up"}`: "1",
	})
	want := "4 runs are pending\nnightly of 2026-03-02T18:05:00Z failed, and a person should look: see the log\n"
	if code, text := s.ask("/readyz"); code != http.StatusServiceUnavailable || text != want {
		t.Error(code, text)
	}
	s.must(os.WriteFile(prices, right, 0o666))
	s.pass(s.time("2026-03-07T02:05"))
	s.has(map[string]string{`tollbook_owed_firings{kind="nightly"}`: "0", "tollbook_oldest_owed_timestamp_seconds": "0",
		`tollbook_failing_tries{kind="nightly"}`: "0"})
	if code, text := s.ask("/readyz"); code != http.StatusOK {
		t.Error(code, text)
	}

	s.must(os.Rename(filepath.Join(s.dir, "tollbook.yaml"), filepath.Join(s.dir, "away")))
	s.pass(s.time("2026-03-07T02:06"))
	s.has(map[string]string{"tollbook_blind": "1"})
	if code, text := s.ask("/readyz"); code != http.StatusServiceUnavailable ||
		text != "settings, lake or ledger cannot be read: see the log\n" {
		t.Error(code, text)
	}
}

// TestServerAwayForThreeNights checks three nights without a ClickHouse server. Each nightly run is done, its publish
// is reported as pending, is retried at intervals that grow to one hour, and is done with the data of all nights when
// the server is available again.
func TestServerAwayForThreeNights(t *testing.T) {
	t.Parallel()
	server := clickhouse.Start(t, clickhouse.Options{})
	s := newSite(t, fmt.Sprintf("clickhouse: {dsn: %q, connect_timeout: 1s, retries: 0}", server.DSN()))
	rows := func() string {
		return strings.TrimSpace(server.Ask(t, "SELECT count(), sum(quantity) FROM default.lines FORMAT CSV"))
	}
	for _, day := range []string{"2026-03-01", "2026-03-02", "2026-03-03", "2026-03-04"} {
		s.feed(day, false)
	}
	if got := s.pass(s.time("2026-03-02T02:05")); got != "schedule nightly done" {
		t.Fatal(got)
	}
	s.has(map[string]string{"tollbook_publish_owed": "0", "tollbook_unpublished_cycles": "0"})
	if got := rows(); got != "3,7" { // 1 + 2 + 4 hours
		t.Errorf("after the first night: %s", got)
	}

	s.must(server.Kill())
	tries := 0
	for night, at := range []string{"2026-03-03T02:05", "2026-03-04T02:05", "2026-03-05T02:05"} {
		if got := s.pass(s.time(at)); !strings.HasPrefix(got, "schedule nightly look") {
			t.Fatalf("night %d: %s", night, got)
		}
		s.has(map[string]string{"tollbook_publish_owed": "1", "tollbook_unpublished_cycles": "1",
			`tollbook_owed_firings{kind="publish"}`: "1",
			`tollbook_owed_firings{kind="nightly"}`: "0", `tollbook_failing_tries{kind="nightly"}`: "0"})
		for until := s.time(at).Add(23 * time.Hour); ; tries++ {
			again := again(t, s)
			if !again.Before(until) {
				break
			}
			if got := s.pass(again); got != "retry publish failed" {
				t.Fatalf("try %d: %s", tries, got)
			}
		}
	}
	if tries < 60 || tries > 90 { // about twelve until the interval is an hour, then one per hour
		t.Errorf("%d tries in three days", tries)
	}
	if code, text := s.ask("/readyz"); code != http.StatusOK { // an alert reports the missing publish
		t.Error(code, text)
	}

	s.must(server.Restart())
	if got := s.pass(again(t, s)); got != "retry publish done" {
		t.Error(got)
	}
	s.has(map[string]string{"tollbook_publish_owed": "0", "tollbook_unpublished_cycles": "0",
		`tollbook_failing_tries{kind="publish"}`: "0"})
	if got := rows(); got != "12,28" {
		t.Errorf("paid: %s", got)
	}
}

// again returns the time at which a failed job is retried.
func again(t *testing.T, s *site) time.Time {
	t.Helper()
	status := s.scheduler.Status()
	if len(status.Failing) != 1 {
		t.Fatalf("%+v", status.Failing)
	}
	return time.UnixMicro(int64(status.Failing[0].RetryAt))
}

func TestNames(t *testing.T) {
	t.Parallel()
	names, err := NewMetrics("v1", time.Now).Names()
	if err != nil || len(names) < 20 {
		t.Fatal(names, err)
	}
}
