package feed

import (
	"context"
	"io"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/google/go-cmp/cmp"
)

// TestSpecs checks the columns of the feeds against the lists in §3.13 to §3.19.
func TestSpecs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		spec                            *Spec
		name, required, optional, other string
	}{
		{UsageSpec(), "usage", "record_id customer_id resource_id sku region_code usage_start usage_end quantity",
			"resource_name resource_tag unit replaces", "unit"},
		{BandwidthSpec(), "bandwidth", "resource_id sample_time", "in_bps out_bps", ""},
		{OrdersSpec(), "orders", "order_id order_type customer_id",
			"order_line sku region_code resource_id quantity period_type period_num pay_time " +
				"effective_time expire_time base_order_id base_order_line payer discount_id coupon_ids " +
				"official_amount status status_time",
			""},
		{AccountsSpec(), "accounts", "event_id customer_id time type balance_type amount", "", ""},
		{TransfersSpec(), "transfers", "transfer_id cycle from_partner_id to_partner_id amount", "customer_id", ""},
		{IncentiveEventsSpec(), "incentive_events", "event_id partner_id programme_id period event time", "", ""},
		{AdjustmentsSpec(), "adjustments", "adjustment_id customer_id sku time amount bill_detail_type", "note", ""},
	} {
		var required, optional, other []string
		for i, col := range c.spec.Columns {
			if col.Required {
				required = append(required, col.Name)
			} else {
				optional = append(optional, col.Name)
			}
			if !col.Content {
				other = append(other, col.Name)
			}
			if col.Meaning == "" || col.Source == "" || c.spec.Column(col.Name) != i ||
				c.spec.Schema().Field(i).Name != col.Name {
				t.Errorf("%s: %+v", c.name, col)
			}
		}
		got := []string{c.spec.Name, strings.Join(required, " "), strings.Join(optional, " "), strings.Join(other, " ")}
		if d := cmp.Diff([]string{c.name, c.required, c.optional, c.other}, got); d != "" {
			t.Error(d)
		}
	}
}

