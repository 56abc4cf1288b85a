package partner

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/rating/ordering"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/settings"
	tables "github.com/tollbook/tollbook/schemas/table"
	"github.com/tollbook/tollbook/settlement"
	"github.com/tollbook/tollbook/settlement/account"
)

// The kinds of facts.
const (
	factAllocate    = "allocate"
	factReclaim     = "reclaim"
	factOrder       = "order"
	factRefund      = "refund"
	factInvoiceable = tables.FactInvoiceable
	factOwed        = "owed"
	factCollected   = tables.FactCollected
	factClosed      = "closed"
)

// entryTypes maps the facts that are entries of accounts to their types.
var entryTypes = map[string]account.Type{
	factAllocate: account.Allocate,
	factReclaim:  account.Reclaim,
	factOrder:    account.Order,
	factRefund:   account.Refund,
	factFund:     account.Fund,
}

// fact is one contribution of a cycle. Partners and customers are ids.
type fact struct {
	cycle         period.Cycle
	kind, id      string
	partner       string
	other         string
	time, instant period.Instant
	place         int64
	amount        money.Amount
}

func compareFacts(a, b fact) int {
	return cmp.Or(
		cmp.Compare(a.cycle, b.cycle),
		strings.Compare(a.kind, b.kind),
		strings.Compare(a.partner, b.partner),
		strings.Compare(
			a.other,
			b.other,
		),
		cmp.Compare(a.instant, b.instant),
		cmp.Compare(a.place, b.place),
		strings.Compare(a.id, b.id),
	)
}

// gather collects the facts of all cycles. Facts of closed cycles are read if they are stored, and computed otherwise
// (PARTNER-4).
func (r *round) gather() error {
	stored := map[period.Cycle]bool{}
	err := eachFact(r.stage.Txn, func(f fact) {
		switch f.kind {
		case factReplayed, factOverdrawn:
			return
		case factClosed:
			stored[f.cycle] = true
		}
		r.facts = append(r.facts, f)
	})
	if err != nil {
		return err
	}
	if r.stage.paysIn() {
		r.paidIncentives()
	} else {
		r.openPayments()
	}
	closed := len(r.facts) // number of stored facts; those of open cycles follow
	for _, c := range r.stage.Cycles {
		if stored[c] {
			continue
		}
		isClosed := r.stage.closedThrough() != lake.NoCycle && c <= r.stage.closedThrough()
		list, err := factReader{r.stage}.factsOf(c, isClosed)
		if err != nil {
			return err
		}
		if isClosed {
			r.facts = slices.Insert(r.facts, closed, list...)
			closed += len(list)
			continue
		}
		r.facts = append(r.facts, list...)
	}
	r.frozen = slices.Clone(r.facts[:closed])
	return nil
}

// factReader computes the facts of a cycle from the input of the stage, without decisions of the replay.
type factReader struct{ stage *Stage }

// Freeze stores what closed cycles contribute, for those whose facts no replay stored: after the cycles are archived,
// the lake lacks their lines (PARTNER-4).
func (s *Stage) Freeze(cycles []period.Cycle) error {
	stored := map[period.Cycle]bool{}
	var list []fact
	err := eachFact(s.Txn, func(f fact) {
		list = append(list, f)
		stored[f.cycle] = stored[f.cycle] || f.kind == factClosed
	})
	if err != nil {
		return fmt.Errorf("read facts of partners: %w", err)
	}
	before := len(list)
	for _, c := range cycles {
		if stored[c] || !s.contributes(c) {
			continue
		}
		facts, err := factReader{s}.factsOf(c, true)
		if err != nil {
			return fmt.Errorf("gather facts of partners in cycle %s: %w", c, err)
		}
		list = append(list, facts...)
	}
	if len(list) == before {
		return nil
	}
	slices.SortFunc(list, compareFacts)
	return s.putFacts(list)
}

// contributes reports whether a cycle has files from which facts follow. Statements stay when a cycle is archived.
func (s *Stage) contributes(c period.Cycle) bool {
	return slices.ContainsFunc(s.Txn.Next().Files(lake.CycleOf(c)), func(e lake.FileEntry) bool {
		switch e.Table {
		case tables.Lines().Name, tables.Statements().Name, tables.PartnerStatements().Name,
			tables.AccountEvents().Name, tables.Taxes().Name:
			return true
		}
		return false
	})
}

// factsOf computes the facts of a cycle. A closed cycle has factClosed.
func (r factReader) factsOf(c period.Cycle, closed bool) (list []fact, err error) {
	if r.byLedger(c) {
		if list, err = r.customerEntries(c, list); err != nil {
			return nil, err
		}
		if list, err = r.orderEntries(c, list); err != nil {
			return nil, err
		}
	}
	if !closed {
		return list, nil
	}
	list = append(list, fact{cycle: c, kind: factClosed, time: tables.Nothing, instant: tables.Nothing})
	var issuers map[string][]string
	if list, issuers, err = r.sold(c, list); err != nil {
		return nil, err
	}
	if list, err = r.taxFacts(c, issuers, list); err != nil {
		return nil, err
	}
	if list, err = r.couponFacts(c, list); err != nil {
		return nil, err
	}
	return r.owed(c, list)
}

