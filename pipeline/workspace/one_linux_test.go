package workspace

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tollbook/tollbook/schemas/settings"
)

// aged is a real folder that reports times of its files one hour earlier, because ctime cannot be set. It counts the
// books that are opened.
type aged struct {
	fs.FS
	opened int
}

type agedInfo struct {
	fs.FileInfo
	sys *syscall.Stat_t
}

func (i agedInfo) Sys() any { return i.sys }

// Open implements fs.FS.
func (a *aged) Open(name string) (fs.File, error) {
	f, err := a.FS.Open(name)
	if err == nil && strings.HasSuffix(name, ".csv") {
		a.opened++
	}
	return f, err
}

// Stat implements fs.StatFS.
func (a *aged) Stat(name string) (fs.FileInfo, error) {
	info, err := fs.Stat(a.FS, name)
	if err != nil {
		return nil, err
	}
	sys := *info.Sys().(*syscall.Stat_t)
	sys.Ctim = syscall.NsecToTimespec(sys.Ctim.Nano() - time.Hour.Nanoseconds())
	return agedInfo{info, &sys}, nil
}

// desk is a workspace of two customers, with a cache in a folder that does not exist at first.
type desk struct {
	*testing.T
	dir   string
	cache BooksCache
}

// restOfSettings has the settings that no test changes.
const restOfSettings = `rounding: {grain: cycle, mode: half_up}
payments: assume_cash
usage: {max_age_months: 18, future_tolerance: 24h}
refund: {unconditional_hours: 120, fee_rate: "0"}
close: {day: 4, time: "24:00"}
lake: {path: lake, buckets: 16}
clickhouse: {dsn: "", cluster: ""}
api: {listen: 127.0.0.1:8080}
schedule: {nightly: "30 1 * * *", monthly: "0 12 5 * *"}
`

func newDesk(t *testing.T) *desk {
	t.Helper()
	cache := filepath.Join(t.TempDir(), "tollbook")
	d := &desk{T: t, dir: t.TempDir(), cache: BooksCache{Program: "p", Books: filepath.Join(cache, "books-0123456789"),
		Stamps: filepath.Join(cache, "stamps-0123456789"), Failed: func(err error) { t.Error(err) }}}
	d.write(settings.File, "zone: UTC\ncurrency: {code: CNY, digits: 2}\nvendor: {id: v, name: V}\n"+restOfSettings)
	d.write("books/products.csv", "sku,service_type_code,measure,pricing_model\necs,s1,GB,flat\n")
	d.write("books/prices.csv", "sku,region_code,valid_from,tier,unit_price\necs,*,2026-01-01,1,2\n")
	d.write("books/customers.csv", "customer_id,name\nc1,First\nc2,Second\n")
	return d
}

// write writes a file of the workspace. All files have the same modification time.
func (d *desk) write(name, text string) {
	d.Helper()
	path, then := filepath.Join(d.dir, name), time.Now().Add(-2*time.Hour).Truncate(time.Hour)
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o777), os.WriteFile(path, []byte(text), 0o666),
		os.Chtimes(path, then, then)); err != nil {
		d.Fatal(err)
	}
}

// books returns the names of the customers and the number of prices that are read for a customer and, after "+", the
// number of books that were opened.
func (d *desk) books(customer string) string {
	d.Helper()
	s, err := settings.Load(SettingsFile(d.dir))
	if err != nil {
		d.Fatal(err)
	}
	root := &aged{FS: os.DirFS(d.dir)}
	o := oneReading{cache: d.cache, dir: d.dir, root: root, s: s, stamped: true}
	b, err := o.books(customer)
	if err != nil {
		return err.Error()
	}
	var names []string
	for _, c := range b.Customers {
		names = append(names, c.Rows[0].Name)
	}
	return fmt.Sprintf("%s, %d prices + %d", strings.Join(names, " "), len(b.Versions), root.opened)
}

// want compares the books of a customer with the expected ones.
func (d *desk) want(when, customer, want string) {
	d.Helper()
	if got := d.books(customer); got != want {
		d.Errorf("%s, %s: got %q, want %q", when, customer, got, want)
	}
}

// TestOneFromCache checks that books that have been read once are read from the cache, and then only the rows of the
// customer (BOOKS-1).
func TestOneFromCache(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.want("nothing is cached", "c1", "First Second, 1 prices + 6") // opened to read and to hash them
	d.want("cached", "c1", "First, 0 prices + 0")
	d.want("cached", "c2", "Second, 0 prices + 0")
	d.want("cached, nobody's id", "c3", ", 0 prices + 0")
}

