package audit

import (
	"context"
	"errors"
	"slices"

	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/money"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// Money compares the tables of partners' money.
func (a *Audit) Money(ctx context.Context) error {
	s, err := a.settled(ctx)
	if err != nil {
		return err
	}
	f, err := a.facts(ctx)
	if err != nil {
		return err
	}
	e, err := a.events(ctx)
	if err != nil {
		return err
	}
	b := &tiesBalance{a, s, f, e, ""}
	for cycle, ref := range s.closed {
		if f.closed[cycle] && ref.Archived == nil {
			b.replayed = max(b.replayed, cycle)
		}
	}
	for _, step := range []func(context.Context) error{b.owed, b.receivables, b.invoices, b.invoiceable,
		b.coupons, b.accounts, b.funds, b.taxes} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// tiesBalance compares what partners and customers owe for closed cycles.
type tiesBalance struct {
	*Audit
	settled  *settled
	facts    *facts
	events   *events
	replayed string // the last cycle whose facts a run stored, not a prune
}

// whole reports whether the tables must have all rows of a closed cycle: a run with partners' money has seen it closed.
func (b *tiesBalance) whole(cycle string) bool {
	_, closed := b.settled.closed[cycle]
	return closed && !b.archive() && (b.events.rows > 0 || cycle <= b.replayed)
}

// owed compares the facts about what partners owe with the statements.
func (b *tiesBalance) owed(context.Context) error {
	for of := range keysOf(b.settled.debts, b.facts.owed) {
		_, closed := b.settled.closed[of.cycle]
		if !closed || !b.facts.closed[of.cycle] {
			continue
		}
		if stated, fact := b.settled.debts.of(of), b.facts.owed.of(of); stated != fact {
			b.Differ("cycle %s, partner %s: the statement has %s owed, partner_facts %s", of.cycle, of.partner, stated,
				fact)
		}
	}
	return nil
}

// receivables compares receivables with statements, payments and what was collected.
func (b *tiesBalance) receivables(ctx context.Context) error {
	seen := map[tiesDebt]bool{}
	err := each(ctx, b.Audit, tables.Receivables(), nil, func(row rows.Row[tables.Receivable]) error {
		of := tiesDebt{row.Word(tables.ReceivableCycle), row.Word(tables.ReceivablePartnerID)}
		seen[of] = true
		if _, here := b.settled.closed[of.cycle]; !here && b.archive() {
			return nil // of a later cycle than those of the archive
		}
		for _, one := range []struct {
			column tables.AmountColumn[tables.Receivable]
			want   money.AmountTotal
			from   string
		}{
			{tables.ReceivableAmount, b.settled.debts.of(of), "the partner's statement"},
			{tables.ReceivableCollectedAmount, b.facts.collected.of(of), "partner_facts"},
			{tables.ReceivablePaidAmount, b.events.payments.of(of), "the payments of the statement"},
		} {
			a, err := row.Amount(one.column)
			got, totalErr := total(a)
			if err := errors.Join(err, totalErr); err != nil {
				return err
			}
			if got != one.want {
				b.Differ("receivable of partner %s, %s: %s is %s, %s: %s", of.partner, of.cycle,
					tables.Receivables().Columns[one.column].Name, got, one.from, one.want)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for of, sum := range b.settled.debts {
		if !seen[of] && !sum.IsZero() && b.whole(of.cycle) {
			b.Differ("receivable of partner %s, %s: there is none, the partner's statement has %s owed", of.partner,
				of.cycle, sum)
		}
	}
	return nil
}

// document identifies the events of one kind about a sale.
type document struct {
	Sale
	event string
}

// invoices compares invoices with facts and with invoice_records.
func (b *tiesBalance) invoices(ctx context.Context) error {
	records, err := b.records(ctx)
	if err != nil {
		return err
	}
	seen := map[Sale]bool{}
	err = each(ctx, b.Audit, tables.Invoices(), nil, func(row rows.Row[tables.Invoice]) error {
		of := Sale{row.Word(tables.InvoiceCycle), row.Word(tables.InvoiceIssuerID), row.Word(tables.InvoiceRecipientID)}
		seen[of] = true
		for _, one := range []struct {
			column tables.AmountColumn[tables.Invoice]
			want   money.AmountTotal
			from   string
		}{
			{tables.InvoiceInvoiceableAmount, b.facts.invoiceable.of(of), "partner_facts"},
			{tables.InvoiceIssuedAmount, records.of(document{of, "issue"}), "invoice_records"},
			{tables.InvoiceReturnedAmount, records.of(document{of, "return"}), "invoice_records"},
			{tables.InvoiceCreditedAmount, records.of(document{of, "credit_note"}), "invoice_records"},
		} {
			a, err := row.Amount(one.column)
			got, totalErr := total(a)
			if err := errors.Join(err, totalErr); err != nil {
				return err
			}
			if got != one.want {
				b.Differ("invoices of %s by %s to %s: %s is %s, %s: %s", of.Cycle, of.Issuer, of.Recipient,
					tables.Invoices().Columns[one.column].Name, got, one.from, one.want)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for of, sum := range b.facts.invoiceable {
		if !seen[of] && !sum.IsZero() && b.whole(of.Cycle) {
			b.Differ("invoices of %s by %s to %s: there are none, partner_facts have %s", of.Cycle, of.Issuer,
				of.Recipient, sum)
		}
	}
	return nil
}

// records adds up invoice_records by sale and kind, a voided invoice as a returned one, and compares them with the
// events.
func (b *tiesBalance) records(ctx context.Context) (sums[document], error) {
	type invoice struct {
		of     Sale
		amount money.Amount
	}
	stored, added, issued := sums[document]{}, sums[document]{}, map[string]invoice{}
	var back []string
	err := each(ctx, b.Audit, tables.InvoiceRecords(), nil, func(row rows.Row[tables.InvoiceRecord]) error {
		of := Sale{row.Word(tables.InvoiceRecordCycle), row.Word(tables.InvoiceRecordIssuerID),
			row.Word(tables.InvoiceRecordRecipientID)}
		id, word := string(row.Text(tables.InvoiceRecordInvoiceID)), row.Word(tables.InvoiceRecordEvent)
		amount, err := row.Amount(tables.InvoiceRecordAmount)
		if err != nil {
			return err
		}
		switch word {
		case "issue":
			issued[id] = invoice{of, amount}
		case "return", "void":
			back = append(back, id)
		}
		return errors.Join(stored.add(document{of, word}, amount), added.add(document{of, word}, amount))
	})
	if err != nil {
		return nil, err
	}
	for of := range keysOf(stored, b.events.invoices) {
		if got, want := stored.of(of), b.events.invoices.of(of); got != want {
			b.Differ("invoices of %s by %s to %s: %s: invoice_records have %s, the events %s", of.Cycle, of.Issuer,
				of.Recipient, of.event, got, want)
		}
	}
	for _, id := range back {
		if one, known := issued[id]; known {
			if err := added.add(document{one.of, "return"}, one.amount); err != nil {
				return nil, err
			}
		}
	}
	return added, nil
}

// invoiceable compares what can be invoiced without tax with the statements of partners and the lines of customers. A
// recipient can be both: the facts have an amount for each.
func (b *tiesBalance) invoiceable(context.Context) error {
	for of := range keysOf(b.settled.sold, sums[Sale](b.Sales)) {
		ref, closed := b.settled.closed[of.Cycle]
		if !closed || !b.facts.closed[of.Cycle] || ref.Archived != nil {
			continue
		}
		parts := b.facts.parts[of]
		if want := b.settled.sold.of(of); !want.IsZero() && !slices.ContainsFunc(parts, func(a money.Amount) bool {
			sum, err := total(a)
			return err == nil && sum == want
		}) {
			b.Differ("cycle %s: what %s can invoice to %s is %s by the partner's statement, partner_facts have %s",
				of.Cycle, of.Issuer, of.Recipient, want, b.facts.invoiceable.of(of))
		}
		if want := sums[Sale](b.Sales).of(of); !near(parts, want) {
			b.Differ("cycle %s: what %s can invoice to %s is %s by the customer's lines, partner_facts have %s",
				of.Cycle, of.Issuer, of.Recipient, want, b.facts.invoiceable.of(of))
		}
	}
	for of := range b.facts.parts {
		ref, closed := b.settled.closed[of.Cycle]
		if closed && ref.Archived == nil && b.settled.sold[of] == nil && b.Sales[of] == nil {
			b.Differ("cycle %s: partner_facts have %s that %s can invoice to %s, which sold nothing", of.Cycle,
				b.facts.invoiceable.of(of), of.Issuer, of.Recipient)
		}
	}
	return nil
}

// near reports whether one of the amounts, or 0, can be a sum rounded to the digits of any currency. An amount that is
// not a multiple of 10^-d is not rounded to d digits, and differs from the sum by less than 10^-d. A sum below 1 is
// therefore always near.
func near(parts []money.Amount, sum money.AmountTotal) bool {
	return slices.ContainsFunc(append([]money.Amount{{}}, parts...), func(a money.Amount) bool {
		got, err := total(a)
		if err != nil || got.SubTotal(sum) != nil {
			return false
		}
		digits := 0
		for digits < money.AmountScale && a.Cut(digits, money.Truncate) != a {
			digits++
		}
		unit, err := money.ParseAmount("0." + zeros[:max(digits-1, 0)] + "1")
		if digits == 0 {
			unit, err = money.ParseAmount("1")
		}
		limit, limitErr := total(unit)
		return errors.Join(err, limitErr) == nil && got.Abs().Cmp(limit) < 0
	})
}

const zeros = "00000000"
