package publish_test

import (
	"errors"
	"strings"
	"testing"

	server "github.com/tollbook/tollbook/fixtures/clickhouse"
	"github.com/tollbook/tollbook/fixtures/program"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/out/publish"
	"github.com/tollbook/tollbook/pipeline/run"
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

// TestInternalIsNoCopy checks that the internal database of a copy is not mistaken for a database of views, and that
// it is not changed.
func TestInternalIsNoCopy(t *testing.T) {
	t.Parallel()
	program.Slow(t)
	w := newWorld(t, server.Options{}, "")
	w.settings(copyOf(w.server.DSN()), "")
	w.publishedMonth()
	other := at(t, w.server, strings.Replace(copyOf(w.server.DSN()), "/copy", "/copy_internal", 1), "")
	other.unpublishedMonth()
	_, err := other.tryPublish(run.PublishOptions{Cycle: lake.NoCycle})
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
	_, err := w.tryPublish(run.PublishOptions{Cycle: lake.NoCycle})
	failed := new(publish.ServerError)
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
