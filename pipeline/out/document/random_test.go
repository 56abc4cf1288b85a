package document_test

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"testing"

	"pgregory.net/rapid"

	"github.com/tollbook/tollbook/fixtures/reference"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/out/document"
	"github.com/tollbook/tollbook/pipeline/read/audit"
	"github.com/tollbook/tollbook/pipeline/run"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// TestEveryDocument checks random workspaces with closes and late files: every statement of a partner and every bill of
// a customer adds up in every cycle, lines and rows agree for each day, because the books do not change, the overview
// is the sum of the statements, and verify accepts the lake. Invariant: COMPOSE-1.
func TestEveryDocument(t *testing.T) {
	t.Parallel()
	root, left, failed := t.TempDir(), 4, false
	rapid.Check(t, func(t *rapid.T) {
		if left == 0 && !failed {
			return
		}
		left, failed = max(0, left-1), true // reset below if the check returns
		dir, err := os.MkdirTemp(root, "")
		must(t, err)
		defer os.RemoveAll(dir)
		made := reference.Random(t, dir, reference.RandomOptions{Usage: true, Bandwidth: true, Settlement: true,
			Adjustments: true, Late: true, Records: 15})
		w := play(t, made)
		if w != nil {
			documents(t, w)
		}
		failed = false
	})
}

func must(t *rapid.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// play performs the sequence. It returns nil if a run fails, for example because books contradict accepted records.
func play(t *rapid.T, made reference.RandomWorkspace) *workspace.Workspace {
	t.Helper()
	inbox, stash := filepath.Join(made.Dir, "inbox"), filepath.Join(made.Dir, "stash")
	must(t, os.Rename(inbox, stash))
	w, err := workspace.Open(made.Dir)
	must(t, err)
	cycle := func(text string) period.Cycle {
		c, err := period.ParseCycle(text)
		must(t, err)
		return c
	}
	for _, step := range made.Sequence {
		for _, name := range step.Files {
			to := filepath.Join(inbox, filepath.FromSlash(name))
			must(t, os.MkdirAll(filepath.Dir(to), 0o755))
			must(t, os.Rename(filepath.Join(stash, filepath.FromSlash(name)), to))
		}
		o := workspace.Options{AsOf: period.Instant(step.AsOf.UnixMicro()), Workers: 2}
		switch {
		case step.Close != "":
			_, err = run.Close(context.Background(), w, cycle(step.Close), false, o)
		case step.Monthly != "":
			_, err = run.Monthly(context.Background(), w, cycle(step.Monthly), o)
		default:
			_, err = run.Nightly(context.Background(), w, o)
		}
		if err != nil {
			t.Logf("a sequence that fails: %v", err)
			return nil
		}
	}
	return w
}

// documents composes every document of every cycle.
func documents(t *rapid.T, w *workspace.Workspace) {
	t.Helper()
	ctx := context.Background()
	book, err := w.PartnerBook()
	must(t, err)
	l, err := w.Lake(workspace.Options{})
	must(t, err)
	snap, err := l.Head()
	must(t, err)
	s := &document.Sources{Snap: snap, Books: w.Books, Settings: &w.Settings, Prices: w.Prices(), Partners: book}
	for _, ref := range snap.Manifest.Cycles {
		cycle := ref.Period()
		statements(ctx, t, s, cycle)
		list, err := rows.Statements(ctx, snap, ref.Cycle, "", rows.Limits{})
		must(t, err)
		own := map[string][]byte{}
		must(t, list.Each(func(row rows.Row[tables.Statement]) error {
			b, err := document.ComposeBill(ctx, s, cycle, row.Word(tables.StatementCustomerID))
			if err != nil {
				return err
			}
			own[b.Customer.ID] = asJSON(t, b)
			return written(b.Write)
		}))
		must(t, list.Close())
		inBuckets(ctx, t, s, cycle, own)
		_, err = document.OpenItemsOf(ctx, s, cycle, cycle, period.Forever)
		must(t, err)
	}
	checkLake(ctx, t, snap)
}

func asJSON(t *rapid.T, b *document.Bill) []byte {
	t.Helper()
	var out bytes.Buffer
	must(t, b.Write(&out, document.JSON, document.Options{}))
	return out.Bytes()
}

// inBuckets composes the bills of each bucket together and checks that they equal those that were composed one by one
// (COMPOSE-10).
func inBuckets(ctx context.Context, t *rapid.T, s *document.Sources, cycle period.Cycle, own map[string][]byte) {
	t.Helper()
	buckets := max(1, s.Snap.Manifest.Buckets)
	in := make([][]string, buckets)
	for id := range own {
		bucket := lake.BucketOf(id, buckets)
		in[bucket] = append(in[bucket], id)
	}
	done := 0
	for bucket, ids := range in {
		must(t, document.Bills(ctx, s, cycle, bucket, ids, func(b *document.Bill) error {
			if done++; !bytes.Equal(asJSON(t, b), own[b.Customer.ID]) {
				t.Errorf("the bill of %s for %s is another one in its bucket", b.Customer.ID, cycle)
			}
			return nil
		}))
	}
	if done != len(own) {
		t.Errorf("%d of %d bills of %s", done, len(own), cycle)
	}
}

// statements composes every partner's statement of a cycle and compares them with the overview.
func statements(ctx context.Context, t *rapid.T, s *document.Sources, cycle period.Cycle) {
	t.Helper()
	all, err := document.Partners(ctx, s, cycle)
	must(t, err)
	var net money.AmountTotal
	for i := range s.Books.Partners {
		st, err := document.ComposeStatement(ctx, s, cycle, s.Books.Partners[i].ID)
		must(t, err)
		must(t, written(st.Write))
		must(t, net.AddTotal(st.Summary.Net))
		if has(st.Notes, "left out: by today's books") {
			t.Fatalf("statement of %s for %s: %q", st.Partner.ID, cycle, st.Notes)
		}
	}
	if net != all.Totals[0].Net {
		t.Fatalf("cycle %s: the overview's net is %s, that of the statements %s", cycle, all.Totals[0].Net, net)
	}
}

// written writes a document with all its parts in every format, which also checks its sums.
func written(write func(io.Writer, document.Format, document.Options) error) error {
	for _, f := range document.Formats() {
		if err := write(io.Discard, f, document.Options{}); err != nil {
			return err
		}
	}
	return nil
}

func checkLake(ctx context.Context, t *rapid.T, snap *lake.Snapshot) {
	t.Helper()
	report, err := audit.Run(ctx, snap, audit.Options{Workers: 2})
	must(t, err)
	for _, c := range report.Checks {
		for _, d := range c.Differs {
			t.Errorf("verify %s: %s", c.Name, d)
		}
	}
	for i := range report.Totals {
		if !report.Totals[i].Same() {
			t.Errorf("control total %+v", report.Totals[i])
		}
	}
}
