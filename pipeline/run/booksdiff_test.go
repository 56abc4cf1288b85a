package run

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tollbook/tollbook/pipeline/fold/state"
	"github.com/tollbook/tollbook/pipeline/workspace"
)

// mendShop returns five days of two customers, each in its own bucket. acme, in 001, uses only vm. birch, in 000, uses
// vm, xl, which reaches a second tier, and box, whose package is exhausted on the third day.
func mendShop(t *testing.T) *ledger {
	l := &ledger{T: t, dir: t.TempDir()}
	l.write("tollbook.yaml", "zone: Asia/Shanghai\ncurrency: {code: CNY, digits: 2}\n"+
		"rounding: {grain: line, mode: truncate}\npayments: assume_cash\nlake: {path: lake, buckets: 2}\n")
	l.write("books/products.csv", "sku,service_type_code,measure,pricing_model\nbox,store,GB,flat\n"+
		"vm,compute,hour,flat\nxl,compute,hour,graduated\n")
	l.write("books/prices.csv", "sku,region_code,valid_from,valid_to,tier,up_to,unit_price\nbox,*,2026-01-01,,1,,1\n"+
		"vm,*,2026-01-01,,1,,1\nxl,*,2026-01-01,,1,20,2\nxl,*,2026-01-01,,2,,1\n")
	l.write("books/customers.csv", "customer_id,valid_from\nacme,2026-01-01\nbirch,2026-01-01\n")
	l.write("books/packages.csv", "package_id,customer_id,skus,quota,reset,valid_from\n"+
		"k,birch,box,10,cycle,2026-01-01\n")
	rows := "record_id,customer_id,resource_id,sku,region_code,usage_start,usage_end,quantity\n"
	for _, day := range []string{"01", "02", "03", "04", "05"} {
		at := "2026-09-" + day + "T10:00:00+08:00,2026-09-" + day + "T11:00:00+08:00"
		rows += "a" + day + ",acme,r,vm,east," + at + ",5\nb" + day + ",birch,r,vm,east," + at + ",5\n" +
			"x" + day + ",birch,r,xl,east," + at + ",5\ny" + day + ",birch,r,box,east," + at + ",4\n"
	}
	l.write("inbox/usage/first.csv", rows)
	return l
}

// nightly runs a night and returns the table, day and bucket of each data file that it wrote.
func (l *ledger) nightly() (days int, wrote []string) {
	l.Helper()
	before := l.dataFiles()
	ws, err := workspace.Open(l.dir)
	if err != nil {
		l.Fatal(err)
	}
	report, err := Nightly(l.Context(), ws, workspace.Options{AsOf: instantOf(l.T, "2026-09-06T04:00:00Z"),
		BooksCopy: filepath.Join(l.dir, "runs", "books.zip")})
	if err != nil {
		l.Fatal(err)
	}
	for path := range l.dataFiles() {
		if before[path] {
			continue
		}
		parts := strings.Split(path, string(filepath.Separator))
		file, _, _ := strings.Cut(parts[len(parts)-1], "-")
		words := []string{parts[0]}
		for _, p := range parts {
			if day, ok := strings.CutPrefix(p, "day=2026-09-"); ok {
				words = append(words, day)
			}
		}
		wrote = append(wrote, strings.Join(append(words, file), " "))
	}
	slices.Sort(wrote)
	return report.DaysDone, wrote
}

func (l *ledger) dataFiles() map[string]bool {
	l.Helper()
	out := make(map[string]bool)
	root := filepath.Join(l.dir, "lake")
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".parquet") {
			path, err = filepath.Rel(root, path)
			out[path] = true
		}
		return err
	})
	if err != nil && !os.IsNotExist(err) {
		l.Fatal(err)
	}
	return out
}

