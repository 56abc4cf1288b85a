package publish_test

import (
	"errors"
	"os"
	"regexp"
	"runtime"
	"strings"
	"testing"

	server "github.com/tollbook/tollbook/fixtures/clickhouse"
	"github.com/tollbook/tollbook/fixtures/program"
	"github.com/tollbook/tollbook/pipeline/lake/place"
	"github.com/tollbook/tollbook/pipeline/out/clickhouse"
	"github.com/tollbook/tollbook/pipeline/out/publish"
	"github.com/tollbook/tollbook/pipeline/run/targets"
	"github.com/tollbook/tollbook/schemas/problem"
)

// viewNames are the views of a copy. `live` and `schema_versions` describe the copy itself.
const viewNames = "accounts\ncost_deliveries\ncost_groups\ncoupon_records\ncoupons\nfunds\nincentives\n" +
	"invoice_records\n" +
	"invoices\nlines\nlive\nmargins\norder_status\npartner_accounts\npartner_statements\nreceivables\nrejects\n" +
	"runs\nsamples\nschema_versions\nstatements\ntaxes\ntotals\nwithdrawals"

// TestViewsAlone checks that the database of the dsn has only views, and that each view and column has a comment.
func TestViewsAlone(t *testing.T) {
	t.Parallel()
	program.Slow(t)
	w := newWorld(t, server.Options{}, "")
	w.settings(copyOf(w.server.DSN()), "")
	w.publishedMonth()
	w.shows("SHOW TABLES FROM copy", viewNames)
	w.shows("SELECT DISTINCT engine FROM system.tables WHERE database = 'copy'", "View")
	w.shows("SELECT name FROM system.tables WHERE database = 'copy' AND comment = ''", "")
	w.shows("SELECT table, name FROM system.columns WHERE database = 'copy' AND comment = ''", "")
	w.shows("SELECT count() FROM system.columns WHERE database = 'copy'", "348")
	w.shows("SELECT comment FROM system.columns WHERE database = 'copy' AND table = 'lines' AND name = 'customer_id'",
		"who consumed")
	w.shows("SELECT comment FROM system.columns WHERE database = 'copy' AND table = 'totals' AND name = 'cycle'",
		"cycle that the row belongs to, such as 2026-09")
	w.shows("SELECT comment FROM system.tables WHERE database = 'copy' AND name = 'lines'",
		"One row per consumption record.")
	w.shows("SELECT comment != '' FROM system.databases WHERE name = 'copy'", "1")
	// A comment that a person changed does not trigger a publish. A view that is created again has the comment of the
	// DDL.
	w.ask("DROP VIEW copy.lines")
	w.publish()
	w.shows("SELECT table, name FROM system.columns WHERE database = 'copy' AND comment = ''", "")
}

// old creates the copy in the layout of version 2, with rows, pointer and views in one database.
func (w *world) old(servers []*server.Server) {
	w.Helper()
	text, err := os.ReadFile("testdata/version2.sql")
	w.must(err)
	ddl := string(text)
	if len(servers) > 1 {
		merge := regexp.MustCompile("Merge\\(`copy`, '\\^([a-z_]+)\\$'\\)")
		ddl = merge.ReplaceAllString(ddl, "Distributed('"+server.ClusterName+"', 'copy', '$1')")
	}
	for _, s := range servers {
		s.Ask(w.T, "DROP DATABASE copy")
		for statement := range strings.SplitSeq(ddl, ";\n") {
			if strings.TrimSpace(statement) != "" {
				s.Ask(w.T, statement)
			}
		}
		names := s.Ask(
			w.T,
			"SELECT name FROM system.tables WHERE database = 'copy' AND engine = 'MergeTree' "+
				"AND name NOT IN ('schema_versions', 'checks')",
		)
		for name := range strings.FieldsSeq(names) {
			s.Ask(w.T, "INSERT INTO copy."+name+" SELECT * "+except(name)+"FROM copy_internal."+name)
		}
		s.Ask(
			w.T,
			"INSERT INTO copy.schema_versions (version, name, hash) "+
				"VALUES (1, '0001_tables.sql', ''), (2, '0002_samples.sql', ''), (0, 'views', 'h')",
		)
		s.Ask(w.T, "DROP DATABASE copy_internal")
	}
}

