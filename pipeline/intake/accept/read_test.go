package accept

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
	"github.com/google/go-cmp/cmp"

	"github.com/tollbook/tollbook/pipeline/intake/feed"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
)

func cycle(t *testing.T, text string) period.Cycle {
	t.Helper()
	c, err := period.ParseCycle(text)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// readAll reads one file and returns its rows, rejects and tolerances as text. looks are the columns that the sink
// uses; none means all.
func readAll(t *testing.T, name string, data []byte, looks ...string) (rows, rejects []string, tally string) {
	t.Helper()
	return readAs(t, books.DefaultCostReading(), name, data, looks...)
}

// readAs is readAll of a source whose files are read in another way.
func readAs(t *testing.T, as books.CostReading, name string, data []byte, looks ...string) (rows, rejects []string,
	tally string) {
	t.Helper()
	var counted CostTally
	sink := CostSink{
		Take: func(r *books.CostRow) error {
			rows = append(rows, fmt.Sprintf("%s billed %s effective %s list %s quantity %s %s %s %s %v", r.Account(),
				r.Values[books.BilledCost].Trim(), r.Values[books.EffectiveCost].Trim(),
				r.Values[books.ListCost].Trim(),
				r.Values[books.PricingQuantity].Trim(), r.Start, r.Field(books.CostCategory), r.Field(
					books.CostClass), r.Tags))
			return nil
		},
		Reject: func(r CostReject) error {
			rejects = append(rejects, fmt.Sprintf("%d %s %s %q", r.Row, r.Column, r.Reason, r.Value))
			return nil
		},
	}
	for _, name := range looks {
		if sink.Looks == nil {
			sink.Looks = make(map[string]bool)
		}
		sink.Looks[name] = true
	}
	fsys := fstest.MapFS{name: {Data: data}}
	f := &CostFiles{Period: cycle(t, "2026-09"), Reading: as}
	if err := f.ReadFile(context.Background(), fsys, name, &counted, sink); err != nil {
		t.Fatal(err)
	}
	return rows, rejects, counted.String()
}

const head = "BilledCost,EffectiveCost,ListCost,PricingQuantity,BillingCurrency,BillingPeriodStart,ChargePeriodStart," +
	"ChargePeriodEnd,ChargeCategory,ChargeClass,SubAccountId,BillingAccountId,Tags\n"

// TestReadTolerates tests COSTS-3 of the reader.
func TestReadTolerates(t *testing.T) {
	t.Parallel()
	rows, rejects, tally := readAll(t, "a.csv", []byte(head+
		`0.10000000000,1E-10,NULL,.5,USD,2026-09-01 00:00:00,2026-09-18 22:00:00,2026-09-19,usage,correction,0012,9,`+
		`"{""org"":""a"","" org"":""b"",""n"":1.50,""ok"":true,""no"":null,""org"":""c""}"`+"\n"+
		`-12.3456789012345678905,-1,2,3,USD,2026-09-01T00:00:00+00:00,2026-10-02T01:02:03.5Z,2026-10-03T00:00:00Z,`+
		`Credit,,,9,"[1]"`+"\n"))
	want := []string{
		"0012 billed 0.1 effective 0.0000000001 list 0 quantity 0.5 2026-09-18T22:00:00Z Usage Correction " +
			"map[ org:b n:1.50 ok:true org:c]",
		"9 billed -12.345678901234567891 effective -1 list 2 quantity 3 2026-10-02T01:02:03.5Z Credit  map[]",
	}
	if !slices.Equal(rows, want) || rejects != nil {
		t.Errorf("rows\n%s\nwant\n%s\nrejects %v", strings.Join(rows, "\n"), strings.Join(want, "\n"), rejects)
	}
	const tolerated = "null_word:1;blank_in_time:2;time_without_offset:2;date_without_time:1;exponent:1;" +
		"leading_point:1;rounded:1;spelling:2;tags_unreadable:1;tags_repeated_key:1;tags_literal:2;tags_null:1;" +
		"null_ListCost:1;missing_CommitmentDiscountStatus:2;missing_ConsumedQuantity:2;missing_ConsumedUnit:2;" +
		"missing_ContractedCost:2;missing_PricingUnit:2;missing_RegionId:2;missing_ResourceId:2;missing_ServiceName:2"
	if tally != tolerated {
		t.Errorf("tolerated\n%s\nwant\n%s", tally, tolerated)
	}
}

// TestTimes reads each form of a time (§11.8). Each form but RFC 3339 is counted.
func TestTimes(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ text, want, form string }{
		{"2026-09-18T22:05:06Z", "2026-09-18T22:05:06Z", ""},
		{"2026-09-18T22:05:06.5+08:00", "2026-09-18T14:05:06.5Z", ""},
		{"2026-09-18T22:05Z", "2026-09-18T22:05:00Z", "time_without_seconds"},
		{"2026-09-18T22:05+08:00", "2026-09-18T14:05:00Z", "time_without_seconds"},
		{"2026-09-18 22:05:06Z", "2026-09-18T22:05:06Z", "blank_in_time"},
		{"2026-09-18T22:05:06+08", "2026-09-18T14:05:06Z", "offset_of_hours"},
		{"2026-09-18 22:05:06.25+00", "2026-09-18T22:05:06.25Z", "blank_in_time offset_of_hours"},
		{"2026-09-18T22:05:06-0330", "2026-09-19T01:35:06Z", "offset_without_colon"},
		{"2026-09-18 22:05+0000", "2026-09-18T22:05:00Z", "blank_in_time offset_without_colon time_without_seconds"},
		{"2026-09-18T22:05:06", "2026-09-18T22:05:06Z", "time_without_offset"},
		{"2026-09-18 22:05", "2026-09-18T22:05:00Z", "blank_in_time time_without_offset time_without_seconds"},
		{"2026-09-18", "2026-09-18T00:00:00Z", "date_without_time"},
		{"2026-09-18T22Z", "", ""}, {"2026-09-18T22:05:06 +0000", "", ""}, {"2026-09-18T22:05:06z", "", ""},
		{"2026-09-18T22:05:06.Z", "", ""}, {"2026-09-18T22:05:06UTC", "", ""}, {"2026-09-18T24:00Z", "", ""},
		{"2026-09-18T", "", ""}, {"2026-09-18 ", "", ""}, {"2026-09-18Z", "", ""}, {"20260918", "", ""},
		{"2026-09-18T22:05:06+8", "", ""}, {"2026-09-18T22:05:06+080", "", ""}, {"2026-09-18T22:05:06+08:0", "", ""},
		{"2026-09-18T22:05:06.0000001Z", "", ""},
	} {
		rows, rejects, tally := readAll(t, "a.csv", []byte(head+
			"1,1,1,1,USD,2026-09-01T00:00:00Z,"+tc.text+",2026-09-30T00:00:00Z,Usage,,a,b,\n"))
		got := ""
		if len(rows) == 1 {
			got = strings.Fields(rows[0])[9]
		} else if want := fmt.Sprintf("1 ChargePeriodStart bad_time %q", tc.text); rejects[0] != want {
			t.Errorf("%s: reject %s", tc.text, rejects[0])
		}
		tally, _, _ = strings.Cut(tally, "missing_")
		tally = strings.TrimSpace(strings.NewReplacer(":1", "", ";", " ").Replace(tally))
		if forms := strings.Fields(tally); got != tc.want ||
			strings.Join(slices.Sorted(slices.Values(forms)), " ") != tc.form {
			t.Errorf("%s: %s with %s, want %s with %s", tc.text, got, forms, tc.want, tc.form)
		}
	}
}

