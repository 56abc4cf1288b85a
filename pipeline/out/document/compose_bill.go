package document

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/read/query"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// ComposeBill composes the bill of a customer for a cycle. Errors: *rows.NoCycleError; *rows.NotFoundError if the
// customer has no line in the cycle.
func ComposeBill(ctx context.Context, s *Sources, cycle period.Cycle, customer string) (*Bill, error) {
	return s.bill(ctx, cycle, customer, s.ownReading(cycle), query.NewPaidLedger(s.Snap, cycle))
}

// Bills composes the bills of customers of one bucket of the lake, and passes them to give in the order of their ids.
// They are those of Bill, but the bucket's lines are read once for all of them (COMPOSE-10). Its errors are those of
// ComposeBill and of give.
func Bills(ctx context.Context, s *Sources, cycle period.Cycle, bucket int, customers []string,
	give func(*Bill) error) (err error) {
	list, err := rows.BucketLines(ctx, s.Snap, lake.CycleOf(cycle), bucket, lineColumns(), s.Limits)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, list.Close()) }()
	read, ledger := inTurn(list), query.NewPaidLedger(s.Snap, cycle)
	for _, customer := range slices.Sorted(slices.Values(customers)) {
		b, err := s.bill(ctx, cycle, customer, read, ledger)
		if err != nil {
			return err
		}
		if err := give(b); err != nil {
			return err
		}
	}
	return nil
}

// bill composes a bill from the lines that read returns.
func (s *Sources) bill(ctx context.Context, cycle period.Cycle, customer string, read reading,
	ledger *query.PaidLedger) (*Bill, error) {
	header, err := s.header(cycle)
	if err != nil {
		return nil, err
	}
	header = inCurrency(header, s.Books.CustomerCurrencyOf(customer))
	b := &Bill{Header: header, Customer: s.parties().customer(customer, cycle)}
	if err := s.amounts(ctx, b); err != nil {
		return nil, err
	}
	b.Payments.Recorded = ByLedger(s.Snap, cycle, s.Settings.Payments)
	g := &gathered{used: newUsed(), items: map[itemKey]*Item{}, measures: map[string]string{},
		sellers: map[string]bool{}, cycle: cycle, clock: s.Books.Zone.Clock(), s: s}
	if err := g.lines(ctx, customer, read); err != nil {
		return nil, err
	}
	if header.Closed && g.ofMonth {
		b.Partner = s.parties().partner(g.resoldBy, cycle)
	} else {
		b.Partner = s.parties().servingPartner(customer, cycle)
	}
	services := s.namer(cycle).services
	b.Sections, b.Corrections, b.Usage = g.sections(services), g.corrections, g.used.usage(services)
	b.Issuers = slices.Sorted(maps.Keys(g.sellers))
	if err := s.manualNotes(ctx, b, g); err != nil {
		return nil, err
	}
	if !header.MonthEnd {
		s.linksOf(cycle, []string{customer}, g.objects)
	}
	left, err := s.annexes(ctx, cycle, g.objects, func(a Annex) { b.Annexes = append(b.Annexes, a) })
	if err != nil {
		return nil, err
	}
	b.Notes, b.ToCustomer = s.notes(&b.Header).bill(b, g, left), s.notes(&b.Header).toCustomer(b, g, left)
	if b.Cover, err = billCover(s, b, &g.paid, ledger); err != nil {
		return nil, err
	}
	return b, s.packages(ctx, b)
}

// Consumed is the sum of the lines of a file with the same service and day.
type Consumed struct {
	File    string // the file's value of column day: a day or a name for files without one
	Service string
	Day     period.Day // day of the lines' time, for files without a day
	Amount  money.AmountTotal
}

// ComposeDayDrawing draws a customer's consumption by day and service in a cycle; nil if there is none.
func ComposeDayDrawing(s *Sources, cycle period.Cycle, list []Consumed) (*Drawing, error) {
	header, err := s.header(cycle)
	if err != nil {
		return nil, err
	}
	used := newUsed()
	for i := range list {
		c := &list[i]
		key := composeDayOf{day: c.Day, service: c.Service, monthEnd: c.File == lake.EndDay.String()}
		if day, err := period.ParseDay(c.File); err == nil {
			key.day = day
		}
		key.day = dayWithin(cycle, key.day)
		sum := used.days[key]
		if err := sum.AddTotal(c.Amount); err != nil {
			return nil, err
		}
		used.days[key] = sum
	}
	return DayDrawing(&header, used.usage(s.namer(cycle).services)), nil
}

