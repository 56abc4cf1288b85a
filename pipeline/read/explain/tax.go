package explain

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/settings"
	tables "github.com/tollbook/tollbook/schemas/table"
	"github.com/tollbook/tollbook/settlement/invoice"
)

// taxPrefix begins the id of a tax of a customer or partner: tax/TAX_ID.
const taxPrefix = "tax/"

// taxStory explains the rows of taxes of one buyer and tax (§10.6).
type taxStory struct {
	*Sources
	cycle     lake.Cycle
	buyer, id string
	story     *Story
}

// IsTax reports whether an id is of a tax, which Tax explains.
func IsTax(id string) bool { return strings.HasPrefix(id, taxPrefix) }

// TaxSums explains a tax of a customer, or of a partner whose cycle is closed: its base, the applicable row of
// taxes.csv and the reason, and the rounding. Errors: *rows.NotFoundError, *rows.NoCycleError.
func TaxSums(ctx context.Context, s *Sources, q *Question) (*Story, error) {
	if q.Customer == "" || q.Cycle.IsZero() {
		return nil, &rows.NotFoundError{What: fmt.Sprintf("%s is a tax of many customers and cycles", q.ID),
			Do: "name one with --customer and --cycle; `tollbook export --table taxes` lists them"}
	}
	if err := rows.HasCycle(s.Snap, q.Cycle); err != nil {
		return nil, err
	}
	t := &taxStory{s, q.Cycle, q.Customer, strings.TrimPrefix(q.ID, taxPrefix),
		&Story{Cycle: q.Cycle.String(), CustomerID: q.Customer, ID: q.ID, State: StateTax,
			Agrees: true}}
	list, err := rows.Taxes(ctx, s.Snap, q.Cycle, q.Customer, rows.Limits{})
	if err != nil {
		return nil, err
	}
	err = list.Each(func(row rows.Row[tables.Tax]) error {
		if row.Word(tables.TaxTaxID) != t.id {
			return nil
		}
		return t.row(row)
	})
	if err := errors.Join(err, list.Close()); err != nil {
		return nil, err
	}
	if len(t.story.Parts) == 0 {
		return nil, &rows.NotFoundError{What: fmt.Sprintf("customer %q has no tax %q in cycle %s", q.Customer, t.id,
			q.Cycle), Do: "`tollbook export --table taxes` lists the taxes; those of partners are stored when a " +
			"cycle is closed"}
	}
	return t.story, nil
}

// facts adds the facts about the taxed buyer.
func (t *taxStory) facts(prices, rounding string) {
	fact := func(name, value string) {
		t.story.Facts = append(t.story.Facts, Fact{Name: name, Value: value})
	}
	fact("tax", t.id)
	if row := t.Books.TaxNamed(t.id); row != nil && row.Name != "" {
		fact("name", row.Name)
	}
	switch country := t.country(); {
	case country != "":
		fact("country", country+", of books/parties.csv")
	default:
		fact("country", "none in books/parties.csv, so that only rows of any country fit")
	}
	if t.Books.Mixed {
		fact("currency", t.currency())
	}
	fact("prices", prices)
	fact("rounding", rounding)
}

// country returns the buyer's country.
func (t *taxStory) country() string {
	if at := t.Books.Money.PartyNamed(t.buyer); at >= 0 {
		return t.Books.Money.Parties[at].Country
	}
	return ""
}

// currency returns the code of the buyer's currency.
func (t *taxStory) currency() string {
	if at := t.Books.Partner(t.buyer); at >= 0 && t.Books.Customer(t.buyer) < 0 {
		return t.Books.PartnerCurrency(at).Code
	}
	return t.Books.CustomerCurrencyOf(t.buyer).Code
}

