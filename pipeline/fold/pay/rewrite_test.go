package pay_test

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/tollbook/tollbook/pipeline/lake/storage"
	"github.com/tollbook/tollbook/pipeline/run"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/period"
)

// month is a workspace with lines of every kind: usage, tiers with a fee, month-end lines, an order and its refund, an
// adjustment, and a late record.
var month = map[string]string{
	"tollbook.yaml": "zone: UTC\ncurrency: {code: CNY, digits: 2}\nrounding: {grain: cycle, mode: half_up}\n" +
		"lake: {buckets: 2}\n",
	"books/products.csv": "sku,name,service_type_code,service_type_name,resource_type_code,resource_type_name," +
		"usage_type,measure,pricing_model\n" +
		"vm,VM,c,C,v,V,time,hour,flat\nobs,OBS,s,S,b,B,space,GB,graduated\ncdn,CDN,n,N,d,D,traffic,GB,volume\n" +
		"sub,Sub,c,C,v,V,month,count,period\n",
	"books/prices.csv": "sku,region_code,period_type,valid_from,tier,up_to,unit_price,flat_fee\n" +
		"vm,*,,2026-01-01,1,,0.5,\nobs,*,,2026-01-01,1,2,0.3,1\nobs,*,,2026-01-01,2,,0.1,2\n" +
		"cdn,*,,2026-01-01,1,,0.2,5\nsub,*,month,2026-01-01,1,,30,\n",
	"books/customers.csv":    "customer_id,name\nacme,Acme\nbeta,Beta\ngamma,Gamma\n",
	"books/partners.csv":     "partner_id,name,kind\np,P,reseller\n",
	"books/associations.csv": "customer_id,partner_id,association_type,valid_from,valid_to\nacme,p,2,2026-09-04,\n",
	"books/discounts.csv": "discount_id,kind,customer_id,partner_id,service_type_code,sku,mode,value,valid_from," +
		"valid_to\nd,commercial,acme,,*,*,rate,0.9,2026-09-02,2026-09-04\n",
	"books/packages.csv": "package_id,customer_id,skus,region_code,quota,reset,valid_from,valid_to\n" +
		"q,beta,vm,*,1,cycle,2026-01-01,\n",
	"inbox/usage/a.csv": "record_id,customer_id,resource_id,sku,region_code,usage_start,usage_end,quantity," +
		"resource_name\n" +
		"r0,acme,m,vm,e,2026-08-03T00:00:00Z,2026-08-03T01:00:00Z,1,\n" +
		"r1,acme,m,vm,e,2026-09-03T00:00:00Z,2026-09-03T01:00:00Z,1,web\n" +
		"r2,acme,m,obs,w,2026-09-03T01:00:00Z,2026-09-03T02:00:00Z,3,\n" +
		"r3,acme,n,vm,w,2026-09-05T01:00:00Z,2026-09-05T02:00:00Z,0.0000001,\n" +
		"r3,beta,m,vm,e,2026-09-03T00:00:00Z,2026-09-03T01:00:00Z,4,\n" +
		"r4,beta,d,cdn,e,2026-09-04T00:00:00Z,2026-09-04T01:00:00Z,8,\n" +
		"r4,gamma,d,obs,e,2026-09-04T00:00:00Z,2026-09-04T01:00:00Z,1,\n",
	"inbox/orders/a.csv": "order_id,order_line,order_type,customer_id,sku,region_code,resource_id,quantity," +
		"period_type,period_num,pay_time,expire_time,base_order_id,payer\n" +
		"o1,1,new,acme,sub,e,x,2,month,1,2026-09-02T00:00:00Z,2026-10-02T00:00:00Z,,\n" +
		"o2,1,renew,beta,sub,e,x,1,month,1,2026-09-02T00:00:00Z,,,\n" +
		"o3,1,unsubscribe,acme,,,,,,,2026-09-22T00:00:00Z,,o1,\n",
	"inbox/adjustments/a.csv": "adjustment_id,customer_id,sku,time,amount,bill_detail_type,note\n" +
		"a1,gamma,vm,2026-09-09T00:00:00Z,-1.5,9,sorry\n",
}

// late is a file that arrives after the close of August.
const late = "record_id,customer_id,resource_id,sku,region_code,usage_start,usage_end,quantity,replaces\n" +
	"r9,acme,m,vm,e,2026-08-03T00:00:00Z,2026-08-03T01:00:00Z,3,r0\n" +
	"r10,gamma,m,cdn,e,2026-08-03T00:00:00Z,2026-08-03T01:00:00Z,3,\n"

// watched is a storage that records which files of lines are created.
type watched struct {
	storage.Storage
	mu   sync.Mutex
	made []string
}

// Create implements storage.Storage.
func (w *watched) Create(name string) (storage.File, error) {
	w.note(name)
	return w.Storage.Create(name)
}

// Rename implements storage.Storage.
func (w *watched) Rename(from, to string) error {
	w.note(to)
	return w.Storage.Rename(from, to)
}

