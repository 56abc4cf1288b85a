package rules

import (
	"slices"
	"strings"
)

// ModelVersion is the version of FOCUS that the model is of.
const ModelVersion = "1.2"

// Versions are the versions of FOCUS whose data sets can be checked, as far as the model goes.
func Versions() []string { return []string{"1.0", "1.1", "1.2", "1.3"} }

// introduced says which version a column came with, for those of the model that came after 1.0.
func introduced() map[string]string {
	of := map[string]string{}
	for _, name := range strings.Fields("CapacityReservationId CapacityReservationStatus CommitmentDiscountQuantity " +
		"CommitmentDiscountUnit ServiceSubcategory SkuMeter SkuPriceDetails") {
		of[name] = "1.1"
	}
	for _, name := range strings.Fields("BillingAccountType InvoiceId PricingCurrency " +
		"PricingCurrencyContractedUnitPrice PricingCurrencyEffectiveCost PricingCurrencyListUnitPrice SubAccountType") {
		of[name] = "1.2"
	}
	return of
}

// laterColumns are those of 1.3, which the model does not have.
func laterColumns() []string {
	return strings.Fields(
		"AllocatedMethodDetails AllocatedMethodId AllocatedResourceId AllocatedResourceName " +
			"AllocatedTags ContractApplied HostProviderName ServiceProviderName",
	)
}

// VersionOf is the version of FOCUS whose columns a data set has: the lowest one that knows all of them.
func VersionOf(names []string) string {
	version, of := Versions()[0], introduced()
	for _, name := range names {
		if slices.Contains(laterColumns(), name) {
			return "1.3"
		}
		version = max(version, of[name])
	}
	return version
}

// later is the version that a column came with of which a rule asks that it is there, if that is later than the data
// set's; else "".
func (c *compiler) later(k *Check) string {
	if k == nil || k.Function != "ColumnPresent" {
		return ""
	}
	if version := introduced()[k.Column]; version > c.version {
		return version
	}
	return ""
}

// Applicable are the criteria that hold for a data set as far as its columns tell: those that a column of it depends
// on. Who made it may support more, and have left the columns out.
func Applicable(names []string) ([]string, error) {
	rules, err := Model()
	if err != nil {
		return nil, err
	}
	var out []string
	for i := range rules {
		column, _, _ := strings.Cut(rules[i].ID, "-")
		if k := rules[i].Requirement; k != nil && k.Function == "ColumnPresent" {
			column = k.Column
		}
		if !slices.Contains(names, column) {
			continue
		}
		for _, criterion := range rules[i].Criteria {
			if !slices.Contains(out, criterion) {
				out = append(out, criterion)
			}
		}
	}
	slices.Sort(out)
	return out, nil
}

// Criteria are all applicability criteria of the model.
func Criteria() ([]string, error) {
	columns, err := Columns()
	if err != nil {
		return nil, err
	}
	return Applicable(append(columns, "CostAndUsage"))
}

// Binding reports whether a rule has to hold: MUST and MUST NOT. Others recommend.
func Binding(keyword string) bool { return strings.HasPrefix(keyword, "MUST") }
