package focus

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow/decimal128"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/read/query"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
	"github.com/tollbook/tollbook/settlement"
)

// Source has what data sets are composed from: one committed state and the books.
type Source struct {
	query.PartnerReader
	Publisher string // the vendor's name
}

// Request selects the rows.
type Request struct {
	Cycle   lake.Cycle
	Issuer  string // settlement.VendorID, the id that the settings give the vendor, or a partner_id
	Account string // only rows billed to this customer or partner; "" = all
}

// Each calls visit for each row of a data set. Rows of lines come by customer, in the order of lines; after each
// customer's lines come its terms of earlier cycles, roundings and taxes; last come the taxes of partners' statements
// and the incentives by partner. A row is valid until the next. Errors: *rows.NoCycleError, *rows.NotFoundError for an
// issuer or account that the books do not have, *books.MissingError, and after the last row *ChangedError.
func (s *Source) Each(ctx context.Context, r Request, visit func(*Row) error) error {
	m, err := s.maker(r, visit)
	if err != nil {
		return err
	}
	if err := query.CurrenciesKnown(ctx, s.Snap, s.Books, r.Cycle); err != nil {
		return err
	}
	kept, err := m.storedOf()
	if err != nil {
		return err
	}
	if kept != nil {
		m.visit = func(r *Row) error {
			kept.take(r)
			return visit(r)
		}
	}
	if err := m.lines(ctx); err != nil {
		return fmt.Errorf("make the FOCUS rows of %s for %s: %w", r.Issuer, r.Cycle, err)
	}
	if err := m.partnerTaxes(ctx); err != nil {
		return fmt.Errorf("make the FOCUS rows of tax of %s for %s: %w", r.Issuer, r.Cycle, err)
	}
	if err := m.incentives(); err != nil || kept == nil {
		return err
	}
	return kept.compare(ctx)
}

// maker composes the rows of one data set.
type maker struct {
	src     *Source
	request Request
	visit   func(*Row) error
	set     Set
	cycle   period.Cycle
	issuer  int32 // index of the partner, or settlement.Vendor

	dictionary *dictionary
	names      names
	invoices   invoices
	groups     costGroups

	line theLine
	row  Row

	at      string // the current customer
	shared  map[groupKey]*group
	orders  []term
	refunds map[string]string // by id of a refund: id of the refunded order line
	spans   map[lineKey]period.Span
}

func (s *Source) maker(r Request, visit func(*Row) error) (*maker, error) {
	r.Issuer = settlement.SellerID(r.Issuer, s.Settings.Vendor.ID)
	if err := rows.HasCycle(s.Snap, r.Cycle); err != nil {
		return nil, err
	}
	cycle, ok := r.Cycle.Period()
	if !ok {
		return nil, fmt.Errorf("a data set of no cycle")
	}
	m := &maker{src: s, request: r, visit: visit, cycle: cycle, issuer: settlement.Vendor,
		dictionary: newDictionary(s.Books), shared: map[groupKey]*group{}, refunds: map[string]string{},
		spans: map[lineKey]period.Span{}}
	m.set = Set{Issuer: r.Issuer, IssuerName: s.Publisher, Publisher: s.Publisher, Cycle: r.Cycle.String(),
		Bounds: s.Books.Zone.Bounds(cycle)}
	m.names = newNames(s.Books, m.set.Bounds.To)
	if r.Issuer != settlement.VendorID {
		if m.issuer = s.Books.Partner(r.Issuer); m.issuer < 0 {
			return nil, &rows.NotFoundError{What: fmt.Sprintf("no issuer %q: the books have no such partner", r.Issuer),
				Do: "the issuer is vendor, or a partner_id of books/partners.csv"}
		}
		m.set.IssuerName = m.names.partner(m.issuer).Name
	}
	m.invoices = invoices{src: s, names: &m.names, issuer: m.issuer, deals: map[dealKey]deal{},
		rates: map[string]settlement.Rates{}}
	m.groups = costGroups{byLine: map[lineKey]*vendorValues{}}
	if r.Account != "" && s.Books.Customer(r.Account) < 0 && s.Books.Partner(r.Account) < 0 {
		return nil, &rows.NotFoundError{What: fmt.Sprintf("no account %q: the books have no such customer or partner",
			r.Account), Do: "an account is a customer_id or a partner_id"}
	}
	return m, nil
}