// row explains one row of taxes: one rate.
func (t *taxStory) row(row rows.Row[tables.Tax]) error {
	if len(t.story.Facts) == 0 {
		t.facts(row.Word(tables.TaxPrices), row.Word(tables.TaxRounding))
	}
	stored, err := rows.TaxAt(row)
	if err != nil {
		return err
	}
	rules := invoice.TaxRules{Inclusive: stored.Prices == settings.Tax{Inclusive: true}.Prices(),
		PerLine: row.Word(tables.TaxRounding) == settings.Tax{PerLine: true}.Rounding(),
		Digits:  row.Small(tables.TaxDigits)}
	part := Part{Kind: "rate " + stored.Rate.Trim()}
	if stored.SellerID != "" {
		part.Kind += ", seller " + stored.SellerID
		part.Steps = append(part.Steps, "base: what the statement's rows with this seller and tax come to: "+
			stored.Taxable.Trim(), t.arithmetic(rules, stored.Taxable.Trim(), stored.Rate, "Σ rates of its services"),
			"rounded half up once to "+money.DecimalsText(rules.Digits)+": "+stored.Amount.Trim())
		t.story.Parts = append(t.story.Parts, part)
		return nil
	}
	sum := invoice.NewTaxSum(rules)
	if err := t.bases(&part, rules, stored.Rate, sum); err != nil {
		return err
	}
	part.Steps = append(part.Steps, roundingText(rules, stored.Amount))
	t.story.Parts = append(t.story.Parts, part)
	again, err := sum.Rows()
	if err != nil {
		return err
	}
	t.story.Agrees = t.story.Agrees && len(again) == 1 && again[0].Tax == stored.Amount &&
		again[0].Taxable == stored.Taxable
	return nil
}

// base identifies the lines of a service whose own times are in a span.
type base struct {
	service string
	valid   period.Span
	rates   money.UnitPrice
}

// bases explains the lines from which a tax of a customer is calculated, by service and time, and adds them up.
func (t *taxStory) bases(part *Part, rules invoice.TaxRules, rate money.Rate, sum *invoice.TaxSum) error {
	key := lake.FileKey{Bucket: lake.BucketOf(t.buyer, max(1, t.Snap.Manifest.Buckets))}
	files, err := t.Snap.Files(t.cycle)
	if err != nil {
		return err
	}
	var order []base
	parts := map[base]*invoice.TaxPart{}
	for _, e := range files {
		if e.Table != tables.TaxSums().Name || e.Bucket != key.Bucket {
			continue
		}
		where := rows.Filter[tables.TaxSum]{Column: tables.TaxSumCustomerID, Word: t.buyer}
		err := ScanFile(t.Snap, e, tables.TaxSums(), nil, where, func(row rows.Row[tables.TaxSum]) error {
			p, b, err := taxPart(row)
			if err != nil || p.ID != t.id || p.Rate != rate {
				return err
			}
			if old := parts[b]; old != nil {
				return errors.Join(old.Taxable.AddTotal(p.Taxable), old.Rounded.AddTotal(p.Rounded))
			}
			order, parts[b] = append(order, b), &p
			return nil
		})
		if err != nil {
			return err
		}
	}
	for _, b := range order {
		p := parts[b]
		text := "lines of service " + b.service
		if b.valid.From != period.Past || b.valid.To != period.Forever {
			text += ", own times " + t.spanText(b.valid)
		}
		taxable, err := p.Taxable.Amount()
		if err != nil {
			return err
		}
		part.Steps = append(part.Steps, text+": Σ payment_amount "+taxable.Trim(), t.source(b, rate))
		if rules.PerLine {
			rounded, err := p.Rounded.Amount()
			if err != nil {
				return err
			}
			part.Steps = append(part.Steps, fmt.Sprintf("Σ of the tax of each line, rounded half up to %s: %s",
				money.DecimalsText(rules.Digits), rounded.Trim()))
		} else {
			part.Steps = append(part.Steps, t.arithmetic(rules, taxable.Trim(), rate, b.rates.Trim()))
		}
		if err := sum.Add(p); err != nil {
			return err
		}
	}
	return nil
}

