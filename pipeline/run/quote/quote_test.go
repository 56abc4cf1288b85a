package quote_test

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tollbook/tollbook/fixtures/lakekey"
	"github.com/tollbook/tollbook/fixtures/sample"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/run"
	"github.com/tollbook/tollbook/pipeline/run/quote"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

const month = "2026-09"

// openWorkspace returns the sample with only one of its usage files, or none, and without links, whose commits are
// billed without any usage.
func openWorkspace(t *testing.T, only string) *workspace.Workspace {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "workspace")
	if err := sample.Write(dir); err != nil {
		t.Fatal(err)
	}
	fed, err := filepath.Glob(filepath.Join(dir, "inbox", "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range append(fed, filepath.Join(dir, "books", "links.csv")) {
		if name == filepath.Join(dir, filepath.FromSlash(only)) {
			continue
		}
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
	}
	w, err := workspace.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func options(t *testing.T) workspace.Options {
	t.Helper()
	asOf, err := period.ParseInstant("2026-10-05T04:00:00Z")
	if err != nil {
		t.Fatal(err)
	}
	return workspace.Options{AsOf: asOf, Workers: 2}
}

// billed has the lines and statements by customer, as text, after a run on an empty lake.
type billed struct {
	lines      map[string][]string
	statements map[string]rows.Statement
}

func bill(t *testing.T, w *workspace.Workspace) billed {
	t.Helper()
	cycle, err := period.ParseCycle(month)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := run.Monthly(t.Context(), w, cycle, options(t)); err != nil {
		t.Fatal(err)
	}
	out := billed{map[string][]string{}, map[string]rows.Statement{}}
	l, err := w.Lake(options(t))
	if err != nil {
		t.Fatal(err)
	}
	err = l.Read(func(snap *lake.Snapshot) error {
		list, err := rows.Lines(t.Context(), snap, lakekey.Cycle(month), "", nil, rows.Limits{})
		if err != nil {
			return err
		}
		err = list.Each(func(row rows.Row[tables.Line]) error {
			customer := row.Word(tables.LineCustomerID)
			out.lines[customer] = append(out.lines[customer], storedText(t, row))
			return nil
		})
		if err := list.Close(); err != nil {
			return err
		}
		if err != nil {
			return err
		}
		return rows.EachStatement(context.Background(), snap, lakekey.Cycle(month), "", rows.Limits{},
			func(s *rows.Statement) error {
				out.statements[s.CustomerID] = *s
				return nil
			})
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// storedText returns the values that a quote has of a line, read from the lake.
func storedText(t *testing.T, row rows.Row[tables.Line]) string {
	t.Helper()
	text := fmt.Sprintf("%s %d %s %s %s %s %s %s", row.Text(tables.LineID), row.Small(tables.LineTier),
		row.Word(tables.LineKind), row.Word(tables.LineSKU), row.Word(tables.LineRegionCode),
		row.Text(tables.LineResourceID),
		row.Time(tables.LineUsageStart), row.MaybeTime(tables.LineUsageEnd))
	for _, col := range []tables.QuantityColumn[tables.Line]{tables.LineUsageAmount, tables.LineFreeResourceUsage,
		tables.LineQuantity, tables.LineUnitPrice} {
		q, err := row.Quantity(col)
		if err != nil {
			t.Fatal(err)
		}
		text += " " + q.String()
	}
	for _, col := range []tables.AmountColumn[tables.Line]{tables.LineOfficialAmount,
		tables.LineOfficialDiscountAmount, tables.LineTruncatedAmount,
		tables.LinePaymentAmount} {
		a, err := row.Amount(col)
		if err != nil {
			t.Fatal(err)
		}
		text += " " + a.String()
	}
	return text + fmt.Sprintf(" %q %q", row.Word(tables.LineDiscountID), row.Text(tables.LinePackageDraws))
}

func quotedText(l *quote.Line) string {
	return fmt.Sprintf("%s %d %s %s %s %s %s %s %s %s %s %s %s %s %s %s %q %q", l.ID, l.Tier, l.Kind, l.SKU, l.Region,
		l.ResourceID, l.UsageStart, l.UsageEnd,
		l.Usage, l.Free, l.Quantity, l.UnitPrice, l.Official, l.Discount, l.Truncated, l.Payment, l.DiscountID, l.Draws)
}

// TestSameAsARun checks for every customer in every file of the sample that a quote on an empty lake has the same lines
// as the bill of a run on an empty lake (QUOTE-1). Invariant: QUOTE-5.
func TestSameAsARun(t *testing.T) {
	t.Parallel()
	files, err := sample.Files()
	if err != nil {
		t.Fatal(err)
	}
	names, err := fs.Glob(files, "inbox/usage/*")
	if err != nil || len(names) == 0 {
		t.Fatalf("files %v, error %v", names, err)
	}
	for _, name := range names {
		t.Run(filepath.Base(name), func(t *testing.T) {
			t.Parallel()
			w := openWorkspace(t, name)
			file := filepath.Join(w.Dir, name)
			want := bill(t, w)
			empty := openWorkspace(t, "")
			for customer, statement := range want.statements {
				q, err := quote.Run(t.Context(), empty, options(t), quote.Question{Customer: customer, File: file,
					Rules: rules()})
				if err != nil {
					t.Fatal(err)
				}
				if len(q.Cycles) != 1 {
					t.Fatalf("customer %s: %d cycles", customer, len(q.Cycles))
				}
				c := &q.Cycles[0]
				if diff := cmp.Diff(fmt.Sprint(statement), fmt.Sprint(c.Statement)); diff != "" {
					t.Errorf("customer %s: statement (-run +quote):\n%s", customer, diff)
				}
				var lines []string
				for i := range c.Priced {
					lines = append(lines, quotedText(&c.Priced[i]))
				}
				slices.Sort(lines)
				slices.Sort(want.lines[customer])
				if diff := cmp.Diff(want.lines[customer], lines); diff != "" {
					t.Errorf("customer %s: lines (-run +quote):\n%s", customer, diff)
				}
			}
			if _, err := os.Stat(empty.LakeDir()); err == nil {
				if entries, err := os.ReadDir(empty.LakeDir()); err != nil || len(entries) > 0 {
					t.Errorf("the workspace's lake was written to: %v, error %v", entries, err)
				}
			}
		})
	}
}

// rules returns the rules of the sample's settings.
func rules() tariff.Rules {
	return tariff.Rules{Grain: tariff.PerCycle, Mode: money.HalfUp, Digits: 2}
}

// TestDeltaByHand checks delta's machines before the correction against the calculation in the sample's README: 43,110
// minutes at 0.0125 and 43,200 at 0.012 list, 0.0118 agreed. Official 538.875 + 518.4 = 1,057.275, payment 86,310 ×
// 0.0118 = 1,018.458, due 1,018.46. Invariant: QUOTE-3.
func TestDeltaByHand(t *testing.T) {
	t.Parallel()
	const name = "inbox/usage/machines-2026-09.csv"
	w := openWorkspace(t, name)
	q, err := quote.Run(t.Context(), w, options(t), quote.Question{Customer: "delta", File: filepath.Join(w.Dir, name),
		Rules: rules()})
	if err != nil {
		t.Fatal(err)
	}
	got := []string{q.Cycles[0].Official.String(), q.Cycles[0].Discount.String(), q.Cycles[0].Payment.String(),
		q.Cycles[0].Rounding.String(), q.Due.String()}
	want := []string{"1057.27500000", "38.81700000", "1018.45800000", "-0.00200000", "1018.46000000"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("official, discount, payment, rounding, due (-want +got):\n%s", diff)
	}
}

// TestFromLake checks that a quote starts with the current balance of packages: the first 10,000 of juniper's minutes
// are free only once. On an empty lake a day of 1,440 minutes is free. After September, with 8,560 minutes left in the
// second quota period, a day of 10,000 costs 1,440 × 0.0098 = 14.112. Invariant: QUOTE-4.
func TestFromLake(t *testing.T) {
	t.Parallel()
	const name = "inbox/usage/machines-2026-09.csv"
	w := openWorkspace(t, name)
	if _, err := run.Nightly(t.Context(), w, options(t)); err != nil {
		t.Fatal(err)
	}
	head, err := os.ReadFile(filepath.Join(w.LakeDir(), "HEAD"))
	if err != nil {
		t.Fatal(err)
	}
	plan := filepath.Join(t.TempDir(), "plan.csv")
	text := "record_id,customer_id,resource_id,sku,region_code,usage_start,usage_end,quantity\n" +
		"plan-1,juniper,new,vm.c2,east-1,2026-09-30T12:00:00+08:00,2026-09-30T13:00:00+08:00,10000\n"
	if err := os.WriteFile(plan, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		fromLake   bool
		free, paid string
	}{{false, "10000.0000000000", "0.00000000"}, {true, "8560.0000000000", "14.11200000"}} {
		q, err := quote.Run(t.Context(), w, options(t), quote.Question{Customer: "juniper", File: plan,
			FromLake: c.fromLake, Rules: rules()})
		if err != nil {
			t.Fatal(err)
		}
		l := &q.Cycles[0].Priced[0]
		if l.Free.String() != c.free || q.Cycles[0].Payment.String() != c.paid {
			t.Errorf("from lake %t: free %s, payment %s; want %s, %s", c.fromLake, l.Free, q.Cycles[0].Payment, c.free,
				c.paid)
		}
	}
	if after, err := os.ReadFile(filepath.Join(w.LakeDir(), "HEAD")); err != nil || string(after) != string(head) {
		t.Errorf("HEAD was %q, is %q, error %v", head, after, err)
	}
}