// TestZone reads months, days, ends and times without an offset in the zone of a source. New York puts its clocks
// forward on 8 March 2026. Invariant: COSTS-6.
func TestZone(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ zone, period, start, end, day, from, to string }{
		{"Asia/Shanghai", "2026-08-31T16:00:00Z", "2026-09-30T15:59:59Z", "2026-09-30T15:59:59Z", "2026-09-30",
			"2026-09-30T15:59:59Z", "2026-09-30T16:00:00Z"},
		{"Asia/Shanghai", "2026-09-01", "2026-09-02", "2026-09-02", "2026-09-02", "2026-09-01T16:00:00Z",
			"2026-09-02T16:00:00Z"},
		{"Asia/Shanghai", "2026-09-01 00:00:00", "2026-09-02 00:00", "2026-09-02 23:59", "2026-09-02",
			"2026-09-01T16:00:00Z", "2026-09-02T16:00:00Z"},
		{"Asia/Shanghai", "2026-09-01T00:00+0800", "2026-09-02T00:00+08", "2026-09-02T23:59:59.999999999+08:00",
			"2026-09-02", "2026-09-01T16:00:00Z", "2026-09-02T16:00:00Z"},
		{"America/New_York", "2026-09-01", "2026-03-08T01:30:00", "2026-03-08T01:59:59", "2026-03-08",
			"2026-03-08T06:30:00Z", "2026-03-08T07:00:00Z"},
		{"America/New_York", "2026-09-01", "2026-03-08", "2026-03-08", "2026-03-08", "2026-03-08T05:00:00Z",
			"2026-03-09T04:00:00Z"},
		{"UTC", "2026-09-30T23:59:59Z", "2026-09-30T23:59:59.5Z", "2026-09-30T23:59:59.5Z", "2026-09-30",
			"2026-09-30T23:59:59.5Z", "2026-10-01T00:00:00Z"},
		{"Asia/Shanghai", "2026-09-30T16:00:00Z", "2026-09-02", "2026-09-02", "wrong_period", "", ""},
	} {
		zone, err := period.LoadZone(tc.zone)
		if err != nil {
			t.Fatal(err)
		}
		f := &CostFiles{Period: cycle(t, "2026-09"), Reading: books.CostReading{Zone: zone, Inclusive: true}}
		got := ""
		if err := f.ReadFile(t.Context(), fstest.MapFS{"a.csv": {Data: []byte(head + "1,1,1,1,USD," + tc.period + "," +
			tc.start + "," + tc.end + ",Usage,,a,b,\n")}}, "a.csv", &CostTally{}, CostSink{
			Take: func(r *books.CostRow) error {
				got = fmt.Sprintf("%s %s %s", r.Day(), r.Start, r.End)
				return nil
			},
			Reject: func(r CostReject) error {
				got = r.Reason + "  "
				return nil
			}}); err != nil {
			t.Fatal(err)
		}
		if want := tc.day + " " + tc.from + " " + tc.to; got != want {
			t.Errorf("%s %s: %s, want %s", tc.zone, tc.end, got, want)
		}
	}
}

