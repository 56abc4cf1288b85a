package document

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
	"github.com/tollbook/tollbook/settlement"
)

// ComposeStatement composes the statement of a partner and its sellers for a cycle (§6.4). Errors: *rows.NoCycleError;
// *rows.NotFoundError for a partner that the books do not have; *books.MissingError.
func ComposeStatement(ctx context.Context, s *Sources, cycle period.Cycle, partner string) (*Statement, error) {
	header, err := s.header(cycle)
	if err != nil {
		return nil, err
	}
	code, err := s.parties().partnerCode(partner)
	if err != nil {
		return nil, err
	}
	header = inCurrency(header, s.Books.PartnerCurrency(code))
	st := &Statement{Header: header, Partner: s.parties().partner(partner, cycle),
		Kind: kindWord(s.parties().partnerRow(code, cycle).Kind)}
	nets := s.Partners.Nets(cycle)
	names := s.namer(cycle)
	err = s.eachRow(ctx, cycle, partner, func(r *settlement.Row, row rows.Row[tables.PartnerStatement]) error {
		shown, err := names.shown(r, row)
		st.Rows = append(st.Rows, shown)
		return errors.Join(err, nets.AddRow(r), st.Summary.Margin.Add(r.Margin))
	})
	if err != nil {
		return nil, err
	}
	if err := s.summarize(st, nets, code); err != nil {
		return nil, err
	}
	taxes, err := s.Reader().TaxesOf(ctx, lake.CycleOf(cycle), partner)
	if err != nil {
		return nil, err
	}
	st.Taxes = s.taxes(taxes)
	st.Sellers = s.sellers(st, code)
	notes := s.notes(&st.Header)
	if s.Brief {
		st.Notes = notes.statement(st, newUsed(), &leftOut{})
		return st, s.partnerMoney(st)
	}
	used, err := s.consumption(ctx, st, code)
	if err != nil {
		return nil, err
	}
	left, err := s.annexes(ctx, cycle, used.objects, func(a Annex) { st.Annexes = append(st.Annexes, a) })
	if err != nil {
		return nil, err
	}
	st.Notes = notes.statement(st, used, left)
	if err := s.partnerMoney(st); err != nil {
		return nil, err
	}
	st.Cover, err = statementCover(s, st)
	return st, err
}

// summarize adds the partner's incentives, and the sums that settlement calculated.
func (s *Sources) summarize(st *Statement, nets *settlement.Nets, partner int32) error {
	list, err := s.Reader().Incentives()
	if err != nil {
		return err
	}
	for i := range list {
		if list[i].Partner != partner {
			continue
		}
		if err := nets.AddIncentive(&list[i]); err != nil {
			return err
		}
	}
	st.Incentives = s.ofStatement(list, partner, st.Header.Cycle)
	all, err := nets.List()
	if err != nil {
		return err
	}
	for _, n := range all {
		if n.Partner == partner {
			m := &st.Summary
			m.Owed, m.Cost, m.Revenue, m.Incentives, m.Net = n.Owed, n.Cost, n.Revenue, n.Incentives, n.Net
		}
	}
	return nil
}

