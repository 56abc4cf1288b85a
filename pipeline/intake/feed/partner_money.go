package feed

// PartnerMoneySpecs lists the feeds about the money of partners besides incentives on performance (§9).
func PartnerMoneySpecs() []*Spec {
	return []*Spec{CouponsSpec(), FundEventsSpec(), InvoicesSpec(), PartnerAccountsSpec(), WithdrawalsSpec()}
}

// PartnerAccountsSpec is the feed of §9.1.
func PartnerAccountsSpec() *Spec {
	const source = "§9.1"
	return &Spec{Name: "partner_accounts", Columns: []SpecColumn{
		{Name: "event_id", Kind: TextColumn, Required: true, Content: true, Source: source, Meaning: "the event's id"},
		{
			Name:     "partner_id",
			Kind:     WordColumn,
			Required: true,
			Content:  true,
			Source:   source,
			Meaning:  "whose account it moves",
		},
		{
			Name:     "time",
			Kind:     TimeColumn,
			Required: true,
			Content:  true,
			Source:   source,
			Meaning:  "when; its day and cycle are the event's",
		},
		{Name: "type", Kind: WordColumn, Required: true, Content: true, Source: source,
			Meaning: "recharge, allocate, reclaim, convert_rebate, statement_payment or credit_limit"},
		{Name: "amount", Kind: AmountColumn, Required: true, Content: true, Source: source,
			Meaning: "above 0, at most the currency's digits; for credit_limit the new limit, which may be 0"},
		{Name: "to_partner_id", Kind: WordColumn, Content: true, Source: source,
			Meaning: "allocate and reclaim: the partner whose distributor partner_id is at that time"},
		{
			Name:    "cycle",
			Kind:    WordColumn,
			Content: true,
			Source:  source,
			Meaning: "statement_payment: the closed cycle that is paid",
		},
		{
			Name:    "channel",
			Kind:    WordColumn,
			Content: true,
			Source:  source,
			Meaning: "recharge: how the money came in; transfer if empty",
		},
	}}
}

// CouponsSpec is the feed of §9.2 and §9.3.
func CouponsSpec() *Spec {
	const source = "§9.2, §9.3"
	return &Spec{Name: "coupons", Columns: []SpecColumn{
		{Name: "event_id", Kind: TextColumn, Required: true, Content: true, Source: source, Meaning: "the event's id"},
		{Name: "time", Kind: TimeColumn, Required: true, Content: true, Source: source,
			Meaning: "when; an issued coupon is valid from then"},
		{Name: "event", Kind: WordColumn, Required: true, Content: true, Source: source,
			Meaning: "issue, reclaim or apply"},
		{Name: "coupon_id", Kind: TextColumn, Required: true, Content: true, Source: source,
			Meaning: "the coupon; issue and apply: one that there is not yet"},
		{Name: "quota_id", Kind: WordColumn, Content: true, Source: source,
			Meaning: "issue: a quota of coupon_quotas.csv"},
		{Name: "solution_id", Kind: WordColumn, Content: true, Source: source,
			Meaning: "apply: a solution of solutions.csv"},
		{Name: "partner_id", Kind: WordColumn, Required: true, Content: true, Source: source,
			Meaning: "who issues it, or applies for it"},
		{Name: "customer_id", Kind: WordColumn, Content: true, Source: source,
			Meaning: "issue and apply: the customer who receives it"},
		{Name: "amount", Kind: AmountColumn, Required: true, Content: true, Source: source,
			Meaning: "above 0, at most the currency's digits; reclaim: the most that is taken back"},
	}}
}

