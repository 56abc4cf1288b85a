package publish_test

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	server "github.com/tollbook/tollbook/fixtures/clickhouse"
	"github.com/tollbook/tollbook/fixtures/program"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/out/publish"
	"github.com/tollbook/tollbook/pipeline/run"
	"github.com/tollbook/tollbook/schemas/problem"
)

// TestHTTP checks that a publish over HTTP inserts the same rows. Invariant: CH-5.
func TestHTTP(t *testing.T) {
	t.Parallel()
	program.Slow(t)
	w := newWorld(t, server.Options{}, "")
	for _, packing := range []string{"lz4", "zstd", "none"} {
		t.Run(packing, func(t *testing.T) {
			w.settings(strings.Replace(copyOf(w.server.HTTPDSN()), "/copy", "/copy_"+packing, 1), ", compression: "+
				packing)
			if packing == "lz4" {
				if r := w.month(); r.Owed != nil {
					t.Fatalf("%+v", r.Owed)
				}
			}
			w.publish()
			w.shows(strings.ReplaceAll(linesSQL, "copy.", "copy_"+packing+"."), sampleLines)
			if r := w.publish(); r.Changed {
				t.Errorf("again: %+v", r)
			}
		})
	}
}

// TestTLSAndSecrets checks that the server's certificate is verified against the authority in the settings, unless the
// settings disable verification, and that no error contains a secret. Invariants: CH-1, CH-4.
func TestTLSAndSecrets(t *testing.T) {
	t.Parallel()
	program.Slow(t)
	const secret = "hunter2-very-secret"
	s := server.Start(t, server.Options{})
	s.Ask(t, "SELECT 1")
	proxy, certificate := server.TLS(t, s.Addr())
	w := at(t, s, "clickhouse://finance:"+secret+"@"+proxy.Addr()+"/copy?secure=true", "")
	w.unpublishedMonth()
	told := func(want string) {
		t.Helper()
		_, err := w.tryPublish(run.PublishOptions{Cycle: lake.NoCycle})
		var failed *publish.ServerError
		if !errors.As(err, &failed) || !strings.Contains(err.Error()+problem.HintOf(failed), want) ||
			strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, problem.HintOf(failed)), secret) {
			t.Errorf("%v; want one with %q, and no secret", err, want)
		}
	}
	told("clickhouse.ca_file") // signed by an unknown authority
	w.settings("clickhouse://finance:"+secret+"@"+proxy.Addr()+"/copy?secure=true", ", ca_file: '"+certificate+"'")
	told("Authentication failed")
	w.settings("clickhouse://"+proxy.Addr()+"/copy?secure=true", ", ca_file: '"+certificate+"'")
	w.publish()
	w.shows(linesSQL, sampleLines)
	w.settings("clickhouse://"+proxy.Addr()+"/copy?secure=true", ", skip_verify: true")
	w.publish()
	w.settings("clickhouse://"+s.Addr()+"/copy?secure=true", "")
	told("clickhouse " + s.Addr() + ": connect: ") // the port without TLS
}

// TestCredentials checks the order of the sources of user and password: environment, settings and file, dsn.
func TestCredentials(t *testing.T) {
	t.Parallel()
	program.Slow(t)
	w := newWorld(t, server.Options{Users: []server.User{{Name: "finance", Password: "from file"},
		{Name: "ops", Password: "from env"}}}, "")
	w.unpublishedMonth()
	w.must(os.WriteFile(filepath.Join(w.dir, "secret"), []byte("from file\n"), 0o600))
	w.settings(copyOf(w.server.DSN()), ", user: finance, password_file: secret")
	w.publish()
	w.env[publish.UserEnv], w.env[publish.PasswordEnv] = "ops", "from env"
	w.publish()
	w.env[publish.PasswordEnv] = "from somewhere else"
	_, err := w.tryPublish(run.PublishOptions{Cycle: lake.NoCycle})
	if err == nil || strings.Contains(err.Error(), "from somewhere else") ||
		!strings.Contains(err.Error(), "Authentication failed") {
		t.Error(err)
	}
	w.env = map[string]string{}
	base, err := url.Parse(copyOf(w.server.DSN()))
	w.must(err)
	base.User = url.UserPassword("finance", "from file")
	w.settings(base.String(), "")
	w.publish()
	w.shows(linesSQL, sampleLines)
}