// except excludes the columns that version 2 of a table did not have.
func except(table string) string {
	switch table {
	case "statements_data":
		return "EXCEPT (tax_amount, currency) "
	case "partner_statements_data":
		return "EXCEPT (currency, fx_rate, fx_date, customer_currency) "
	case "lines_data", "incentives_data", "accounts_data":
		return "EXCEPT currency "
	}
	return ""
}

// TestOldLayout checks that a copy of an older program is migrated with its rows and its pointer, on one server and on
// two shards, even if a publish is interrupted. The views show the same data at any time.
func TestOldLayout(t *testing.T) {
	t.Parallel()
	program.Slow(t)
	for _, shards := range []int{1, 2} {
		t.Run([]string{"", "server", "shards"}[shards], func(t *testing.T) {
			t.Parallel()
			servers, cluster := []*server.Server{nil}, ""
			if shards > 1 {
				servers, cluster = server.StartCluster(t, shards, server.Options{}), ", cluster: "+server.ClusterName
			} else {
				servers[0] = server.Start(t, server.Options{})
			}
			w := at(t, servers[0], copyOf(servers[0].DSN()), cluster)
			w.publishedMonth()
			pointer := w.ask("SELECT number, toString(moved_at), manifest FROM copy.live")
			w.old(servers)
			same := func(when string) {
				t.Helper()
				for _, s := range servers {
					w.server = s
					w.shows(linesSQL, sampleLines)
					w.shows(statementsSQL, sampleDue)
					w.shows("SELECT number, toString(moved_at), manifest FROM copy.live", pointer)
				}
				w.server = servers[0]
			}
			same("as the older program left it")
			old := new(publish.OldLayoutError)
			if _, _, err := publish.Live(t.Context(), w.connect(), "copy"); !errors.As(err, &old) ||
				problem.HintOf(old) != "`tollbook publish` moves its tables to copy_internal" {
				t.Errorf("the pointer of the older program: %v", err)
			}
			dry, err := w.tryPublish(targets.Options{Cycle: place.NoCycle, DryRun: true})
			if err != nil || len(dry.Adopted) != shards {
				t.Errorf("dry run: %+v, %v", dry, err)
			}
			w.shows("SELECT count() FROM system.databases WHERE name = 'copy_internal'", "0")
			w.stopAt(publish.StepAdopted)
			same("after a publish that was stopped when the first server's tables were taken over")
			w.shows("SELECT count() FROM copy.lines_data", w.ask(rowsOfLinesSQL))
			w.stopAt(publish.StepBeforeClean)
			same("after a publish that was stopped before it cleaned up")
			r := w.publish()
			if r.Changed || inserted(r) != 0 || len(r.Repaired) != 0 || len(r.Dropped) != 21*shards || len(r.Old) != 0 {
				t.Errorf("%+v", r)
			}
			same("after the publish")
			for _, s := range servers {
				w.server = s
				w.shows("SHOW TABLES FROM copy", viewNames)
				w.shows(
					"SELECT name FROM system.tables WHERE database = 'copy_internal' AND startsWith(name, 'adopting')",
					"",
				)
				w.shows("SELECT max(version) FROM copy.schema_versions", "7") // which older programs refuse
			}
			w.server = servers[0]
			if again := w.publish(); again.Changed || inserted(again) != 0 ||
				len(again.Adopted)+len(again.DDL)+len(again.Dropped) != 0 {
				t.Errorf("again: %+v", again)
			}
		})
	}
}

