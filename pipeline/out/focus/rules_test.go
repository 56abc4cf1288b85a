package focus

import (
	"compress/gzip"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
)

// sound is the valid row of a data set, one `column value` per line; a dash is null.
const sound = `
BilledCost 1.5
BillingAccountId acme
BillingAccountName Acme
BillingAccountType Customer
BillingCurrency CNY
BillingPeriodEnd 2026-10-01T00:00:00Z
BillingPeriodStart 2026-09-01T00:00:00Z
ChargeCategory Usage
ChargeClass -
ChargeDescription machine
ChargeFrequency Usage-Based
ChargePeriodEnd 2026-09-02T00:00:00Z
ChargePeriodStart 2026-09-01T00:00:00Z
CommitmentDiscountCategory Usage
CommitmentDiscountId gift
CommitmentDiscountName gift
CommitmentDiscountQuantity 3
CommitmentDiscountStatus Used
CommitmentDiscountType Quota
CommitmentDiscountUnit Hours
ConsumedQuantity 3
ConsumedUnit Hours
ContractedCost 1.5
ContractedUnitPrice 0.5
EffectiveCost 1.5
InvoiceId i1
InvoiceIssuerName Cloud
ListCost 3
ListUnitPrice 1
PricingCategory Committed
PricingQuantity 3
PricingUnit Hours
ProviderName Cloud
PublisherName Cloud
RegionId east
RegionName East
ResourceId r1
ResourceName one
ResourceType Machine
ServiceCategory Compute
ServiceName Machines
ServiceSubcategory Other (Compute)
SkuId vm
SkuMeter time
SkuPriceDetails {"x_Tier":"1"}
SkuPriceId vm/1
SubAccountId sub
SubAccountName Sub
SubAccountType Team
Tags {"env":"prod"}
AvailabilityZone a
CapacityReservationId c
CapacityReservationStatus Used
PricingCurrency CNY
PricingCurrencyContractedUnitPrice 0.5
PricingCurrencyEffectiveCost 1.5
PricingCurrencyListUnitPrice 1
x_Own 1`

