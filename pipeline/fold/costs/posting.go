package costs

import (
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

func storePosting(out *parquet.Columns, p *posting) {
	c := out.C
	c[tables.CPCustomerID].AddWord(p.customer)
	c[tables.CPOriginCycle].AddWord(p.origin.String())
	c[tables.CPID].AddText(p.id)
	c[tables.CPTier].Codes = append(c[tables.CPTier].Codes, int32(p.tier))
	kind := ""
	if p.kind != allKinds {
		kind = p.kind.String()
	}
	c[tables.CPKind].AddWord(kind)
	c[tables.CPSKU].AddWord(p.sku)
	c[tables.CPRegion].AddWord(p.region)
	c[tables.CPResource].AddText(p.resource)
	addInt(&c[tables.CPStart], int64(p.start))
	addInt(&c[tables.CPEnd], int64(p.end))
	addInt(&c[tables.CPOwn], int64(p.own))
	c[tables.CPUnitPrice].AddDec(p.unitPrice.Raw())
	c[tables.CPUsage].AddDec(p.usage.Raw())
	c[tables.CPFree].AddDec(p.free.Raw())
	c[tables.CPQuantity].AddDec(p.quantity.Raw())
	for i, a := range [...]money.Amount{p.official, p.discount, p.truncated, p.payment} {
		c[tables.CPOfficial+i].AddDec(a.Raw())
	}
	c[tables.CPDiscountID].AddWord(p.discountID)
	c[tables.CPPartnerID].AddWord(p.partner)
	c[tables.CPAssociationType].AddWord(p.association)
	c[tables.CPDelivery].AddText(p.delivery)
	addInt(&c[tables.CPAsOf], int64(p.asOf))
	out.N++
}

func readPosting(row rows.Row) (*posting, error) {
	origin, err := period.ParseCycle(row.Word(tables.CPOriginCycle))
	if err != nil {
		return nil, err
	}
	p := &posting{
		lineKey: lineKey{row.Word(tables.CPCustomerID), string(row.Text(tables.CPID)), row.Small(tables.CPTier),
			allKinds},
		origin:      origin,
		sku:         row.Word(tables.CPSKU),
		region:      row.Word(tables.CPRegion),
		resource:    string(row.Text(tables.CPResource)),
		start:       row.Time(tables.CPStart),
		end:         row.Time(tables.CPEnd),
		own:         row.Time(tables.CPOwn),
		discountID:  row.Word(tables.CPDiscountID),
		partner:     row.Word(tables.CPPartnerID),
		association: row.Word(tables.CPAssociationType),
		delivery:    string(row.Text(tables.CPDelivery)),
		asOf:        row.Time(tables.CPAsOf),
	}
	if kind := row.Word(tables.CPKind); kind != "" {
		p.kind = rows.KindRank(kind)
	}
	if p.unitPrice, err = row.UnitPrice(tables.CPUnitPrice); err != nil {
		return nil, err
	}
	if p.usage, err = row.Quantity(tables.CPUsage); err != nil {
		return nil, err
	}
	if p.free, err = row.Quantity(tables.CPFree); err != nil {
		return nil, err
	}
	if p.quantity, err = row.Quantity(tables.CPQuantity); err != nil {
		return nil, err
	}
	for i, to := range [...]*money.Amount{&p.official, &p.discount, &p.truncated, &p.payment} {
		if *to, err = row.Amount(tables.CPOfficial + i); err != nil {
			return nil, err
		}
	}
	return p, nil
}
