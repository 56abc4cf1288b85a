package accept

import (
	"cmp"
	"slices"

	"github.com/tollbook/tollbook/pipeline/intake/feed"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/reason"
	"github.com/tollbook/tollbook/settlement"
	"github.com/tollbook/tollbook/settlement/account"
	"github.com/tollbook/tollbook/settlement/invoice"
)

// textField returns the field of an event that stores a column.
type textField = func(e *MoneyEvent) *string

func partnerField(e *MoneyEvent) *string { return &e.Partner }
func subjectField(e *MoneyEvent) *string { return &e.Subject }
func otherField(e *MoneyEvent) *string   { return &e.Other }
func scopeField(e *MoneyEvent) *string   { return &e.Scope }
func periodField(e *MoneyEvent) *string  { return &e.Period }
func detailField(e *MoneyEvent) *string  { return &e.Detail }
func noteField(e *MoneyEvent) *string    { return &e.Note }

// badWordIn returns the failure of a word that is not in its list; an empty one is missing, not unknown.
func badWordIn(column, word string, known bool) *failure {
	if word == "" || known {
		return nil
	}
	return &failure{column, reason.BadRow, word}
}

// accountForm is the form of partner_accounts (§9.1).
func accountForm() *form {
	return &form{
		spec: feed.PartnerAccountsSpec(),
		kind: "type",
		field: map[string]textField{
			"partner_id":    partnerField,
			"to_partner_id": otherField,
			"cycle":         scopeField,
			"channel":       detailField,
		},
		uses: func(_ *EventIntake, e *MoneyEvent, column string) use {
			switch {
			case column == "to_partner_id" && (e.Type == Allocate || e.Type == Reclaim),
				column == "cycle" && e.Type == "statement_payment":
				return needed
			case column == "channel" && e.Type == Recharge:
				return optional
			}
			return unused
		},
		words: func(in *EventIntake, e *MoneyEvent) *failure {
			_, known := account.ParseType(e.Type)
			bad := cmp.Or(badWordIn("type", e.Type, known), in.checks().badPartner("partner_id", e.Partner))
			if bad != nil || e.Type != Allocate && e.Type != Reclaim {
				return bad
			}
			if bad := in.checks().badPartner(
				"to_partner_id",
				e.Other,
			); bad != nil || e.Partner == "" || e.Other == "" ||
				e.Time == period.Past {
				return bad
			}
			row, there := in.Books.PartnerRowAt(in.Books.Partner(e.Other), e.Time)
			if !there || row.Parent < 0 || in.Books.Partners[row.Parent].ID != e.Partner {
				return &failure{"partner_id", reason.BadRow, e.Partner}
			}
			from := in.Books.Partners[row.Parent].Currency
			if in.Books.Partners[in.Books.Partner(e.Other)].Currency != from { // §10.7
				return &failure{"to_partner_id", reason.BadRow, e.Other}
			}
			return nil
		},
		done: func(_ *EventIntake, e *MoneyEvent) {
			if e.Type == Recharge && e.Detail == "" {
				e.Detail = "transfer"
			}
		},
	}
}

// couponForm is the form of coupons (§9.2, §9.3).
func couponForm() *form {
	return &form{
		spec: feed.CouponsSpec(),
		kind: "event",
		field: map[string]textField{
			"coupon_id":   subjectField,
			"quota_id":    scopeField,
			"solution_id": detailField,
			"partner_id":  partnerField,
			"customer_id": otherField,
		},
		uses: func(_ *EventIntake, e *MoneyEvent, column string) use {
			switch {
			case e.Type == account.CouponIssue.String() && (column == "quota_id" || column == "customer_id"),
				e.Type == account.CouponApply.String() && (column == "solution_id" || column == "customer_id"):
				return needed
			}
			return unused
		},
		words: func(in *EventIntake, e *MoneyEvent) *failure {
			_, known := account.ParseCouponKind(e.Type)
			return cmp.Or(badWordIn("event", e.Type, known), in.checks().badPartner("partner_id", e.Partner))
		},
		check: func(in *EventIntake, e *MoneyEvent) *failure {
			if e.Type == account.CouponReclaim.String() {
				return nil
			}
			var customer int32
			bad := in.checks().checkCustomer(e.Other, e.Time, &customer)
			partner := in.Books.Partner(e.Partner)
			if bad == nil && in.Books.Partners[partner].Currency != in.Books.Customers[customer].Currency { // §10.7
				bad = &failure{"customer_id", reason.BadRow, e.Other}
			}
			return bad
		},
	}
}