// byLedger reports whether a cycle was paid by ledger, so that it has entries of accounts. For a cycle that was closed
// before its facts were stored, its close decides; otherwise the settings do (PARTNER-11).
func (r factReader) byLedger(c period.Cycle) bool {
	if !r.stage.closedBefore(c) {
		return r.stage.Settings.Payments == settings.Ledger
	}
	ref, _ := r.stage.Txn.Base().Cycle(lake.CycleOf(c))
	return rows.PaidByLedger(&ref)
}

// customerEntries returns the allocations and reclaims of customers' cash that change their partner's account (§9.1).
// Money of two currencies changes no account: acceptance rejects such an event, and books that turn an accepted event
// of an open cycle into one are refused with a *accept.CurrencyError (§10.7, PARTNER-10).
func (r factReader) customerEntries(c period.Cycle, list []fact) ([]fact, error) {
	each := func(o rows.FileOpener, e lake.FileEntry, b *books.Books, visit func(*accept.Account)) error {
		return accept.EachAccount(o, e, b, nil, visit)
	}
	if r.stage.closedBefore(c) { // a customer that the books lack has no partner
		each = accept.EachAccountInBooks
	}
	var crossing []error
	for _, e := range r.stage.Txn.Next().Files(lake.CycleOf(c)) {
		if e.Table != tables.AccountEvents().Name {
			continue
		}
		err := each(r.stage.Txn, e, r.stage.Books, func(a *accept.Account) {
			if a.Refused || a.Balance != accept.Cash || a.Type != accept.Allocate && a.Type != accept.Reclaim {
				return
			}
			partner, ok := r.stage.Books.Associations.Reseller(a.Customer, a.Time, a.Type == accept.Reclaim)
			switch {
			case !ok:
				return
			case r.stage.Books.Partners[partner].Currency != r.stage.Books.Customers[a.Customer].Currency:
				crossing = append(crossing, r.crossing(a, partner))
				return
			}
			list = append(list, fact{cycle: c, kind: a.Type, id: a.ID, partner: r.stage.Books.Partners[partner].ID,
				other: r.stage.Books.Customers[a.Customer].ID, time: a.Time, instant: a.Instant, amount: a.Amount})
		})
		if err != nil {
			return nil, err
		}
	}
	if len(crossing) > 0 && !r.stage.closedBefore(c) {
		return nil, crossing[0]
	}
	return list, nil
}

// crossing returns the error of an event that moves money between a customer and a partner of another currency.
func (r factReader) crossing(a *accept.Account, partner int32) error {
	return &accept.CurrencyError{ID: a.ID, Type: a.Type, Customer: r.stage.Books.Customers[a.Customer].ID,
		CustomerCurrency: r.stage.Books.CustomerCurrency(a.Customer).Code, Partner: r.stage.Books.Partners[partner].ID,
		PartnerCurrency: r.stage.Books.PartnerCurrency(partner).Code}
}

// orderLine is a line of an order that a partner paid.
type orderLine struct {
	fact
	start period.Instant
	base  string // for a refund: id of the line of its base
}

// orderEntries returns the lines of orders that partners paid, and of their refunds, in the order of lines (§6.3).
func (r factReader) orderEntries(c period.Cycle, list []fact) ([]fact, error) {
	if err := r.stage.readPayers(); err != nil {
		return nil, err
	}
	if len(r.stage.payers) == 0 {
		return list, nil
	}
	var lines []orderLine
	columns := tables.Columns(
		tables.LineCustomerID,
		tables.LineID,
		tables.LineTradeID,
		tables.LineCashAmount,
		tables.LineUsageStart,
		tables.LineTradeTime,
		tables.LineInstant,
	)
	for _, e := range r.stage.Txn.Next().Files(lake.CycleOf(c)) {
		if e.Table != tables.Lines().Name || e.Day != lake.EventsDay {
			continue
		}
		err := rows.EachRow(r.stage.Txn, e, tables.Lines(), columns,
			func(cols *parquet.Columns[tables.Line], i int) error {
				paid, is := r.stage.payers[string(cols.Text(tables.LineID).At(i))]
				if !is || cols.Word(tables.LineTradeID).At(i) != paid.order {
					return nil // an adjustment can have the id of a line
				}
				d := cols.Amount(tables.LineCashAmount).At(i)
				cash, err := money.AmountFromRaw(d.Hi, d.Lo)
				if err != nil {
					return err
				}
				payTime := cols.Time(tables.LineTradeTime).At(i)
				lines = append(
					lines,
					orderLine{
						start: cols.Time(tables.LineUsageStart).At(i),
						base:  paid.base,
						fact: fact{cycle: c, kind: paid.kind(), id: string(cols.Text(tables.LineID).At(i)),
							partner: paid.partner, other: cols.Word(tables.LineCustomerID).At(i), amount: cash.Neg(),
							time: payTime, instant: rows.Instant(cols, i)},
					},
				)
				return nil
			})
		if err != nil {
			return nil, err
		}
	}
	slices.SortFunc(lines, func(a, b orderLine) int {
		return cmp.Or(strings.Compare(a.other, b.other), cmp.Compare(a.start, b.start), strings.Compare(a.id, b.id))
	})
	for i, l := range inOrder(lines) {
		l.place = int64(i)
		list = append(list, l.fact)
	}
	return list, nil
}