// FundEventsSpec is the feed of §9.4 and §9.5.
func FundEventsSpec() *Spec {
	const source = "§9.4, §9.5"
	return &Spec{Name: "fund_events", Columns: []SpecColumn{
		{Name: "event_id", Kind: TextColumn, Required: true, Content: true, Source: source, Meaning: "the event's id"},
		{Name: "partner_id", Kind: WordColumn, Required: true, Content: true, Source: source,
			Meaning: "whose fund it is"},
		{
			Name:     "programme_id",
			Kind:     WordColumn,
			Required: true,
			Content:  true,
			Source:   source,
			Meaning:  "a fund of funds.yaml",
		},
		{
			Name:     "period",
			Kind:     WordColumn,
			Required: true,
			Content:  true,
			Source:   source,
			Meaning: "2026-09 for a headcount list, 2026-Q3 for its payment and for marketing funds, 2026 for " +
				"those of a year",
		},
		{Name: "claim_id", Kind: TextColumn, Content: true, Source: source, Meaning: "marketing: the claim"},
		{
			Name:     "event",
			Kind:     WordColumn,
			Required: true,
			Content:  true,
			Source:   source,
			Meaning: "headcount: apply, approve, refuse, request_payment, invoice_received, paid or return; " +
				"marketing: request, approve, " +
				"refuse, hold, claim, accept, invoice_received, return or paid",
		},
		{Name: "time", Kind: TimeColumn, Required: true, Content: true, Source: source, Meaning: "when"},
		{Name: "heads", Kind: WholeColumn, Content: true, Source: source,
			Meaning: "apply: the number of experts, above 0"},
		{Name: "amount", Kind: AmountColumn, Content: true, Source: source,
			Meaning: "apply, approve, request and claim: above 0, at most the currency's digits"},
		{
			Name:    "activity_type",
			Kind:    WordColumn,
			Content: true,
			Source:  source,
			Meaning: "request: one of the fund's activities",
		},
		{
			Name:    "activity_date",
			Kind:    TextColumn,
			Content: true,
			Source:  source,
			Meaning: "hold: the day of the activity, as 2026-09-01",
		},
	}}
}

// WithdrawalsSpec is the feed of §9.6.
func WithdrawalsSpec() *Spec {
	const source = "§9.6"
	return &Spec{Name: "withdrawals", Columns: []SpecColumn{
		{Name: "event_id", Kind: TextColumn, Required: true, Content: true, Source: source, Meaning: "the event's id"},
		{Name: "withdrawal_id", Kind: TextColumn, Required: true, Content: true, Source: source,
			Meaning: "the withdrawal"},
		{Name: "partner_id", Kind: WordColumn, Required: true, Content: true, Source: source, Meaning: "who withdraws"},
		{Name: "time", Kind: TimeColumn, Required: true, Content: true, Source: source, Meaning: "when"},
		{
			Name:     "event",
			Kind:     WordColumn,
			Required: true,
			Content:  true,
			Source:   source,
			Meaning:  "request, approve, refuse, done or failed",
		},
		{Name: "source", Kind: WordColumn, Content: true, Source: source, Meaning: "request: cash or rebate"},
		{
			Name:    "amount",
			Kind:    AmountColumn,
			Content: true,
			Source:  source,
			Meaning: "request: above 0, at most the currency's digits",
		},
		{
			Name:    "account",
			Kind:    TextColumn,
			Content: true,
			Source:  source,
			Meaning: "request: where the money goes; opaque, never logged",
		},
	}}
}

// InvoicesSpec is the feed of §9.7.
func InvoicesSpec() *Spec {
	const source = "§9.7"
	return &Spec{Name: "invoices", Columns: []SpecColumn{
		{Name: "event_id", Kind: TextColumn, Required: true, Content: true, Source: source, Meaning: "the event's id"},
		{
			Name:     "invoice_id",
			Kind:     TextColumn,
			Required: true,
			Content:  true,
			Source:   source,
			Meaning:  "the invoice or credit note",
		},
		{
			Name:    "number",
			Kind:    TextColumn,
			Content: true,
			Source:  source,
			Meaning: "issue and credit_note: its number, unique for the issuer",
		},
		{
			Name:    "issuer_id",
			Kind:    WordColumn,
			Content: true,
			Source:  source,
			Meaning: "issue and credit_note: the vendor or a partner",
		},
		{
			Name:    "recipient_id",
			Kind:    WordColumn,
			Content: true,
			Source:  source,
			Meaning: "issue and credit_note: a partner or a customer",
		},
		{
			Name:    "cycle",
			Kind:    WordColumn,
			Content: true,
			Source:  source,
			Meaning: "issue and credit_note: the closed cycle that is invoiced",
		},
		{Name: "time", Kind: TimeColumn, Required: true, Content: true, Source: source, Meaning: "when"},
		{
			Name:     "event",
			Kind:     WordColumn,
			Required: true,
			Content:  true,
			Source:   source,
			Meaning:  "issue, return, void or credit_note",
		},
		{Name: "amount", Kind: AmountColumn, Content: true, Source: source,
			Meaning: "issue and credit_note: above 0, at most the currency's digits"},
		{Name: "content", Kind: TextColumn, Free: true, Content: true, Source: source,
			Meaning: "issue and credit_note: what the invoice says is sold; invoice.content of tollbook.yaml if empty"},
	}}
}