// TestMissing reads nulls of cost columns as the settings of a source say: from another column as it came,
// or 0. Invariant: COSTS-6.
func TestMissing(t *testing.T) {
	t.Parallel()
	as := books.DefaultCostReading()
	as.Missing = [books.CostColumns]string{books.ListCost: "ContractedCost", books.ContractedCost: "0",
		books.EffectiveCost: "BilledCost", books.BilledCost: "EffectiveCost"}
	rows, rejects, tally := readAs(t, as, "a.csv", []byte(head+
		"7.5,,,1,USD,2026-09-01,2026-09-02,2026-09-03,Usage,,a,b,\n"+ // there is no ContractedCost for its ListCost
		",NULL,2,1,USD,2026-09-01,2026-09-02,2026-09-03,Usage,,a,b,\n"+
		",3,2,1,USD,2026-09-01,2026-09-02,2026-09-03,Usage,,a,b,\n"))
	want := []string{"a billed 7.5 effective 7.5 list 0 quantity 1 2026-09-02T00:00:00Z Usage  map[]",
		"a billed 3 effective 3 list 2 quantity 1 2026-09-02T00:00:00Z Usage  map[]"}
	if !slices.Equal(rows, want) || !slices.Equal(rejects, []string{`2 BilledCost missing_value ""`}) {
		t.Errorf("rows %q, rejects %q", rows, rejects)
	}
	if want := "null_word:1;date_without_time:6;null_ListCost:1;filled_ContractedCost:2;filled_EffectiveCost:1;" +
		"filled_BilledCost:1;missing_"; !strings.HasPrefix(tally, want) {
		t.Errorf("tally %s, want %s…", tally, want)
	}
	const noEffective = "BilledCost,BillingCurrency,BillingPeriodStart,ChargePeriodStart,ChargePeriodEnd," +
		"ChargeCategory\n4,USD,2026-09-01,2026-09-02,2026-09-03,Usage\n"
	rows, _, _ = readAs(t, as, "a.csv", []byte(noEffective))
	if want := " billed 4 effective 4 list 0 quantity 0 2026-09-02T00:00:00Z Usage  map[]"; len(rows) != 1 ||
		rows[0] != want {
		t.Errorf("without the column: %q", rows)
	}
	unnamed := strings.ReplaceAll(",EffectiveCost,"+noEffective, "\n4,", "\n9,,4,")
	_, rejects, _ = readAll(t, "a.csv", []byte(unnamed))
	if !slices.Equal(rejects, []string{`1 EffectiveCost missing_value ""`}) {
		t.Errorf("beside a column without a name: rejects %q", rejects)
	}
	f := &CostFiles{Period: cycle(t, "2026-09"), Reading: books.DefaultCostReading()}
	err := f.ReadFile(t.Context(), fstest.MapFS{"a.csv": {Data: []byte(noEffective)}}, "a.csv", &CostTally{},
		CostSink{})
	if err == nil || !strings.Contains(err.Error(), `missing column "EffectiveCost"`) {
		t.Error(err)
	}
}

// TestReadRejects tests COSTS-1 of the reader.
func TestReadRejects(t *testing.T) {
	t.Parallel()
	good := "1,1,1,1,USD,2026-09-01,2026-09-01,2026-09-02,Usage,,a,b,"
	with := func(column int, text string) string {
		cells := strings.Split(good, ",")
		cells[column] = text
		return strings.Join(cells, ",") + "\n"
	}
	_, rejects, _ := readAll(t, "a.csv", []byte(head+with(0, "")+with(1, "1x")+with(4, "NULL")+with(5, "2026-10-01")+
		with(6, "2026-09-31")+with(7, "")+with(8, "Fee")+with(2, "1e18")+with(3, "NaN")+"1,2\n"+with(9, "Other")))
	want := []string{
		`1 BilledCost missing_value ""`, `2 EffectiveCost bad_decimal "1x"`, `3 BillingCurrency missing_value ""`,
		`4 BillingPeriodStart wrong_period "2026-10-01"`, `5 ChargePeriodStart bad_time "2026-09-31"`,
		`6 ChargePeriodEnd missing_value ""`, `7 ChargeCategory bad_row "Fee"`, `8 ListCost out_of_range "1e18"`,
		`9 PricingQuantity bad_decimal "NaN"`, `10  bad_row "2 fields, the header has 13"`,
	}
	if !slices.Equal(rejects, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(rejects, "\n"), strings.Join(want, "\n"))
	}
}