// lines composes the rows of lines, customer by customer.
func (m *maker) lines(ctx context.Context) (err error) {
	statements, err := rows.Statements(ctx, m.src.Snap, m.request.Cycle, "", m.src.Limits)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, statements.Close()) }()
	rounded := &ahead{rows: statements.Any(), customer: tables.StatementCustomerID.Any()}
	terms, err := m.openTerms(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, terms.close()) }()
	taxed, err := m.openTaxes(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, taxed.close()) }()
	if err := m.groups.open(ctx, m.src, m.request.Cycle); err != nil {
		return err
	}
	if m.groups.ahead != nil {
		defer func() { err = errors.Join(err, m.groups.ahead.rows.Close()) }()
	}
	lines, err := rows.LinesOf(ctx, m.src.Snap, m.request.Cycle,
		rows.Selection{Keep: m.wanted, Cols: tables.Columns(tables.LinePartnerID, tables.LineAssociationType,
			tables.LineUsageStart,
			tables.LineOwnTime)},
		lineColumns(), m.src.Limits)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lines.Close()) }()
	current := &ahead{rows: lines.Any(), customer: tables.LineCustomerID.Any()}
	for n := 0; ; n++ {
		if n&0xff == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		next, err := first(current, rounded, terms.lines, terms.orders, m.groups.ahead, taxed.ahead())
		if err != nil || next == "" {
			return err
		}
		m.at = next
		err = errors.Join(terms.read(next), m.groups.read(next))
		if err == nil {
			err = current.each(next, m.add)
		}
		if err == nil {
			err = m.endCustomer()
		}
		if err == nil {
			err = rounded.each(next, m.rounding)
		}
		if err = errors.Join(err, m.taxesOf(taxed, next)); err != nil {
			return err
		}
	}
}

// wanted reports whether a line may be on an invoice of the issuer. It is called concurrently.
func (m *maker) wanted(row rows.Row[tables.Line]) bool {
	if m.issuer == settlement.Vendor {
		return true
	}
	if row.Word(tables.LineAssociationType) != resale {
		return false
	}
	partner := m.src.Books.Partner(row.Word(tables.LinePartnerID))
	if partner < 0 || partner == m.issuer {
		return true // an unknown partner is reported later
	}
	own := rows.OwnTime(row.Cols, row.I)
	return m.src.Book.Seller(partner, own) == m.issuer
}

// ahead reads rows that are sorted by customer, one customer at a time.
type ahead struct {
	rows     *rows.Rows[tables.Any]
	customer tables.WordColumn[tables.Any]
	row      rows.Row[tables.Any]
	there    bool // row is the next one
	done     bool
}

// peek returns the customer of the next row; "" at the end.
func (a *ahead) peek() (string, error) {
	if !a.there && !a.done {
		row, ok, err := a.rows.Next()
		if err != nil {
			return "", err
		}
		a.row, a.there, a.done = row, ok, !ok
	}
	if a.done {
		return "", nil
	}
	return a.row.Word(a.customer), nil
}

// each visits the rows of a customer, if they are the next.
func (a *ahead) each(customer string, visit func(rows.Row[tables.Any]) error) error {
	for {
		next, err := a.peek()
		if err != nil || a.done || next != customer {
			return err
		}
		if err := visit(a.row); err != nil {
			return err
		}
		a.there = false
	}
}

// first returns the smallest next customer of all readers; "" = none.
func first(list ...*ahead) (string, error) {
	least := ""
	for _, a := range list {
		if a == nil {
			continue
		}
		next, err := a.peek()
		if err != nil {
			return "", err
		}
		if next != "" && (least == "" || next < least) {
			least = next
		}
	}
	return least, nil
}

// add composes the rows of a line.
func (m *maker) add(row rows.Row[tables.Any]) error {
	l, err := m.read(rows.As[tables.Line](row))
	if err != nil {
		return err
	}
	for _, b := range m.invoices.of(l) {
		if err := m.bill(l, &b); err != nil {
			return fmt.Errorf("line %s of customer %s: %w", l.id, l.custom, err)
		}
	}
	return nil
}

