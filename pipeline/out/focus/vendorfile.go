package focus

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/apache/arrow-go/v18/arrow/decimal128"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// vendorValues has the values of the rows of the vendor's cost file on which a line is priced (§11.6). An empty text is
// null, or differs among the rows.
type vendorValues struct {
	product
	category, class, region, resource string
	texts                             map[string]string
	pricing, consumed                 maybe // of vendorScale
	unused                            bool  // of a commitment
	shown                             bool  // the quantities are already on the row of the first line
}

// vendorScale is the number of decimals of quantities from a cost file.
const vendorScale = money.CostScale

// columns returns the columns of a cycle's data sets.
func (s *Source) columns(cycle lake.Cycle) ([]Column, error) {
	costs, err := s.HasCosts(cycle)
	if err != nil {
		return nil, err
	}
	mixed, err := s.HasCurrencies(cycle)
	return columnsFor(costs, mixed), err
}

// HasCosts reports whether a cycle has groups of rows of cost files: those that it bills, and changed ones of closed
// cycles. A cycle that the lake does not have has none.
func (s *Source) HasCosts(cycle lake.Cycle) (bool, error) {
	if _, known := s.Snap.Cycle(cycle); !known {
		return false, nil
	}
	files, err := s.Snap.Files(cycle)
	return slices.ContainsFunc(files, func(e lake.FileEntry) bool { return e.Table == tables.CostGroups().Name }),
		err
}

// costGroups has the groups of rows of cost files on which lines are priced.
type costGroups struct {
	ahead  *ahead                    // nil without cost files
	byLine map[lineKey]*vendorValues // for the lines of the last customer that was read
}

// open opens the groups, before those of the first customer.
func (g *costGroups) open(ctx context.Context, src *Source, cycle lake.Cycle) error {
	if costs, err := src.HasCosts(cycle); !costs || err != nil {
		return err
	}
	files, err := src.Snap.Files(cycle)
	if err != nil {
		return err
	}
	files = slices.DeleteFunc(slices.Clone(files), func(e lake.FileEntry) bool {
		return e.Table != tables.CostGroups().Name
	})
	groups, err := rows.Sorted(ctx, src.Snap, files, tables.CostGroups().Any(), nil, src.Limits)
	if err != nil {
		return err
	}
	g.ahead = &ahead{rows: groups, customer: tables.CostGroupCustomerID.Any()}
	return nil
}

// read reads the groups of a customer's lines.
func (g *costGroups) read(customer string) error {
	clear(g.byLine)
	if g.ahead == nil {
		return nil
	}
	return g.ahead.each(customer, func(row rows.Row[tables.Any]) error {
		one, err := vendorValuesOf(row)
		if err != nil {
			return fmt.Errorf("cost group %s of customer %s: %w",
				rows.As[tables.CostGroup](row).Text(tables.CostGroupID), customer, err)
		}
		g.byLine[lineKey{rows.As[tables.CostGroup](row).Word(tables.CostGroupOriginCycle),
			string(rows.As[tables.CostGroup](row).Text(tables.CostGroupID))}] = one
		return nil
	})
}

// vendorValuesOf reads one group.
func vendorValuesOf(row rows.Row[tables.Any]) (*vendorValues, error) {
	g := &vendorValues{category: rows.As[tables.CostGroup](row).Word(tables.CostGroupChargeCategory),
		class:    rows.As[tables.CostGroup](row).Word(tables.CostGroupChargeClass),
		region:   rows.As[tables.CostGroup](row).Word(tables.CostGroupRegionID),
		resource: string(rows.As[tables.CostGroup](row).Text(tables.CostGroupResourceID)),
		unused:   rows.As[tables.CostGroup](row).Word(tables.CostGroupCommitmentStatus) == "Unused"}
	if err := json.Unmarshal(rows.As[tables.CostGroup](row).Text(tables.CostGroupCame), &g.texts); err != nil {
		return nil, err
	}
	for _, q := range [...]struct {
		col   tables.CostColumn[tables.CostGroup]
		units tables.SmallColumn[tables.CostGroup]
		to    *maybe
	}{{tables.CostGroupPricingQuantity, tables.CostGroupPricingUnits, &g.pricing},
		{tables.CostGroupConsumedQuantity, tables.CostGroupConsumedUnits, &g.consumed}} {
		if row.Small(q.units.Any()) == tables.OneUnit {
			*q.to = some(decOf(row.Cols.Cost(q.col.Any()).At(row.I)))
		}
	}
	g.service, g.product.category = rows.As[tables.CostGroup](row).Word(tables.CostGroupServiceName),
		g.texts["ServiceCategory"]
	return g, nil
}

