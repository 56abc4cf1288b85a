package table

import (
	"strings"

	"github.com/tollbook/tollbook/schemas/period"
)

// MonthEndID is the id of a month-end line (§5): cycle/sku/region/object.
func MonthEndID(cycle period.Cycle, sku, region, object string) string {
	return monthEndPrefix(cycle, sku) + region + "/" + object
}

// IsMonthEndID reports whether an id is that of a month-end line of a cycle and product.
func IsMonthEndID(id string, cycle period.Cycle, sku string) bool {
	return strings.HasPrefix(id, monthEndPrefix(cycle, sku))
}

func monthEndPrefix(cycle period.Cycle, sku string) string { return cycle.String() + "/" + sku + "/" }
