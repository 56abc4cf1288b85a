package explain

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/read/query"
	"github.com/tollbook/tollbook/schemas/money"
	tables "github.com/tollbook/tollbook/schemas/table"
	"github.com/tollbook/tollbook/settlement"
)

// statementPrefix begins the id of the rows of a partner's statement about a customer: statement/PARTNER_ID.
const statementPrefix = "statement/"

// IsStatement reports whether an id is of a partner's statement, which Statement explains.
func IsStatement(id string) bool { return strings.HasPrefix(id, statementPrefix) }

// statementStory explains the rows of a partner's statement about one customer (§6.4, §10.7).
type statementStory struct {
	*Sources
	from             *query.PartnerReader
	partner          int32
	customer         string
	cycle            lake.Cycle
	currency, payers money.Currency
	story            *Story
	lines            []statementLine
}

// statementLine holds what a line of the customer adds to rows.
type statementLine struct {
	partner, product  int32 // product by its number in settlement
	association       string
	service, mode     string
	negative          bool
	deal              settlement.Deal
	official, payment money.Amount
}

// StatementSums explains the rows of a partner's statement about a customer: the basis, the terms, the exchange rate
// with its date, and the rounding. It adds up the lines again. Errors: *rows.NotFoundError, *rows.NoCycleError.
func StatementSums(ctx context.Context, s *Sources, q *Question,
	from *query.PartnerReader) (*Story, error) {
	id := strings.TrimPrefix(q.ID, statementPrefix)
	if q.Customer == "" || q.Cycle.IsZero() {
		return nil, &rows.NotFoundError{What: fmt.Sprintf("%s is of many customers and cycles", q.ID),
			Do: "name one with --customer and --cycle"}
	}
	partner := s.Books.Partner(id)
	if partner < 0 {
		return nil, &rows.NotFoundError{What: fmt.Sprintf("no partner %q", id),
			Do: "the partners are in books/partners.csv"}
	}
	e := &statementStory{Sources: s, from: from, partner: partner, customer: q.Customer, cycle: q.Cycle,
		currency: s.Books.PartnerCurrency(partner), payers: s.Books.CustomerCurrencyOf(q.Customer),
		story: &Story{Cycle: q.Cycle.String(), CustomerID: q.Customer, ID: q.ID, State: StateStatement,
			Agrees: true}}
	if err := e.read(ctx); err != nil {
		return nil, err
	}
	e.story.Facts = []Fact{{Name: "partner", Value: id},
		{Name: "currency of the partner", Value: e.currency.Code},
		{Name: "currency of the customer", Value: e.payers.Code}}
	list, err := from.Statements(ctx, q.Cycle, id)
	if err != nil {
		return nil, err
	}
	err = list.Each(func(row rows.Row[tables.PartnerStatement]) error {
		if row.Word(tables.PartnerStatementCustomerID) != q.Customer {
			return nil
		}
		return e.row(row)
	})
	if err := errors.Join(err, list.Close()); err != nil {
		return nil, err
	}
	if len(e.story.Parts) == 0 {
		return nil, &rows.NotFoundError{
			What: fmt.Sprintf("partner %q has no row about customer %q for %s", id, q.Customer, q.Cycle),
			Do:   "`tollbook statement --cycle " + q.Cycle.String() + " --partner " + id + "` lists the rows",
		}
	}
	return e.story, nil
}