// isRestated reports whether a line is the difference of a restated month.
func (l *theLine) isRestated() bool {
	return l.vendor != nil && l.kind == tables.AdjustmentLine.String()
}

// isPassThrough reports whether a line is priced on a cost, and so has no unit price.
func (l *theLine) isPassThrough() bool {
	return l.vendor != nil && (l.product.code < 0 || l.product.model == books.PassThrough)
}

// frequencyOf returns the ChargeFrequency of a group whose rows have several: a purchase cannot be Usage-Based.
func frequencyOf(category string) string {
	if category == usage {
		return usageBased
	}
	return oneTime
}

// setVendorValues sets the values of the vendor's file that the reseller does not change (§11.6). A null in a column
// that FOCUS 1.2 does not allow to be null is replaced by the value of the books.
func (l *theLine) setVendorValues(r *Row, publisher string) {
	g := l.vendor
	p := &g.product
	p.code, p.name = l.product.code, l.product.name
	p.service, p.category = or(p.service, l.product.service), or(p.category, l.product.category)
	p.resource = or(g.texts["ResourceType"], l.product.resource)
	r.Product, r.Subcategory = p, ""
	if g.product.category == g.texts["ServiceCategory"] {
		r.Subcategory = g.texts["ServiceSubcategory"] // a subcategory is valid only with its own category
	}
	r.Region, r.RegionName = g.region, or(g.texts["RegionName"], g.region)
	if g.region == "" {
		r.RegionName = ""
	}
	r.Resource, r.ResourceName = g.resource, g.texts["ResourceName"]
	r.Zone, r.Publisher = g.texts["AvailabilityZone"], or(g.texts["PublisherName"], publisher)
	r.Tags = g.texts["Tags"]
	r.Description = or(g.texts["ChargeDescription"], l.product.name)
	r.Category, r.Frequency = g.category, or(g.texts["ChargeFrequency"], frequencyOf(g.category))
	r.Class = or(r.Class, g.class)
	if r.Account.Type != ofPartner {
		r.Sub = Party{ID: g.texts["SubAccountId"], Name: g.texts["SubAccountName"],
			Type: g.texts["SubAccountType"]}
	}
	if l.isPassThrough() {
		r.SKU, r.Meter = g.texts["SkuId"], g.texts["SkuMeter"]
		r.PriceID, r.PriceDetails, r.Pricing = "", "", g.texts["PricingCategory"]
		if r.Pricing == committed { // the vendor's commitment; the row does not describe it
			r.Pricing = standard
		}
	} else if sku := g.texts["SkuId"]; sku != "" { // a price belongs to one SkuId
		r.SKU, r.Meter, r.PriceID = sku, or(g.texts["SkuMeter"], r.Meter), sku+"/"+r.PriceID
	}
	l.cameQuantities(r)
}

// cameQuantities puts the file's quantities on the first line of a group. A difference of a restated month has none,
// because it corrects an amount.
func (l *theLine) cameQuantities(r *Row) {
	g := l.vendor
	if l.isRestated() {
		r.Consumed, r.Quantity, r.ConsumedUnit, r.Unit = maybe{}, maybe{}, "", ""
		r.Description += ", correction of " + l.origin
		return
	}
	if len(l.Text(tables.LinePackageDraws)) == 0 { // drawn quantities have their own rows
		r.Consumed, r.ConsumedUnit = maybe{}, g.texts["ConsumedUnit"]
		r.CameConsumed = g.once(g.consumed)
		if g.unused && !r.CameConsumed.ok { // FOCUS allows null only on rows that are marked as unused
			r.CameConsumed, r.ConsumedUnit = some(decimal128.Num{}), g.texts["PricingUnit"]
		}
	}
	if l.isPassThrough() {
		r.CamePricing, r.Unit = g.once(g.pricing), g.texts["PricingUnit"]
	}
	g.shown = true
}

// once returns a quantity for the first line of a group, and 0 for its others.
func (g *vendorValues) once(q maybe) maybe {
	if g.shown && q.ok {
		return some(decimal128.Num{})
	}
	return q
}

// costOnly sets the prices of a line that is priced on a cost: amounts, without a unit price.
func costOnly(l *theLine, r *Row, after dec) (err error) {
	if r.List, err = Upscale(l.official, costScale-amountScale); err == nil {
		r.Contracted, err = Upscale(after, costScale-amountScale)
	}
	return err
}
