package costs

import (
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

func storePosting(out *parquet.Columns[tables.CostPosting], p *posting) {
	c := out
	c.Word(tables.CostPostingCustomerID).Add(p.customer)
	c.Word(tables.CostPostingOriginCycle).Add(p.origin.String())
	c.Text(tables.CostPostingID).Add(p.id)
	c.Small(tables.CostPostingTier).Add(int32(p.tier))
	kind := ""
	if p.kind != allKinds {
		kind = p.kind.String()
	}
	c.Word(tables.CostPostingKind).Add(kind)
	c.Word(tables.CostPostingSKU).Add(p.sku)
	c.Word(tables.CostPostingRegionCode).Add(p.region)
	c.Text(tables.CostPostingResourceID).Add(p.resource)
	addInt(&c.C[tables.CostPostingUsageStart], int64(p.start))
	addInt(&c.C[tables.CostPostingUsageEnd], int64(p.end))
	addInt(&c.C[tables.CostPostingOwnTime], int64(p.own))
	c.Quantity(tables.CostPostingUnitPrice).Add(p.unitPrice.Raw())
	c.Quantity(tables.CostPostingUsageAmount).Add(p.usage.Raw())
	c.Quantity(tables.CostPostingFreeResourceUsage).Add(p.free.Raw())
	c.Quantity(tables.CostPostingQuantity).Add(p.quantity.Raw())
	for i, a := range [...]money.Amount{p.official, p.discount, p.truncated, p.payment} {
		c.C[int(tables.CostPostingOfficialAmount)+i].AddDec(a.Raw())
	}
	c.Word(tables.CostPostingDiscountID).Add(p.discountID)
	c.Word(tables.CostPostingPartnerID).Add(p.partner)
	c.Word(tables.CostPostingAssociationType).Add(p.association)
	c.Text(tables.CostPostingDelivery).Add(p.delivery)
	addInt(&c.C[tables.CostPostingAsOf], int64(p.asOf))
	out.N++
}

func readPosting(row rows.Row[tables.CostPosting]) (*posting, error) {
	origin, err := period.ParseCycle(row.Word(tables.CostPostingOriginCycle))
	if err != nil {
		return nil, err
	}
	p := &posting{
		lineKey: lineKey{row.Word(tables.CostPostingCustomerID), string(row.Text(tables.CostPostingID)),
			row.Small(tables.CostPostingTier),
			allKinds},
		origin:      origin,
		sku:         row.Word(tables.CostPostingSKU),
		region:      row.Word(tables.CostPostingRegionCode),
		resource:    string(row.Text(tables.CostPostingResourceID)),
		start:       row.Time(tables.CostPostingUsageStart),
		end:         row.Time(tables.CostPostingUsageEnd),
		own:         row.Time(tables.CostPostingOwnTime),
		discountID:  row.Word(tables.CostPostingDiscountID),
		partner:     row.Word(tables.CostPostingPartnerID),
		association: row.Word(tables.CostPostingAssociationType),
		delivery:    string(row.Text(tables.CostPostingDelivery)),
		asOf:        row.Time(tables.CostPostingAsOf),
	}
	if kind := row.Word(tables.CostPostingKind); kind != "" {
		p.kind = rows.KindRank(kind)
	}
	if p.unitPrice, err = row.UnitPrice(tables.CostPostingUnitPrice); err != nil {
		return nil, err
	}
	if p.usage, err = row.Quantity(tables.CostPostingUsageAmount); err != nil {
		return nil, err
	}
	if p.free, err = row.Quantity(tables.CostPostingFreeResourceUsage); err != nil {
		return nil, err
	}
	if p.quantity, err = row.Quantity(tables.CostPostingQuantity); err != nil {
		return nil, err
	}
	for i, to := range [...]*money.Amount{&p.official, &p.discount, &p.truncated, &p.payment} {
		if *to, err = row.Amount(tables.AmountColumn[tables.CostPosting](
			int(tables.CostPostingOfficialAmount) + i)); err != nil {
			return nil, err
		}
	}
	return p, nil
}
