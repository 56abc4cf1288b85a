package bss

import (
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/read/query"
	"github.com/tollbook/tollbook/pipeline/serve/operation"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// recordedChanges returns the entries of the scope's partner in the requested account, in the order in which they took
// effect; recorded reports whether the state has accounts of partners.
func recordedChanges(c *operation.Call, during period.Span) (out []orderChange, recorded bool, err error) {
	files, err := c.State.Snap.Find(query.CouponFileKey(tables.PartnerAccounts().Table))
	if err != nil || len(files) == 0 {
		return nil, false, err
	}
	balance := "cash"
	if c.Text("balance_type") == CreditAccount {
		balance = "credit"
	}
	b := c.State.Workspace.Books
	err = query.EachCouponRow(c.State.Snap, tables.PartnerAccounts(), func(r rows.Row[tables.PartnerAccount]) error {
		at := r.Time(tables.PartnerAccountTime)
		if r.Word(tables.PartnerAccountBalanceType) != balance || !during.Holds(at) ||
			!c.Scope.Line(r.Word(tables.PartnerAccountPartnerID), at) {
			return nil
		}
		id := string(r.Text(tables.PartnerAccountEntryID))
		one := orderChange{id: id, kind: sourceOf(r.Word(tables.PartnerAccountType)), trade: id, at: at}
		if one.kind == sourceOrder || one.kind == sourceRefund {
			one.trade = OrderOfLine(id)
		}
		if with := r.Word(tables.PartnerAccountCounterpartyID); b.Customer(with) >= 0 {
			one.customer = with
		}
		amount, err := r.Amount(tables.PartnerAccountAmount)
		if err != nil {
			return err
		}
		after, err := r.Amount(tables.PartnerAccountBalanceAfter)
		one.amount, one.came, one.after = amount.Abs(), amount.Sign() > 0, after.String()
		out = append(out, one)
		return err
	})
	return out, true, err
}

// sourceOf returns the trade_detail_type of an entry of a partner's account.
func sourceOf(kind string) string {
	switch kind {
	case "recharge":
		return sourceRecharge
	case "allocate":
		return sourceGiven
	case "convert_rebate":
		return sourceRebate
	case "statement_payment":
		return sourcePaid
	case "credit_limit":
		return sourceLimit
	case "order":
		return sourceOrder
	case "refund":
		return sourceRefund
	case "withdraw_request":
		return sourceFrozen
	case "withdraw_back":
		return sourceBack
	}
	return sourceTaken
}
