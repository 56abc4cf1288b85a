package focus

import (
	"slices"
	"strings"
)

// ModelVersion is the version of FOCUS that the model describes.
const ModelVersion = "1.2"

// ModelVersions returns the versions of FOCUS whose data sets can be checked with the model.
func ModelVersions() []string { return []string{"1.0", "1.1", "1.2", "1.3"} }

// introduced returns the version that introduced a column, for columns of the model that are newer than 1.0.
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

// laterColumns returns the columns of 1.3 that the model does not have.
func laterColumns() []string {
	return strings.Fields(
		"AllocatedMethodDetails AllocatedMethodId AllocatedResourceId AllocatedResourceName " +
			"AllocatedTags ContractApplied HostProviderName ServiceProviderName",
	)
}

// ModelVersionOf returns the version of FOCUS of a data set with these columns: the lowest one that has all of them.
func ModelVersionOf(names []string) string {
	version, of := ModelVersions()[0], introduced()
	for _, name := range names {
		if slices.Contains(laterColumns(), name) {
			return "1.3"
		}
		version = max(version, of[name])
	}
	return version
}

// later returns the version that introduced the column that a rule requires, if it is later than the data set's; else
// "".
func (c *compiler) later(k *ModelCheck) string {
	if k == nil || k.Function != "ColumnPresent" {
		return ""
	}
	if version := introduced()[k.Column]; version > c.version {
		return version
	}
	return ""
}

// Applicable returns the criteria that a data set's columns show: those on which one of its columns depends. Its author
// may meet more and have omitted the columns.
func Applicable(names []string) ([]string, error) {
	rules, err := RuleModel()
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

// Criteria returns all applicability criteria of the model.
func Criteria() ([]string, error) {
	columns, err := RuleColumns()
	if err != nil {
		return nil, err
	}
	return Applicable(append(columns, "CostAndUsage"))
}

// Binding reports whether a rule is mandatory: MUST or MUST NOT. Other rules recommend.
func Binding(keyword string) bool { return strings.HasPrefix(keyword, "MUST") }
