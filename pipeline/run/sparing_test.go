package run_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tollbook/tollbook/fixtures/lakekey"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/run"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// TestReadersOutliveACommit checks that a reader whose files share one descriptor, and that starts before a night that
// replaces all of them, still reads its original state to the end (STO-6, LAKE-4). Invariants: ROWS-1, ROWS-4.
func TestReadersOutliveACommit(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "w")
	if err := os.CopyFS(dir, os.DirFS("../serve/testdata/access")); err != nil {
		t.Fatal(err)
	}
	night := func(asOf string) *workspace.Workspace {
		t.Helper()
		w, err := workspace.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		at, err := period.ParseInstant(asOf)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := run.Nightly(t.Context(), w, workspace.Options{AsOf: at}); err != nil {
			t.Fatal(err)
		}
		return w
	}
	w := night("2026-09-25T00:00:00Z")
	l, err := w.Lake(workspace.Options{OpenFiles: 1})
	if err != nil {
		t.Fatal(err)
	}
	snap, err := l.Head()
	if err != nil {
		t.Fatal(err)
	}
	files, err := snap.Files(lakekey.Cycle("2026-09"))
	if err != nil {
		t.Fatal(err)
	}
	list, err := rows.LinesOf(t.Context(), snap, lakekey.Cycle("2026-09"), rows.Selection{}, nil, rows.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	defer list.Close()

	prices := filepath.Join(dir, "books/prices.csv")
	text, err := os.ReadFile(prices)
	if err != nil {
		t.Fatal(err)
	}
	doubled := strings.ReplaceAll(string(text), ",1\n", ",2\n") // a price of 2 instead of 1
	if doubled == string(text) {
		t.Fatalf("no price to change:\n%s", text)
	}
	if err := os.WriteFile(prices, []byte(doubled), 0o644); err != nil {
		t.Fatal(err)
	}
	night("2026-09-26T00:00:00Z")
	gone := 0
	for _, e := range files {
		if _, err := os.Stat(filepath.Join(dir, "lake", e.Path)); e.Table == tables.Lines().Name &&
			errors.Is(err, fs.ErrNotExist) {
			gone++
		}
	}
	if gone < 3 {
		t.Fatalf("%d files of lines were replaced: too few for this test", gone)
	}
	var got []string
	err = list.Each(func(row rows.Row[tables.Line]) error {
		a, err := row.Amount(tables.LinePaymentAmount)
		got = append(got, string(row.Text(tables.LineID))+" "+a.String())
		return err
	})
	want := "rec-aurora 1.00000000, rec-birch 2.00000000, rec-cedar-1 4.00000000, rec-cedar-2 8.00000000, rec-dune " +
		"16.00000000, " +
		"rec-elm-1 32.00000000, rec-elm-2 64.00000000, rec-fern 128.00000000"
	if err != nil || strings.Join(got, ", ") != want {
		t.Errorf("%v, %v", got, err)
	}
}
