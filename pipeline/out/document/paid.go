package document

import (
	"cmp"
	"fmt"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/read/query"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/settings"
)

// Parts returns the amounts that are already paid, with all digits: by coupons, by balances, by partners that paid
// orders, and by repayments of debt and credit.
func Parts(done *query.PaidBill, name func(partner string) string) []LetterRow {
	cash := LetterText{English: "Paid from cash balances", Chinese: "现金余额支付"}
	if done.Cash.Sign() < 0 {
		cash = LetterText{English: "Returned to the cash balance", Chinese: "退回现金余额"}
	}
	repaid := LetterText{English: "Debt and credit repaid since", Chinese: "其后偿还的欠款和信用额度"}
	if done.Repaid.Sign() < 0 {
		repaid = LetterText{English: "Taken off earlier debt and credit", Chinese: "冲减此前的欠款和信用额度"}
	}
	list := []LetterRow{
		{Name: LetterText{English: "Paid with coupons", Chinese: "代金券支付"}, Amount: done.Coupon},
		{Name: LetterText{English: "Paid with flexi coupons", Chinese: "现金券支付"}, Amount: done.Flexi},
		{Name: LetterText{English: "Paid with stored value", Chinese: "储值卡支付"}, Amount: done.StoredValue},
		{Name: cash, Amount: done.Cash},
	}
	for _, one := range done.Partners {
		name := cmp.Or(name(one.Partner), one.Partner)
		list = append(list, LetterRow{
			Name: LetterText{English: "Paid by " + name, Chinese: name + " 支付"}, Amount: one.Amount})
	}
	return append(list, LetterRow{Name: repaid, Amount: done.Repaid})
}

// ArchivedThrough returns the last cycle of an archive; 0 = no archive. An archive has no later payments (DEDUCT-2).
func ArchivedThrough(snap *lake.Snapshot) period.Cycle {
	if snap.Manifest.ArchiveOf == "" {
		return 0
	}
	return snap.Manifest.ClosedThrough.Or(0)
}

// ByLedger reports whether a cycle is paid from balances: by the settings, for a closed one by the lake (COMPOSE-11).
func ByLedger(snap *lake.Snapshot, cycle period.Cycle, now settings.Payments) bool {
	ref, _ := snap.Cycle(lake.CycleOf(cycle))
	if ref.State != lake.CycleClosed {
		return now == settings.Ledger
	}
	return rows.PaidByLedger(&ref)
}

// RoundedBy returns how the amount to pay of a document is rounded: by the settings, or in a closed cycle by those of
// its close (COMPOSE-11).
func RoundedBy(snap *lake.Snapshot, h *PageHeader, now money.Mode) (money.Mode, error) {
	if !h.Closed {
		return now, nil
	}
	ref, _ := snap.Cycle(lake.CycleOf(h.Cycle))
	mode, err := money.ParseMode(ref.ClosedWith.RoundingMode)
	if err != nil {
		return mode, fmt.Errorf("rounding of closed cycle %s: %w", h.Cycle, err)
	}
	return mode, nil
}

// SumOf adds up amounts.
func SumOf(list ...money.Amount) (money.Amount, error) {
	var sum money.AmountTotal
	for _, a := range list {
		if err := sum.Add(a); err != nil {
			return money.Amount{}, err
		}
	}
	return sum.Amount()
}
