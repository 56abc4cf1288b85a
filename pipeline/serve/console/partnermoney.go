package console

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/read/query"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
	"github.com/tollbook/tollbook/settlement"
)

// moneyLinks links to the pages about partners' money.
func moneyLinks(v *View, current string) []Link {
	var list []Link
	for _, one := range []struct{ path, zh, en string }{{"partners", "结算", "Settlement"},
		{"chain", "毛利链", "Margin chain"}, {"incentives", "激励", "Incentives"}, {"funds", "基金", "Funds"},
		{"coupons", "代金券", "Coupons"}, {"receivables", "应收", "Receivables"},
		{"withdrawals", "提现", "Withdrawals"}, {"invoices", "发票", "Invoices"},
		{"deadlines", "期限", "Deadlines"}} {
		if href := v.Link(one.path, "partner_id", v.Call.Text("partner_id")); href != "" {
			if one.path == current {
				href = ""
			}
			list = append(list, Link{Text: v.T(one.zh, one.en), Href: href})
		}
	}
	return list
}

// otherMoney returns moneyLinks without the current page.
func otherMoney(v *View, current string) []Link {
	return slices.DeleteFunc(moneyLinks(v, current), func(l Link) bool { return l.Href == "" })
}

// moneyPage returns a page about partners' money.
func moneyPage(v *View, current, zh, en string, blocks ...Block) *Page {
	p := &Page{Title: v.T(zh, en), Crumbs: []Link{Home(v),
		{Text: v.T("伙伴", "Partners"), Href: v.To("partners")}}, Tabs: moneyLinks(v, current), Blocks: blocks}
	if id := v.Call.Scope.Partner; id != "" {
		p.Lead = id
	}
	return p
}

// Funds shows the months, claims and quotas of funds.
func Funds(v *View) (*Page, error) {
	t, err := LooseTable(v, &Listing{Def: tables.Funds().Table, Name: "funds", Order: "-period",
		Owner: []string{"partner_id"},
		Columns: "partner_id programme_id period claim_id heads quota_amount listed_amount reserved_amount " +
			"claimed_amount approved_amount paid_amount state until",
		Spare: []string{"heads", "quota_amount", "listed_amount", "reserved_amount", "claimed_amount",
			"approved_amount", "paid_amount"},
		Empty: OperationText{Zh: "没有基金", En: "No funds"}})
	return moneyPage(v, "funds", "基金", "Funds", Block{Title: v.T("名单、申报与额度",
		"Lists, claims and quotas"),
		Table: t}), err
}

// Withdrawals shows the parts of withdrawals.
func Withdrawals(v *View) (*Page, error) {
	t, err := LooseTable(v, &Listing{Def: tables.Withdrawals().Table, Name: "withdrawals",
		Order: "-requested",
		Owner: []string{"partner_id"}, Empty: OperationText{Zh: "没有提现", En: "No withdrawals"},
		Columns: "withdrawal_id part partner_id source route recharge_id channel amount state requested decided"})
	if err != nil {
		return nil, err
	}
	entries, err := LooseTable(v, &Listing{Def: tables.PartnerAccounts().Table, Name: "entries",
		Order: "-time",
		Owner: []string{"partner_id"}, Empty: OperationText{Zh: "没有账户变动", En: "No entries"},
		Columns: "partner_id time entry_id type counterparty_id balance_type amount balance_after"})
	return moneyPage(v, "withdrawals", "提现与账户", "Withdrawals and accounts",
		Block{Title: v.T("提现", "Withdrawals"), Table: t},
		Block{Title: v.T("账户变动", "Entries of the accounts"), Table: entries}), err
}