// TestOneNeverStale changes what the cache depends on (BOOKS-1).
func TestOneNeverStale(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*desk){
		"another text of the same length and time": func(d *desk) {
			d.write("books/customers.csv", "customer_id,name\nc1,Third\nc2,Second\n")
		},
		"another file with the name": func(d *desk) {
			d.write("books/new", "customer_id,name\nc1,Third\nc2,Second\n")
			if err := os.Rename(filepath.Join(d.dir, "books/new"),
				filepath.Join(d.dir, "books/customers.csv")); err != nil {
				d.Fatal(err)
			}
		},
		"one more book": func(d *desk) {
			d.write("books/customers.csv", "customer_id,name\nc1,Third\nc2,Second\n")
			d.write("books/partners.csv", "partner_id,kind\np1,distributor\n")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			d.books("c1")
			d.want("cached", "c1", "First, 0 prices + 0")
			change(d)
			if got := d.books("c1"); !strings.HasPrefix(got, "Third Second, 1 prices") {
				t.Errorf("got %q", got)
			}
			d.want("cached again", "c1", "Third, 0 prices + 0")
		})
	}
	t.Run("a wrong row of another customer", func(t *testing.T) {
		t.Parallel()
		d := newDesk(t)
		d.books("c1")
		d.write("books/customers.csv", "customer_id,name\nc1,First\n,Second\n")
		if got := d.books("c1"); !strings.Contains(got, "customers.csv") {
			t.Errorf("got %q", got)
		}
	})
	t.Run("a book less", func(t *testing.T) {
		t.Parallel()
		d := newDesk(t)
		d.write("books/partners.csv", "partner_id,kind\np1,distributor\n")
		d.books("c1")
		if err := os.Remove(filepath.Join(d.dir, "books/partners.csv")); err != nil {
			t.Fatal(err)
		}
		d.want("removed", "c1", "First Second, 1 prices + 3") // unchanged books are recognized by their stamps
	})
	t.Run("other settings, another build", func(t *testing.T) {
		t.Parallel()
		d := newDesk(t)
		d.books("c1")
		d.write(settings.File, "zone: UTC\ncurrency: {code: USD, digits: 2}\nvendor: {id: v, name: V}\n"+
			restOfSettings)
		d.want("settings", "c1", "First Second, 1 prices + 3")
		d.cache.Program = "q"
		d.want("build", "c1", "First Second, 1 prices + 3")
		d.want("cached", "c1", "First, 0 prices + 0")
	})
}

// TestOneSameContents checks that books that were written again with the same content are recognized by their hash.
func TestOneSameContents(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.books("c1")
	d.write("books/prices.csv", "sku,region_code,valid_from,tier,unit_price\necs,*,2026-01-01,1,2\n")
	d.want("written again", "c1", "First, 1 prices + 4") // all are read, one is hashed again
	d.want("cached", "c1", "First, 0 prices + 0")
}

// TestOneDamagedCache checks cache files that are damaged or removed (BOOKS-2).
func TestOneDamagedCache(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.books("c1")
	kept := map[string][]byte{}
	for _, name := range []string{d.cache.Books, d.cache.Stamps} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		kept[name] = text
	}
	for name, text := range kept {
		for at := -1; at < len(text); at += 1 + len(text)/40 {
			for name, text := range kept {
				if err := os.WriteFile(name, text, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			damaged := slices.Clone(text)
			if at < 0 {
				damaged = nil
			} else {
				damaged[at] ^= 0x15
			}
			if err := os.WriteFile(name, damaged, 0o600); err != nil {
				t.Fatal(err)
			}
			if got := d.books("c1"); !strings.HasPrefix(got, "First, ") &&
				!strings.HasPrefix(got, "First Second, 1 prices") {
				t.Errorf("%s, byte %d: got %q", filepath.Base(name), at, got)
			}
			d.want("written again", "c1", "First, 0 prices + 0")
		}
	}
}

// TestOneNoCache checks that books are read, and a reason is given, if the cache cannot be written (BOOKS-2).
func TestOneNoCache(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	failed := 0
	d.cache.Failed = func(error) { failed++ }
	d.cache.Books, d.cache.Stamps = "/dev/null/tollbook/books-0123456789", "/dev/null/tollbook/stamps-0123456789"
	d.want("no folder", "c1", "First Second, 1 prices + 3")
	d.want("no folder", "c1", "First Second, 1 prices + 3")
	if failed != 2 {
		t.Errorf("told %d times that nothing is cached, want 2", failed)
	}
}
