package costs

import (
	"encoding/json"
	"slices"
	"strings"
)

// verbatimColumns is the number of columns that are exported unchanged.
const verbatimColumns = len(columns)

var columns = [...]string{"AvailabilityZone", "BillingAccountId", "BillingAccountName", "ChargeDescription",
	"ChargeFrequency", "ConsumedUnit", "PricingCategory", "PricingUnit", "PublisherName", "RegionName", "ResourceName",
	"ResourceType", "ServiceCategory", "ServiceSubcategory", "SkuId", "SkuMeter", "SkuPriceDetails", "SubAccountId",
	"SubAccountName", "SubAccountType", "Tags"}

// verbatimNames are the names of the columns, in the order of Texts.
func verbatimNames() [verbatimColumns]string { return columns }

// verbatimTexts are the texts of a group's rows, by column.
type verbatimTexts [verbatimColumns]string

// differing marks a column in which the rows of a group differ. No text of a row equals it: it is not UTF-8 (TEXT-3).
const differing = "\xff"

// Add adds the text of a column of other rows of the group.
func (t *verbatimTexts) Add(column int, text string) {
	if t[column] != text {
		t[column] = differing
	}
}

// Differ reports whether the rows of the group differ in a column.
func (t *verbatimTexts) Differ(name string) bool {
	return t[slices.Index(columns[:], name)] == differing
}

// Text returns the text that all rows of the group share; "" = they differ.
func (t *verbatimTexts) Text(name string) string {
	return strings.TrimSuffix(t[slices.Index(columns[:], name)], differing)
}

// verbatimJSON makes verbatimJSON objects of the columns in which all rows of a group agree.
type verbatimJSON struct {
	names [verbatimColumns]string // as verbatimJSON, with the colon
	order [verbatimColumns]int    // of columns, by name
	text  []byte
}

// newVerbatimJSON returns a verbatimJSON.
func newVerbatimJSON() (*verbatimJSON, error) {
	j := new(verbatimJSON)
	for i, name := range columns {
		text, err := json.Marshal(name)
		if err != nil {
			return nil, err
		}
		j.names[i], j.order[i] = string(text)+":", i
	}
	slices.SortFunc(j.order[:], func(a, b int) int { return strings.Compare(columns[a], columns[b]) })
	return j, nil
}

// Of returns the object of a group.
func (j *verbatimJSON) Of(texts *verbatimTexts) (string, error) {
	j.text = append(j.text[:0], '{')
	for _, i := range j.order {
		if texts[i] == "" || texts[i] == differing {
			continue
		}
		if len(j.text) > 1 {
			j.text = append(j.text, ',')
		}
		value, err := json.Marshal(texts[i])
		if err != nil {
			return "", err
		}
		j.text = append(append(j.text, j.names[i]...), value...)
	}
	return string(append(j.text, '}')), nil
}
