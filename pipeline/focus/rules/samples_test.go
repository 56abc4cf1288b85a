package rules

import (
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

func TestTry(t *testing.T) {
	files, _ := filepath.Glob("/work/shared/data/focus/samples/*.gz")
	for _, name := range append(files, "/dev/shm/focus/fx/focus-2026-09-vendor.csv") {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		var d Data
		if filepath.Ext(name) == ".gz" {
			gz, err := gzip.NewReader(f)
			if err != nil {
				t.Fatal(err)
			}
			d, err = NewCSV(gz, "NULL")
		} else {
			d, err = NewCSV(f, "")
		}
		if err != nil {
			t.Fatal(err)
		}
		rep, err := Validate(t.Context(), d, []string{"ACCOUNT_NAMING_SUPPORTED", "COMMITMENT_DISCOUNT_SUPPORTED", "MULTIPLE_PRICING_CATEGORIES_SUPPORTED", "MULTIPLE_BILLING_ACCOUNT_TYPES_SUPPORTED", "NEGOTIATED_PRICING_SUPPORTED", "PUBLIC_PRICE_LIST_SUPPORTED", "USAGE_MEASUREMENT_SUPPORTED", "UNIT_PRICING_SUPPORTED", "SUB_ACCOUNT_SUPPORTED", "BILLING_BASED_ON_PROVISIONED_RESOURCES_SUPPORTED", "RESOURCE_TYPE_ASSIGNMENT_SUPPORTED", "REGION_SUPPORTED", "TAGGING_SUPPORTED"})
		if err != nil {
			t.Fatal(err)
		}
		fmt.Println(name, rep.Rows, rep.Count(Passed), rep.Count(Failed), rep.Count(Untried), rep.Count(NotRun))
		reasons := map[string]int{}
		for _, r := range rep.Results {
			if r.Outcome == Failed {
				fmt.Println("  ", r.Rule, r.Keyword, r.Failures, "of", r.Rows, r.Examples[0])
			}
			if r.Outcome == NotRun {
				reasons[r.Reason]++
			}
			if r.Outcome == Untried && filepath.Ext(name) != ".gz" {
				fmt.Println("  untried", r.Rule)
			}
		}
		for k, n := range reasons {
			if filepath.Ext(name) != ".gz" {
				fmt.Println("  notrun", n, k)
			}
		}
	}
}
