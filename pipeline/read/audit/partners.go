package audit

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/money"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// sharedAmount is an amount that is both in lines and in partner statements.
type sharedAmount struct {
	at  int // in amounts
	col tables.AmountColumn[tables.PartnerStatement]
}

var shared = [...]sharedAmount{{official, tables.PartnerStatementOfficialAmount},
	{discount, tables.PartnerStatementOfficialDiscountAmount}, {truncated, tables.PartnerStatementTruncatedAmount},
	{payment, tables.PartnerStatementPaymentAmount}}

// settledSum holds the sums of a closed cycle's partner statements and of its lines with a partner.
type settledSum struct{ lines, rows customerSum }

// resold identifies what a reseller sold to a customer for a distributor.
type resold struct{ customer, reseller, distributor string }

// through is what a reseller owes its distributor for a customer, and the distributor's revenue from it. Each has its
// currency; amounts in different currencies are not compared.
type through struct {
	owed, revenue money.AmountTotal
	owes, earns   string
}

// partners is VERIFY-9 for the bucket's customers.
func (b *bucket) partners() error {
	if b.p.cycle.State != lake.CycleClosed {
		return nil
	}
	list, sold := make(map[string]*customerSum), make(map[resold]*through)
	for _, e := range b.p.of(tables.PartnerStatements().Name) {
		sums, cycle := newSums(tables.PartnerStatementsOf(true).Table), e.Cycle.String()
		cols := Decimals(tables.Untyped(sums.Def))
		byMoney := make(map[string]*columnSums)
		err := eachRow(b, e, tables.Untyped(sums.Def), nil, func(row rows.Row[tables.Any]) error {
			customer := rows.As[tables.PartnerStatement](row).Word(tables.PartnerStatementCustomerID)
			if !b.belongs(customer) ||
				rows.As[tables.PartnerStatement](row).Word(tables.PartnerStatementCycle) != cycle {
				b.v.differ(Contents, "%s: a row of customer %s does not belong there", e.Path, customer)
			}
			if list[customer] == nil {
				list[customer] = &customerSum{}
			}
			b.counts.settled++
			own := rows.As[tables.PartnerStatement](row).Word(tables.PartnerStatementCurrency)
			if byMoney[own] == nil {
				byMoney[own] = newSums(sums.Def)
			}
			b.converted(row)
			return errors.Join(sums.Add(row, cols), byMoney[own].Add(row, cols),
				b.partnerRow(row, list[customer], sold))
		})
		if err != nil {
			return err
		}
		b.v.sumsOf(e, sums)
		b.v.currenciesOf(e, sums.Def, byMoney)
		if err := b.settled.Merge(sums, cols); err != nil {
			return err
		}
	}
	if b.broken {
		return nil
	}
	for key, r := range sold {
		if r.owed != r.revenue && (r.owes == r.earns || r.owes == "" || r.earns == "") {
			b.v.differ(Partners,
				"cycle %s, customer %s: resellers owe their distributors %s, the distributors' revenue is %s",
				b.p.cycle.Cycle, key.customer, r.owed, r.revenue)
		}
	}
	return b.comparePartners(list)
}

// converted checks that a row has a rate if and only if its partner and its customer have different currencies (§10.7).
func (b *bucket) converted(row rows.Row[tables.Any]) {
	customer := b.currency[rows.As[tables.PartnerStatement](row).Word(tables.PartnerStatementCustomerID)]
	own, rate, date := rows.As[tables.PartnerStatement](row).Word(tables.PartnerStatementCurrency),
		rows.As[tables.PartnerStatement](row).Word(tables.PartnerStatementFxRate),
		rows.As[tables.PartnerStatement](row).Word(tables.PartnerStatementFxDate)
	if other := customer != "" && customer != own; (rate != "") != other || (date != "") != other {
		b.differRow(row, "the customer's currency is %s, the partner's %s, and the rate %s of %s", customer, own,
			cmp.Or(rate, "none"), cmp.Or(date, "no date"))
	}
}

