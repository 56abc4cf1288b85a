package focus

import (
	"fmt"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
	"github.com/tollbook/tollbook/settlement"
)

// invoices finds the issuer's invoices for a line, and their exchange rates.
type invoices struct {
	src    *Source
	names  *names
	issuer int32 // as maker.issuer
	deals  map[dealKey]deal
	rates  map[string]settlement.Rates // by cycle, after the first use
	found  []bill
}

// bill is one invoice of a line: its recipient and, if that is a partner, the partner's share of the line.
type bill struct {
	account  Party
	partner  int32 // -1 = invoice of the customer
	reseller int32 // of a distributor's invoice for a reseller; -1 = none
	share    settlement.Share
}

// of returns the issuer's invoices that contain a line. A reseller invoices its customers; a reseller's seller invoices
// the reseller; the vendor invoices a distributor for the sales of its resellers, and every customer that has no
// reseller (§6.4).
func (v *invoices) of(l *theLine) []bill {
	out := v.found[:0]
	switch {
	case !l.resold:
		if v.issuer == settlement.Vendor {
			out = append(out, bill{account: v.names.customer(l.custom), partner: -1, reseller: -1})
		}
	case v.issuer == l.partner:
		out = append(out, bill{account: v.names.customer(l.custom), partner: -1, reseller: -1})
	default:
		number := l.product.code
		if number < 0 && l.Word(tables.LineSKU) != "" {
			break // settlement would have rejected such a line
		} else if number < 0 {
			number = v.src.Book.NoProduct(l.Word(tables.LineServiceTypeCode))
		}
		deal := v.deal(l, number)
		switch {
		case deal.Seller == v.issuer:
			out = append(out, bill{account: v.names.partner(l.partner), partner: l.partner, reseller: -1,
				share: deal.Owed})
		case v.issuer == settlement.Vendor:
			out = append(out, bill{account: v.names.partner(deal.Seller), partner: deal.Seller, reseller: l.partner,
				share: deal.Cost})
		}
	}
	v.found = out
	return out
}

// dealKey and deal cache terms: consecutive lines of one day use the same.
type dealKey struct{ partner, sku int32 }

type deal struct {
	at period.Instant
	settlement.Deal
}

func (v *invoices) deal(l *theLine, product int32) settlement.Deal {
	key := dealKey{l.partner, product}
	d, ok := v.deals[key]
	if !ok || d.at != l.own {
		d = deal{l.own, v.src.Book.Deal(l.partner, product, l.own)}
		v.deals[key] = d
	}
	return d.Deal
}

// rate returns the exchange rate of a line on an invoice: that of the cycle in which the line is billed (§10.7); nil
// means that the invoice has the line's currency.
func (v *invoices) rate(l *theLine, b *bill) (*books.ExchangeRate, error) {
	if b.partner < 0 || !v.src.Books.Mixed {
		return nil, nil
	}
	from, to := int32(0), v.src.Books.Partners[b.partner].Currency // 0 is the workspace's currency (CURRENCY-3)
	if code := v.src.Books.Customer(l.custom); code >= 0 {
		from = v.src.Books.Customers[code].Currency
	}
	if from == to {
		return nil, nil
	}
	rates, known := v.rates[l.cycle]
	if !known {
		billed, err := period.ParseCycle(l.cycle)
		if err != nil {
			return nil, err
		}
		if rates, err = v.src.Rates(billed); err != nil {
			return nil, fmt.Errorf("read the exchange rates of %s: %w", l.cycle, err)
		}
		v.rates[l.cycle] = rates
	}
	return rates.Of(from, to)
}