// bill composes the rows of a line on one invoice.
func (m *maker) bill(l *theLine, b *bill) error {
	r := m.begin(b.account, l.custom)
	m.describe(l, r)
	if err := m.amounts(l, b, r); err != nil {
		return err
	}
	x, err := m.invoices.rate(l, b)
	if err != nil {
		return err
	}
	exact := r.Billed
	if err := r.convert(x); err != nil {
		return err
	}
	if b.partner >= 0 {
		if err := m.group(l, b, r, exact); err != nil {
			return err
		}
	}
	if _, spread := m.spans[lineKey{l.cycle, l.id}]; l.order && spread {
		r.Effective, r.Priced.Effective = dec{}, dec{} // the rows of the term have it
	}
	if err := m.emit(r); err != nil {
		return err
	}
	return m.draws(l, r, x)
}

// begin returns an empty row of an account; in a row of a partner the customer is the sub account.
func (m *maker) begin(account Party, customer string) *Row {
	m.row = Row{Set: &m.set, Account: account, Publisher: m.set.Publisher,
		Invoice: m.set.Issuer + "/" + account.ID + "/" + m.set.Cycle}
	if account.Type == ofPartner && customer != "" {
		m.row.Sub = m.names.customer(customer)
	}
	return &m.row
}

// emit passes on a row. An end is exclusive, so a charge without duration, such as a record whose end is its start,
// ends one second later (FOCUS-5).
func (m *maker) emit(r *Row) error {
	r.End = max(r.End, r.Start+second)
	if m.request.Account != "" && m.request.Account != r.Account.ID {
		return nil
	}
	return m.visit(r)
}

// draws composes a row for each package from which a line drew: a quantity without further cost, in addition to the row
// of the remaining quantity.
func (m *maker) draws(l *theLine, r *Row, x *books.ExchangeRate) error {
	text := string(l.Text(tables.LinePackageDraws))
	if text == "" {
		return nil
	}
	one := *r
	r = &one
	r.Billed, r.Effective, r.Discount, r.What, r.Pricing = dec{}, dec{}, "", packageKind, committed
	r.Category, r.Frequency = usage, usageBased
	r.Unit = m.names.unit(or(l.Word(tables.LineMeasure), "unit"))
	r.ConsumedUnit = r.Unit
	r.PriceID, r.PriceDetails = m.names.price(l)
	return tables.EachPackageDraw(text, money.ParseSignedQuantity, func(id string, q money.SignedQuantity) (err error) {
		hi, lo := q.Raw()
		drawnQuantity := decimal128.New(hi, lo)
		r.Package = drawn{m.names.commitment(id, r.ConsumedUnit), id, r.ConsumedUnit, some(drawnQuantity)}
		r.Consumed, r.Quantity, r.ListPrice = some(drawnQuantity), some(drawnQuantity), some(l.price)
		if l.quantity.Add(l.free) != l.usage { // priced by block or step: a drawn unit has no price of its own
			r.Quantity = some(dec{})
		}
		r.ContractedPrice = r.ListPrice
		if r.List, err = Mul(r.Quantity.v, r.ListPrice.v); err != nil {
			return err
		}
		r.Contracted = r.List
		r.Description = l.product.name + ", from package " + r.Package.name
		if err := r.convert(x); err != nil {
			return err
		}
		return m.emit(r)
	})
}

// groupKey identifies the row of a partner's statement to which lines of one customer belong: the row is rounded once
// (§6.4).
type groupKey struct {
	partner, reseller int32
	service           string
	mode              int
	negative          bool
}

type group struct {
	key     groupKey
	account Party
	product *product
	sum     dec                 // exact, in the customer's currency
	billed  dec                 // of the rows, in the partner's currency
	rate    *books.ExchangeRate // nil = the same currency
}

// group adds a line to its row of the statement. exact is the billed amount before conversion.
func (m *maker) group(l *theLine, b *bill, r *Row, exact dec) error {
	key := groupKey{b.partner, b.reseller, l.Word(tables.LineServiceTypeCode), l.Small(tables.LineChargingMode),
		l.payment.Sign() < 0}
	if l.product.code >= 0 {
		key.service = m.src.Books.Products[l.product.code].ServiceTypeCode
	}
	if b.reseller < 0 && m.issuer == settlement.Vendor {
		key.reseller = -1
	}
	g := m.shared[key]
	if g == nil {
		g = &group{key: key, account: b.account, product: l.product, rate: r.Priced.Rate}
		m.shared[key] = g
	}
	g.sum, g.billed = g.sum.Add(exact), g.billed.Add(r.Billed)
	if !g.sum.FitsInPrecision(precision) || !g.billed.FitsInPrecision(precision) {
		return errors.New("the sum of a statement's row is out of range")
	}
	return nil
}

