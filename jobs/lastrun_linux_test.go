package jobs

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tollbook/tollbook/jobs/ledger"
	"github.com/tollbook/tollbook/pipeline/intake/inbox"
	"github.com/tollbook/tollbook/pipeline/lake/manifest"
	"github.com/tollbook/tollbook/schemas/period"
)

// twins are two workspaces with the same content: one records after which state nothing was left to do, the other does
// each run completely.
type twins struct {
	*testing.T
	quick, full *Runner
	task        Task
}

func newTwins(t *testing.T) *twins {
	t.Helper()
	w := &twins{T: t, quick: runner(t), full: runner(t), task: Task{Kind: Nightly, AsOf: at("2026-09-09T17:30:00Z")}}
	cache := t.TempDir()
	w.quick.Options.HashCache, w.quick.Options.LastRunFile, w.quick.Options.Program = filepath.Join(cache, "inbox"),
		filepath.Join(cache, "lastrun"), "build 1"
	return w
}

func at(text string) period.Instant {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return period.Instant(t.UnixMicro())
}

// settle makes the cache of hashes accept the inbox's files, as if they had not changed for two seconds.
func (w *twins) settle() {
	w.Helper()
	folder := filepath.Join(w.quick.Dir, "inbox")
	var body strings.Builder
	err := filepath.WalkDir(folder, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		stamp, _ := inbox.Stamp(info)
		name, err := filepath.Rel(folder, path)
		sum := sha256.Sum256(text)
		fmt.Fprintf(&body, "%s %s %q\n", hex.EncodeToString(sum[:16]), stamp, name)
		return err
	})
	if err == nil {
		err = os.WriteFile(w.quick.Options.HashCache,
			[]byte("tollbook hashes 1 "+string(manifest.HashBytes([]byte(body.String())))+"\n"+body.String()), 0o600)
	}
	if err != nil {
		w.Fatal(err)
	}
}

// each makes the same change in both workspaces.
func (w *twins) each(change func(dir string) error) {
	w.Helper()
	for _, r := range []*Runner{w.quick, w.full} {
		if err := change(r.Dir); err != nil {
			w.Fatal(err)
		}
	}
}

// run does the task in both workspaces and checks that report, error, ledger entry and every byte of the lake are
// equal. It returns the result, and whether the books were not read.
func (w *twins) run() (quick bool, res *Result) {
	w.Helper()
	task := w.task
	got, gotErr := w.quick.Run(w.Context(), task)
	want, wantErr := w.full.Run(w.Context(), task)
	say := func(err error, dir string) string { return strings.ReplaceAll(fmt.Sprint(err), dir, "") }
	if a, b := say(wantErr, w.full.Dir), say(gotErr, w.quick.Dir); a != b {
		w.Errorf("failed as\n%s\nwant\n%s", b, a)
	}
	if diff := cmp.Diff(want.Report, got.Report); diff != "" {
		w.Error("report:", diff)
	}
	if diff := cmp.Diff(timeless(want.Entry, w.full.Dir), timeless(got.Entry, w.quick.Dir)); diff != "" {
		w.Error("entry:", diff)
	}
	if diff := cmp.Diff(tree(w.T, w.full.Dir), tree(w.T, w.quick.Dir)); diff != "" {
		w.Error("lake:", diff)
	}
	return got.Workspace != nil && got.Workspace.Books == nil, got
}

// timeless returns an entry without its durations.
func timeless(e ledger.Entry, dir string) ledger.Entry {
	e.Stages = slices.Clone(e.Stages)
	for i := range e.Stages {
		e.Stages[i] = ledger.Stage{Name: e.Stages[i].Name, Rows: e.Stages[i].Rows}
	}
	e.Error = strings.ReplaceAll(e.Error, dir, "")
	return e
}

func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := make(map[string]string)
	root := filepath.Join(dir, "lake")
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		name, _ := filepath.Rel(root, path)
		files[name] = string(manifest.HashBytes(text))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// appendTo appends to a file of the workspace, which is created if it does not exist.
func appendTo(name, text string) func(string) error {
	return func(dir string) error {
		path := filepath.Join(dir, name)
		old, err := os.ReadFile(path)
		if err != nil && !os.IsNotExist(err) {
			return err
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			return err
		}
		return os.WriteFile(path, append(old, text...), 0o600)
	}
}

// swap replaces a text in a file with another.
func swap(name, from, to string) func(string) error {
	return func(dir string) error {
		path := filepath.Join(dir, name)
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(path, []byte(strings.Replace(string(text), from, to, 1)), 0o600)
	}
}