// every returns all applicability criteria of the model.
func every(t *testing.T) []string {
	t.Helper()
	model, err := RuleModel()
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, r := range model {
		out = append(out, r.Criteria...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// mutated returns a data set of the valid row and a changed copy of it. Changes are `Column=value`, where a dash is
// null, `-Column` to remove a column, and `+Column` to append one.
func mutated(changes ...string) string {
	var head, good, bad []string
	for line := range strings.SplitSeq(strings.TrimSpace(sound), "\n") {
		name, value, _ := strings.Cut(line, " ")
		if slices.Contains(changes, "-"+name) {
			continue
		}
		head, good, bad = append(head, name), append(good, field(value)), append(bad, field(value))
		for _, c := range changes {
			if column, to, ok := strings.Cut(c, "="); ok && column == name {
				bad[len(bad)-1] = field(to)
			}
		}
	}
	for _, c := range changes {
		if name, ok := strings.CutPrefix(c, "+"); ok {
			head, good, bad = append(head, name), append(good, "1"), append(bad, "1")
		}
	}
	return strings.Join(head, ",") + "\n" + strings.Join(good, ",") + "\n" + strings.Join(bad, ",") + "\n"
}

func field(value string) string {
	if value == "-" {
		return ""
	}
	return `"` + strings.ReplaceAll(value, `"`, `""`) + `"`
}

func validate(t *testing.T, text string) *RuleReport {
	t.Helper()
	d, err := NewCSVData(strings.NewReader(text), "")
	if err != nil {
		t.Fatal(err)
	}
	r, err := Validate(t.Context(), d, every(t))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func failed(r *RuleReport) (out []string) {
	for _, res := range r.Results {
		if res.Outcome == Failed {
			out = append(out, res.Rule)
		}
	}
	return out
}

func TestSound(t *testing.T) {
	t.Parallel()
	r := validate(t, mutated())
	if got := failed(r); len(got) > 0 || r.Rows != 2 {
		t.Errorf("of %d sound rows these fail: %v", r.Rows, got)
	}
	if n := r.Count(Passed) + r.Count(Untried); n != 266+14 {
		t.Errorf("%d rules are run, want the 266 that the data decide and 14 that the model leaves to people", n)
	}
}

// TestPlanted checks that each kind of rule detects a mistake, that the correct rule reports it, and that the valid row
// in the same data set passes. Invariant: RULES-1.
func TestPlanted(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ rule, changes string }{
		{"CostAndUsage-D-006-M", "-BilledCost"}, // presence
		{"CostAndUsage-D-033-O", "-InvoiceId"},
		{"BilledCost-C-001-M", "BilledCost=one"}, // type
		{"BillingPeriodStart-C-001-M", "BillingPeriodStart=September"},
		{"BilledCost-C-002-M", "BilledCost=+1.5"}, // numeric format
		{"ListCost-C-002-M", "ListCost=3,0"},
		{"PricingQuantity-C-002-M", "PricingQuantity=3E+0"},
		{"BillingPeriodStart-C-002-M", "BillingPeriodStart=2026-09-01 00:00:00"}, // time format
		{"ChargePeriodEnd-C-002-M", "ChargePeriodEnd=2026-09-02T00:00:00+08:00"},
		{"ServiceName-C-002-M", "ServiceName=\xff"},  // text format
		{"PricingUnit-C-003-O", "PricingUnit=hours"}, // unit format
		{"ConsumedUnit-C-003-O", "ConsumedUnit=HOURS"},
		{"BillingCurrency-C-003-M", "BillingCurrency=cny"}, // currency format
		{"BillingCurrency-C-006-M", "BillingCurrency=ABC"}, // not the code of a currency
		{"Tags-C-001-M", "Tags={\"a\":[1]}"},               // key-value format
		{"Tags-C-001-M", "Tags={\"a\":1,\"a\":2}"},
		{"SkuPriceDetails-C-001-M", "SkuPriceDetails=[1]"},
		{"BilledCost-C-003-M", "BilledCost=-"}, // null where it is not allowed
		{"ChargeCategory-C-002-M", "ChargeCategory=-"},
		{"RegionName-C-004-C", "RegionId=-"}, // a value where only null is allowed
		{"RegionName-C-005-C", "RegionName=-"},
		{"SubAccountType-C-004-C", "SubAccountId=- SubAccountName=-"},
		{"SkuPriceId-C-005-C", "SkuPriceId=- SkuPriceDetails=-"},
		{"ListUnitPrice-C-005-C", "ListUnitPrice=-"},
		{"ListUnitPrice-C-004-C", "ChargeCategory=Tax"},
		{"ChargeCategory-C-003-M", "ChargeCategory=Fee"}, // allowed values
		{"ServiceCategory-C-003-M", "ServiceCategory=Cloud ServiceName=Cloud"},
		// a pair of values that is not allowed
		{"ServiceSubcategory-C-004-M", "ServiceSubcategory=Containers ServiceCategory=Storage ServiceName=Boxes"},
		{"PricingCategory-C-007-M", "PricingCategory=Fixed"},
		{"ChargeClass-C-005-C", "ChargeClass=Wrong"},
		{"ChargeFrequency-C-004-C", "ChargeCategory=Purchase"},
		{"ListUnitPrice-C-008-M", "ListUnitPrice=-1 PricingQuantity=-3"}, // minimum
		{"ContractedUnitPrice-C-009-C", "ContractedUnitPrice=-0.5 PricingQuantity=-3"},
		{"ListCost-C-009-C", "ListCost=3.00000000000000000001"}, // product
		{"ContractedUnitPrice-C-011-C", "ContractedCost=1.4"},
		{"SkuPriceId-C-008-M", "SkuId=other"}, // one-to-one relation
		{"ServiceName-C-005-C", "ServiceCategory=Storage ServiceSubcategory=Other (Storage)"},
		{"BilledCost-C-005-C", "InvoiceIssuerName=Reseller"},                // equal values
		{"ChargePeriodEnd-C-004-M", "ChargePeriodEnd=2026-09-01T00:00:00Z"}, // an end that is not after the start
		{"ChargePeriodEnd-C-004-M", "ChargePeriodStart=2026-09-03T00:00:00Z"},
		{"BillingPeriodEnd-C-004-M", "BillingPeriodEnd=2026-09-01T00:00:00Z"},
		{"CommitmentDiscountUnit-C-008-M", "CommitmentDiscountUnit=GB"}, // one commitment with two units
		{"EffectiveCost-C-005-C", "ChargeCategory=Purchase"},            // rules that are wrong in the published model
		{"CommitmentDiscountStatus-C-003-C", "CommitmentDiscountId=-"},
		{"CommitmentDiscountStatus-C-004-C", "CommitmentDiscountStatus=-"},
		{"CommitmentDiscountStatus-C-005-M", "CommitmentDiscountStatus=Active"},
		{"CommitmentDiscountQuantity-C-007-C", "CommitmentDiscountId=-"},
		{"ConsumedQuantity-C-006-C", "ConsumedQuantity=- ConsumedUnit=-"},
		{"ResourceType-C-005-C", "ResourceType=-"},
		{"CapacityReservationStatus-C-003-C", "CapacityReservationId=-"},
		{"CapacityReservationStatus-C-004-C", "CapacityReservationStatus=-"},
		{"PricingCurrencyEffectiveCost-C-004-M", "PricingCurrencyEffectiveCost=1,5"},
		{"EffectiveCost-C-004-M", "EffectiveCost=much"},
		{"ColumnHandling-A-010-M", "+Comment"}, // rules that the model leaves to people
		{"ColumnHandling-A-013-O", "+Late -ServiceName +ServiceName"},
		{"ContractedCost-C-008-C", "ChargeCategory=Credit ContractedUnitPrice=- BilledCost=-1"},
		{"DiscountHandling-A-014-C", "CommitmentDiscountStatus=-"},
	} {
		r := validate(t, mutated(fieldsOf(c.changes)...))
		if !slices.Contains(failed(r), c.rule) {
			t.Errorf("%s is not found: %s fails %v", c.changes, c.rule, failed(r))
		}
	}
}

// TestExamples checks that a failure has at most three examples, each with its row and the values that the rule uses.
func TestExamples(t *testing.T) {
	t.Parallel()
	text := mutated("ListCost=4")
	text += strings.Repeat(strings.SplitN(text, "\n", 3)[2], 4)
	res := validate(t, text).Of("ListCost-C-009-C")
	want := "ListUnitPrice=1 PricingQuantity=3 ListCost=4 ChargeClass=null"
	if res.Failures != 5 || len(res.Examples) != 3 || res.Examples[0].Row != 2 || strings.Join(res.Examples[0].Values,
		" ") != want {
		t.Errorf("got %+v, want 5 failures, three of them told, the first of row 2: %s", res, want)
	}
}

// TestNotRun checks that a rule that is not run has a reason, and that a rule that applies to no row is not reported as
// passed. Invariant: RULES-3.
func TestNotRun(t *testing.T) {
	t.Parallel()
	d, err := NewCSVData(strings.NewReader(mutated("-Tags")), "")
	if err != nil {
		t.Fatal(err)
	}
	r, err := Validate(t.Context(), d, nil)
	if err != nil {
		t.Fatal(err)
	}
	for rule, want := range map[string]string{
		"Tags-C-001-M":             "not applicable: TAGGING_SUPPORTED does not hold",
		"BillingAccountId-C-004-M": "needs a person's judgement",
		"Tags-C-002-O":             "permits, and requires nothing",
		"InvoiceId-C-004-C": "the published rule requires null always; the text requires it for charges " +
			"without an invoice",
	} {
		if res := r.Of(rule); res.Outcome != NotRun || res.Reason != want {
			t.Errorf("%s: %s, %q; want not run: %s", rule, res.Outcome, res.Reason, want)
		}
	}
	if res := validate(t, mutated("-Tags")).Of("Tags-C-001-M"); res.Outcome != NotRun ||
		res.Reason != "no column Tags" {
		t.Errorf("a rule of a missing column: %+v", res)
	}
	if res := validate(t, mutated()).Of("ChargeClass-C-005-C"); res.Outcome != Untried {
		t.Errorf("no row has a ChargeClass: %+v", res)
	}
}

// TestSamples checks rows of other producers in the folder FOCUS_SAMPLES, if it is set; they are not in the repository.
// Samples of 1.2 pass every rule; those of 1.3 have columns that 1.2 does not define.
func TestSamples(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(os.Getenv("FOCUS_SAMPLES"), "*_1_*.csv.gz"))
	if err != nil || os.Getenv("FOCUS_SAMPLES") == "" || len(files) == 0 {
		t.Skip("FOCUS_SAMPLES names no folder with samples")
	}
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		gz, err := gzip.NewReader(f)
		if err != nil {
			t.Fatal(err)
		}
		d, err := NewCSVData(gz, "NULL")
		if err != nil {
			t.Fatal(err)
		}
		r, err := Validate(t.Context(), d, every(t))
		if err != nil {
			t.Fatal(err)
		}
		want := ""
		if strings.Contains(name, "_1_3_") {
			want = "ColumnHandling-A-010-M ColumnHandling-A-013-O"
		}
		if got := strings.Join(failed(r), " "); got != want || r.Count(Passed) < 220 {
			t.Errorf("%s: %d rules pass and these fail: %s; want %q", filepath.Base(name), r.Count(Passed), got, want)
		}
		f.Close()
	}
}

// fieldsOf splits a text into changes. Each begins with a sign, or with a word and an equals sign.
func fieldsOf(text string) []string {
	var out []string
	for word := range strings.FieldsSeq(text) {
		if n := len(out); n > 0 && !strings.Contains(word, "=") && !strings.HasPrefix(word, "-") &&
			!strings.HasPrefix(word, "+") {
			out[n-1] += " " + word
			continue
		}
		out = append(out, word)
	}
	return out
}

// TestTypes checks that the types of Parquet columns count: a number stored as text, or a text stored as a number, is
// reported. Invariant: RULES-2.
func TestTypes(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "types.parquet")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "BilledCost", Type: arrow.BinaryTypes.String}, {Name: "ServiceName", Type: arrow.PrimitiveTypes.Int64},
		{Name: "ChargePeriodStart", Type: arrow.BinaryTypes.String},
		{Name: "ListCost", Type: &arrow.Decimal128Type{Precision: 38, Scale: 2}},
		{Name: "ProviderName", Type: arrow.BinaryTypes.String, Nullable: true},
		{Name: "ChargePeriodEnd", Type: &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}},
	}, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	b.Field(0).(*array.StringBuilder).Append("1.5")
	b.Field(1).(*array.Int64Builder).Append(7)
	b.Field(2).(*array.StringBuilder).Append("2026-09-01T00:00:00Z")
	b.Field(3).(*array.Decimal128Builder).Append(decimal128.FromI64(-5))
	b.Field(4).AppendNull()
	b.Field(5).(*array.TimestampBuilder).Append(1_788_451_200_000_000)
	w, err := pqarrow.NewFileWriter(schema, f, nil, pqarrow.DefaultWriterProps())
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Write(b.NewRecordBatch()), w.Close()); err != nil {
		t.Fatal(err)
	}
	d, err := OpenData(name)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	r, err := Validate(t.Context(), d, nil)
	if err != nil {
		t.Fatal(err)
	}
	for rule, want := range map[string]Outcome{"BilledCost-C-001-M": Failed, "ServiceName-C-001-M": Failed,
		"ChargePeriodStart-C-001-M": Failed, "ListCost-C-001-M": Passed, "ListCost-C-002-M": Passed,
		"ChargePeriodEnd-C-001-M": Passed, "ChargePeriodEnd-C-002-M": Passed, "ProviderName-C-003-M": Failed} {
		if got := r.Of(rule); got.Outcome != want {
			t.Errorf("%s: %+v, want %s", rule, got, want)
		}
	}
}
