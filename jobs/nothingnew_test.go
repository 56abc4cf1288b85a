package jobs

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tollbook/tollbook/jobs/ledger"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/schemas/period"
)

func at(text string) period.Instant {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return period.Instant(t.UnixMicro())
}

// tree returns the hashes of the files of a workspace's lake.
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
		files[name] = string(lake.HashBytes(text))
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

// TestNothingNew checks the outcome of a night after two nights that took the same files, and that a night with nothing
// new leaves every byte of the lake. Invariant: RUN-2.
func TestNothingNew(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		before func(dir string) error // at the first night, in addition to the default files
		change func(dir string) error // before the night that is checked
		task   func(*Task)            // like change, for the task
		want   ledger.Outcome         // "" = nothing new
	}{
		"as it was":               {},
		"an adjustment was taken": {before: adjustment},
		"with the ledger":         {before: appendTo("tollbook.yaml", "payments: ledger\n")},
		"the next day":            {task: func(t *Task) { t.AsOf = at("2026-09-10T17:30:00Z") }},
		"after the month's end":   {task: func(t *Task) { t.AsOf = at("2026-10-09T17:30:00Z") }},
		"an ingest":               {task: func(t *Task) { t.Kind = Ingest }},
		"a file that is no feed":  {change: appendTo("inbox/usage/notes.txt", "of the operator")},
		"a link that leads nowhere": {change: func(dir string) error {
			return os.Symlink("gone.csv", filepath.Join(dir, "inbox/usage/link.csv"))
		}, want: ledger.NeedsAttention},
		"a stray file in the lake": {change: appendTo("lake/tmp/000001-spill", "left behind")},
		"a file for a later run": {change: func(dir string) error {
			return errors.Join(appendTo("inbox/usage/b.csv",
				head+"n1,acme,m1,vm,east,2026-09-08T00:00:00Z,2026-09-08T01:00:00Z,1\n")(dir),
				// The report of the run contains this time.
				os.Chtimes(filepath.Join(dir, "inbox/usage/b.csv"), noon(), noon()))
		}, task: func(t *Task) { t.Due, t.Why = t.AsOf, CatchUp }},
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
		}},
		"a price was changed":        {change: swap("books/prices.csv", "0.015", "0.016"), want: ledger.Done},
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
		"a reason for rejects": {task: func(t *Task) { t.AcceptRejects = "known" }},
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
			r, task := runner(t), Task{Kind: Nightly, AsOf: at("2026-09-09T17:30:00Z")}
			do := func(change func(dir string) error) {
				t.Helper()
				if change != nil {
					if err := change(r.Dir); err != nil {
						t.Fatal(err)
					}
				}
			}
			do(c.before)
			for range 2 {
				if _, err := r.Run(t.Context(), task); err != nil {
					t.Fatal(err)
				}
			}
			do(c.change)
			if c.task != nil {
				c.task(&task)
			}
			want := c.want
			var before map[string]string
			if want == "" {
				want, before = ledger.NothingNew, tree(t, r.Dir)
			}
			res, _ := r.Run(t.Context(), task) // the entry has the error
			if res.Entry.Outcome != want {
				t.Errorf("outcome %s, want %s: %s", res.Entry.Outcome, want, res.Entry.Error)
			}
			if want != ledger.NothingNew {
				return
			}
			delete(before, "tmp/000001-spill")
			if diff := cmp.Diff(before, tree(t, r.Dir)); diff != "" {
				t.Errorf("lake before (-) and after (+):\n%s", diff)
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