// TestDroppedTable checks that tables and views that were dropped by hand are created again, and that tables of a newer
// program are not changed. Invariant: PUB-10.
func TestDroppedTable(t *testing.T) {
	t.Parallel()
	program.Slow(t)
	w := newWorld(t, server.Options{}, "")
	w.settings(copyOf(w.server.DSN()), "")
	w.publishedMonth()
	w.ask("DROP VIEW copy.samples")
	w.ask("DROP TABLE copy_internal.samples_rows SYNC")
	w.ask("DROP TABLE copy_internal.samples_data SYNC")
	w.settings(copyOf(w.server.DSN()), ", samples: true")
	r := w.publish()
	if got := strings.Join(r.DDL, "; "); !strings.Contains(got, "tables.sql; ") || !r.Changed || len(r.Repaired) > 0 {
		t.Errorf("ran %s: %+v", got, r)
	}
	w.shows(linesSQL, sampleLines)
	w.shows("SELECT count() > 1000, sum(in_bps) > 0 FROM copy.samples", "1\t1")
	w.shows(
		"SELECT groupArray(version) FROM (SELECT DISTINCT version FROM copy_internal.schema_versions ORDER BY version)",
		"[0,1]",
	)
	w.ask("INSERT INTO copy_internal.schema_versions (version, name) VALUES (2, 'of tomorrow')")
	_, err := w.tryPublish(run.PublishOptions{Cycle: lake.NoCycle})
	var newer *publish.NewerError
	if !errors.As(err, &newer) || newer.Version != 2 || newer.Ours != 1 {
		t.Error(err)
	}
}

// TestCluster checks three shards: lines are distributed by bucket, each server returns all rows, the publish is
// pending while a shard is down, and the next run completes it.
func TestCluster(t *testing.T) {
	t.Parallel()
	program.Slow(t)
	shards := server.StartCluster(t, 3, server.Options{})
	w := at(t, shards[0], copyOf(shards[0].DSN()), ", cluster: "+server.ClusterName)
	w.must(shards[2].Kill())
	if r := w.month(); r.Owed == nil || !strings.Contains(r.Owed.Why, shards[2].Addr()) {
		t.Fatalf("owed %+v", r.Owed)
	}
	w.must(shards[2].Restart())
	w.publish()
	for i, s := range shards {
		w.server = s
		w.shows(linesSQL, sampleLines)
		w.shows(statementsSQL, sampleDue)
		if n := w.ask(rowsOfLinesSQL); n == "0" || n == "18351" {
			t.Errorf("shard %d holds %s of 18351 lines", i+1, n)
		}
	}
	w.server = shards[0]
	if r := w.publish(); r.Changed || inserted(r) != 0 {
		t.Errorf("again: %+v", r)
	}
}

// TestMoreShards checks a cluster that grows: existing rows stay on two shards and are shown, and new rows are
// distributed over three.
func TestMoreShards(t *testing.T) {
	t.Parallel()
	program.Slow(t)
	shards := server.StartCluster(t, 3, server.Options{})
	w := at(t, shards[0], copyOf(shards[0].DSN()), "")
	w.publishedMonth() // one server
	w.settings(copyOf(shards[0].DSN()), ", cluster: "+server.ClusterName)
	w.publish()
	for _, s := range shards {
		w.server = s
		w.shows(linesSQL, sampleLines)
	}
	w.server = shards[1]
	w.shows(rowsOfLinesSQL, "0")
	_, err := w.tryPublish(run.PublishOptions{Cycle: lake.NoCycle, Rebalance: true})
	w.must(err)
	for _, s := range shards {
		w.server = s
		w.shows(linesSQL, sampleLines)
		w.shows("SELECT count() > 0 FROM copy_internal.lines_data", "1")
	}
}

