package verbatim

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/schemas/cost"
)

// Columns is the number of columns that are exported unchanged.
const Columns = len(columns)

var columns = [...]string{"AvailabilityZone", "BillingAccountId", "BillingAccountName", "ChargeDescription",
	"ChargeFrequency", "ConsumedUnit", "PricingCategory", "PricingUnit", "PublisherName", "RegionName", "ResourceName",
	"ResourceType", "ServiceCategory", "ServiceSubcategory", "SkuId", "SkuMeter", "SkuPriceDetails", "SubAccountId",
	"SubAccountName", "SubAccountType", "Tags"}

// Names are the names of the columns, in the order of Texts.
func Names() [Columns]string { return columns }

// Texts are the texts of a group's rows, by column, as numbers of a cost.Words.
type Texts [Columns]int32

// differing marks a text in which the rows of a group differ.
const differing = -1

// Add adds the texts of other rows of the group.
func (t *Texts) Add(o *Texts) {
	for i := range t {
		if t[i] != o[i] {
			t[i] = differing
		}
	}
}

// Differ reports whether the rows of the group differ in a column.
func (t *Texts) Differ(name string) bool { return t[slices.Index(columns[:], name)] == differing }

// Text returns the text that all rows of the group share; "" = they differ.
func (t *Texts) Text(words *cost.Words, name string) string {
	if code := t[slices.Index(columns[:], name)]; code != differing {
		return words.Text(code)
	}
	return ""
}

// JSON makes JSON objects of the columns in which all rows of a group agree. It caches objects, since most groups of a
// resource have the same ones.
type JSON struct {
	made  map[*cost.Words]map[Texts]string
	names [Columns]string // as JSON, with the colon
	order [Columns]int    // of columns, by name
	text  []byte
}

// kept is the number of objects that are cached per delivery.
const kept = 1 << 14

// NewJSON returns a JSON with an empty cache.
func NewJSON() (*JSON, error) {
	j := &JSON{made: make(map[*cost.Words]map[Texts]string)}
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
func (j *JSON) Of(words *cost.Words, texts *Texts) (string, error) {
	made := j.made[words]
	if text, ok := made[*texts]; ok {
		return text, nil
	}
	if len(made) == 0 || len(made) >= kept {
		made = make(map[Texts]string)
		j.made[words] = made
	}
	j.text = append(j.text[:0], '{')
	for _, i := range j.order {
		if texts[i] <= 0 {
			continue
		}
		if len(j.text) > 1 {
			j.text = append(j.text, ',')
		}
		value, err := json.Marshal(words.Text(texts[i]))
		if err != nil {
			return "", err
		}
		j.text = append(append(j.text, j.names[i]...), value...)
	}
	made[*texts] = string(append(j.text, '}'))
	return made[*texts], nil
}
