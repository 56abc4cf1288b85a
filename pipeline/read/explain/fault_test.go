package explain_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/tollbook/tollbook/fixtures/lakekey"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
	"github.com/tollbook/tollbook/pipeline/read/explain"
	"github.com/tollbook/tollbook/pipeline/run"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/period"
)

// TestFilesThatCannotBeOpened explains a line, while each of the files that it opens fails in turn: each time there is
// an error.
func TestFilesThatCannotBeOpened(t *testing.T) {
	t.Parallel()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	dir := filepath.Join(t.TempDir(), "w")
	must(os.CopyFS(dir, os.DirFS("../../serve/testdata/access")))
	asOf, err := period.ParseInstant("2026-09-25T00:00:00Z")
	must(err)
	w, err := workspace.Open(dir)
	must(err)
	_, err = run.Nightly(t.Context(), w, workspace.Options{AsOf: asOf})
	must(err)
	inbox, err := w.Inbox()
	must(err)
	q := explain.Question{ID: "rec-cedar-1", Cycle: lakekey.Cycle("2026-09"), Customer: "cust-cedar", Origin: "2026-09"}
	failed := 0
	for n := int64(1); ; n++ {
		l, err := w.Lake(workspace.Options{Wrap: func(st storage.Storage) storage.Storage {
			return storage.Faulty(st, storage.Plan{Mode: storage.Files, N: n})
		}})
		if err != nil {
			failed++
			continue
		}
		var story *explain.Story
		err = l.Read(func(snap *lake.Snapshot) (err error) {
			sources := &explain.Sources{Books: w.Books, Settings: &w.Settings, Prices: w.Prices(),
				Refund: workspace.RefundRules(&w.Settings), Inbox: inbox, Snap: snap}
			story, err = explain.Explain(t.Context(), sources, &q)
			return err
		})
		if err == nil {
			if !story.Agrees || failed == 0 {
				t.Fatalf("after %d errors: %+v", failed, story)
			}
			return
		}
		failed++
	}
}
