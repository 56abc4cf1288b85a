package run

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tollbook/tollbook/fixtures/lakekey"
	"github.com/tollbook/tollbook/pipeline/lake"
)

// sumsOf returns a file of a table in a bucket with the sums that the lake records for it.
func sumsOf(table string, bucket int, official, payment string) lake.FileEntry {
	return lake.FileEntry{
		FileKey: lake.FileKey{Table: table, Cycle: lakekey.Cycle("2026-09"), Bucket: bucket}, Rows: 1,
		Sums: []lake.ColumnSum{{Column: "official_amount", Value: official},
			{Column: "payment_amount", Value: payment}},
	}
}

// TestAgree checks that lines and statements with equal sums in each bucket pass, and that a difference of a cent stops
// the run and is reported with its bucket. Invariants: RUN-3, TOTALS-1.
func TestAgree(t *testing.T) {
	t.Parallel()
	lines := []lake.FileEntry{sumsOf("lines", 0, "10.00000000", "9.00000000"),
		sumsOf("lines", 0, "5.00000000", "5.00000000"), sumsOf("lines", 1, "7.00000000", "7.00000000")}
	for _, c := range []struct {
		name       string
		statements []lake.FileEntry
		want       *TotalsError
	}{
		{"equal", []lake.FileEntry{sumsOf("statements", 0, "15.00000000", "14.00000000"),
			sumsOf("statements", 1, "7.00000000", "7.00000000")}, nil},
		{"a cent less", []lake.FileEntry{sumsOf("statements", 0, "15.00000000", "14.00000000"),
			sumsOf("statements", 1, "7.00000000", "6.99000000")},
			&TotalsError{"payment_amount of cycle 2026-09, bucket 1", "7.00000000 in lines",
				"6.99000000 in statements"}},
		{"an amount twice", []lake.FileEntry{sumsOf("statements", 0, "20.00000000", "14.00000000"),
			sumsOf("statements", 1, "7.00000000", "7.00000000")},
			&TotalsError{"official_amount of cycle 2026-09, bucket 0", "15.00000000 in lines",
				"20.00000000 in statements"}},
		{"a cent of one bucket's lines in the other's statements",
			[]lake.FileEntry{sumsOf("statements", 0, "15.00000000", "14.01000000"),
				sumsOf("statements", 1, "7.00000000", "6.99000000")},
			&TotalsError{"payment_amount of cycle 2026-09, bucket 0", "14.00000000 in lines",
				"14.01000000 in statements"}},
		{"a bucket without statements", []lake.FileEntry{sumsOf("statements", 0, "15.00000000", "14.00000000")},
			&TotalsError{"official_amount of cycle 2026-09, bucket 1", "7.00000000 in lines",
				"0.00000000 in statements"}},
		{"a bucket without lines", []lake.FileEntry{sumsOf("statements", 0, "15.00000000", "14.00000000"),
			sumsOf("statements", 1, "7.00000000", "7.00000000"), sumsOf("statements", 2, "0.00000000", "0.01000000")},
			&TotalsError{"payment_amount of cycle 2026-09, bucket 2", "0.00000000 in lines",
				"0.01000000 in statements"}},
		{"no statements at all", nil, &TotalsError{"official_amount of cycle 2026-09, bucket 0", "15.00000000 in lines",
			"0.00000000 in statements"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			files := append(append([]lake.FileEntry(nil), lines...), c.statements...)
			inLines, err := sumBuckets(files, "lines")
			if err != nil {
				t.Fatal(err)
			}
			inStatements, err := sumBuckets(files, "statements")
			if err != nil {
				t.Fatal(err)
			}
			var got *TotalsError
			if err := agree("2026-09", inLines, inStatements); err != nil && !errors.As(err, &got) {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