func TestReadParquet(t *testing.T) {
	t.Parallel()
	tags := arrow.MapOf(arrow.BinaryTypes.String, arrow.BinaryTypes.String)
	moment := &arrow.TimestampType{Unit: arrow.Millisecond}
	schema := arrow.NewSchema([]arrow.Field{
		{
			Name: "BilledCost",
			Type: arrow.PrimitiveTypes.Float64,
		},
		{Name: "EffectiveCost", Type: arrow.PrimitiveTypes.Float32},
		{Name: "ListCost", Type: &arrow.Decimal128Type{Precision: 20, Scale: 12}, Nullable: true},
		{Name: "BillingCurrency", Type: arrow.BinaryTypes.String},
		{Name: "BillingPeriodStart", Type: moment},
		{Name: "ChargePeriodStart", Type: moment},
		{Name: "ChargePeriodEnd", Type: arrow.FixedWidthTypes.Date32},
		{Name: "ChargeCategory", Type: arrow.BinaryTypes.String},
		{Name: "Tags", Type: tags, Nullable: true},
	}, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	at := time.Date(2026, 9, 18, 22, 0, 0, 0, time.UTC)
	b.Field(0).(*array.Float64Builder).AppendValues([]float64{0.1, 1e-10}, nil)
	b.Field(1).(*array.Float32Builder).AppendValues([]float32{0.1, -3}, nil)
	b.Field(2).(*array.Decimal128Builder).AppendNull()
	if err := b.Field(2).(*array.Decimal128Builder).AppendValueFromString("1.234567890123"); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		b.Field(3).(*array.StringBuilder).Append("USD")
		b.Field(4).(*array.TimestampBuilder).AppendTime(at.AddDate(0, 0, -17).Add(-22 * time.Hour))
		b.Field(5).(*array.TimestampBuilder).AppendTime(at)
		b.Field(6).(*array.Date32Builder).Append(arrow.Date32FromTime(at))
		b.Field(7).(*array.StringBuilder).Append("Usage")
	}
	m := b.Field(8).(*array.MapBuilder)
	m.Append(true)
	m.KeyBuilder().(*array.StringBuilder).Append("org")
	m.ItemBuilder().(*array.StringBuilder).Append(`a"b`)
	m.AppendNull()
	rows, rejects, tally := readAll(t, "a.parquet", parquetOf(t, b.NewRecordBatch()))
	want := []string{
		` billed 0.1 effective 0.1 list 0 quantity 0 2026-09-18T22:00:00Z Usage  map[org:a"b]`,
		" billed 0.0000000001 effective -3 list 1.234567890123 quantity 0 2026-09-18T22:00:00Z Usage  map[]",
	}
	if !slices.Equal(rows, want) || rejects != nil ||
		!strings.HasPrefix(tally, "time_without_offset:4;date_without_time:2;float:4;null_ListCost:1") {
		t.Errorf(
			"rows\n%s\nwant\n%s\nrejects %v, %s",
			strings.Join(rows, "\n"),
			strings.Join(want, "\n"),
			rejects,
			tally,
		)
	}
}

// TestSamples reads each provider's sample and compares the sums with those that another program computed.
func TestSamples(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, period, rows, sums, tally string }{
		{"multi-1.0.csv.gz", "2024-09", "499 + 1",
			"14.44218547521 13.16278225655 13.16298079268 14.42598547521",
			"null_word:4491;blank_in_time:1500;time_without_offset:1500;null_ContractedCost:4"},
		{"aws-1.2.csv.gz", "2026-05", "100 + 0",
			"1203.92341784103253 1161.67908227773324 403.45921877213324 1157.48882377213324", ""},
		{"aws-1.3.csv.gz", "2026-05", "100 + 0",
			"1264.83229463617427 1245.0117426220605 215.6789011148605 1242.1156191148605", ""},
		{"azure-1.2.csv.gz", "2026-05", "100 + 0",
			"3376.15570500921259 3133.16962438700385 2246.75827003980385 3124.49994903980385", ""},
		{"azure-1.3.csv.gz", "2026-05", "100 + 0",
			"5062.15348865700428 4702.3509419586746 3322.3079718722746 4697.1446758722746", ""},
	} {
		data, err := os.ReadFile("../../../fixtures/reseller/focus/" + tc.name)
		if err != nil {
			t.Fatal(err)
		}
		name := "costs/s/" + tc.period + "/1/" + tc.name
		fsys := fstest.MapFS{name: {Data: data}}
		l, err := DiscoverCosts(fsys, []string{"s"})
		if err != nil || len(l.Deliveries) != 1 || l.Strange != nil {
			t.Fatal(l, err)
		}
		x, err := examine(context.Background(), fsys, l.Deliveries[0])
		if err != nil || x.Fault != "" || x.Currency != "USD" {
			t.Fatal(x, err)
		}
		rows := fmt.Sprintf("%d + %d", x.Rows, x.Rejected)
		sums := fmt.Sprintf("%s %s %s %s", x.Values[books.ListCost].Trim(), x.Values[books.ContractedCost].Trim(),
			x.Values[books.EffectiveCost].Trim(), x.Values[books.BilledCost].Trim())
		if rows != tc.rows || sums != tc.sums || !strings.HasPrefix(x.Tally.String(), tc.tally) {
			t.Errorf(
				"%s: %s, %s, %s\nwant %s, %s, %s",
				tc.name,
				rows,
				sums,
				x.Tally.String(),
				tc.rows,
				tc.sums,
				tc.tally,
			)
		}
	}
}

