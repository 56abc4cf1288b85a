package audit

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/money"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// PartnerMoney is the check of the tables of partners' money (VERIFY-11). It is listed only if the lake has at least
// one of them.
const PartnerMoney = "partner_money"

// moneyFeeds are the feeds whose events are in partner_events.
var moneyFeeds = []string{"coupons", "fund_events", "invoices", "partner_accounts", "withdrawals"}

// hasPartnerMoney reports whether the state has tables of partners' money.
func (v *verifier) hasPartnerMoney() bool {
	for _, e := range v.snap.Manifest.Loose {
		switch e.Table {
		case tables.PartnerEvents().Name, tables.PartnerAccounts().Name, tables.Funds().Name, tables.Invoices().Name,
			tables.Receivables().Name, tables.Coupons().Name:
			return true
		}
	}
	return false
}

// moneyChecks check the tables of partners' money.
type moneyChecks struct {
	v      *verifier
	summed bool // whether the manifest has sums of the current file
}

// file checks a file of one of the tables of partners' money and counts its rows. is reports whether it is one.
func (m *moneyChecks) file(e lake.FileEntry) (n int64, is bool, err error) {
	visit := map[string]func(lake.FileEntry) (int64, error){
		tables.PartnerEvents().Name: m.partnerEvents, tables.PartnerAccounts().Name: m.partnerAccounts,
		tables.Funds().Name: m.funds, tables.Invoices().Name: m.invoices, tables.Receivables().Name: m.receivables,
		tables.Coupons().Name: m.coupons, tables.CouponRecords().Name: m.couponRecords,
		tables.Withdrawals().Name: m.withdrawals,
	}[e.Table]
	if visit == nil {
		return 0, false, nil
	}
	m.summed = len(e.Sums) > 0
	n, err = visit(e)
	m.v.counts.money += n
	m.storedSums(e)
	return n, true, err
}

// sum adds an amount to a control total of a table. A file without sums has amounts in several currencies (§10.7).
func (m *moneyChecks) sum(def *tables.Table, name string, a money.Amount) error {
	if !m.summed {
		return nil
	}
	if m.v.counts.moneySums == nil {
		m.v.counts.moneySums = map[string]*money.AmountTotal{}
	}
	key := def.Name + "." + name
	if m.v.counts.moneySums[key] == nil {
		m.v.counts.moneySums[key] = &money.AmountTotal{}
	}
	return m.v.counts.moneySums[key].Add(a)
}

// sumColumns adds amounts of a row to the control totals with the names of their columns.
func sumColumns[T any](m *moneyChecks, def tables.Def[T], row rows.Row[T],
	columns ...tables.AmountColumn[T]) error {
	for _, c := range columns {
		a, err := row.Amount(c)
		if err != nil {
			return err
		}
		if err := m.sum(def.Table, def.Columns[c].Name, a); err != nil {
			return err
		}
	}
	return nil
}

// storedSums compares the manifest's sums of a file with the counted ones.
func (m *moneyChecks) storedSums(e lake.FileEntry) {
	for _, one := range e.Sums {
		if got := m.v.moneySum(e.Table + "." + one.Column); got != one.Value {
			m.v.differ(PartnerMoney, "%s: Σ %s is %s, the manifest has %s", e.Path, one.Column, got, one.Value)
		}
	}
}

// moneySum returns a counted control total of partners' money.
func (v *verifier) moneySum(name string) string {
	if sum := v.counts.moneySums[name]; sum != nil {
		return sum.String()
	}
	return money.AmountTotal{}.String()
}

// moneyTotalOf counts a control total of partners' money by its name; known is false for any other name.
func (v *verifier) moneyTotalOf(name string) (value string, known bool) {
	table, column, _ := strings.Cut(name, ".")
	if !slices.ContainsFunc(tables.PartnerMoneyTotals(), func(def *tables.Table) bool { return def.Name == table }) {
		return "", false
	}
	if column != "rows" {
		return v.moneySum(name), true
	}
	n := int64(0)
	for _, e := range v.snap.Manifest.Loose {
		if e.Table == table {
			n += e.Rows // checked: a wrong number of rows was reported
		}
	}
	return strconv.FormatInt(n, 10), true
}

// moneyTotals returns the manifest's control totals of partners' money with their counted values.
func (v *verifier) moneyTotals() []lake.TableTotal {
	out := rows.PartnerMoneyTotals(v.snap.Manifest.Totals)
	for i := range out {
		out[i].Value, _ = v.moneyTotalOf(out[i].Name)
	}
	return out
}

// holds adds an amount to the frozen amount of a partner's account minus that of its undecided withdrawals.
func (m *moneyChecks) holds(partner string, a money.Amount) error {
	if m.v.counts.frozen == nil {
		m.v.counts.frozen = map[string]*money.AmountTotal{}
	}
	if m.v.counts.frozen[partner] == nil {
		m.v.counts.frozen[partner] = &money.AmountTotal{}
	}
	return m.v.counts.frozen[partner].Add(a)
}