// read reads the customer's lines that have a partner.
func (e *statementStory) read(ctx context.Context) error {
	cols := tables.Columns(tables.LinePartnerID, tables.LineAssociationType, tables.LineSKU,
		tables.LineServiceTypeCode, tables.LineChargingMode, tables.LineUsageStart,
		tables.LineOwnTime, tables.LineOfficialAmount, tables.LinePaymentAmount)
	list, err := rows.Lines(ctx, e.Snap, e.cycle, e.customer, cols, rows.Limits{})
	if err != nil {
		return err
	}
	err = list.Each(func(row rows.Row[tables.Line]) error {
		l := statementLine{partner: e.Books.Partner(row.Word(tables.LinePartnerID)),
			association: row.Word(tables.LineAssociationType),
			mode:        fmt.Sprint(row.Small(tables.LineChargingMode)), product: e.Books.SKU(row.Word(tables.LineSKU))}
		if l.partner < 0 {
			return nil
		}
		l.service = row.Word(tables.LineServiceTypeCode)
		if l.product < 0 {
			l.product = e.from.Book.NoProduct(l.service)
		} else {
			l.service = e.Books.Products[l.product].ServiceTypeCode
		}
		own := rows.OwnTime(row.Cols, row.I)
		l.deal = e.from.Book.Deal(l.partner, l.product, own)
		var wrong error
		l.official, err = row.Amount(tables.LineOfficialAmount)
		l.payment, wrong = row.Amount(tables.LinePaymentAmount)
		l.negative = l.payment.Sign() < 0
		e.lines = append(e.lines, l)
		return errors.Join(err, wrong)
	})
	return errors.Join(err, list.Close())
}

// row explains one row.
func (e *statementStory) row(row rows.Row[tables.PartnerStatement]) error {
	reseller := row.Word(tables.PartnerStatementResellerID)
	part := Part{Kind: fmt.Sprintf("service %s, charging mode %d, sign %s",
		row.Word(tables.PartnerStatementServiceTypeCode),
		row.Small(tables.PartnerStatementChargingMode), row.Word(tables.PartnerStatementSign))}
	if seller := row.Word(tables.PartnerStatementSellerID); seller != "" {
		part.Kind += ", seller " + seller
	}
	if reseller != "" {
		part.Kind += ", reseller " + reseller
	}
	x, err := e.rate(row, &part)
	if err != nil {
		return err
	}
	switch {
	case row.Word(tables.PartnerStatementSellerID) == "":
		part.Steps = append(part.Steps, "a referral: nothing is owed")
	case reseller == "":
		err = e.amount(row, &part, owed{"owed_amount", tables.PartnerStatementOwedAmount, x,
			func(d *settlement.Deal) settlement.Share { return d.Owed }})
	default:
		err = errors.Join(
			e.amount(row, &part, owed{"revenue_amount", tables.PartnerStatementRevenueAmount, x,
				func(d *settlement.Deal) settlement.Share { return d.Owed }}),
			e.amount(row, &part, owed{"cost_amount", tables.PartnerStatementCostAmount, x,
				func(d *settlement.Deal) settlement.Share { return d.Cost }}))
	}
	performance, wrong := row.Amount(tables.PartnerStatementPerformanceAmount)
	text := "performance_amount " + performance.Trim() + ": the sum of the performance of each line"
	if x != nil {
		text += " × the rate, each rounded to 8 decimals"
	}
	part.Steps = append(part.Steps, text)
	e.story.Parts = append(e.story.Parts, part)
	return errors.Join(err, wrong)
}

// rate returns the exchange rate of a row; nil = partner and customer have the same currency.
func (e *statementStory) rate(row rows.Row[tables.PartnerStatement], part *Part) (*big.Rat, error) {
	if len(row.Cols.Def.Columns) <= tables.PartnerStatementFxDate.Index() ||
		row.Word(tables.PartnerStatementFxRate) == "" {
		return nil, nil //nolint:nilnil // nothing is converted
	}
	x, ok := new(big.Rat).SetString(row.Word(tables.PartnerStatementFxRate))
	if !ok {
		return nil, fmt.Errorf("fx_rate %q is no number", row.Word(tables.PartnerStatementFxRate))
	}
	digits, _ := x.FloatPrec()
	part.Steps = append(part.Steps, fmt.Sprintf("rate from %s to %s: %s, of the row of books/rates.csv of %s, the "+
		"latest of this pair up to the end of the cycle when it was settled", e.payers.Code, e.currency.Code,
		x.FloatString(digits), row.Word(tables.PartnerStatementFxDate)))
	return x, nil
}

