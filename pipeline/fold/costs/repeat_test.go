package costs

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
	"github.com/google/go-cmp/cmp"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/settings"
)

// repeatColumns are the columns of the files of TestRepeats: first numbers, then times, then texts.
var repeatColumns = []string{"BilledCost", "EffectiveCost", "ListCost", "PricingQuantity", "BillingPeriodStart",
	"ChargePeriodStart", "ChargePeriodEnd", "BillingCurrency", "ChargeCategory", "CommitmentDiscountStatus",
	"SubAccountId", "ServiceName", "ResourceId", "ResourceName", "PricingUnit", "RegionId", "Tags", "InvoiceId"}

// repeatRow returns a row of one of a few resources, with texts that occur in other rows too.
func repeatRow(r *rand.Rand) []string {
	pick := func(list ...string) string { return list[r.IntN(len(list))] }
	start := time.Date(2026, 9, 1+r.IntN(28), r.IntN(24), 0, 0, 0, time.UTC)
	resource := pick("vm-1", "vm-2", "vm-3", "")
	return []string{
		fmt.Sprintf("%d.%010d", r.IntN(9), r.IntN(1e9)), pick("0.0000000001", "-3.5000000000", "70.0000000000"),
		pick("1.0000000000", "", "2.5000000000"), pick("3.0000000000", "", "-1.0000000000"),
		"2026-09-01T00:00:00Z", start.Format(time.RFC3339),
		start.Add(time.Hour).Format(time.RFC3339), "USD", pick("Usage", "Usage", "usage", "Tax"),
		pick("", "", "Unused", "NULL"), pick("A", "B", "C", "KEEP", "LATER"),
		pick("S3", "EC2", "VPC", "Calls"), resource, resource + pick("", "-renamed"), pick("Calls", "GB"),
		pick("north", ""), pick("", `{"team":"x"}`, `{"team":"y","team":"x"}`), pick("i-1", "i-2", "NULL"),
	}
}

// asCSV writes rows as CSV. Rows of CSV are allocated one by one.
func asCSV(t *testing.T, rows [][]string) []byte {
	t.Helper()
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	must(t, w.Write(repeatColumns))
	must(t, w.WriteAll(rows))
	return out.Bytes()
}

// asParquet writes rows as Parquet with columns of decimals, times and texts.
func asParquet(t *testing.T, rows [][]string) []byte {
	t.Helper()
	var fields []arrow.Field
	for i, name := range repeatColumns {
		kind := arrow.DataType(arrow.BinaryTypes.String)
		switch {
		case i < 4:
			kind = &arrow.Decimal128Type{Precision: 30, Scale: 10}
		case i < 7:
			kind = &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}
		}
		fields = append(fields, arrow.Field{Name: name, Type: kind, Nullable: true})
	}
	schema := arrow.NewSchema(fields, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	for _, row := range rows {
		for i, cell := range row {
			if cell == "" {
				b.Field(i).AppendNull()
				continue
			}
			switch to := b.Field(i).(type) {
			case *array.Decimal128Builder:
				v, err := decimal128.FromString(cell, 30, 10)
				must(t, err)
				to.Append(v)
			case *array.TimestampBuilder:
				at, err := time.Parse(time.RFC3339, cell)
				must(t, err)
				to.AppendTime(at)
			case *array.StringBuilder:
				to.Append(cell)
			}
		}
	}
	var out bytes.Buffer
	w, err := pqarrow.NewFileWriter(schema, &out, nil, pqarrow.DefaultWriterProps())
	must(t, err)
	must(t, w.Write(b.NewRecordBatch()))
	must(t, w.Close())
	return out.Bytes()
}

// TestRepeats prices rows of Parquet files, most of which differ from an earlier row only in numbers and time, and the
// same rows as CSV, which are allocated one by one. Both give the same result, also if a worker has a few groups in
// memory. Rules, mark-ups, prices and a customer change within the month. Invariants: FCOST-5, FCOST-6.
func TestRepeats(t *testing.T) {
	t.Parallel()
	const rules = "- {match: {SubAccountId: A}, customer: x, valid_to: 2026-09-20}\n" +
		"- {match: {SubAccountId: A}, customer: y}\n- {match: {SubAccountId: B}, customer: y}\n" +
		"- {match: {SubAccountId: LATER}, customer: z}\n- {match: {Tags.team: x}, customer: x}\n" +
		"- {match: {ServiceName: VPC}, split: {x: 0.3, y: 0.7}}\n- {match: {SubAccountId: KEEP}, keep: overhead}\n"
	for seed := range uint64(6) {
		r := rand.New(rand.NewPCG(seed, 1))
		plain, packed := fstest.MapFS{of("1") + "_SUCCESS": {}}, fstest.MapFS{of("1") + "_SUCCESS": {}}
		for file := range 3 {
			var rows [][]string
			for range 800 {
				rows = append(rows, repeatRow(r))
			}
			plain[fmt.Sprintf("%s%d.csv", of("1"), file)] = &fstest.MapFile{Data: asCSV(t, rows)}
			packed[fmt.Sprintf("%s%d.parquet", of("1"), file)] = &fstest.MapFile{Data: asParquet(t, rows)}
		}
		grain := []settings.CostGrain{settings.ResourceDay, settings.ResourceMonth, settings.CostRow}[seed%3]
		want := repeatedLines(t, rules, plain, grain, 0)
		for _, memory := range []int{0, 9 * groupMemory} {
			if got := repeatedLines(t, rules, packed, grain, memory); got != want {
				t.Errorf("seed %d, grain %s, Parquet (+) and CSV (-): %s", seed, grain,
					cmp.Diff(strings.Split(want, "\n"), strings.Split(got, "\n")))
			}
		}
		if strings.Count(want, "\n") < 50 {
			t.Errorf("seed %d: %s", seed, want)
		}
	}
}

// repeatedLines returns the result for an inbox as text. memory is Stage.SortBytes.
func repeatedLines(t *testing.T, rules string, inbox fstest.MapFS, grain settings.CostGrain, memory int) string {
	t.Helper()
	s := billBy(t, rules, inbox, map[string]string{
		"prices.csv": "sku,valid_from,valid_to,tier,up_to,unit_price,rate,flat_fee\n" +
			"cloud,2026-01-01,2026-09-12,1,,,0.1,5\ncloud,2026-09-12,,1,,,0.2,5\ncalls,2026-09-05,,1,10,1,,\n" +
			"calls,2026-09-05,,2,,0.5,,\n",
		"customers.csv": "customer_id,valid_from,valid_to\nx,,\ny,,\nz,2026-09-10,2026-09-25\n",
		"markups.csv": "service_name,sku,valid_from,valid_to,min_margin\n*,cloud,,2026-09-08,\n" +
			"*,cloud,2026-09-08,,0.05\nCalls,calls,2026-09-03,,\n",
	})
	s.Costs.Grain, s.Workers, s.SortBytes, s.Txn = grain, 2, memory, scratch(t)
	r := price(t, s)
	lines, margins := described(r)
	var groups []string
	for _, g := range r.groups {
		groups = append(groups, fmt.Sprintf("%s rule %d rows %d markup %d %s %s %q %v %s", g.id, g.rule, g.rows,
			g.markup, g.start, g.end, g.verbatim.Text("ResourceName"), g.has, g.values[books.ListCost].Trim()))
	}
	slices.Sort(groups)
	tolerated := fmt.Sprintf("%+v", r.counted[0].Tolerant)
	return strings.Join(slices.Concat(lines, margins, groups, []string{tolerated}), "\n")
}