// TestTwoPublishers checks that concurrent publishers do not disturb each other and leave one copy. Invariants: PUB-1,
// PUB-3.
func TestTwoPublishers(t *testing.T) {
	t.Parallel()
	program.Slow(t)
	w := newWorld(t, server.Options{}, "")
	w.settings(copyOf(w.server.DSN()), "")
	w.unpublishedMonth()
	w.stopAt(publish.StepCreated)
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() {
			if _, err := w.tryPublish(run.PublishOptions{Cycle: lake.NoCycle}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	w.shows(linesSQL, sampleLines)
	w.shows(statementsSQL, sampleDue)
	if r := w.publish(); r.Changed {
		t.Errorf("%+v", r)
	}
}

// TestQueryHoldsRows checks that rows that a running query may need are kept regardless of keep, and that one cycle can
// be published alone. Invariants: PUB-4, PUB-5.
func TestQueryHoldsRows(t *testing.T) {
	t.Parallel()
	program.Slow(t)
	w := newWorld(t, server.Options{}, "")
	w.settings(copyOf(w.server.DSN()), ", keep: 0s")
	w.publishedMonth()
	ended := w.running(w.server)
	w.ask(forgetStatements)
	r := w.publish()
	if r.Cleaned != 0 || r.Waiting == 0 || !r.Changed {
		t.Errorf("while a query runs: %+v", r)
	}
	w.shows(statementsSQL, sampleDue)
	<-ended
	ended = w.running(w.server) // which began after the rows were dropped: it holds nothing
	_, err := w.tryPublish(run.PublishOptions{Cycle: cycle(t, "2026-09")})
	w.must(err)
	w.shows("SELECT count() FROM copy_internal.statements_data", "12")
	<-ended
	w.shows(linesSQL, sampleLines)
}

// TestServerBehind checks that rows are kept that a query may read on a server whose pointer another publisher, which
// was killed, had not moved: the query began after that move. Invariant: PUB-5.
func TestServerBehind(t *testing.T) {
	t.Parallel()
	program.Slow(t)
	shards := server.StartCluster(t, 2, server.Options{})
	w := at(t, shards[0], copyOf(shards[0].DSN()), ", keep: 0s, cluster: "+server.ClusterName)
	w.publishedMonth()
	for _, s := range shards {
		_, err := s.Query(t.Context(), forgetStatements)
		w.must(err)
	}
	w.stopAt(publish.StepBetweenPointers)
	w.ask("SELECT sleep(1)") // so that the query begins clearly after the move
	ended := w.running(shards[1])
	if r := w.publish(); r.Cleaned != 0 || r.Waiting == 0 {
		t.Errorf("while a query runs: %+v", r)
	}
	<-ended
	if r := w.publish(); r.Cleaned == 0 || r.Waiting != 0 {
		t.Errorf("without a query: %+v", r)
	}
}

// forgetStatements makes a publish insert the statements again and drop those that are there.
const forgetStatements = "DELETE FROM copy_internal.loads WHERE table_name = 'statements'"

// running returns while a query of some seconds runs on a server. The channel receives when it has ended.
func (w *world) running(s *server.Server) (ended <-chan string) {
	done, ctx := make(chan string, 1), w.Context()
	go func() {
		text, err := s.Query(ctx, "SELECT sum(sleepEachRow(0.2)) FROM numbers(40) SETTINGS max_block_size = 1, "+
			"function_sleep_max_microseconds_per_block = 0")
		done <- fmt.Sprint(text, err)
	}()
	for {
		n, err := s.Query(ctx, "SELECT count() FROM system.processes WHERE query LIKE '%sleepEachRow%' AND query NOT "+
			"LIKE '%processes%' AND user != ''")
		w.must(err)
		if strings.TrimSpace(n) != "0" {
			return done
		}
	}
}