// partnerRow checks one row. It adds rows that are not about a reseller to the customer's sum.
func (b *bucket) partnerRow(row rows.Row[tables.Any], sum *customerSum, sold map[resold]*through) error {
	var values [len(shared)]money.AmountTotal
	var parts money.AmountTotal
	about := rows.As[tables.PartnerStatement](row).Word(tables.PartnerStatementResellerID) != ""
	for i, a := range shared {
		v, err := row.Amount(tables.AmountColumn[tables.Any](a.col))
		if err == nil {
			err = values[i].Add(v)
		}
		if err == nil && a.at != official {
			err = parts.Add(v)
		}
		if err == nil && !about {
			err = sum.totals[a.at].Add(v)
		}
		if err != nil {
			return err
		}
	}
	if values[0] != parts {
		b.differRow(row, "official %s is not discount + truncated + payment, %s", values[0], parts)
	}
	if about {
		return b.resellerRow(row, sold)
	}
	sum.lines += rows.As[tables.PartnerStatement](row).Whole(tables.PartnerStatementLineCount)
	if seller := rows.As[tables.PartnerStatement](row).Word(tables.PartnerStatementSellerID); seller == "" ||
		seller == vendor {
		return nil
	}
	owed, err := rows.As[tables.PartnerStatement](row).Amount(tables.PartnerStatementOwedAmount)
	t := throughOf(sold, row, rows.As[tables.PartnerStatement](row).Word(tables.PartnerStatementPartnerID),
		rows.As[tables.PartnerStatement](row).Word(tables.PartnerStatementSellerID))
	t.owes = rows.As[tables.PartnerStatement](row).Word(tables.PartnerStatementCurrency)
	return errors.Join(err, t.owed.Add(owed))
}

// throughOf returns what a reseller sold to a row's customer for a distributor.
func throughOf(sold map[resold]*through, row rows.Row[tables.Any], reseller, distributor string) *through {
	key := resold{rows.As[tables.PartnerStatement](row).Word(tables.PartnerStatementCustomerID), reseller, distributor}
	if sold[key] == nil {
		sold[key] = &through{}
	}
	return sold[key]
}

// vendor is the seller_id of the vendor (§3.9).
const vendor = "vendor"

// resellerRow checks a distributor's row about a reseller.
func (b *bucket) resellerRow(row rows.Row[tables.Any], sold map[resold]*through) error {
	t := throughOf(sold, row, rows.As[tables.PartnerStatement](row).Word(tables.PartnerStatementResellerID),
		rows.As[tables.PartnerStatement](row).Word(tables.PartnerStatementPartnerID))
	t.earns = rows.As[tables.PartnerStatement](row).Word(tables.PartnerStatementCurrency)
	revenue, err := rows.As[tables.PartnerStatement](row).Amount(tables.PartnerStatementRevenueAmount)
	cost, costErr := rows.As[tables.PartnerStatement](row).Amount(tables.PartnerStatementCostAmount)
	margin, marginErr := rows.As[tables.PartnerStatement](row).Amount(tables.PartnerStatementMarginAmount)
	var sum money.AmountTotal
	if err := errors.Join(err, costErr, marginErr, sum.Add(cost), sum.Add(margin),
		t.revenue.Add(revenue)); err != nil {
		return err
	}
	var whole money.AmountTotal
	if err := whole.Add(revenue); err != nil {
		return err
	}
	if whole != sum {
		b.differRow(row, "margin %s is not revenue %s less cost %s", margin, revenue, cost)
	}
	return nil
}

func (b *bucket) differRow(row rows.Row[tables.Any], format string, args ...any) {
	args = append([]any{b.p.cycle.Cycle, rows.As[tables.PartnerStatement](row).Word(tables.PartnerStatementPartnerID),
		rows.As[tables.PartnerStatement](row).Word(tables.PartnerStatementCustomerID),
		rows.As[tables.PartnerStatement](row).Word(tables.PartnerStatementServiceTypeCode)}, args...)
	b.v.differ(Partners, "cycle %s, partner %s, customer %s, service %s: "+format, args...)
}

// comparePartners compares the rows with the lines with a partner, customer by customer.
func (b *bucket) comparePartners(rows map[string]*customerSum) error {
	for customer := range b.partnered {
		if rows[customer] == nil {
			rows[customer] = &customerSum{}
		}
	}
	for customer, sum := range rows {
		lines := b.partnered[customer]
		if lines == nil {
			lines = &customerSum{}
		}
		if lines.lines != sum.lines {
			b.v.differ(Partners, "cycle %s, customer %s: %d lines with a partner, the partners' rows have %d",
				b.p.cycle.Cycle, customer, lines.lines, sum.lines)
		}
		for _, a := range shared {
			if lines.totals[a.at] != sum.totals[a.at] {
				b.v.differ(Partners,
					"cycle %s, customer %s: Σ %s of the lines with a partner is %s, the partners' rows have %s",
					b.p.cycle.Cycle, customer,
					tables.PartnerStatements().Columns[a.col].Name, lines.totals[a.at], sum.totals[a.at])
			}
		}
		if own := b.currency[customer]; own != "" {
			m := b.moneyOf(own)
			if err := errors.Join(m.partner.lines.add(lines), m.partner.rows.add(sum)); err != nil {
				return err
			}
		}
		if err := errors.Join(b.withPartner.lines.add(lines), b.withPartner.rows.add(sum)); err != nil {
			return err
		}
	}
	return nil
}