func TestDiscover(t *testing.T) {
	t.Parallel()
	at := func(minute int) *fstest.MapFile {
		return &fstest.MapFile{ModTime: time.Date(2026, 10, 1, 0, minute, 0, 0, time.UTC)}
	}
	files := fstest.MapFS{
		"costs/aws/2026-09/2/deep/er/part-1.csv.gz": at(5), "costs/aws/2026-09/2/part-0.parquet": at(3),
		"costs/aws/2026-09/2/manifest.json": at(1), "costs/aws/2026-09/2/_temp/x.txt": at(1),
		"costs/aws/2026-09/10/a.csv": at(1), "costs/aws/2026-09/10/_SUCCESS": at(9),
		"costs/aws/2026-09/3/readme.txt": at(1), "costs/aws/2026-09/4/_SUCCESS": at(1),
		"costs/aws/2026-09/stray.csv": at(1), "costs/aws/sept/1/a.csv": at(1), "costs/gcp/2026-09/1/a.csv": at(1),
		"costs/_x/a.csv": at(1), "costs/aws.csv": at(1), "costs/aws_$folder$": at(1),
		"costs/aws/2026-09/10/a.csv.metadata": at(1), "costs/aws/2026-09/10/.a.csv.crc": at(1),
		"costs/aws/2026-09/10/deep/b_$folder$": at(1), "costs/aws/2026-09/10/Thumbs.db": at(1),
		"costs/aws/2026-09/desktop.ini": at(1),
	}
	l, err := DiscoverCosts(files, []string{"aws"})
	if err != nil {
		t.Fatal(err)
	}
	now := period.Instant(time.Date(2026, 10, 1, 0, 19, 0, 0, time.UTC).UnixMicro())
	var got []string
	for _, f := range l.Deliveries {
		got = append(got, fmt.Sprintf("%s %d files %d odd %v", f.Path(), len(f.Files), len(f.Odd),
			f.Complete(now, 15*time.Minute)))
	}
	want := []string{"aws/2026-09/10 1 files 0 odd true", "aws/2026-09/2 2 files 0 odd false",
		"aws/2026-09/3 0 files 1 odd true", "aws/2026-09/4 0 files 0 odd false"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
	if want := []string{"costs/aws/2026-09/stray.csv", "costs/aws/sept"}; !slices.Equal(l.Strange, want) {
		t.Errorf("strange %q", l.Strange)
	}
	const in = "costs/aws/2026-09/"
	if diff := cmp.Diff([]string{"costs/_x", "costs/aws_$folder$", in + "desktop.ini", in + "10/.a.csv.crc",
		in + "10/Thumbs.db", in + "10/a.csv.metadata", in + "10/deep/b_$folder$", in + "2/_temp",
		in + "2/manifest.json"}, l.Left); diff != "" {
		t.Errorf("left (-want +got):\n%s", diff)
	}
	unlisted, err := UnlistedCosts(files, []string{"aws"})
	if want := []string{"costs/aws.csv", "costs/gcp"}; err != nil || !slices.Equal(unlisted, want) {
		t.Errorf("unlisted %q, %v", unlisted, err)
	}
}

// refusing is a file system in which one file may not be read, and another is removed after its folder was listed.
type refusing struct {
	fs.FS
	refused, removed string
}

// Open implements fs.FS.
func (r *refusing) Open(name string) (fs.File, error) {
	if name == r.refused {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	return r.FS.Open(name)
}

// Stat implements fs.StatFS.
func (r *refusing) Stat(name string) (fs.FileInfo, error) {
	if name == r.removed {
		return nil, &fs.PathError{Op: "stat", Path: name, Err: fs.ErrNotExist}
	}
	return fs.Stat(r.FS, name)
}

// TestBrokenNames tests that a name that cannot be read makes its own delivery fail and no other one. Invariant:
// COSTS-1.
func TestBrokenNames(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"1/a.csv", "2/a.csv", "3/a.csv", "4/_dangling.csv", "5/b\xff.csv", "5/c\xff/a.csv",
		"\xff/a.csv", "6/a.csv", "7/a.csv", "7/removed.csv"} {
		name = filepath.Join(dir, "costs/aws/2026-09", name)
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		err := os.WriteFile(name, []byte("BilledCost,EffectiveCost,BillingCurrency,BillingPeriodStart,"+
			"ChargePeriodStart,ChargePeriodEnd,ChargeCategory\n"), 0o666)
		if err != nil {
			t.Fatal(err)
		}
	}
	for name, to := range map[string]string{"2/dangling.csv": "gone.csv", "3/loop.parquet": "loop.parquet",
		"4/_SUCCESS": "gone", "4/x.json": "gone"} {
		if err := os.Symlink(to, filepath.Join(dir, "costs/aws/2026-09", name)); err != nil {
			t.Fatal(err)
		}
	}
	files := &refusing{os.DirFS(dir), "costs/aws/2026-09/6/a.csv", "costs/aws/2026-09/7/removed.csv"}
	l, err := DiscoverCosts(files, []string{"aws"})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range l.Deliveries {
		x, _, err := ExamineCosts(t.Context(), files, f, 2, func(int) CostSink { return CostSink{} })
		if err != nil {
			t.Fatalf("%s: %v", f.Path(), err)
		}
		got = append(got, fmt.Sprintf("%s %v %s", f.Name, f.Complete(0, 0), x.Fault))
		if f.Complete(period.Instant(time.Now().UnixMicro()), time.Hour) {
			t.Errorf("%s is complete although it has new files or links", f.Path())
		}
	}
	const at = "inbox/costs/aws/2026-09/"
	want := []string{"1 true ", "2 true " + at + "2/dangling.csv is a link to a file that does not exist",
		"3 true " + at + "3/loop.parquet is a link that leads back to itself", "4 false ",
		`5 true inbox/"costs/aws/2026-09/5/b\xff.csv" has a name that is not UTF-8`,
		"6 true " + at + "6/a.csv cannot be read: permission denied", "7 true "}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("name, complete, fault (-want +got):\n%s", diff)
	}
	if want := []string{"costs/aws/2026-09/\xff"}; !slices.Equal(l.Strange, want) {
		t.Errorf("strange %q", l.Strange)
	}
	hash := func(name string) (string, error) {
		_, err := fs.ReadFile(files, name)
		return name, err
	}
	var unreadable *UnreadableError
	if _, err := l.Deliveries[5].Hash(hash); !errors.As(err, &unreadable) {
		t.Errorf("hash of a file without permission: %v", err)
	}
}