// amounts copies the amounts of the customer's row of table statements to the bill.
func (s *Sources) amounts(ctx context.Context, b *Bill) (err error) {
	list, err := rows.Statements(ctx, s.Snap, lake.CycleOf(b.Header.Cycle), b.Customer.ID, s.Limits)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, list.Close()) }()
	row, ok, err := list.Next()
	if err != nil {
		return err
	}
	if !ok {
		return &rows.NotFoundError{What: fmt.Sprintf("customer %q has no line in cycle %s", b.Customer.ID,
			b.Header.Cycle),
			Do: "`tollbook bill --cycle " + b.Header.Cycle.String() + "` lists the customers"}
	}
	if at := tables.CurrencyColumn(row.Cols.Def); at >= 0 { // used because books may lack the customer
		b.Header = inCurrency(b.Header, s.Books.CurrencyNamed(row.Word(at)))
	}
	a, p := &b.Amounts, &b.Payments
	a.Lines = row.Whole(tables.StatementLineCount)
	for _, one := range [...]struct {
		col tables.AmountColumn[tables.Statement]
		to  *money.Amount
	}{{tables.StatementOfficialAmount, &a.Official}, {tables.StatementOfficialDiscountAmount, &a.Discount},
		{tables.StatementTruncatedAmount, &a.Truncated},
		{tables.StatementPaymentAmount, &a.Payment},
		{tables.StatementRoundingAmount, &a.Rounding}, {tables.StatementDueAmount, &a.Due},
		{tables.StatementCouponAmount, &p.Coupon},
		{tables.StatementStoredValueCardAmount, &p.StoredValue}, {tables.StatementFlexipurchaseCouponAmount, &p.Flexi},
		{tables.StatementCashAmount, &p.Cash}, {tables.StatementCreditAmount, &p.Credit}, {tables.StatementDebtAmount,
			&p.Debt}} {
		if *one.to, err = row.Amount(one.col); err != nil {
			return err
		}
	}
	if !tables.HasTax(row.Cols.Def) {
		return nil
	}
	a.Tax = new(money.Amount)
	if *a.Tax, err = row.Amount(tables.StatementTaxAmount); err != nil {
		return err
	}
	taxes, err := rows.CustomerTaxes(ctx, s.Snap, lake.CycleOf(b.Header.Cycle), b.Customer.ID, s.Limits)
	a.Taxes = s.taxes(taxes)
	return err
}

// packages adds the prepaid packages in force, and a note if the draws do not add up to the used quota. In a closed
// cycle it then adds no packages: packages.csv has changed, and the lines show the draws (COMPOSE-11).
func (s *Sources) packages(ctx context.Context, b *Bill) error {
	code := s.Books.Customer(b.Customer.ID)
	if !slices.ContainsFunc(s.Books.Packages, func(p books.Package) bool { return p.Customer == code }) {
		return nil
	}
	r, err := query.BuildQuotas(ctx, &query.QuotaSources{Snap: s.Snap, Books: s.Books, Prices: s.Prices},
		b.Header.Cycle,
		b.Customer.ID, 1)
	if err != nil {
		return err
	}
	if b.Header.Closed && !r.Agrees {
		b.Notes = append(b.Notes, "The packages are omitted: books/packages.csv or the products have changed since "+
			"the cycle was closed. The lines show what was taken from packages.")
		return nil
	}
	for i := range r.Packages {
		p := &r.Packages[i]
		measure := s.Books.MeasureOf(p.SKUs)
		for _, q := range p.Periods {
			drawn, err := q.Drawn.Add(q.Gathered)
			if err != nil {
				return fmt.Errorf("package %s: %w", p.ID, err)
			}
			b.Packages = append(b.Packages, Package{PackageID: p.ID, SKUs: p.SKUs, Region: p.Region,
				Measure: measure, From: minute(q.From), To: minute(q.To),
				Opening: q.Opening, Drawn: drawn, Left: q.Left})
		}
	}
	if !r.Agrees {
		b.Notes = append(b.Notes,
			"What was drawn from packages is not what is gone of them: books/packages.csv has changed since the "+
				"records were rated.")
	}
	return nil
}

// minute cuts a time of RFC 3339 to the minute.
func minute(text string) string {
	if len(text) < len("2026-09-01T00:00") {
		return text
	}
	return text[:len("2026-09-01")] + " " + text[len("2026-09-01T"):len("2026-09-01T00:00")]
}

// itemKey distinguishes items.
type itemKey struct {
	service, sku, region, object string
	tier                         int
	kind, origin                 string
	price                        money.UnitPrice
	discount                     string
}

func compareItems(a, b itemKey) int {
	return cmp.Or(cmp.Compare(a.service, b.service), cmp.Compare(a.sku, b.sku), cmp.Compare(a.origin, b.origin),
		cmp.Compare(a.region, b.region), cmp.Compare(a.object, b.object), cmp.Compare(a.tier, b.tier),
		cmp.Compare(rows.KindRank(a.kind), rows.KindRank(b.kind)), a.price.Cmp(b.price),
		cmp.Compare(a.discount, b.discount))
}