// handPartners adds a bucket's sums of partners to those of its cycle. The verifier must be locked.
func (v *verifier) handPartners(b *bucket) error {
	if b.p.cycle.State != lake.CycleClosed {
		return nil
	}
	if v.partner[b.p.name] == nil {
		v.partner[b.p.name] = &settledSum{}
	}
	sum := v.partner[b.p.name]
	return errors.Join(sum.lines.add(&b.withPartner.lines), sum.rows.add(&b.withPartner.rows))
}

// accountEvents counts the account events that were not refused.
func (b *bucket) accountEvents() error {
	for _, e := range b.p.of(tables.AccountEvents().Name) {
		n, err := fitting(b.v, e, tables.AccountEvents(), tables.AccountEventRefused, &b.counts.accounts)
		if err != nil {
			return err
		}
		b.counts.rows += n
		if n != e.Rows {
			b.v.differ(Contents, "%s: %d rows, the manifest has %d", e.Path, n, e.Rows)
		}
	}
	return nil
}

// accounts is VERIFY-10, for each bucket across its cycles and days in order.
func (v *verifier) accounts(ctx context.Context) error {
	byBucket := make(map[int][]lake.FileEntry)
	for _, ref := range v.snap.Manifest.Cycles {
		files, err := v.snap.Files(ref.Cycle)
		if err != nil {
			return err
		}
		for _, e := range files {
			if e.Table == tables.AccountEntries().Name || e.Table == tables.Balances().Name {
				byBucket[e.Bucket] = append(byBucket[e.Bucket], e)
			}
		}
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(max(1, v.o.Workers))
	for _, files := range byBucket {
		// `end` is after any date, and account_entries come before balances
		slices.SortFunc(files, func(a, b lake.FileEntry) int {
			return cmp.Or(a.Cycle.Compare(b.Cycle), a.Day.Compare(b.Day), cmp.Compare(a.Table, b.Table))
		})
		group.Go(func() error { return v.ledger(ctx, files) })
	}
	return group.Wait()
}

// ledger checks the balances of a bucket.
func (v *verifier) ledger(ctx context.Context, files []lake.FileEntry) error {
	n, err := followEntries(ctx, v.snap, files, func(e lake.FileEntry, fault string) {
		v.differ(Accounts, "cycle %s, day %s, %s", e.Cycle, e.Day, fault)
	})
	if moved := new(lake.MovedError); errors.As(err, &moved) || ctx.Err() != nil {
		return err
	}
	if err != nil {
		v.count(func(c *counts) { c.broken++ })
		v.differ(Contents, "%s", lake.FaultOf(err))
		return nil
	}
	v.count(func(c *counts) { c.entries += n })
	return nil
}

// Sum is a control total of a cycle (§6.6): the sums of its lines and its statements and, for a closed cycle, of the
// lines with a partner and of the partners' rows about their own customers. Empty = the table does not have the column.
type Sum struct {
	Cycle        string `json:"cycle"`
	Column       string `json:"column"` // followed by .CURRENCY in a cycle with several currencies
	Lines        string `json:"lines"`
	Statements   string `json:"statements"`
	PartnerLines string `json:"lines_with_partner,omitempty"`
	PartnerRows  string `json:"partner_statements,omitempty"`
}

// Same reports whether the sums that must be equal are equal.
func (s *Sum) Same() bool { return s.Lines == s.Statements && s.PartnerLines == s.PartnerRows }

// controlTotals returns the sums of the amount columns of every cycle, by cycle, in the order of the columns.
func (v *verifier) controlTotals() []Sum {
	out := []Sum{}
	for _, ref := range v.snap.Manifest.Cycles {
		cycle := ref.Cycle.String()
		lines, stated := v.sums[cycle+"/lines"], v.sums[cycle+"/statements"]
		if lines == nil || stated == nil {
			continue
		}
		if m := v.money[cycle]; len(m) > 0 {
			for _, currency := range slices.Sorted(maps.Keys(m)) {
				one := m[currency]
				out = append(out, sumsOf(cycle, currency, one.lines, one.stated,
					&settledSum{one.partner.lines, one.partner.rows}, v.partner[cycle] != nil)...)
			}
			continue
		}
		out = append(out, sumsOf(cycle, "", lines, stated, v.partner[cycle], v.partner[cycle] != nil)...)
	}
	return out
}

// sumsOf returns the control totals of the lines and statements of a cycle in one currency.
func sumsOf(cycle, currency string, lines, stated *columnSums, p *settledSum, settled bool) (out []Sum) {
	if currency != "" {
		currency = "." + currency
	}
	for i, a := range amounts {
		s := Sum{Cycle: cycle, Column: tables.Lines().Columns[a.line].Name + currency,
			Lines: lines.Totals[a.line].String(), Statements: stated.Totals[a.statement].String()}
		if settled && slices.ContainsFunc(shared[:], func(a sharedAmount) bool { return a.at == i }) {
			s.PartnerLines, s.PartnerRows = p.lines.totals[i].String(), p.rows.totals[i].String()
		}
		out = append(out, s)
	}
	return out
}