// TestManyRejects counts more than 10,000 rejects of a delivery. Invariant: COSTS-5.
func TestManyRejects(t *testing.T) {
	t.Parallel()
	const good = "1,1,USD,2026-09-01,2026-09-03,2026-09-04,Usage\n"
	const other = "1,1,USD,2026-10-01,2026-09-03,2026-09-04,Usage\n" // rejected as wrong_period
	const null = "1,,USD,2026-09-01,2026-09-03,2026-09-04,Usage\n"
	const columns = "BilledCost,EffectiveCost,BillingCurrency,BillingPeriodStart,ChargePeriodStart,ChargePeriodEnd," +
		"ChargeCategory\n"
	files := fstest.MapFS{
		"costs/aws-1/2026-09/1/_SUCCESS": {},
		"costs/aws-1/2026-09/1/a.csv":    {Data: []byte(columns + good + strings.Repeat(other, 10_001) + null)},
		"costs/aws-1/2026-09/1/b.csv":    {Data: []byte(columns + strings.Repeat(null+other, 3) + good)},
	}
	l, err := DiscoverCosts(files, []string{"aws-1"})
	if err != nil || len(l.Deliveries) != 1 || len(l.Strange) > 0 {
		t.Fatalf("%+v, %v", l, err)
	}
	x, err := examine(context.Background(), files, l.Deliveries[0])
	if err != nil || x.Fault != "" {
		t.Fatal(x.Fault, err)
	}
	if x.Rows != 2 || x.Rejected != 10_008 || len(x.Rejects) != maxRejects+4 {
		t.Errorf("%d rows, %d rejected, %d entries", x.Rows, x.Rejected, len(x.Rejects))
	}
	var got []string
	sum := int64(0)
	for i, r := range x.Rejects {
		if sum += r.Rows; i < maxRejects {
			if r.File != "a.csv" || r.Row != int64(i+2) || r.Rows != 1 || r.Raw == "" {
				t.Fatalf("reject %d is %+v", i, r)
			}
			continue
		}
		got = append(got, fmt.Sprintf("%s %d %d %s %s%s%s", r.File, r.Row, r.Rows, r.Column, r.Reason, r.Value, r.Raw))
	}
	want := []string{"a.csv 0 1 BillingPeriodStart wrong_period", "a.csv 0 1 EffectiveCost missing_value",
		"b.csv 0 3 EffectiveCost missing_value", "b.csv 0 3 BillingPeriodStart wrong_period"}
	if !slices.Equal(got, want) || sum != x.Rejected {
		t.Errorf("beyond %d:\n%s\nwant\n%s\nof %d rows", maxRejects, strings.Join(got, "\n"),
			strings.Join(want, "\n"), sum)
	}
}

// TestLongRejects counts rejects of a delivery after 64 MiB of their texts: 68 rows of a megabyte are kept one by one,
// and two more are counted. Invariant: COSTS-5.
func TestLongRejects(t *testing.T) {
	t.Parallel()
	long := "1,,USD,2026-09-01,2026-09-03,2026-09-04,Usage," + strings.Repeat("x", 1_000_000) + "\n"
	files := fstest.MapFS{"costs/aws-1/2026-09/1/_SUCCESS": {}, "costs/aws-1/2026-09/1/a.csv": {Data: []byte(
		"BilledCost,EffectiveCost,BillingCurrency,BillingPeriodStart,ChargePeriodStart,ChargePeriodEnd," +
			"ChargeCategory,Notes\n" + strings.Repeat(long, 70))}}
	l, err := DiscoverCosts(files, []string{"aws-1"})
	if err != nil {
		t.Fatal(err)
	}
	x, err := examine(t.Context(), files, l.Deliveries[0])
	if err != nil || x.Fault != "" {
		t.Fatal(x.Fault, err)
	}
	if x.Rejected != 70 || len(x.Rejects) != 69 || x.Rejects[67].Rows != 1 || x.Rejects[68].Rows != 2 {
		t.Errorf("%d rejected, %d entries, the last of %d rows", x.Rejected, len(x.Rejects),
			x.Rejects[len(x.Rejects)-1].Rows)
	}
}