// owed is an amount of a row that is calculated from terms.
type owed struct {
	name  string
	col   tables.AmountColumn[tables.PartnerStatement]
	x     *big.Rat // nil = not converted
	share func(*settlement.Deal) settlement.Share
}

// amount explains an amount of a row, and compares it with the amount calculated from the lines.
func (e *statementStory) amount(row rows.Row[tables.PartnerStatement], part *Part, o owed) error {
	stored, err := row.Amount(o.col)
	if err != nil {
		return err
	}
	var shares []settlement.Share
	bases := map[settlement.Share]*money.AmountTotal{}
	for i := range e.lines {
		l := &e.lines[i]
		if !e.has(row, l) {
			continue
		}
		share := o.share(&l.deal)
		if bases[share] == nil {
			shares, bases[share] = append(shares, share), &money.AmountTotal{}
		}
		basis := l.official
		if share.Payable {
			basis = l.payment
		}
		if err := bases[share].Add(basis); err != nil {
			return err
		}
	}
	if len(shares) == 0 {
		e.story.Agrees = false
		part.Steps = append(part.Steps, fmt.Sprintf("%s: the statement has %s %s. By the partners and associations of "+
			"today's books no line belongs to this row", o.name, stored.Trim(), e.currency.Code))
		return nil
	}
	slices.SortFunc(shares, func(a, b settlement.Share) int { return a.Rate.Cmp(b.Rate) })
	sum, terms := new(big.Rat), []string{}
	for _, share := range shares {
		basis, err := bases[share].Amount()
		if err != nil {
			return err
		}
		column := "official_amount"
		if share.Payable {
			column = "payment_amount"
		}
		terms = append(terms, fmt.Sprintf("Σ %s %s %s × %s of the terms", column, basis.Trim(), e.payers.Code,
			share.Rate.Trim()))
		sum.Add(sum, new(big.Rat).Mul(basis.Rat(), share.Rate.Rat()))
	}
	text := o.name + ": " + strings.Join(terms, " + ") + " = " + exactText(sum) + " " + e.payers.Code
	if o.x != nil {
		sum.Mul(sum, o.x)
		text += " × " + exactText(o.x) + " = " + exactText(sum) + " " + e.currency.Code
	}
	rounded, err := money.RoundRat(sum, e.currency.Digits)
	if err != nil {
		return err
	}
	part.Steps = append(part.Steps, text, fmt.Sprintf("rounded half up once to %s: %s %s",
		money.DecimalsText(e.currency.Digits), rounded.Trim(), e.currency.Code))
	if rounded != stored {
		e.story.Agrees = false
		part.Steps = append(part.Steps, "the statement has "+stored.Trim())
	}
	return nil
}

// has reports whether a line is in a row.
func (e *statementStory) has(row rows.Row[tables.PartnerStatement], l *statementLine) bool {
	sold := e.partner
	if reseller := row.Word(tables.PartnerStatementResellerID); reseller != "" {
		sold = e.Books.Partner(reseller)
		if l.deal.Seller != e.partner {
			return false
		}
	} else if settlement.PartnerID(e.Books, l.deal.Seller) != row.Word(tables.PartnerStatementSellerID) {
		return false
	}
	return l.partner == sold && l.association == row.Word(tables.PartnerStatementAssociationType) &&
		l.service == row.Word(tables.PartnerStatementServiceTypeCode) &&
		l.mode == fmt.Sprint(row.Small(tables.PartnerStatementChargingMode)) &&
		l.negative == (row.Word(tables.PartnerStatementSign) == "-")
}

// exactText formats a decimal with all of its digits.
func exactText(v *big.Rat) string {
	digits, _ := v.FloatPrec()
	return v.FloatString(digits)
}