// TestOldLayoutIsRead checks that tables of the old layout are kept while a statement runs that started before the
// views stopped reading them.
func TestOldLayoutIsRead(t *testing.T) {
	t.Parallel()
	program.Slow(t)
	w := newWorld(t, server.Options{}, "")
	w.settings(copyOf(w.server.DSN()), "")
	w.publishedMonth()
	w.old([]*server.Server{w.server})
	go func() {
		// The query is killed below, so its error is not checked.
		_, _ = w.server.Query(
			t.Context(),
			"SELECT sum(sleepEachRow(0.5)) FROM numbers(2000) "+
				"SETTINGS max_block_size = 1, function_sleep_max_microseconds_per_block = 0",
		)
	}()
	const runs = "query LIKE 'SELECT sum(sleepEachRow%'"
	for w.ask("SELECT count() FROM system.processes WHERE "+runs) != "1" {
		runtime.Gosched()
	}
	r := w.publish()
	if len(r.Adopted) != 1 || len(r.Old) != 21 || len(r.Dropped) != 0 {
		t.Errorf("a statement runs: %+v", r)
	}
	w.shows("SELECT count() FROM copy.lines_data", "18351")
	w.ask("KILL QUERY WHERE " + runs + " SYNC")
	if r := w.publish(); len(r.Old) != 0 || len(r.Dropped) != 21 {
		t.Errorf("the statement has ended: %+v", r)
	}
	w.shows("SHOW TABLES FROM copy", viewNames)
}

// TestInternalIsNoCopy checks that the internal database of a copy is not mistaken for a copy of an older program, and
// that it is not changed.
func TestInternalIsNoCopy(t *testing.T) {
	t.Parallel()
	program.Slow(t)
	w := newWorld(t, server.Options{}, "")
	w.settings(copyOf(w.server.DSN()), "")
	w.publishedMonth()
	other := at(t, w.server, strings.Replace(copyOf(w.server.DSN()), "/copy", "/copy_internal", 1), "")
	other.unpublishedMonth()
	_, err := other.tryPublish(targets.Options{Cycle: place.NoCycle})
	if refused := new(publish.NotViewsError); !errors.As(err, &refused) ||
		!strings.Contains(err.Error(), "database copy_internal contains the tables behind the views of database copy") {
		t.Errorf("%v", err)
	}
	w.shows(linesSQL, sampleLines)
	if r := w.publish(); r.Changed || inserted(r) != 0 || len(r.DDL) != 0 {
		t.Errorf("%+v", r)
	}
}

// TestInternalDatabaseIsCreated checks the error for a user who may not create the second database: it names the
// database and its purpose. If both databases exist, a user can publish without the right to create databases.
func TestInternalDatabaseIsCreated(t *testing.T) {
	t.Parallel()
	program.Slow(t)
	grants := []string{
		"GRANT SELECT, INSERT, CREATE TABLE, CREATE VIEW, DROP TABLE, DROP VIEW, ALTER DELETE ON copy.*",
		"GRANT SELECT, INSERT, CREATE TABLE, CREATE VIEW, DROP TABLE, DROP VIEW, ALTER DELETE ON copy_internal.*",
		"GRANT SELECT ON system.parts",
		"GRANT SELECT ON system.processes",
		"GRANT TABLE ENGINE ON MergeTree",
		"GRANT TABLE ENGINE ON Merge",
	}
	s := server.Start(t, server.Options{Users: []server.User{{Name: "billing", Password: "p", Grants: grants}}})
	w := at(t, s, "clickhouse://billing:p@"+s.Addr()+"/copy", "")
	w.unpublishedMonth()
	w.ask("CREATE DATABASE copy")
	_, err := w.tryPublish(targets.Options{Cycle: place.NoCycle})
	failed := new(clickhouse.Error)
	if !errors.As(err, &failed) ||
		!strings.Contains(err.Error(),
			"create database copy_internal, which contains the tables behind the views of copy: ") ||
		!strings.Contains(problem.HintOf(failed), "docs/clickhouse.md") {
		t.Errorf("%v", err)
	}
	w.shows("SHOW TABLES FROM copy", "")
	w.ask("CREATE DATABASE copy_internal")
	w.publish()
	w.shows(linesSQL, sampleLines)
}