// inOrder moves each refund of its base's instant that would come before its base directly after it (§6.3). All other
// lines keep their places, including a refund whose base took effect earlier for a term that starts later.
func inOrder(lines []orderLine) []orderLine {
	at := make(map[string]int, len(lines))
	for i := range lines {
		at[lines[i].id] = i
	}
	behind := make(map[int][]orderLine) // refunds by the index of the base that they follow
	waits := make([]bool, len(lines))
	for i := range lines {
		base, here := at[lines[i].base]
		if !here || lines[i].base == "" {
			continue
		}
		if waits[i] = i < base && lines[i].instant == lines[base].instant; waits[i] {
			behind[base] = append(behind[base], lines[i])
		}
	}
	out := make([]orderLine, 0, len(lines))
	for i := range lines {
		if !waits[i] {
			out = append(append(out, lines[i]), behind[i]...)
		}
	}
	return out
}

// payer is the partner that paid a line of an order; base is the line that a refund refers to.
type payer struct{ partner, order, base string }

// kind returns the kind of the fact. The line's own kind cannot be used: that of a late order is adjustment (§4.11).
func (p payer) kind() string {
	if p.base != "" {
		return factRefund
	}
	return factOrder
}

// readPayers finds the order lines that partners paid, and the unsubscribes of these, once.
func (s *Stage) readPayers() error {
	if s.payers != nil {
		return nil
	}
	out, back := map[string]payer{}, map[accept.OrderKey]accept.OrderKey{} // bases of unsubscribes
	for _, c := range s.Txn.Next().Cycles() {
		for _, e := range s.Txn.Next().Select(lake.CycleOf(c), func(k lake.FileKey) bool {
			return k.Table == tables.Orders().Name
		}) {
			err := accept.EachPayer(s.Txn, e, func(own, base accept.OrderKey, kind ordering.OrderType, partner string) {
				switch {
				case kind == ordering.Unsubscribe:
					back[own] = base
				case partner != accept.PayerCustomer:
					out[own.LineID()] = payer{partner, own.ID, ""}
				}
			})
			if err != nil {
				return err
			}
		}
	}
	for own, base := range back {
		if paid, ok := out[base.LineID()]; ok {
			out[own.LineID()] = payer{paid.partner, own.ID, base.LineID()}
		}
	}
	s.payers = out
	return nil
}

// sold adds up what can be invoiced to customers, and what was collected from them (§9.1, §9.7). issuers are the
// issuers of customers to whom a reseller sold lines.
func (r factReader) sold(c period.Cycle, list []fact) (facts []fact, issuers map[string][]string, err error) {
	invoiceable, collected := map[sale]*money.AmountTotal{}, map[collectedKey]*money.AmountTotal{}
	columns := tables.Columns(tables.LineCustomerID, tables.LinePartnerID, tables.LineAssociationType,
		tables.LinePaymentAmount,
		tables.LineCouponAmount, tables.LineCashAmount, tables.LineStoredValueCardAmount,
		tables.LineUsageStart, tables.LineOwnTime)
	for _, e := range r.stage.Txn.Next().Files(lake.CycleOf(c)) {
		if e.Table != tables.Lines().Name {
			continue
		}
		err := rows.EachRow(r.stage.Txn, e, tables.Lines(), columns,
			func(cols *parquet.Columns[tables.Line], i int) error {
				to := sale{settlement.VendorID, cols.Word(tables.LineCustomerID).At(i)}
				if cols.Word(tables.LineAssociationType).At(i) == books.Resale.Word() {
					to.issuer = cols.Word(tables.LinePartnerID).At(i)
					from := collectedKey{to.issuer, r.sellerOf(to.issuer, cols, i),
						r.stage.Books.CustomerCurrencyOf(to.recipient).Code}
					err := addTo(collected, from, cols, i, tables.LineCashAmount,
						tables.LineStoredValueCardAmount)
					if err != nil {
						return err
					}
				}
				if err := addTo(invoiceable, to, cols, i, tables.LinePaymentAmount); err != nil {
					return err
				}
				return subFrom(invoiceable[to], cols, i, tables.LineCouponAmount)
			})
		if err != nil {
			return nil, nil, err
		}
	}
	nothing := fact{cycle: c, time: tables.Nothing, instant: tables.Nothing}
	for to, sum := range invoiceable {
		a, err := sum.Amount()
		if err != nil {
			return nil, nil, err
		}
		f := nothing
		f.kind, f.partner, f.other = factInvoiceable, to.issuer, to.recipient
		f.amount = a.Cut(r.stage.Books.CustomerCurrencyOf(to.recipient).Digits, r.stage.Settings.Rounding.Mode)
		list = append(list, f)
	}
	brought, err := r.collected(c, collected)
	if err != nil {
		return nil, nil, err
	}
	for of, a := range brought {
		f := nothing
		f.kind, f.partner, f.other, f.amount = factCollected, of.partner, of.seller, a
		list = append(list, f)
	}
	list = slices.DeleteFunc(list, func(f fact) bool {
		return f.amount.IsZero() && (f.kind == factInvoiceable || f.kind == factCollected)
	})
	slices.SortFunc(list, compareFacts)
	return list, issuersOf(invoiceable), nil
}