// Receivables shows what partners owe for closed cycles.
func Receivables(v *View) (*Page, error) {
	t, err := LooseTable(v, &Listing{Def: tables.Receivables().Table, Name: "receivables",
		Order: "-age_days",
		Owner: []string{"partner_id"}, Empty: OperationText{Zh: "没有应收", En: "No receivables"},
		Columns: "cycle partner_id amount collected_amount paid_amount unpaid_amount due_date age_days bucket",
		Link: func(r rows.Row[tables.Any], column string) string {
			if column != "cycle" && column != "amount" {
				return ""
			}
			return v.Link("statement", "partner_id", rows.As[tables.Receivable](r).Word(tables.ReceivablePartnerID),
				"cycle",
				rows.As[tables.Receivable](r).Word(tables.ReceivableCycle))
		}})
	if err != nil {
		return nil, err
	}
	figures, err := ageFigures(v)
	return moneyPage(v, "receivables", "应收", "Receivables", Block{ID: "ages", Title: v.T("未付", "Unpaid"),
		Figures: figures}, Block{Title: v.T("按账期", "By cycle"), Table: t}), err
}

// ageFigures shows unpaid amounts by how long they are overdue.
func ageFigures(v *View) ([]Figure, error) {
	words := map[string]OperationText{"not_due": {Zh: "未到期", En: "not due"},
		"1-30":  {Zh: "1至30天", En: "1 to 30 days"},
		"31-60": {Zh: "31至60天", En: "31 to 60 days"}, "61-90": {Zh: "61至90天", En: "61 to 90 days"},
		"over_90": {Zh: "超过90天", En: "more than 90 days"}}
	sums := make(map[string]*money.PerCurrency)
	of := &Listing{Def: tables.Receivables().Table, Owner: []string{"partner_id"}}
	err := query.EachCouponRow(v.Call.State.Snap, tables.Untyped(of.Def), func(r rows.Row[tables.Any]) error {
		bucket := rows.As[tables.Receivable](r).Word(tables.ReceivableBucket)
		if !of.Mine(v, r) || bucket == "" {
			return nil
		}
		unpaid, err := rows.As[tables.Receivable](r).Amount(tables.ReceivableUnpaidAmount)
		if err != nil {
			return err
		}
		if sums[bucket] == nil {
			sums[bucket] = &money.PerCurrency{}
		}
		return sums[bucket].Add(CurrencyOfRow(v, r), unpaid)
	})
	var list []Figure
	for _, bucket := range []string{"not_due", "1-30", "31-60", "61-90", "over_90"} {
		if sums[bucket] == nil {
			continue
		}
		for _, sum := range sums[bucket].List() {
			f := Figure{Name: v.T(words[bucket].Zh, words[bucket].En),
				Value: v.MoneyIn(sum.Total, sum.Currency, "").Shown, Note: sum.Currency}
			if bucket != "not_due" {
				f.Tone = Warn
			}
			list = append(list, f)
		}
	}
	return list, err
}