// TestSameOfParquet reads rows as CSV and as Parquet files with dictionaries, decimals and times. Rows, rejects and
// tolerances are the same, row by row, also across row groups and batches. Invariant: COSTS-3.
func TestSameOfParquet(t *testing.T) {
	t.Parallel()
	decimal := &arrow.Decimal128Type{Precision: 38, Scale: 10}
	text := arrow.BinaryTypes.String
	moment := &arrow.TimestampType{Unit: arrow.Millisecond, TimeZone: "UTC"}
	names := strings.Split(strings.TrimSpace(head), ",")
	kinds := []arrow.DataType{decimal, decimal, decimal, decimal, text, moment, moment, moment, text, text, text, text,
		text}
	var fields []arrow.Field
	for i, name := range names {
		fields = append(fields, arrow.Field{Name: name, Type: kinds[i], Nullable: true})
	}
	schema := arrow.NewSchema(fields, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	var csv strings.Builder
	csv.WriteString(head)
	categories := []string{"Usage", "usage", "TAX", "Bogus", "NULL", "Credit"}
	classes := []string{"", "correction", "NULL"}
	tags := []string{"", "NULL", `{"a":"b"}`, `{"a":1,"a":null}`, "{"}
	for i := range 36_000 {
		costs := []string{strconv.Itoa(i) + ".5", "-" + strconv.Itoa(i%7) + ".0000000001", "0", strconv.Itoa(i % 3)}
		if i%11 == 0 {
			costs[2] = ""
		}
		if i%5000 == 17 {
			costs[0] = "9999999999999999999" // exceeds the maximum of 10^18
		}
		day := 1 + i%28
		month := "2026-09"
		if i%1009 == 3 {
			month = "2026-10"
		}
		cells := append(costs, "USD", month+"-01T00:00:00Z", fmt.Sprintf("2026-09-%02dT05:00:00.25Z", day),
			fmt.Sprintf("2026-09-%02dT06:00:00Z", day), categories[i/100%len(categories)], classes[i%len(classes)],
			"sub-"+strconv.Itoa(i%17), []string{"payer", "NULL"}[i/16384%2], tags[i%len(tags)])
		for k, cell := range cells {
			switch to := b.Field(k).(type) {
			case *array.Decimal128Builder:
				v, err := decimal128.FromString(cell, 38, 10)
				if cell == "" {
					to.AppendNull()
				} else if to.Append(v); err != nil {
					t.Fatal(err)
				}
			case *array.TimestampBuilder:
				at, err := time.Parse(time.RFC3339Nano, cell)
				if err != nil {
					t.Fatal(err)
				}
				to.Append(arrow.Timestamp(at.UnixMilli()))
			case *array.StringBuilder:
				to.Append(cell)
			}
			csv.WriteString(quoteCSV(cell))
			if k < len(cells)-1 {
				csv.WriteByte(',')
			}
		}
		csv.WriteByte('\n')
	}
	batch := b.NewRecordBatch()
	wantRows, wantRejects, wantTally := readAll(t, "a.csv", []byte(csv.String()))
	if len(wantRejects) < 6000 || len(wantRows) < 20_000 {
		t.Fatalf("%d rejects of %d rows", len(wantRejects), len(wantRows))
	}
	for name, properties := range map[string][]parquet.WriterProperty{
		"row groups":        {parquet.WithMaxRowGroupLength(15_000)},
		"pages 2":           {parquet.WithDataPageVersion(parquet.DataPageV2), parquet.WithDataPageSize(1 << 10)},
		"small pages":       {parquet.WithDataPageSize(100), parquet.WithCompression(compress.Codecs.Zstd)},
		"no dictionary":     {parquet.WithDictionaryDefault(false), parquet.WithMaxRowGroupLength(20_000)},
		"small dictionary":  {parquet.WithDictionaryPageSizeLimit(60), parquet.WithDataPageSize(1 << 12)},
		"other encoding":    nil,
		"numbers in 8 byte": {parquet.WithStoreDecimalAsInteger(true)},
	} {
		if name == "other encoding" { // applies to texts only
			properties = nil
			for i, n := range names {
				if kinds[i] == text {
					properties = append(properties, parquet.WithDictionaryFor(n, false),
						parquet.WithEncodingFor(n, parquet.Encodings.DeltaByteArray))
				}
			}
		}
		file := parquetOf(t, batch, properties...)
		for _, looks := range [][]string{nil, {"SubAccountId", "BillingAccountId"}} {
			rows, rejects, tally := readAll(t, "a.parquet", file, looks...)
			sameRows(t, fmt.Sprintf("%s, looks at %q", name, looks), rows, wantRows)
			sameRows(t, name, numbered(rejects), numbered(wantRejects))
			if tally != wantTally {
				t.Errorf("%s: %s, want %s", name, tally, wantTally)
			}
		}
	}
}

// numbered returns rejects without their values.
func numbered(rejects []string) (out []string) {
	for _, r := range rejects {
		out = append(out, strings.Join(strings.Fields(r)[:3], " "))
	}
	return out
}

func sameRows(t *testing.T, what string, got, want []string) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d, want %d", what, len(got), len(want))
		return
	}
	for i := range got {
		if got[i] != want[i] {
			t.Errorf("%s: %d is %s, want %s", what, i, got[i], want[i])
			return
		}
	}
}