// accountsOfPartners checks that the frozen amount of each account equals the amounts of its undecided withdrawals
// (§9.6), and the two sides of allocations.
func (v *verifier) accountsOfPartners() error {
	for _, partner := range slices.Sorted(maps.Keys(v.counts.frozen)) {
		if rest := v.counts.frozen[partner]; !rest.IsZero() {
			v.differ(PartnerMoney, "partner %s: the frozen amount less the undecided withdrawals is %s, not 0",
				partner, rest)
		}
	}
	differences, err := v.allocations.Differences()
	if err != nil {
		return err
	}
	for _, d := range differences {
		v.differ(PartnerMoney, "%s", d)
	}
	return nil
}

// withdrawals adds up withdrawals by state.
func (m *moneyChecks) withdrawals(e lake.FileEntry) (int64, error) {
	return eachMoneyRow(m, e, tables.Withdrawals(), nil, func(row rows.Row[tables.Withdrawal]) error {
		a, err := row.Amount(tables.WithdrawalAmount)
		if err != nil {
			return err
		}
		state := row.Word(tables.WithdrawalState)
		if state == "requested" || state == "approved" {
			err = m.holds(row.Word(tables.WithdrawalPartnerID), a.Neg())
		}
		return errors.Join(err, m.sum(tables.Withdrawals().Table, state, a))
	})
}

// eachMoneyRow visits the rows of a file in their order.
func eachMoneyRow[T any](m *moneyChecks, e lake.FileEntry, def tables.Def[T], columns tables.List[T],
	visit func(rows.Row[T]) error) (n int64, err error) {
	err = rows.EachUnsorted(m.v.snap, e, def, columns, func(row rows.Row[T]) error {
		n++
		return visit(row)
	})
	return n, err
}

// partnerEvents counts the events that count, by feed.
func (m *moneyChecks) partnerEvents(e lake.FileEntry) (int64, error) {
	m.v.counts.moneyEvents = map[string]int64{}
	columns := tables.Columns(tables.PartnerEventFeed, tables.PartnerEventReason, tables.PartnerEventType,
		tables.PartnerEventEventID, tables.PartnerEventPartnerID, tables.PartnerEventOtherID, tables.PartnerEventAmount,
		tables.PartnerEventInstant)
	return eachMoneyRow(m, e, tables.PartnerEvents(), columns, func(row rows.Row[tables.PartnerEvent]) error {
		if row.Word(tables.PartnerEventReason) == "" {
			m.v.counts.moneyEvents[row.Word(tables.PartnerEventFeed)]++
		}
		return m.v.allocations.Event(row)
	})
}

// partnerAccounts checks that each balance follows from the previous one.
func (m *moneyChecks) partnerAccounts(e lake.FileEntry) (int64, error) {
	type balance struct{ partner, kind string }
	after := map[balance]money.Amount{}
	return eachMoneyRow(m, e, tables.PartnerAccounts(), nil, func(row rows.Row[tables.PartnerAccount]) error {
		partner, kind := row.Word(tables.PartnerAccountPartnerID), row.Word(tables.PartnerAccountBalanceType)
		id := string(row.Text(tables.PartnerAccountEntryID))
		amount, err := row.Amount(tables.PartnerAccountAmount)
		if err != nil {
			return err
		}
		now, err := row.Amount(tables.PartnerAccountBalanceAfter)
		if err != nil {
			return err
		}
		if err := m.sum(tables.PartnerAccounts().Table, kind, amount); err != nil {
			return err
		}
		if kind == "frozen" {
			if err := m.holds(partner, amount); err != nil {
				return err
			}
		}
		key := balance{partner, kind}
		if want, err := after[key].Add(amount); err != nil || want != now {
			m.v.differ(PartnerMoney, "partner %s: entry %s: %s: %s after %s and %s", partner, id, kind, now.Trim(),
				after[key].Trim(), amount.Trim())
		}
		after[key] = now
		if kind != "cash" && now.Sign() < 0 {
			m.v.differ(PartnerMoney, "partner %s: entry %s: %s is below zero: %s", partner, id, kind, now.Trim())
		}
		return m.v.allocations.Entry(row, amount)
	})
}

// funds adds up funds. The amounts of a quota's row are those of its claims, and are not added again.
func (m *moneyChecks) funds(e lake.FileEntry) (int64, error) {
	return eachMoneyRow(m, e, tables.Funds(), nil, func(row rows.Row[tables.Fund]) error {
		quota, err := row.Amount(tables.FundQuotaAmount)
		if err != nil {
			return err
		}
		columns := []tables.AmountColumn[tables.Fund]{tables.FundQuotaAmount, tables.FundListedAmount}
		if quota.IsZero() {
			columns = append(columns, tables.FundReservedAmount, tables.FundClaimedAmount, tables.FundApprovedAmount,
				tables.FundPaidAmount)
		}
		return sumColumns(m, tables.Funds(), row, columns...)
	})
}