// taxPart reads a row of tax_sums.
func taxPart(row rows.Row[tables.TaxSum]) (p invoice.TaxPart, b base, err error) {
	dec := func(col tables.ColumnOf[tables.TaxSum]) (int64, uint64) {
		d := row.Cols.Col(col).Decs[row.I]
		return d.Hi, d.Lo
	}
	var errs [4]error
	p.ID = row.Word(tables.TaxSumTaxID)
	p.Rate, errs[0] = money.RateFromRaw(dec(tables.TaxSumRate.Of()))
	p.Rates, errs[1] = money.UnitPriceFromRaw(dec(tables.TaxSumRates.Of()))
	p.Taxable, errs[2] = money.AmountTotalFromRaw(dec(tables.TaxSumTaxableAmount.Of()))
	p.Rounded, errs[3] = money.AmountTotalFromRaw(dec(tables.TaxSumRoundedAmount.Of()))
	b = base{row.Word(tables.TaxSumServiceTypeCode), period.Span{From: row.MaybeTime(tables.TaxSumOwnFrom),
		To: row.MaybeTime(tables.TaxSumOwnTo)}, p.Rates}
	if b.valid.To == tables.Nothing {
		b.valid.To = period.Forever
	}
	return p, b, errors.Join(errs[:]...)
}

// source describes the row of taxes.csv that applies to the lines, and the reason.
func (t *taxStory) source(b base, rate money.Rate) string {
	at := b.valid.From
	if at == period.Past {
		at = b.valid.To - 1
	}
	set, err := invoice.NewTaxBook(t.Books).At(t.buyer, b.service, at)
	if err == nil {
		for _, row := range set.Taxes {
			if row.ID == t.id && row.Rate == rate {
				return t.rowText(row)
			}
		}
	}
	return "the current books/taxes.csv has no such row: the cycle was billed with earlier books"
}

// rowText describes a row of taxes.csv and why it applies.
func (t *taxStory) rowText(row *books.Tax) string {
	text := fmt.Sprintf("row of books/taxes.csv: %s, rate %s, country %s, customer %s, service %s, in force %s", row.ID,
		row.Rate.Trim(), row.Country, row.Party, row.Service, t.spanText(row.Valid))
	var why []string
	if row.Party != "*" {
		why = append(why, "it names "+row.Party)
	}
	if row.Country != "*" {
		why = append(why, "books/parties.csv says that "+t.buyer+" is in "+row.Country)
	}
	if row.Service != "*" {
		why = append(why, "it is for the service")
	}
	if len(why) == 0 {
		why = append(why, "it is for everybody, and no more specific row is in force")
	}
	return text + "; it fits because " + strings.Join(why, " and ")
}

// spanText formats a span as dates in the contract zone.
func (t *taxStory) spanText(s period.Span) string {
	day := func(at period.Instant) string { return t.Books.Zone.Day(at).String() }
	switch {
	case s.From == period.Past && s.To == period.Forever:
		return "at all times"
	case s.From == period.Past:
		return "before " + day(s.To)
	case s.To == period.Forever:
		return "from " + day(s.From) + " on"
	}
	return "from " + day(s.From) + " to before " + day(s.To)
}

// arithmetic describes the calculation before rounding.
func (t *taxStory) arithmetic(rules invoice.TaxRules, taxable string, rate money.Rate, rates string) string {
	if rules.Inclusive {
		return fmt.Sprintf("%s × %s / (1 + %s), because the price includes the tax", taxable, rate.Trim(), rates)
	}
	return fmt.Sprintf("%s × %s, added to the price", taxable, rate.Trim())
}

func roundingText(rules invoice.TaxRules, amount money.Amount) string {
	if rules.PerLine {
		return "sum: " + amount.Trim()
	}
	return "exact sum, rounded half up once to " + money.DecimalsText(rules.Digits) + ": " + amount.Trim()
}