// parquetOf writes a batch as Parquet.
func parquetOf(t *testing.T, batch arrow.RecordBatch, properties ...parquet.WriterProperty) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := pqarrow.NewFileWriter(batch.Schema(), &out, parquet.NewWriterProperties(properties...),
		pqarrow.DefaultWriterProps())
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.WriteBuffered(batch), w.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestDecodedTexts checks that a text that a dictionary stores once, and arrow decodes in each row, limits the rows
// that are decoded at once.
func TestDecodedTexts(t *testing.T) {
	t.Parallel()
	schema := arrow.NewSchema([]arrow.Field{{Name: "Tags", Type: arrow.ListOf(arrow.BinaryTypes.String)}}, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	for range 1000 {
		list := b.Field(0).(*array.ListBuilder)
		list.Append(true)
		list.ValueBuilder().(*array.StringBuilder).Append(strings.Repeat("x", 10_000))
	}
	whole := parquetOf(t, b.NewRecordBatch())
	in, err := openParquet(fstest.MapFS{"a.parquet": {Data: whole}}, "a.parquet", &CostSink{})
	if err != nil {
		t.Fatal(err)
	}
	p := in.(*parquetRecords)
	p.decoded = 1_000_000 // costTexts of 10,000 bytes: at most 100 rows
	rows, most := 0, 0
	row := books.CostRow{Cells: make([]string, 1)}
	for ; err == nil; rows++ {
		_, err = in.next(context.Background(), &row)
		most = max(most, p.n)
	}
	if rows--; rows != 1000 || most > 100 || !isEnd(err) {
		t.Errorf("%d rows, %d at once, %v", rows, most, err)
	}
	if err := in.close(); err != nil {
		t.Fatal(err)
	}
}

// TestForgottenTexts reads a Parquet file with more texts than are kept: those of a column with a dictionary, which
// repeat, and those of one without, which do not. Each row has its own texts, NULL is null, and few texts are held.
func TestForgottenTexts(t *testing.T) {
	t.Parallel()
	schema := arrow.NewSchema([]arrow.Field{{Name: "ServiceName", Type: arrow.BinaryTypes.String, Nullable: true},
		{Name: "ResourceId", Type: arrow.BinaryTypes.String}}, nil)
	const rows = 5*parquetBatch + 7
	service := func(i int) string { return []string{"S3", "", "NULL", "EC2"}[i/1000%4] }
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	for i := range rows {
		if b.Field(0).(*array.StringBuilder).Append(service(i)); service(i) == "" {
			b.Field(0).(*array.StringBuilder).SetNull(i)
		}
		b.Field(1).(*array.StringBuilder).Append("vm-" + strconv.Itoa(i))
	}
	whole := parquetOf(t, b.NewRecordBatch(), parquet.WithDictionaryFor("ResourceId", false),
		parquet.WithMaxRowGroupLength(3*parquetBatch))
	in, err := openParquet(fstest.MapFS{"a.parquet": {Data: whole}}, "a.parquet",
		&CostSink{Looks: map[string]bool{"ServiceName": true, "ResourceId": true}})
	if err != nil {
		t.Fatal(err)
	}
	p := in.(*parquetRecords)
	p.kept = 1000
	row := books.CostRow{Cells: make([]string, 2)}
	for i := range rows {
		if _, err := in.next(context.Background(), &row); err != nil {
			t.Fatal(err)
		}
		null := int64(0)
		if service(i) == "NULL" {
			null = 1
		}
		want := []string{strings.TrimPrefix(service(i), "NULL"), "vm-" + strconv.Itoa(i)}
		if n := in.fill(&row); n != null || !slices.Equal(row.Cells, want) {
			t.Fatalf("row %d: %q and %d nulls, want %q and %d", i, row.Cells, n, want, null)
		}
		if n := len(p.columns[1].texts.texts); n > parquetBatch {
			t.Fatalf("row %d: %d texts", i, n)
		}
	}
	if err := in.close(); err != nil {
		t.Fatal(err)
	}
}

// TestBroken reads Parquet files with one changed byte: the result is rows or an error, never a panic.
func TestBroken(t *testing.T) {
	t.Parallel()
	schema := arrow.NewSchema([]arrow.Field{{Name: "A", Type: arrow.BinaryTypes.String, Nullable: true}}, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	for i := range 300 {
		b.Field(0).(*array.StringBuilder).Append("text-" + strconv.Itoa(i%40))
		b.Field(0).(*array.StringBuilder).AppendNull()
	}
	whole := parquetOf(t, b.NewRecordBatch())
	failed := 0
	for at := range whole {
		data := bytes.Clone(whole)
		data[at] ^= 0x55
		in, err := openParquet(fstest.MapFS{"a.parquet": {Data: data}}, "a.parquet", &CostSink{})
		if err == nil {
			row := books.CostRow{Cells: make([]string, 1)}
			for err == nil {
				if _, err = in.next(context.Background(), &row); err == nil {
					in.fill(&row)
				}
			}
			_ = in.close()
		}
		if broken := new(feed.FormError); errors.As(err, &broken) {
			failed++
		} else if !isEnd(err) {
			t.Fatalf("byte %d: %v", at, err)
		}
	}
	if failed < 100 {
		t.Errorf("%d of %d files are broken", failed, len(whole))
	}
}

func quoteCSV(text string) string {
	if strings.Contains(text, `"`) {
		return `"` + strings.ReplaceAll(text, `"`, `""`) + `"`
	}
	return text
}