// TestChangedBooksTouch checks which files a night with changed books writes, and for how many days of buckets it rates
// lines to find them (FOLD-2).
func TestChangedBooksTouch(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, file, old, is string
		days                int
		want                []string
	}{
		{"a price from the fourth", "prices.csv", "vm,*,2026-01-01,,1,,1\n", "vm,*,2026-01-01,2026-09-04,1,,1\n" +
			"vm,*,2026-09-04,,1,,3\n", 4,
			[]string{"lines 04 000", "lines 04 001", "lines 05 000", "lines 05 001", "statements 000", "statements 001",
				"sums 04 000", "sums 04 001", "sums 05 000", "sums 05 001"}},
		{"a price of what one customer uses", "prices.csv", "xl,*,2026-01-01,,2,,1\n", "xl,*,2026-01-01,,2,,1.5\n", 5,
			[]string{"lines 05 000", "statements 000", "sums 05 000"}},
		{"a price of a region that nobody uses", "prices.csv", "vm,*", "vm,west,2026-01-01,,1,,9\nvm,*", 0, nil},
		{"a customer's own rate", "discounts.csv", "",
			"discount_id,kind,customer_id,service_type_code,sku,mode,value,valid_from\n" +
				"d,commercial,acme,*,*,rate,0.5,2026-09-05\n", 1,
			[]string{"lines 05 001", "statements 001", "sums 05 001"}},
		{"a package from the fifth", "packages.csv", "k,birch,box,10,cycle,2026-01-01\n",
			"k,birch,box,10,cycle,2026-01-01\nm,birch,vm,3,none,2026-09-05\n", 1,
			[]string{"lines 05 000", "positions 05 000", "statements 000", "sums 05 000"}},
		{"a new customer", "customers.csv", "birch,", "alder,2026-01-01\nbirch,", 0, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			l := mendShop(t)
			l.nightly()
			path := filepath.Join(l.dir, "books", c.file)
			text, err := os.ReadFile(path)
			if err != nil && !os.IsNotExist(err) {
				t.Fatal(err)
			}
			l.write("books/"+c.file, strings.Replace(string(text), c.old, c.is, 1))
			days, wrote := l.nightly()
			if diff := cmp.Diff(c.want, wrote); diff != "" || days != c.days {
				t.Errorf("%d days of buckets were folded, want %d; files written (- want, + got):\n%s", days, c.days,
					diff)
			}
		})
	}
}

// TestChangedCoupon checks that a change of coupons rates no day, and that the days that a coupon pays, or paid before,
// are paid again, including days on which no coupon is in force any more.
func TestChangedCoupon(t *testing.T) {
	t.Parallel()
	const head = "coupon_id,customer_id,kind,amount,min_consumption,service_type_code,sku,with_discount,valid_from," +
		"valid_to\n"
	l := mendShop(t)
	l.nightly()
	for _, c := range []struct {
		name, coupons string
		want          []string
	}{
		{"8 for two days of 5", "c,acme,voucher,8,0,*,*,YES,2026-09-02,\n",
			[]string{"balances 02 001", "balances 03 001",
				"lines 02 001", "lines 03 001", "statements 001", "sums 02 001", "sums 03 001"}},
		{"the same, ended after the first", "c,acme,voucher,8,0,*,*,YES,2026-09-02,2026-09-03\n",
			[]string{"lines 03 001", "statements 001", "sums 03 001"}},
		{"none", "", []string{"lines 02 001", "statements 001", "sums 02 001"}},
	} {
		l.write("books/coupons.csv", head+c.coupons)
		days, wrote := l.nightly()
		if diff := cmp.Diff(c.want, wrote); diff != "" || days != 0 {
			t.Errorf("%s: %d days of buckets were folded, want none; files written (- want, + got):\n%s", c.name, days,
				diff)
		}
	}
}

// TestLateRecordTouches checks that a record of the second day that arrives on the sixth rates its bucket from the
// second day on, until the positions are unchanged (FOLD-2).
func TestLateRecordTouches(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, row string
		days      int
		want      []string
	}{
		{"flat: no position moves", "late,acme,r,vm,east", 1, []string{"ident 02 001", "lines 02 001", "statements 001",
			"sums 02 001"}},
		{"graduated: the meter stands higher to the end", "late,birch,r,xl,east", 4, []string{"ident 02 000",
			"lines 02 000", "lines 04 000", "positions 02 000", "positions 03 000", "positions 04 000",
			"positions 05 000",
			"statements 000", "sums 02 000", "sums 04 000"}},
		{"a package that is used up on the third either way", "late,birch,r,box,east", 2, []string{"ident 02 000",
			"lines 02 000", "lines 03 000", "positions 02 000", "statements 000", "sums 02 000", "sums 03 000"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			l := mendShop(t)
			l.nightly()
			l.write("inbox/usage/late.csv",
				"record_id,customer_id,resource_id,sku,region_code,usage_start,usage_end,quantity\n"+
					c.row+",2026-09-02T20:00:00+08:00,2026-09-02T21:00:00+08:00,1\n")
			days, wrote := l.nightly()
			if diff := cmp.Diff(c.want, wrote); diff != "" || days != c.days {
				t.Errorf("%d days of buckets were folded, want %d; files written (- want, + got):\n%s", days, c.days,
					diff)
			}
		})
	}
}

