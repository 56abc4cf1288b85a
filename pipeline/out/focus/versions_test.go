package focus

import (
	"bytes"
	"compress/gzip"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// TestVersions checks that a data set of an earlier version lacks later columns, and that one of a later version has
// columns that are not custom columns. Invariant: RULES-6.
func TestVersions(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		changes       []string
		version, fail string
	}{
		{nil, "1.2", ""},
		{[]string{"-InvoiceId", "-BillingAccountType", "-SubAccountType", "-PricingCurrency",
			"-PricingCurrencyContractedUnitPrice",
			"-PricingCurrencyEffectiveCost", "-PricingCurrencyListUnitPrice"}, "1.1", ""},
		{[]string{"-BilledCost"}, "1.2", "CostAndUsage-D-006-M"},
		{[]string{"-x_Own", "+ServiceProviderName"}, "1.3", ""},
		{[]string{"-x_Own", "+HostProviderName", "+ContractApplied", "+AllocatedMethodId", "+AllocatedMethodDetails",
			"+AllocatedResourceId", "+AllocatedResourceName", "+AllocatedTags"}, "1.3", ""},
		{[]string{"-x_Own", "+ServiceProvider"}, "1.2", "ColumnHandling-A-010-M"},
	} {
		d, err := NewCSVData(strings.NewReader(mutated(c.changes...)))
		if err != nil {
			t.Fatal(err)
		}
		names, _ := d.Columns()
		if got := ModelVersionOf(names); got != c.version {
			t.Errorf("%v: columns of FOCUS %s, want %s", c.changes, got, c.version)
		}
		r, err := ValidateAs(t.Context(), d, ModelVersionOf(names), every(t))
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(failed(r), " "); got != c.fail {
			t.Errorf("%v: %q fail, want %q", c.changes, got, c.fail)
		}
	}
}

// TestApplicable checks that a criterion holds if the data set has a column that depends on it. Invariant: RULES-4.
func TestApplicable(t *testing.T) {
	t.Parallel()
	got, err := Applicable([]string{"BilledCost", "RegionName", "AvailabilityZone"})
	if want := []string{"AVAILABILITY_ZONE_SUPPORTED", "REGION_SUPPORTED"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %v; want %v", got, err, want)
	}
	all, err := Criteria()
	if err != nil || !slices.Equal(all, every(t)) {
		t.Errorf("%v, %v; want %v", all, err, every(t))
	}
}

// TestOpen checks that the format of a file is detected from its content, not its name, and that the error for a file
// that cannot be read to its end names it. Invariant: RULES-5.
func TestOpen(t *testing.T) {
	t.Parallel()
	text := []byte("BilledCost,ChargeClass\n1,NULL\n2,Correction\n")
	var gz bytes.Buffer
	w := gzip.NewWriter(&gz)
	_, err := w.Write(text)
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	packer, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	packed := map[string][]byte{"plain": text, "gzip": gz.Bytes(), "zstd": packer.EncodeAll(text, nil)}
	for what, content := range packed {
		name := filepath.Join(t.TempDir(), what)
		if err := os.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
		}
		d, err := OpenData(name, "NULL")
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		row, err := d.Next()
		if err != nil || row[0].Text != "1" || !row[1].Null {
			t.Errorf("%s: %v, %v", what, row, err)
		}
		if row, err = d.Next(); err != nil || row[1].Text != "Correction" {
			t.Errorf("%s: %v, %v", what, row, err)
		}
		if err := d.Close(); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	cut := filepath.Join(t.TempDir(), "cut.csv.gz")
	if err := os.WriteFile(cut, gz.Bytes()[:gz.Len()-12], 0o600); err != nil {
		t.Fatal(err)
	}
	d, err := OpenData(cut)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.Close() }() // the file is only read
	for err == nil {
		_, err = d.Next()
	}
	if bad := new(RuleFileError); !errors.As(err, &bad) || bad.Name != cut {
		t.Errorf("a file that was cut off: %v", err)
	}
	for what, content := range map[string]string{"parquet": "PAR1 and no more", "empty": "", "gzip": "\x1f\x8b\x08"} {
		name := filepath.Join(t.TempDir(), what)
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenData(name); !errors.As(err, new(*RuleFileError)) {
			t.Errorf("%s: %v", what, err)
		}
	}
}