// invoices checks that left = invoiceable - issued + returned + credited.
func (m *moneyChecks) invoices(e lake.FileEntry) (int64, error) {
	return eachMoneyRow(m, e, tables.Invoices(), nil, func(row rows.Row[tables.Invoice]) error {
		if err := sumColumns(m, tables.Invoices(), row, tables.InvoiceInvoiceableAmount, tables.InvoiceIssuedAmount,
			tables.InvoiceReturnedAmount, tables.InvoiceCreditedAmount, tables.InvoiceLeftAmount); err != nil {
			return err
		}
		rest, err := Difference(row,
			[]tables.AmountColumn[tables.Invoice]{tables.InvoiceInvoiceableAmount, tables.InvoiceReturnedAmount,
				tables.InvoiceCreditedAmount},
			[]tables.AmountColumn[tables.Invoice]{tables.InvoiceIssuedAmount, tables.InvoiceLeftAmount})
		if err == nil && !rest.IsZero() {
			m.v.differ(PartnerMoney, "invoices of %s by %s to %s: left_amount differs by %s",
				row.Word(tables.InvoiceCycle), row.Word(tables.InvoiceIssuerID), row.Word(tables.InvoiceRecipientID),
				rest.Trim())
		}
		return err
	})
}

// receivables checks that unpaid = amount - paid, minus what was collected if that is set off.
func (m *moneyChecks) receivables(e lake.FileEntry) (int64, error) {
	return eachMoneyRow(m, e, tables.Receivables(), nil, func(row rows.Row[tables.Receivable]) error {
		if err := sumColumns(m, tables.Receivables(), row, tables.ReceivableAmount, tables.ReceivableCollectedAmount,
			tables.ReceivablePaidAmount, tables.ReceivableUnpaidAmount); err != nil {
			return err
		}
		rest, err := Difference(row, []tables.AmountColumn[tables.Receivable]{tables.ReceivableAmount},
			[]tables.AmountColumn[tables.Receivable]{tables.ReceivablePaidAmount, tables.ReceivableUnpaidAmount})
		if err != nil {
			return err
		}
		collected, err := row.Amount(tables.ReceivableCollectedAmount)
		if err == nil && !rest.IsZero() && rest != collected {
			m.v.differ(PartnerMoney, "receivable of partner %s, %s: unpaid_amount differs by %s",
				row.Word(tables.ReceivablePartnerID), row.Word(tables.ReceivableCycle), rest.Trim())
		}
		return err
	})
}

// coupons checks that amount = used + taken_back + expired + left.
func (m *moneyChecks) coupons(e lake.FileEntry) (int64, error) {
	return eachMoneyRow(m, e, tables.Coupons(), nil, func(row rows.Row[tables.Coupon]) error {
		if err := sumColumns(m, tables.Coupons(), row, tables.CouponAmount, tables.CouponUsed, tables.CouponTakenBack,
			tables.CouponExpired, tables.CouponLeft); err != nil {
			return err
		}
		rest, err := Difference(row, []tables.AmountColumn[tables.Coupon]{tables.CouponAmount},
			[]tables.AmountColumn[tables.Coupon]{tables.CouponUsed, tables.CouponTakenBack, tables.CouponExpired,
				tables.CouponLeft})
		if err == nil && !rest.IsZero() {
			m.v.differ(PartnerMoney, "coupon %s: used, taken back, expired and left differ from its amount by %s",
				row.Text(tables.CouponCouponID), rest.Trim())
		}
		return err
	})
}

// couponRecords checks that what is left of an issued coupon follows from the previous record. A product voucher is
// used up by one line, whatever the amount of the line.
func (m *moneyChecks) couponRecords(e lake.FileEntry) (int64, error) {
	var id string
	var left money.Amount
	issued := false
	return eachMoneyRow(m, e, tables.CouponRecords(), nil, func(row rows.Row[tables.CouponRecord]) error {
		if next := string(row.Text(tables.CouponRecordCouponID)); next != id {
			id, issued = next, false
		}
		amount, err := row.Amount(tables.CouponRecordAmount)
		if err != nil {
			return err
		}
		after, err := row.Amount(tables.CouponRecordLeftAfter)
		if err != nil {
			return err
		}
		kind := row.Word(tables.CouponRecordType)
		if err := m.sum(tables.CouponRecords().Table, kind, amount); err != nil {
			return err
		}
		if kind == "issue" {
			issued, left = true, amount
		} else if left, err = left.Sub(amount); err != nil {
			return err
		}
		if issued && left != after && !(kind == "use" && after.IsZero()) {
			m.v.differ(PartnerMoney, "coupon %s: %s %s: %s is left, by the records before %s", id, kind,
				row.Text(tables.CouponRecordID), after.Trim(), left.Trim())
		}
		left = after
		return nil
	})
}

// moneyLooked describes what the check covered.
func (n *counts) moneyLooked() string {
	return fmt.Sprintf("%d rows of partners' money: each balance follows from the one before, allocations have two "+
		"sides, what is frozen is withdrawn, quotas and invoices add up", n.money)
}