// endCustomer composes the rows that follow a customer's lines: terms of its orders, and what rounding adds to a
// partner's statement.
func (m *maker) endCustomer() error {
	if err := m.spread(); err != nil {
		return err
	}
	list := make([]*group, 0, len(m.shared))
	for _, g := range m.shared {
		list = append(list, g)
	}
	clear(m.shared)
	slices.SortFunc(list, func(a, b *group) int {
		return cmp.Or(cmp.Compare(a.key.partner, b.key.partner), cmp.Compare(a.key.reseller, b.key.reseller),
			strings.Compare(a.key.service, b.key.service),
			cmp.Compare(a.key.mode, b.key.mode), cmp.Compare(tables.Flag(a.key.negative), tables.Flag(b.key.negative)))
	})
	for _, g := range list {
		whole, err := g.rounded(m.src.Books.PartnerCurrency(g.key.partner).Digits)
		if err != nil {
			return err
		}
		if err := m.difference(g.account, m.at, g.product, whole.Sub(g.billed), "Rounding of "+
			g.product.service); err != nil {
			return err
		}
	}
	return nil
}

// difference composes an adjustment of an amount, unless it is 0.
func (m *maker) difference(account Party, customer string, p *product, amount dec, text string) error {
	if amount.Sign() == 0 {
		return nil
	}
	r := m.begin(account, customer)
	r.Product, r.Category, r.Frequency, r.Description, r.What = p, adjustment, oneTime, text, roundingKind
	r.Start, r.End, r.Customer = m.set.Bounds.From, m.set.Bounds.To, customer
	r.Billed, r.Effective, r.List, r.Contracted = amount, amount, amount, amount
	return m.emit(r)
}

// billing returns the product of rows that belong to no product.
func billing() *product { return &product{code: -1, service: "Billing", category: "Other"} }

// rounding composes the row of the rounding of a customer's statement (§4.2). Its issuer is the one that invoices the
// customer at the cycle's last instant.
func (m *maker) rounding(row rows.Row[tables.Any]) error {
	amount := decOf(row.Cols.Col(tables.StatementRoundingAmount.Of().Any()).Decs[row.I])
	customer := rows.As[tables.Statement](row).Word(tables.StatementCustomerID)
	if amount.Sign() == 0 || m.names.invoicer(customer) != m.issuer {
		return nil
	}
	less, err := Upscale(amount.Negate(), costScale-amountScale)
	if err != nil {
		return err
	}
	return m.difference(m.names.customer(customer), customer, billing(), less, "Rounding of the month")
}

// incentives composes a credit for each incentive, except void ones, whose period ends with the cycle. The issuer is
// the partner's seller at the period's last instant: the vendor does not settle with a distributor's reseller.
func (m *maker) incentives() error {
	list, err := m.src.Incentives()
	if err != nil {
		return err
	}
	zone := m.src.Books.Zone
	for i := range list {
		in := &list[i]
		if in.Period.Last() != m.cycle || in.State == settlement.Void || in.Amount.IsZero() {
			continue
		}
		span := in.Period.Span(zone)
		if m.src.Book.Seller(in.Partner, span.To-1) != m.issuer {
			continue
		}
		r := m.begin(m.names.partner(in.Partner), "")
		hi, lo := in.Amount.Raw()
		amount, err := Upscale(decimal128.New(hi, lo).Negate(), costScale-amountScale)
		if err != nil {
			return err
		}
		r.Product, r.Category, r.Frequency, r.What = billing(), credit, oneTime, incentiveKind
		r.Description = "Incentive " + m.src.Books.Programmes[in.Programme].ID + " of " + in.Period.String() + ", " +
			in.State.String()
		r.Start, r.End = span.From, span.To
		r.Billed, r.Effective, r.List, r.Contracted = amount, amount, amount, amount
		if err := m.emit(r); err != nil {
			return err
		}
	}
	return nil
}

// eventFiles returns the files of order lines, of cycles up to that of the data set.
func (s *Source) eventFiles(table string, day lake.Day, last lake.Cycle) ([]lake.FileEntry, error) {
	var out []lake.FileEntry
	for _, ref := range s.Snap.Manifest.Cycles {
		if ref.Cycle.Compare(last) > 0 {
			continue
		}
		files, err := s.Snap.Files(ref.Cycle)
		if err != nil {
			return nil, err
		}
		for _, e := range files {
			if e.Table == table && e.Day == day {
				out = append(out, e)
			}
		}
	}
	return out, nil
}