// fundForm is the form of fund_events (§9.4, §9.5).
func fundForm() *form {
	return &form{
		spec: feed.FundEventsSpec(),
		kind: "event",
		field: map[string]textField{
			"partner_id":    partnerField,
			"programme_id":  scopeField,
			"period":        periodField,
			"claim_id":      subjectField,
			"activity_type": detailField,
			"activity_date": noteField,
		},
		uses: func(in *EventIntake, e *MoneyEvent, column string) use {
			kind, err := account.ParseFundKind(e.Type)
			at := in.Books.Money.FundNamed(e.Scope)
			if err == nil && at >= 0 && kind.Uses(in.Books.Money.Funds[at].Marketing, column) {
				return needed
			}
			return unused
		},
		words: badFundWord,
	}
}

// badFundWord returns the failure of a word that is not in its list, an unknown partner or programme, or a period of
// the wrong form.
func badFundWord(in *EventIntake, e *MoneyEvent) *failure {
	kind, err := account.ParseFundKind(e.Type)
	at := in.Books.Money.FundNamed(e.Scope)
	bad := cmp.Or(in.checks().badPartner("partner_id", e.Partner), badWordIn("programme_id", e.Scope, at >= 0),
		badWordIn("event", e.Type, err == nil))
	if bad != nil || at < 0 || e.Type == "" {
		return bad
	}
	f := &in.Books.Money.Funds[at]
	if !kind.Has(f.Marketing) {
		return &failure{"event", reason.BadRow, e.Type}
	}
	p, err := account.ParseFundPeriod(e.Period)
	if e.Period != "" && (err != nil || p.Length != kind.Takes(f.Marketing, f.Yearly)) {
		return &failure{"period", reason.BadRow, e.Period}
	}
	if kind == account.FundRequest {
		_, known := f.Activity(e.Detail)
		return badWordIn("activity_type", e.Detail, known)
	}
	return nil
}

// withdrawalForm is the form of withdrawals (§9.6).
func withdrawalForm() *form {
	return &form{
		spec: feed.WithdrawalsSpec(),
		kind: "event",
		field: map[string]textField{
			"withdrawal_id": subjectField,
			"partner_id":    partnerField,
			"source":        detailField,
			"account":       noteField,
		},
		uses: func(_ *EventIntake, e *MoneyEvent, _ string) use {
			if e.Type == "request" {
				return needed
			}
			return unused
		},
		words: func(in *EventIntake, e *MoneyEvent) *failure {
			_, known := account.ParseWithdrawal(e.Type)
			bad := cmp.Or(in.checks().badPartner("partner_id", e.Partner), badWordIn("event", e.Type, known))
			if bad == nil && e.Type == "request" {
				bad = badWordIn("source", e.Detail, slices.Contains([]string{"cash", "rebate"}, e.Detail))
			}
			return bad
		},
	}
}

// invoiceForm is the form of invoices (§9.7).
func invoiceForm() *form {
	return &form{
		spec: feed.InvoicesSpec(),
		kind: "event",
		field: map[string]textField{
			"invoice_id":   subjectField,
			"number":       detailField,
			"issuer_id":    partnerField,
			"recipient_id": otherField,
			"cycle":        scopeField,
			"content":      noteField,
		},
		uses: func(_ *EventIntake, e *MoneyEvent, column string) use {
			kind, err := invoice.ParseKind(e.Type)
			switch {
			case err != nil || !kind.New():
				return unused
			case column == "content":
				return optional
			}
			return needed
		},
		words: func(in *EventIntake, e *MoneyEvent) *failure {
			kind, err := invoice.ParseKind(e.Type)
			if bad := badWordIn("event", e.Type, err == nil); bad != nil || err != nil || !kind.New() {
				return bad
			}
			issuer := settlement.SellerID(e.Partner, in.Money.Vendor) == settlement.VendorID ||
				in.Books.Partner(e.Partner) >= 0
			recipient := in.Books.Partner(e.Other) >= 0 || in.Books.Customer(e.Other) >= 0
			return cmp.Or(
				badWordIn("issuer_id", e.Partner, issuer),
				badWordIn("recipient_id", e.Other, recipient),
			)
		},
		done: func(in *EventIntake, e *MoneyEvent) {
			e.Partner = settlement.SellerID(e.Partner, in.Money.Vendor)
			if kind, err := invoice.ParseKind(e.Type); err == nil && kind.New() && e.Note == "" {
				e.Note = in.Money.Content
			}
		},
	}
}
