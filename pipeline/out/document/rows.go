package document

import (
	"context"
	"errors"
	"strconv"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
	"github.com/tollbook/tollbook/settlement"
)

// eachRow visits the rows of partner_statements of a cycle, partner "" = all, in the form that settlement adds up. The
// table's row is valid until the next one.
func (s *Sources) eachRow(ctx context.Context, cycle period.Cycle, partner string,
	visit func(*settlement.Row, rows.Row[tables.PartnerStatement]) error) (err error) {
	list, err := s.Reader().Statements(ctx, lake.CycleOf(cycle), partner)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, list.Close()) }()
	n := 0
	return list.Each(func(row rows.Row[tables.PartnerStatement]) error {
		if n++; n&0xfff == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		r, err := s.row(cycle, row)
		if err != nil {
			return err
		}
		return visit(r, row)
	})
}

// row reads what settlement adds up: the parties of the row, its lines and its amounts.
func (s *Sources) row(cycle period.Cycle, row rows.Row[tables.PartnerStatement]) (*settlement.Row, error) {
	r := &settlement.Row{Cycle: cycle, Customer: settlement.None,
		Service:      row.Word(tables.PartnerStatementServiceTypeCode),
		ChargingMode: uint8(row.Small(tables.PartnerStatementChargingMode)),
		Negative:     row.Word(tables.PartnerStatementSign) == "-", Lines: row.Whole(tables.PartnerStatementLineCount)}
	for _, p := range [...]struct {
		col tables.WordColumn[tables.PartnerStatement]
		to  *int32
	}{{tables.PartnerStatementPartnerID, &r.Partner}, {tables.PartnerStatementSellerID, &r.Seller},
		{tables.PartnerStatementResellerID, &r.Reseller}} {
		var err error
		if *p.to, err = s.parties().code(row.Word(p.col)); err != nil {
			return nil, err
		}
	}
	if err := s.payer(r, row); err != nil {
		return nil, err
	}
	for _, a := range [...]struct {
		col tables.AmountColumn[tables.PartnerStatement]
		to  *money.Amount
	}{{tables.PartnerStatementOfficialAmount, &r.Official}, {tables.PartnerStatementOfficialDiscountAmount,
		&r.Discount}, {tables.PartnerStatementTruncatedAmount, &r.Truncated},
		{tables.PartnerStatementPaymentAmount, &r.Payment},
		{tables.PartnerStatementPerformanceAmount, &r.Performance}, {tables.PartnerStatementOwedAmount, &r.Owed},
		{tables.PartnerStatementRevenueAmount, &r.Revenue},
		{tables.PartnerStatementCostAmount, &r.Cost}, {tables.PartnerStatementMarginAmount, &r.Margin}} {
		var err error
		if *a.to, err = row.Amount(a.col); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// payer sets the currency of payment_amount. If the books do not have the customer, it is the partner's currency for a
// row without exchange rate, and unknown otherwise.
func (s *Sources) payer(r *settlement.Row, row rows.Row[tables.PartnerStatement]) error {
	converted := row.Cols.Def.Index("fx_rate") >= 0 && row.Word(tables.PartnerStatementFxRate) != ""
	if !converted && !s.Books.Mixed {
		return nil
	}
	id := row.Word(tables.PartnerStatementCustomerID)
	if r.Customer = s.Books.Customer(id); r.Customer >= 0 {
		return nil
	}
	if converted {
		return books.Missing(books.ByLines, "customers.csv", "customer", id)
	}
	r.Payer = s.Books.PartnerCurrency(r.Partner).Code
	return nil
}

// namer looks up each name once: thousands of rows have the same few names.
type namer struct {
	s        *Sources
	cycle    period.Cycle
	services map[string]string
	partners map[string]string
	last     PageParty // the last customer: its rows are consecutive
}

func (s *Sources) namer(cycle period.Cycle) *namer {
	n := &namer{s: s, cycle: cycle, services: map[string]string{"": ofNoService.English}, partners: map[string]string{}}
	for i := range s.Books.Products {
		p := &s.Books.Products[i]
		if n.services[p.ServiceTypeCode] == "" {
			n.services[p.ServiceTypeCode] = p.ServiceTypeName
		}
	}
	return n
}

func (n *namer) partner(id string) string {
	name, known := n.partners[id]
	if !known {
		name = n.s.parties().partner(id, n.cycle).Name
		n.partners[id] = name
	}
	return name
}

func (n *namer) customer(id string) PageParty {
	if n.last.ID != id || id == "" {
		n.last = n.s.parties().customer(id, n.cycle)
	}
	return n.last
}

// shown converts a row to what the document shows.
func (n *namer) shown(r *settlement.Row, row rows.Row[tables.PartnerStatement]) (Row, error) {
	customer := n.customer(row.Word(tables.PartnerStatementCustomerID))
	association, err := strconv.Atoi(row.Word(tables.PartnerStatementAssociationType))
	if err != nil {
		return Row{}, err
	}
	currency, rate, date := "", "", ""
	if row.Cols.Def.Index("fx_rate") >= 0 {
		if rate, date = row.Word(tables.PartnerStatementFxRate), row.Word(tables.PartnerStatementFxDate); rate != "" {
			currency = n.s.Books.CustomerCurrencyOf(customer.ID).Code
		}
	}
	return Row{Currency: currency, Rate: rate, RateDate: date,
		SellerID: row.Word(tables.PartnerStatementSellerID), ResellerID: row.Word(tables.PartnerStatementResellerID),
		ResellerName: n.partner(row.Word(tables.PartnerStatementResellerID)), CustomerID: customer.ID,
		CustomerName:    customer.Name,
		AssociationType: association, Service: r.Service, ServiceName: n.services[r.Service],
		ChargingMode: int(r.ChargingMode), Sign: r.Sign(), Lines: r.Lines, Official: r.Official, Discount: r.Discount,
		Truncated: r.Truncated, Payment: r.Payment, Performance: r.Performance, Owed: r.Owed, Revenue: r.Revenue,
		Cost: r.Cost, Margin: r.Margin}, nil
}