// oneOf returns the path of a data file of a table.
func oneOf(dir, table string) (string, error) {
	found := ""
	err := filepath.WalkDir(filepath.Join(dir, "lake", table), func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() && found == "" {
			found = path
		}
		return err
	})
	return found, err
}

// spoil changes one byte in the first file of a table.
func spoil(table string) func(string) error {
	return func(dir string) error {
		path, err := oneOf(dir, table)
		if err != nil {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		text[len(text)/2] ^= 1
		return os.WriteFile(path, text, 0o600)
	}
}

const head = "record_id,customer_id,resource_id,sku,region_code,usage_start,usage_end,quantity\n"

// TestNothingNew (RUN-5) checks that a nightly run that is skipped because there is nothing to do has the same result
// as one that reads and calculates everything, and that it is not skipped if anything might be due. Invariant: RUN-2.
func TestNothingNew(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		before func(dir string) error // at the first nightly run, in addition to the default files
		change func(dir string) error // before the nightly run that is compared
		runner func(w *twins)         // like change, for changes other than to files
		young  bool                   // the inbox changed less than two seconds before the run
		quick  bool
		want   ledger.Outcome // "" = nothing new
	}{
		"as it was":               {quick: true},
		"an adjustment was taken": {before: adjustment, quick: true},
		"with the ledger":         {before: appendTo("tollbook.yaml", "payments: ledger\n"), quick: true},
		"the next day":            {runner: func(w *twins) { w.task.AsOf = at("2026-09-10T17:30:00Z") }, quick: true},
		"after the month's end":   {runner: func(w *twins) { w.task.AsOf = at("2026-10-09T17:30:00Z") }, quick: true},
		"an ingest":               {runner: func(w *twins) { w.task.Kind = Ingest }, quick: true},
		"a file that is no feed":  {change: appendTo("inbox/usage/notes.txt", "of the operator"), quick: true},
		"a link that leads nowhere": {change: func(dir string) error {
			return os.Symlink("gone.csv", filepath.Join(dir, "inbox/usage/link.csv"))
		}, quick: true, want: ledger.NeedsAttention},
		"a stray file in the lake": {change: appendTo("lake/tmp/000001-spill", "left behind"), quick: true},
		"a file for a later run": {change: func(dir string) error {
			return errors.Join(appendTo("inbox/usage/b.csv",
				head+"n1,acme,m1,vm,east,2026-09-08T00:00:00Z,2026-09-08T01:00:00Z,1\n")(dir),
				// The report of the run contains this time.
				os.Chtimes(filepath.Join(dir, "inbox/usage/b.csv"), noon(), noon()))
		}, runner: func(w *twins) { w.task.Due, w.task.Why = w.task.AsOf, CatchUp }, quick: true},
		"a new file": {change: appendTo("inbox/usage/b.csv",
			head+"n1,acme,m1,vm,east,2026-09-08T00:00:00Z,2026-09-08T01:00:00Z,1\n"), want: ledger.Done},
		"a new file with an older row": {change: appendTo("inbox/usage/b.csv",
			head+"n1,acme,m1,vm,east,2026-09-02T00:00:00Z,2026-09-02T01:00:00Z,1\n"), want: ledger.Done},
		"a new file with rejects": {change: appendTo("inbox/usage/b.csv",
			head+"n1,acme,m1,odd,east,2026-09-08T00:00:00Z,2026-09-08T01:00:00Z,1\n"), want: ledger.NeedsAttention},
		"a file that grew": {change: appendTo("inbox/usage/first.csv",
			"r9,acme,m1,vm,east,2026-09-08T00:00:00Z,2026-09-08T01:00:00Z,1,,\n"), want: ledger.NeedsAttention},
		"a file that was touched": {change: func(dir string) error {
			return os.Chtimes(filepath.Join(dir, "inbox/usage/first.csv"), noon(), noon())
		}, young: true},
		"a price was mended":         {change: swap("books/prices.csv", "0.015", "0.016"), want: ledger.Done},
		"an empty line in the books": {change: appendTo("books/prices.csv", "\n"), want: ledger.Done},
		"a book that was not there": {change: appendTo("books/partners.csv", "partner_id,name,kind\n"+
			"p1,One,reseller\n"), want: ledger.Done},
		"books that are wrong": {change: appendTo("books/prices.csv", "odd,*,2026-01-01,,1,,1,\n"),
			want: ledger.Refused},
		"another setting": {change: appendTo("tollbook.yaml", "refund: {fee_rate: \"0.1\"}\n"),
			want: ledger.Done},
		"a remark in the settings":    {change: appendTo("tollbook.yaml", "# ours\n")},
		"settings that are wrong":     {change: appendTo("tollbook.yaml", "odd: 1\n"), want: ledger.Refused},
		"a programme of all partners": {before: programme(`"*"`)},
		"a programme of one partner":  {before: programme("[p1]")},
		"other buckets": {change: swap("tollbook.yaml", "buckets: 4", "buckets: 8"),
			want: ledger.Refused},
		"a server to publish to": {change: appendTo("tollbook.yaml",
			"clickhouse: {dsn: \"http://127.0.0.1:1/x\", retries: 0}\n"), want: ledger.NeedsAttention},
		"another build":        {runner: func(w *twins) { w.quick.Options.Program = "build 2" }},
		"a build of no name":   {runner: func(w *twins) { w.quick.Options.Program = "" }},
		"a reason for rejects": {runner: func(w *twins) { w.task.AcceptRejects = "known" }},
		"what is remembered is damaged": {runner: func(w *twins) {
			if err := appendTo(filepath.Base(w.quick.Options.LastRunFile),
				"x")(filepath.Dir(w.quick.Options.LastRunFile)); err != nil {
				w.Fatal(err)
			}
		}},
		"lines are gone": {change: func(dir string) error {
			return remove(dir, "lines")
		}, want: ledger.Failed},
		"positions are gone": {change: func(dir string) error {
			return remove(dir, "positions")
		}, want: ledger.Failed},
		// A nightly run reads stored transfers to decide new ones, and stored adjustments if one is repeated (EV-4).
		"a transfer is damaged":    {before: transfer, change: spoil("transfers"), want: ledger.Failed},
		"an adjustment is damaged": {before: adjustment, change: spoil("adjustments")},
		"HEAD is damaged":          {change: appendTo("lake/HEAD", "x"), want: ledger.Failed},
		"a manifest is damaged":    {change: appendTo("lake/manifests/000001.json", " "), want: ledger.Failed},
		"the lake was moved away": {change: func(dir string) error {
			return os.Rename(filepath.Join(dir, "lake"), filepath.Join(dir, "old"))
		}, want: ledger.NeedsAttention},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newTwins(t)
			if c.before != nil {
				w.each(c.before)
			}
			for range 2 { // in some cases only the second run records that nothing is left
				if quick, _ := w.run(); quick {
					t.Error("known before it was found")
				}
			}
			w.settle()
			if c.change != nil {
				w.each(c.change)
			}
			if !c.young {
				w.settle()
			}
			if c.runner != nil {
				c.runner(w)
			}
			quick, res := w.run()
			want := c.want
			if want == "" {
				want = ledger.NothingNew
			}
			if quick != c.quick || res.Entry.Outcome != want {
				t.Errorf("books left unread: %v, want %v; outcome %s, want %s: %s", quick, c.quick, res.Entry.Outcome,
					want, res.Entry.Error)
			}
		})
	}
}