// sellers returns the sellers of the rows, the last in time first. A referrer without rows has none.
func (s *Sources) sellers(st *Statement, partner int32) []PageParty {
	var ids []string
	for i := range st.Rows {
		if id := st.Rows[i].SellerID; id != "" && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	cycle := st.Header.Cycle
	slices.Sort(ids)
	if row := s.parties().partnerRow(partner, cycle); row.Kind != books.Referrer || len(ids) > 0 {
		order := s.Reader().SellersOf(cycle, partner)
		if len(ids) == 0 {
			ids = slices.Clone(order[:1])
		}
		slices.SortStableFunc(ids, func(a, b string) int {
			return cmp.Compare(uint(slices.Index(order, a)), uint(slices.Index(order, b))) // others are last
		})
	}
	var out []PageParty
	for _, id := range ids {
		out = append(out, s.parties().partner(id, cycle))
	}
	return out
}

// Settled is one partner's row in the table of all partners.
type Settled struct {
	Partner    PageParty
	Kind       string // as of the cycle's end
	Currency   string // of the amounts; "" = the workspace's only one
	Lines      int64
	Payment    money.PerCurrency // of the customers of the partner's own rows
	Owed       money.AmountTotal
	Cost       money.AmountTotal
	Revenue    money.AmountTotal
	Margin     money.AmountTotal
	Incentives money.AmountTotal
	Net        money.AmountTotal // if above 0, the partner pays
}

// SettledEntry is the machine-readable form of one partner's totals.
type SettledEntry struct {
	PartnerID  string             `json:"partner_id,omitempty"`
	Name       string             `json:"name,omitempty"`
	Kind       string             `json:"kind,omitempty"`
	Lines      int64              `json:"line_count"`
	Payment    *money.AmountTotal `json:"payment_amount,omitempty"` // in a workspace of one currency
	Owed       money.AmountTotal  `json:"owed_amount"`
	Cost       money.AmountTotal  `json:"cost_amount"`
	Revenue    money.AmountTotal  `json:"revenue_amount"`
	Margin     money.AmountTotal  `json:"margin_amount"`
	Incentives money.AmountTotal  `json:"incentive_amount"`
	Net        money.AmountTotal  `json:"net_amount"`

	// With several currencies: the currency of the amounts, and the payments by the customers' currency.
	Currency string                `json:"currency,omitempty"`
	Payments []money.CurrencyTotal `json:"payment_amounts,omitempty"`
}

// Entry returns the machine-readable form of the partner's totals.
func (s *Settled) Entry() SettledEntry {
	e := SettledEntry{PartnerID: s.Partner.ID, Name: s.Partner.Name, Kind: s.Kind, Lines: s.Lines, Owed: s.Owed,
		Cost: s.Cost, Revenue: s.Revenue, Margin: s.Margin, Incentives: s.Incentives, Net: s.Net, Currency: s.Currency}
	if s.Currency != "" {
		e.Payments = s.Payment.List()
		return e
	}
	e.Payment = new(money.AmountTotal)
	for _, t := range s.Payment.List() { // one at most
		*e.Payment = t.Total
	}
	return e
}

// Amounts returns the entry's amounts in the order in which they are shown, after the payments.
func (e *SettledEntry) Amounts() []money.AmountTotal {
	return []money.AmountTotal{e.Owed, e.Cost, e.Revenue, e.Margin, e.Incentives, e.Net}
}

// PaymentText returns the payments of customers, formatted by shown: one amount in a workspace of one currency, else
// amounts with their currencies.
func (e *SettledEntry) PaymentText(shown func(t money.AmountTotal, currency string) string) string {
	if e.Payment != nil {
		return shown(*e.Payment, "")
	}
	var all []string
	for _, t := range e.Payments {
		all = append(all, shown(t.Total, t.Currency)+" "+t.Currency)
	}
	return strings.Join(all, "; ")
}

// Overview has the totals of all partners of a cycle.
type Overview struct {
	Header   PageHeader
	Partners []Settled // by partner_id
	Totals   []Settled // by the partners' currency, one in a workspace of one currency; without Partner
	Costs    []VendorCosts
}

// add adds a partner to the total of its currency.
func (o *Overview) add(one *Settled) error {
	at, found := slices.BinarySearchFunc(o.Totals, one.Currency, func(t Settled, currency string) int {
		return strings.Compare(t.Currency, currency)
	})
	if !found {
		o.Totals = slices.Insert(o.Totals, at, Settled{Currency: one.Currency})
	}
	return o.Totals[at].add(one)
}

// Partners composes the table of all partners that have a row or an incentive of a period that ends with the cycle.
// Errors: *rows.NoCycleError, *books.MissingError.
func Partners(ctx context.Context, s *Sources, cycle period.Cycle) (*Overview, error) {
	header, err := s.header(cycle)
	if err != nil {
		return nil, err
	}
	nets := s.Partners.Nets(cycle)
	margins := map[int32]*money.AmountTotal{}
	err = s.eachRow(ctx, cycle, "", func(r *settlement.Row, _ rows.Row[tables.PartnerStatement]) error {
		if margins[r.Partner] == nil {
			margins[r.Partner] = &money.AmountTotal{}
		}
		return errors.Join(nets.AddRow(r), margins[r.Partner].Add(r.Margin))
	})
	if err != nil {
		return nil, err
	}
	list, err := s.Reader().Incentives()
	for i := range list {
		err = errors.Join(err, nets.AddIncentive(&list[i]))
	}
	if err != nil {
		return nil, err
	}
	all, err := nets.List()
	if err != nil {
		return nil, err
	}
	out := &Overview{Header: header, Partners: []Settled{}}
	if out.Costs, err = s.vendorCosts(cycle); err != nil {
		return nil, err
	}
	if !s.Books.Mixed {
		out.Totals = []Settled{{}}
	}
	for _, n := range all {
		one := Settled{Partner: s.parties().partner(s.Books.Partners[n.Partner].ID, cycle),
			Kind: kindWord(s.parties().partnerRow(n.Partner, cycle).Kind), Lines: n.Lines,
			Payment: n.Payment, Owed: n.Owed, Cost: n.Cost, Revenue: n.Revenue, Incentives: n.Incentives, Net: n.Net}
		if m := margins[n.Partner]; m != nil {
			one.Margin = *m
		}
		if s.Books.Mixed {
			one.Currency = s.Books.PartnerCurrency(n.Partner).Code
		}
		out.Partners = append(out.Partners, one)
		if err := out.add(&one); err != nil {
			return nil, fmt.Errorf("add up the partners of %s: %w", cycle, err)
		}
	}
	return out, nil
}

// add adds the totals of a partner of the same currency.
func (t *Settled) add(o *Settled) error {
	t.Lines += o.Lines
	for _, p := range o.Payment.List() {
		if err := t.Payment.AddTotal(p.Currency, p.Total); err != nil {
			return err
		}
	}
	return errors.Join(t.Owed.AddTotal(o.Owed), t.Cost.AddTotal(o.Cost),
		t.Revenue.AddTotal(o.Revenue),
		t.Margin.AddTotal(o.Margin), t.Incentives.AddTotal(o.Incentives), t.Net.AddTotal(o.Net))
}

// customersOf returns the customers of a statement's rows, sorted.
func customersOf(rows []Row) []string {
	ids := make([]string, 0, len(rows))
	for i := range rows {
		if n := len(ids); n == 0 || ids[n-1] != rows[i].CustomerID {
			ids = append(ids, rows[i].CustomerID)
		}
	}
	slices.SortFunc(ids, strings.Compare)
	return slices.Compact(ids)
}