// TestKinds checks the kinds amount and whole number, signed and unsigned, in text and in Parquet.
func TestKinds(t *testing.T) {
	t.Parallel()
	spec := &Spec{Name: "orders", Columns: []SpecColumn{
		{Name: "id", Kind: TextColumn, Required: true},
		{Name: "amount", Kind: AmountColumn},
		{Name: "official_amount", Kind: AmountColumn, Signed: true},
		{Name: "line", Kind: WholeColumn},
		{Name: "step", Kind: WholeColumn, Signed: true},
	}}
	names := []string{"id", "amount", "official_amount", "line", "step"}
	records := [][]string{
		{"a", "1.5", "-1.5", "1", "-1"},
		{"b", "", "", "", ""},
		{"c", "-0.5", "", "", ""},
		{"d", "999999999999999999.99999999", "-999999999999999999.99999999", "999999999999999999",
			"-999999999999999999"},
		{"e", "1000000000000000000", "", "", ""},
		{"f", "", "0.000000001", "", ""},
		{"g", "", "", "-1", ""},
		{"h", "", "", "1000000000000000000", ""},
		{"i", "", "", "", "-1000000000000000000"},
		{"j", "0.100000000", "", "007", "-0"},
		{"k", "", "", "", "3.0"},
		{"l", "", "", "", "-30.00"},
		{"m", "", "", "", "3.5"},
		{"n", "", "", "", "1000000000000000000.5"},
	}
	want := contents{
		rows: []string{"a|1.5|-1.5|1|-1", "b||||", "#",
			"d|999999999999999999.99999999|-999999999999999999.99999999|999999999999999999|-999999999999999999",
			"#", "#", "#", "#", "#", "j|0.1||7|0", "k||||3", "l||||-30", "#", "#"},
		faults: []string{`3 amount bad_decimal "-0.5"`, `5 amount out_of_range "1000000000000000000"`,
			`6 official_amount bad_decimal "0.000000001"`, `7 line bad_decimal "-1"`,
			`8 line out_of_range "1000000000000000000"`, `9 step out_of_range "-1000000000000000000"`,
			`13 step bad_decimal "3.5"`, `14 step bad_decimal "1000000000000000000.5"`},
	}
	at := func(i int) []string { return records[i] }
	dec := func(s int32) arrow.DataType { return &arrow.Decimal128Type{Precision: 38, Scale: s} }
	whole64 := arrow.PrimitiveTypes.Int64
	texts := []field{{"id", text, true}, {"amount", text, true}, {"official_amount", text, true}, {"line", text, true},
		{"step", text, true}}
	typed := []field{{"id", text, true}, {"amount", dec(9), true}, {"official_amount", dec(9), true},
		{"line", whole64, true}, {"step", dec(2), true}}
	files := fstest.MapFS{
		"a.csv":         {Data: writeCSV(at, len(records), names)},
		"a.ndjson":      {Data: writeNDJSON(at, len(records), names)},
		"texts.parquet": {Data: writeParquet(t, texts, at, len(records), 4)},
		"typed.parquet": {Data: writeParquet(t, typed, at, len(records), 4)},
	}
	typedFaults := slices.Clone(want.faults)
	typedFaults[0], typedFaults[1] = `3 amount bad_decimal "-0.500000000"`,
		`5 amount out_of_range "1000000000000000000.000000000"`
	typedFaults[5], typedFaults[6], typedFaults[7] = `9 step out_of_range "-1000000000000000000.00"`,
		`13 step bad_decimal "3.50"`,
		`14 step bad_decimal "1000000000000000000.50"`
	for name := range files {
		got := readAll(t, files, name, spec, ReadOptions{})
		if d := cmp.Diff(want.rows, got.rows); d != "" || got.err != nil {
			t.Errorf("%s: %v %s", name, got.err, d)
		}
		faults := want.faults
		if name == "typed.parquet" {
			faults = typedFaults
		}
		if d := cmp.Diff(faults, got.faults); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
	for text, why := range map[string]string{"1.": "bad_decimal", ".0": "bad_decimal", "-.0": "bad_decimal",
		"1.0.0": "bad_decimal", "1.0-": "bad_decimal", "1.0e3": "bad_decimal", "1.01": "bad_decimal",
		"-": "bad_decimal", "1e3": "bad_decimal", " 1": "bad_decimal", "+1": "bad_decimal"} {
		files["b.csv"] = &fstest.MapFile{Data: []byte("id,step\na," + text + "\n")}
		if got := readAll(t, files, "b.csv", spec, ReadOptions{}); len(got.faults) != 1 ||
			!strings.Contains(got.faults[0], why) {
			t.Errorf("%q: %q, want %s", text, got.faults, why)
		}
	}
}

// TestRawWhileReading checks that other goroutines can read raw records, including x_ columns of Parquet, while the
// reader continues.
func TestRawWhileReading(t *testing.T) {
	t.Parallel()
	files := fstest.MapFS{
		"usage/a.parquet": {Data: writeParquet(t, usageFields, usageRecord, 600, 200)},
		"usage/a.csv":     {Data: writeCSV(usageRecord, 600, usageNames)},
	}
	for name := range files {
		r, err := Open(files, name, UsageSpec(), ReadOptions{BatchRows: 50})
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for {
			b, err := r.Next(context.Background())
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			wg.Go(func() {
				defer b.Release()
				for i := range b.Len() {
					if want := usageRecord(int(b.First) - 1 + i)[9]; !strings.Contains(string(b.Raw(nil, i)), want) {
						t.Errorf("%s: row %d: %s", name, b.First+int64(i), b.Raw(nil, i))
					}
				}
			})
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		wg.Wait()
	}
}

// TestProgress checks that a reader's progress grows up to the size of the file.
func TestProgress(t *testing.T) {
	t.Parallel()
	text := writeCSV(usageRecord, 3000, usageNames)
	files := fstest.MapFS{"a.csv": {Data: text}, "a.csv.gz": {Data: gz(text)},
		"a.parquet": {Data: writeParquet(t, usageFields, usageRecord, 3000, 1000)}}
	for name, file := range files {
		r, err := Open(files, name, UsageSpec(), ReadOptions{BatchRows: 100})
		if err != nil {
			t.Fatal(err)
		}
		last := int64(-1)
		for {
			b, err := r.Next(context.Background())
			read, total := r.Progress()
			if read < last || read > total || total != int64(len(file.Data)) {
				t.Errorf("%s: %d of %d after %d", name, read, total, last)
			}
			last = read
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			b.Release()
		}
		if last != int64(len(file.Data)) {
			t.Errorf("%s: ended at %d of %d", name, last, len(file.Data))
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
}

// onlyRead hides all methods of a file except those of fs.File.
type onlyRead struct{ fs.File }

type onlyReadFS struct{ fs.FS }

func (f onlyReadFS) Open(name string) (fs.File, error) {
	file, err := f.FS.Open(name)
	return onlyRead{file}, err
}

// TestNoRandomAccess checks that a file system without ReadAt supports the text formats and returns an error for
// Parquet.
func TestNoRandomAccess(t *testing.T) {
	t.Parallel()
	files := fstest.MapFS{"a.csv": {Data: writeCSV(usageRecord, 1, usageNames)},
		"a.parquet": {Data: writeParquet(t, usageFields, usageRecord, 1, 1)}}
	if got := readAll(t, onlyReadFS{files}, "a.csv", UsageSpec(), ReadOptions{}); got.err != nil {
		t.Error(got.err)
	}
	_, err := Open(onlyReadFS{files}, "a.parquet", UsageSpec(), ReadOptions{})
	if want := "read inbox/a.parquet: Parquet needs a file that can be read at any place"; err == nil ||
		err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
