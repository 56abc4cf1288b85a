package costs

import (
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// postingAmounts are the official, discount, truncated and payment amount of a posting.
var postingAmounts = [...]tables.AmountColumn[tables.CostPosting]{tables.CostPostingOfficialAmount,
	tables.CostPostingOfficialDiscountAmount, tables.CostPostingTruncatedAmount, tables.CostPostingPaymentAmount}

func storePosting(out *parquet.Columns[tables.CostPosting], p *posting) {
	out.Word(tables.CostPostingCustomerID).Add(p.customer)
	out.Word(tables.CostPostingOriginCycle).Add(p.origin.String())
	out.Text(tables.CostPostingID).Add(p.id)
	out.Small(tables.CostPostingTier).Add(int32(p.tier))
	out.Word(tables.CostPostingKind).Add(p.kind.String())
	out.Word(tables.CostPostingSKU).Add(p.sku)
	out.Word(tables.CostPostingRegionCode).Add(p.region)
	out.Text(tables.CostPostingResourceID).Add(p.resource)
	out.Time(tables.CostPostingUsageStart).Add(p.start)
	out.Time(tables.CostPostingUsageEnd).Add(p.end)
	out.Time(tables.CostPostingOwnTime).Add(p.own)
	out.Quantity(tables.CostPostingUnitPrice).Add(p.unitPrice.Raw())
	out.Quantity(tables.CostPostingUsageAmount).Add(p.usage.Raw())
	out.Quantity(tables.CostPostingFreeResourceUsage).Add(p.free.Raw())
	out.Quantity(tables.CostPostingQuantity).Add(p.quantity.Raw())
	for i, a := range [...]money.Amount{p.official, p.discount, p.truncated, p.payment} {
		out.Amount(postingAmounts[i]).Add(a.Raw())
	}
	out.Word(tables.CostPostingDiscountID).Add(p.discountID)
	out.Word(tables.CostPostingPartnerID).Add(p.partner)
	out.Word(tables.CostPostingAssociationType).Add(p.association)
	out.Text(tables.CostPostingDelivery).Add(p.delivery)
	out.Time(tables.CostPostingAsOf).Add(p.asOf)
	out.N++
}

func readPosting(row rows.Row[tables.CostPosting]) (*posting, error) {
	origin, err := period.ParseCycle(row.Word(tables.CostPostingOriginCycle))
	if err != nil {
		return nil, err
	}
	p := &posting{
		lineKey: lineKey{row.Word(tables.CostPostingCustomerID), string(row.Text(tables.CostPostingID)),
			row.Small(tables.CostPostingTier), rows.KindRank(row.Word(tables.CostPostingKind))},
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
		if *to, err = row.Amount(postingAmounts[i]); err != nil {
			return nil, err
		}
	}
	return p, nil
}