// TestChangedBooksUnknown checks that all days are rated again if the copy does not have the books with which the open
// cycles were rated (CHANGE-1).
func TestChangedBooksUnknown(t *testing.T) {
	t.Parallel()
	const before, after = "vm,*,2026-01-01,,1,,1\n", "vm,*,2026-01-01,,1,,3\n"
	for name, spoil := range map[string]func(l *ledger, copied string){
		"a copy of other books": func(l *ledger, copied string) {
			ws, err := workspace.Open(l.dir)
			if err != nil {
				l.Fatal(err)
			}
			err = state.PrepareBooks(copied, 1, os.DirFS(l.dir), ws.Books.Hash)
			if err := errors.Join(err, state.KeepBooksFile(copied, 1)); err != nil {
				l.Fatal(err)
			}
		},
		"no copy": func(l *ledger, copied string) {
			if err := os.Remove(copied); err != nil {
				l.Fatal(err)
			}
		},
		"a torn copy": func(l *ledger, copied string) {
			if err := os.Truncate(copied, 100); err != nil {
				l.Fatal(err)
			}
		},
		"other settings": func(l *ledger, _ string) {
			text, err := os.ReadFile(workspace.SettingsFile(l.dir))
			if err != nil {
				l.Fatal(err)
			}
			l.write("tollbook.yaml", strings.Replace(string(text), "truncate", "half_up", 1))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := mendShop(t)
			l.nightly()
			prices := filepath.Join(l.dir, "books", "prices.csv")
			text, err := os.ReadFile(prices)
			if err != nil {
				t.Fatal(err)
			}
			l.write("books/prices.csv", strings.Replace(string(text), before, after, 1))
			spoil(l, filepath.Join(l.dir, "runs", "books.zip"))
			days, wrote := l.nightly()
			if days != 10 || !slices.Contains(wrote, "lines 01 000") || !slices.Contains(wrote, "lines 01 001") {
				t.Errorf("%d days of buckets were folded, want all 10; written: %q", days, wrote)
			}
			if days, wrote := l.nightly(); days != 0 || wrote != nil {
				t.Errorf("the next night folded %d days and wrote %q", days, wrote)
			}
		})
	}
}

// TestStoppedBeforeTheCopy tests CHANGE-6: a new book must not be removed if the first run with it was interrupted
// after its commit. It may be removed if that run was interrupted before its commit.
func TestStoppedBeforeTheCopy(t *testing.T) {
	t.Parallel()
	for point, refused := range map[string]bool{"before-manifest": false, "after-HEAD": true} {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			l := mendShop(t)
			l.nightly()
			l.write("books/discounts.csv", "discount_id,kind,customer_id,sku,mode,value,valid_from\n"+
				"half,commercial,acme,vm,rate,0.5,2026-01-01\n")
			ws, err := workspace.Open(l.dir)
			l.must(err)
			stop := errors.New("stopped")
			_, err = Nightly(t.Context(), ws, workspace.Options{AsOf: instantOf(t, "2026-09-06T04:00:00Z"),
				BooksCopy: workspace.BooksCopy(l.dir), StopAt: func(at string) error {
					if at == point {
						return stop
					}
					return nil
				}})
			if !errors.Is(err, stop) {
				t.Fatalf("the night ended with %v", err)
			}
			l.must(os.Remove(l.path("books/discounts.csv")))
			if _, err := workspace.Open(l.dir); (err != nil) != refused {
				t.Errorf("without the book: %v; refused: %v", err, refused)
			}
		})
	}
}