// Invoices shows what is invoiced of the invoiceable amounts, and each invoice.
func Invoices(v *View) (*Page, error) {
	owner := []string{"issuer_id", "recipient_id"}
	t, err := LooseTable(v, &Listing{Def: tables.Invoices().Table, Name: "invoices", Order: "-cycle",
		Owner: owner,
		Empty: OperationText{Zh: "没有可开票金额", En: "Nothing can be invoiced yet"},
		Columns: "cycle issuer_id recipient_id invoiceable_amount issued_amount returned_amount credited_amount " +
			"left_amount state", Spare: []string{"returned_amount", "credited_amount"}})
	if err != nil {
		return nil, err
	}
	// A return or void names only the invoice: its party is that of the invoice.
	visible := make(map[string]bool)
	of := &Listing{Def: tables.InvoiceRecords().Table, Owner: owner}
	err = query.EachCouponRow(v.Call.State.Snap, tables.Untyped(of.Def), func(r rows.Row[tables.Any]) error {
		if rows.As[tables.InvoiceRecord](r).Word(tables.InvoiceRecordIssuerID) != "" && of.Mine(v, r) {
			visible[string(rows.As[tables.InvoiceRecord](r).Text(tables.InvoiceRecordInvoiceID))] = true
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	records, err := LooseTable(v, &Listing{Def: tables.InvoiceRecords().Table, Name: "records",
		Order:   "-time",
		Empty:   OperationText{Zh: "没有发票", En: "No invoices"},
		Columns: "time invoice_id number event issuer_id recipient_id cycle amount content",
		Keep: func(r rows.Row[tables.Any]) bool {
			return v.Call.Scope.Partner == "" && !v.Call.Scope.Nothing ||
				visible[string(rows.As[tables.InvoiceRecord](r).Text(tables.InvoiceRecordInvoiceID))]
		}})
	return moneyPage(v, "invoices", "发票", "Invoices",
		Block{Title: v.T("可开票与已开票", "To invoice and invoiced"), Table: t},
		Block{Title: v.T("发票与红字发票", "Invoices and credit notes"), Table: records}), err
}

// CouponPage shows the coupons, or the history of one.
func CouponPage(v *View) (*Page, error) {
	id := v.Call.Text("coupon_id")
	t, err := LooseTable(v, &Listing{Def: tables.Coupons().Table, Name: "coupons", Order: "coupon_id",
		Owner: []string{"partner_id"}, Empty: OperationText{Zh: "没有代金券", En: "No coupons"},
		Columns: "coupon_id source partner_id customer_id kind amount used taken_back expired left valid_from " +
			"valid_to state", Spare: []string{"taken_back", "expired"},
		Keep: func(r rows.Row[tables.Any]) bool {
			return id == "" || string(rows.As[tables.Coupon](r).Text(tables.CouponCouponID)) == id
		},
		Link: func(r rows.Row[tables.Any], column string) string {
			switch column {
			case "coupon_id":
				return v.Link("coupons", "coupon_id", string(rows.As[tables.Coupon](r).Text(tables.CouponCouponID)),
					"partner_id",
					v.Call.Text("partner_id"))
			case "customer_id":
				return v.Link("customer", "customer_id", rows.As[tables.Coupon](r).Word(tables.CouponCustomerID))
			}
			return ""
		}})
	if err != nil || id == "" {
		return moneyPage(v, "coupons", "代金券", "Coupons", Block{Title: v.T("代金券", "Coupons"),
			Table: t}), err
	}
	records, err := LooseTable(v, &Listing{Def: tables.CouponRecords().Table, Name: "records",
		Order: "time",
		Empty: OperationText{Zh: "没有记录", En: "No records"}, Columns: "time type id customer_id amount left_after",
		// the coupon is the caller's: it is in the table above
		Keep: func(r rows.Row[tables.Any]) bool {
			return len(t.Rows) > 0 && string(rows.As[tables.CouponRecord](r).Text(tables.CouponRecordCouponID)) == id
		}})
	p := moneyPage(v, "", "代金券", "Coupons", Block{Title: v.T("代金券", "Coupon"), Table: t},
		Block{Title: v.T("经过", "What happened to it"), Table: records})
	p.Crumbs = append(p.Crumbs, Link{Text: v.T("代金券", "Coupons"), Href: v.To("coupons")})
	p.Title, p.Tabs = id, nil
	return p, err
}

// dueDays is how many days the page of deadlines looks ahead.
const dueDays = 90

// DeadlinePage shows what lapses in the next days unless somebody acts.
func DeadlinePage(v *View) (*Page, error) {
	asOf, err := period.ParseInstant(v.Call.State.Snap.Manifest.AsOf)
	if err != nil {
		asOf = v.Call.State.Now
	}
	choice := query.DeadlineChoice{Through: v.Zone().Day(asOf) + dueDays, Partner: v.Call.Scope.Partner}
	list, err := KeepFigures(v, fmt.Sprintf("deadlines %d %q", choice.Through, choice.Partner),
		func(list []query.Deadline) int { return 3 * len(list) },
		func(v *View) ([]query.Deadline, error) {
			reader, err := ReaderOf(v)
			if err != nil {
				return nil, err
			}
			return query.Deadlines(reader, choice)
		})
	if err != nil {
		return nil, err
	}
	t := &Table{Name: "deadlines", Order: "last_day", Empty: v.F("未来%d天没有期限",
		"Nothing lapses in the next %d days",
		dueDays), Columns: []Column{
		{Name: "last_day", Title: v.T("最后一天", "Last day")},
		{Name: "kind", Title: v.T("事项", "What")},
		{Name: "id", Title: v.T("编号", "Id"), Kind: Code},
		{Name: "period", Title: v.T("周期", "Period")},
		{Name: "partner_id", Title: v.T("伙伴", "Partner"), Kind: Code},
		{Name: "customer_id", Title: v.T("客户", "Customer"), Kind: Code},
		{Name: "amount", Title: v.T("金额", "Amount"), Kind: Amount},
		{Name: "state", Title: v.T("状态", "State")},
		{Name: "then", Title: v.T("之后", "Then")}}}
	var codes []string
	for i := range list {
		d := &list[i]
		if v.Call.Scope.Partner != "" && d.PartnerID != v.Call.Scope.Partner || v.Call.Scope.Nothing {
			continue
		}
		b := v.Call.State.Workspace.Books
		code := CurrencyOfPartner(b, d.PartnerID, v.Currency())
		if d.CustomerID != "" {
			code = b.CustomerCurrencyOf(d.CustomerID).Code
		}
		codes = append(codes, code)
		t.Rows = append(t.Rows, []Cell{{Text: d.LastDay.String()}, v.Word(d.Kind), {Text: d.ID}, {Text: d.Period},
			{Text: d.PartnerID}, {Text: d.CustomerID}, v.MoneyIn(d.Amount, code, ""), v.Word(d.State),
			v.Word(d.Then)})
	}
	if v.Mixed() {
		WithColumn(t, "amount", Column{Name: "currency", Title: v.T("币种", "Currency")},
			func(row int) Cell { return Cell{Text: codes[row]} })
	}
	return moneyPage(v, "deadlines", "期限", "Deadlines", Block{
		Title: v.F("未来%d天到期", "What lapses in the next %d days", dueDays), Table: t}), nil
}

// link is one link of the chain from a customer to the vendor: what each party pays the next.
type link struct {
	customer, partner, seller string
	pays, owes                money.AmountTotal // customer to partner, partner to its seller
	cost, margin              money.AmountTotal // the seller, a distributor, to the vendor; what it keeps
	distributed               bool
}

// chainKey distinguishes links.
type chainKey struct{ customer, partner string }

// Chain shows who pays whom from the customer to the vendor, and what each keeps. A reseller sees what it pays; only
// its distributor sees what the distributor pays.
func Chain(v *View) (*Page, error) {
	cycle, err := CycleOf(v)
	if err != nil {
		return nil, err
	}
	t, err := KeepTable(v, fmt.Sprintf("chain %s %q %s", cycle, v.Call.Scope.Partner, v.Call.Caller.Role),
		func(v *View) (*Table, error) { return chainTable(v, lake.CycleOf(cycle)) })
	if err != nil {
		return nil, err
	}
	state, _ := StateText(v, lake.CycleOf(cycle))
	return &Page{Title: v.F("毛利链，%s", "Margin chain, %s", cycle), Lead: state, Crumbs: []Link{Home(v),
		{Text: v.T("伙伴", "Partners"), Href: v.To("partners", "cycle", cycle.String())}},
		Tabs: Months(v, cycle.String()), Blocks: []Block{{Title: v.T("从客户到厂商",
			"From customer to vendor"),
			Table: t, Links: otherMoney(v, "chain"),
			Text: []string{v.T("转介绍伙伴的客户直接向厂商付款，不在此列。",
				"Customers of referral partners pay the vendor and are not listed.")}}}}, nil
}

// chainTable lists the links of a cycle that the caller may see.
func chainTable(v *View, cycle lake.Cycle) (*Table, error) {
	reader, err := ReaderOf(v)
	if err != nil {
		return nil, err
	}
	links, err := linksOf(v.Request.Context(), reader, cycle, v.Call.Scope.Partner)
	if err != nil {
		return nil, err
	}
	t := &Table{Name: "chain", Order: "-payment_amount", Empty: v.T("没有伙伴结算",
		"No partner settles in this cycle"),
		Columns: []Column{
			{Name: "customer_id", Title: v.T("客户", "Customer"), Kind: Code},
			{Name: "payment_amount", Title: v.T("客户应付", "Customer pays"), Kind: Amount},
			{Name: "partner_id", Title: v.T("伙伴", "Partner"), Kind: Code},
			{Name: "kept_amount", Title: v.T("伙伴留存", "Partner keeps"), Kind: Amount},
			{Name: "owed_amount", Title: v.T("伙伴应付", "Partner pays"), Kind: Amount},
			{Name: "seller_id", Title: v.T("卖方", "Seller"), Kind: Code},
			{Name: "margin_amount", Title: v.T("卖方留存", "Seller keeps"), Kind: Amount},
			{Name: "cost_amount", Title: v.T("厂商收入", "Vendor receives"), Kind: Amount},
		}}
	total := &link{}
	keys := slices.SortedFunc(maps.Keys(links), func(a, b chainKey) int {
		return cmp.Or(strings.Compare(a.customer, b.customer), strings.Compare(a.partner, b.partner))
	})
	if v.Mixed() {
		return chainOfCurrencies(v, t, cycle, keys, links)
	}
	for _, k := range keys {
		row, err := chainRow(v, cycle, links[k], total)
		if err != nil {
			return nil, err
		}
		t.Rows = append(t.Rows, row)
	}
	if len(t.Rows) == 0 {
		return t, nil
	}
	kept := total.pays
	if err := kept.SubTotal(total.owes); err != nil {
		return nil, err
	}
	t.Total = []Cell{{}, v.Money(total.pays, ""), {}, v.Money(kept, ""), v.Money(total.owes, ""), {},
		v.Money(total.margin, ""), v.Money(total.cost, "")}
	return t, nil
}

// received returns what the vendor receives: without a distributor, what the partner pays it.
func (l *link) received() money.AmountTotal {
	if !l.distributed && l.seller == settlement.VendorID {
		return l.owes
	}
	return l.cost
}

// billOf returns the address of a customer's bill; a distributor does not see bills of its resellers' customers.
func billOf(v *View, cycle lake.Cycle, one *link) string {
	if House(v) || v.Call.Scope.Partner == one.partner {
		return v.Link("bill", "customer_id", one.customer, "cycle", cycle.String())
	}
	return ""
}

// chainOfCurrencies fills the table if the parties of a link can have several currencies: a party's margin is shown
// only if it receives and pays in one currency, and there is no total.
func chainOfCurrencies(v *View, t *Table, cycle lake.Cycle, keys []chainKey,
	links map[chainKey]*link) (*Table, error) {
	b := v.Call.State.Workspace.Books
	currencies := make([][3]string, len(keys)) // of customer, partner and seller
	at := slices.IndexFunc(t.Columns, func(c Column) bool { return c.Name == "kept_amount" })
	t.Columns[at].Some = true
	for i, k := range keys {
		one := links[k]
		// A distributor's rows about a reseller are in its own currency.
		bearer := one.partner
		if v.Call.Scope.Partner != "" && one.distributed {
			bearer = one.seller
		}
		paying, owing := b.CustomerCurrencyOf(one.customer).Code, CurrencyOfPartner(b, bearer, v.Currency())
		selling := owing
		if one.distributed {
			selling = CurrencyOfPartner(b, one.seller, owing)
		}
		currencies[i] = [3]string{paying, owing, selling}
		kept := Cell{}
		if paying == owing {
			amount := one.pays
			if err := amount.SubTotal(one.owes); err != nil {
				return nil, err
			}
			kept = v.MoneyIn(amount, owing, "")
		}
		href := billOf(v, cycle, one)
		t.Rows = append(t.Rows, []Cell{{Text: one.customer, Href: href}, v.MoneyIn(one.pays, paying, href),
			{Text: one.partner, Href: v.Link("statement", "partner_id", one.partner, "cycle", cycle.String())}, kept,
			v.MoneyIn(one.owes, owing, ""), {Text: one.seller}, v.MoneyIn(one.margin, selling, ""),
			v.MoneyIn(one.received(), selling, "")})
	}
	for at, c := range []struct{ before, name, zh, en string }{
		{"payment_amount", "customer_currency", "客户币种", "Customer's currency"},
		{"kept_amount", "partner_currency", "伙伴币种", "Partner's currency"},
		{"margin_amount", "seller_currency", "卖方币种", "Seller's currency"}} {
		WithColumn(t, c.before, Column{Name: c.name, Title: v.T(c.zh, c.en)},
			func(i int) Cell { return Cell{Text: currencies[i][at]} })
	}
	return t, nil
}

// chainRow returns a link as a row, and adds it to the total.
func chainRow(v *View, cycle lake.Cycle, one, total *link) ([]Cell, error) {
	cost, margin, kept := one.received(), one.margin, one.pays
	if err := ErrorsOf(kept.SubTotal(one.owes), total.pays.AddTotal(one.pays), total.owes.AddTotal(one.owes),
		total.cost.AddTotal(cost), total.margin.AddTotal(margin)); err != nil {
		return nil, err
	}
	href := billOf(v, cycle, one)
	return []Cell{{Text: one.customer, Href: href}, v.Money(one.pays, href), {Text: one.partner,
		Href: v.Link("statement", "partner_id", one.partner, "cycle", cycle.String())}, v.Money(kept, ""),
		v.Money(one.owes, ""), {Text: one.seller}, v.Money(margin, ""), v.Money(cost, "")}, nil
}

// linksOf adds up the rows of partner statements by customer and the partner of the lines; partner "" = all.
func linksOf(ctx context.Context, reader *query.PartnerReader, cycle lake.Cycle,
	partner string) (links map[chainKey]*link, err error) {
	list, err := reader.Statements(ctx, cycle, partner)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, list.Close()) }()
	links = make(map[chainKey]*link)
	return links, list.Each(func(r rows.Row[tables.PartnerStatement]) error {
		reseller := r.Word(tables.PartnerStatementResellerID)
		if r.Word(tables.PartnerStatementSellerID) == "" && reseller == "" {
			return nil // a referral: the customer pays the vendor
		}
		k := chainKey{r.Word(tables.PartnerStatementCustomerID), cmp.Or(reseller,
			r.Word(tables.PartnerStatementPartnerID))}
		one := links[k]
		if one == nil {
			one = &link{customer: k.customer, partner: k.partner}
			links[k] = one
		}
		sums := map[tables.AmountColumn[tables.PartnerStatement]]*money.AmountTotal{
			tables.PartnerStatementPaymentAmount: &one.pays, tables.PartnerStatementOwedAmount: &one.owes}
		if reseller != "" { // a distributor's row about a reseller
			one.distributed, one.seller = true, r.Word(tables.PartnerStatementPartnerID)
			sums = map[tables.AmountColumn[tables.PartnerStatement]]*money.AmountTotal{
				tables.PartnerStatementCostAmount: &one.cost, tables.PartnerStatementMarginAmount: &one.margin}
			if partner != "" {
				// the reseller's own rows are not read
				sums[tables.PartnerStatementPaymentAmount], sums[tables.PartnerStatementRevenueAmount] = &one.pays,
					&one.owes
			}
		} else {
			one.seller = r.Word(tables.PartnerStatementSellerID)
		}
		for col, to := range sums {
			a, err := r.Amount(col)
			if err != nil {
				return err
			}
			if err := to.Add(a); err != nil {
				return err
			}
		}
		return nil
	})
}