// issuersOf returns the issuers, ascending, of each customer who has others than the vendor.
func issuersOf(sold map[sale]*money.AmountTotal) map[string][]string {
	out := map[string][]string{}
	for to := range sold {
		if to.issuer != settlement.VendorID {
			out[to.recipient] = append(out[to.recipient], to.issuer)
		}
	}
	for customer, list := range out {
		if sold[sale{settlement.VendorID, customer}] != nil {
			out[customer] = append(list, settlement.VendorID)
		}
		slices.Sort(out[customer])
	}
	return out
}

// addTo adds amounts of a row to the total of a key.
func addTo[T any, K comparable](totals map[K]*money.AmountTotal, k K, cols *parquet.Columns[T], i int,
	columns ...tables.AmountColumn[T]) error {
	t := totals[k]
	if t == nil {
		t = &money.AmountTotal{}
		totals[k] = t
	}
	for _, column := range columns {
		d := cols.Amount(column).At(i)
		a, err := money.AmountFromRaw(d.Hi, d.Lo)
		if err != nil {
			return err
		}
		if err := t.Add(a); err != nil {
			return err
		}
	}
	return nil
}

func subFrom(t *money.AmountTotal, cols *parquet.Columns[tables.Line], i int,
	column tables.AmountColumn[tables.Line]) error {
	d := cols.Amount(column).At(i)
	a, err := money.AmountFromRaw(d.Hi, d.Lo)
	if err != nil {
		return err
	}
	return t.Add(a.Neg())
}

// owed adds up what partners owe for a closed cycle, and what can be invoiced to them (§9.1, §9.7).
func (r factReader) owed(c period.Cycle, list []fact) ([]fact, error) {
	type key struct{ kind, partner, other string }
	totals := map[key]*money.AmountTotal{}
	columns := tables.Columns(tables.PartnerStatementPartnerID, tables.PartnerStatementSellerID,
		tables.PartnerStatementOwedAmount, tables.PartnerStatementCostAmount)
	for _, e := range r.stage.Txn.Next().Files(lake.CycleOf(c)) {
		if e.Table != tables.PartnerStatements().Name {
			continue
		}
		err := rows.EachRow(r.stage.Txn, e, tables.PartnerStatements(), columns,
			func(cols *parquet.Columns[tables.PartnerStatement], i int) error {
				partner, seller := cols.Word(tables.PartnerStatementPartnerID).At(i),
					cols.Word(tables.PartnerStatementSellerID).At(i)
				if err := addTo(totals, key{factOwed, partner, ""}, cols, i, tables.PartnerStatementOwedAmount,
					tables.PartnerStatementCostAmount); err != nil {
					return err
				}
				if seller != "" {
					if err := addTo(totals, key{factInvoiceable, seller, partner}, cols, i,
						tables.PartnerStatementOwedAmount); err != nil {
						return err
					}
				}
				return addTo(totals, key{factInvoiceable, settlement.VendorID, partner}, cols, i,
					tables.PartnerStatementCostAmount)
			})
		if err != nil {
			return nil, err
		}
	}
	for k, sum := range totals {
		a, err := sum.Amount()
		if err != nil {
			return nil, err
		}
		if !a.IsZero() {
			list = append(list, fact{cycle: c, kind: k.kind, partner: k.partner, other: k.other, time: tables.Nothing,
				instant: tables.Nothing, amount: a})
		}
	}
	slices.SortFunc(list, compareFacts)
	return list, nil
}