func remove(dir, table string) error {
	path, err := oneOf(dir, table)
	if err != nil {
		return err
	}
	return os.Remove(path)
}

// adjustment adds an adjustment to acme's bill. A run reads it even if nothing is new.
func adjustment(dir string) error {
	return appendTo("inbox/adjustments/a.csv", "adjustment_id,customer_id,sku,time,amount,bill_detail_type\n"+
		"a1,acme,vm,2026-09-07T08:00:00+08:00,-1,9\n")(dir)
}

// transfer adds a transfer of performance between two partners.
func transfer(dir string) error {
	return errors.Join(
		appendTo("books/partners.csv", "partner_id,name,kind\np1,One,reseller\np2,Two,reseller\n")(dir),
		appendTo("inbox/transfers/a.csv", "transfer_id,cycle,from_partner_id,to_partner_id,customer_id,amount\n"+
			"t1,2026-09,p1,p2,,1\n")(dir))
}

// programme adds a programme of incentives for partners, whose states depend on the clock.
func programme(partners string) func(string) error {
	return func(dir string) error {
		return errors.Join(
			appendTo("books/partners.csv", "partner_id,name,kind\np1,One,reseller\n")(dir),
			appendTo("books/incentives.yaml", "- {id: g, valid_from: 2026-01-01, partners: "+partners+
				", association_types: [1, 2], product_classes: [ordinary], period: month, "+
				"tiers: [{from: \"0\", rate: \"0.02\"}], tier_rule: graduated}\n")(dir))
	}
}

// TestPlainNight checks that a nightly run that only folded new records already records that nothing is left to do.
func TestPlainNight(t *testing.T) {
	t.Parallel()
	w := newTwins(t)
	if quick, _ := w.run(); quick {
		t.Error("known before it was found")
	}
	w.settle()
	if quick, _ := w.run(); !quick {
		t.Error("the books were read again")
	}
}