func (w *watched) note(name string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if strings.HasPrefix(name, "lines/cycle=2026-09/day=2026-") {
		w.made = append(w.made, name)
	}
}

// TestLinesOnce (CASH-9) checks that runs in ledger mode create one file of lines per day and bucket: in the first run,
// in a second run with more records of the same days, and with commitments, which need lines before they are paid.
func TestLinesOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	files := maps.Clone(month)
	files["tollbook.yaml"] += "payments: ledger\n"
	files["books/commitments.csv"] = "commitment_id,customer_id,kind,value,valid_from,valid_to\n" +
		"least,acme,minimum,1000,2026-09-01,2026-10-01\nmost,beta,maximum,0.1,2026-09-01,2026-10-01\n"
	write := func(files map[string]string) {
		for name, text := range files {
			path := filepath.Join(dir, filepath.FromSlash(name))
			if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o777),
				os.WriteFile(path, []byte(text), 0o666)); err != nil {
				t.Fatal(err)
			}
		}
	}
	for i, files := range []map[string]string{files, {"inbox/usage/b.csv": "record_id,customer_id,resource_id,sku," +
		"region_code,usage_start,usage_end,quantity\n" +
		"s1,acme,m,vm,e,2026-09-03T02:00:00Z,2026-09-03T03:00:00Z,1\n" +
		"s2,beta,m,vm,e,2026-09-03T02:00:00Z,2026-09-03T03:00:00Z,1\n" +
		"s3,gamma,m,vm,e,2026-09-03T02:00:00Z,2026-09-03T03:00:00Z,1\n"}} {
		write(files)
		w, err := workspace.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		at, err := period.ParseInstant("2026-09-25T00:00:00Z")
		if err != nil {
			t.Fatal(err)
		}
		disk := &watched{}
		o := workspace.Options{AsOf: at, Wrap: func(st storage.Storage) storage.Storage {
			disk.Storage = st
			return disk
		}}
		if _, err := run.Monthly(t.Context(), w, period.CycleOf(2026, 9), o); err != nil {
			t.Fatal(err)
		}
		var days []string
		for _, name := range disk.made {
			if _, err := os.Stat(filepath.Join(dir, "lake", filepath.FromSlash(name))); err != nil {
				t.Errorf("run %d: %s was made and is not in the lake", i, name)
			}
			days = append(days, name[:strings.LastIndexByte(name, '-')]) // the name without its hash
		}
		slices.Sort(days)
		if days = slices.Compact(days); len(days) == 0 || len(days) != len(disk.made) {
			t.Errorf("run %d: %d files of %d days and buckets: %v", i, len(disk.made), len(days), disk.made)
		}
	}
}

// bill runs the month and returns the names of the files in the lake except manifests. A name has the content's hash.
func bill(t *testing.T, extra map[string]string) []string {
	t.Helper()
	dir := t.TempDir()
	files := maps.Clone(month)
	maps.Copy(files, extra)
	put := func(name, text string) {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range files {
		put(name, text)
	}
	w, err := workspace.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	o := func(asOf string) workspace.Options {
		at, err := period.ParseInstant(asOf)
		if err != nil {
			t.Fatal(err)
		}
		return workspace.Options{AsOf: at}
	}
	if _, err := run.Close(t.Context(), w, period.CycleOf(2026, 8), false, o("2026-09-25T00:00:00Z")); err != nil {
		t.Fatal(err)
	}
	put("inbox/usage/late.csv", late)
	report, err := run.Monthly(t.Context(), w, period.CycleOf(2026, 9), o("2026-10-02T00:00:00Z"))
	if err != nil {
		t.Fatal(err)
	}
	if report.Rejected > 0 {
		t.Fatalf("rejects: %v", report.Reasons)
	}
	var out []string
	root := filepath.Join(dir, "lake")
	err = filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		name, _ := filepath.Rel(root, path)
		if strings.HasSuffix(name, ".parquet") {
			out = append(out, filepath.ToSlash(name))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestRewritten checks that, with coupons that fit no line, each rewritten file of lines equals byte for byte the file
// that rating wrote: it makes no difference whether a file was rewritten by paying (CASH-4).
func TestRewritten(t *testing.T) {
	t.Parallel()
	plain := bill(t, nil)
	never := couponHeader
	for _, customer := range []string{"acme", "beta", "gamma"} {
		never += "never-" + customer + "," + customer + ",voucher,,1,1000000,*,*,YES,2026-01-01,2027-01-01\n"
	}
	rewritten := bill(t, map[string]string{"books/coupons.csv": never})
	if !slices.Equal(plain, rewritten) {
		t.Errorf("rated:\n%s\nand paid by nothing but cash:\n%s", strings.Join(plain, "\n"),
			strings.Join(rewritten, "\n"))
	}
	kinds := 0
	for _, name := range plain {
		if strings.HasPrefix(name, "lines/cycle=2026-09/") {
			kinds++
		}
	}
	if kinds < 8 {
		t.Errorf("only %d files of lines in the month: %v", kinds, plain)
	}
}
