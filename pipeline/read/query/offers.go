package query

import (
	"slices"

	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// asOf returns the clock of the run that made the state; Past = no run yet.
func asOf(from *PartnerReader) (period.Instant, error) {
	if from.Snap.Manifest.AsOf == "" {
		return period.Past, nil
	}
	return period.ParseInstant(from.Snap.Manifest.AsOf)
}

// wordColumn is a key of a question.
func wordColumn(name, meaning string) tables.Column {
	return tables.Column{Name: name, Type: tables.Word, Meaning: meaning}
}

// amountColumn is a sum of a question.
func amountColumn(name, meaning string) tables.Column {
	return tables.Column{Name: name, Type: tables.Amount, Meaning: meaning}
}

// Meanings of validity columns.
const (
	validFromMeaning = "start of its validity, in UTC; empty = none"
	validToMeaning   = "end of its validity, in UTC; empty = none"
	stateMeaning     = "as of the last run: pending before valid_from, active, expired from valid_to on"
)

// bounds returns the ends of a validity as text.
func bounds(s period.Span) (from, to string) {
	if s.From != period.Past {
		from = s.From.String()
	}
	if s.To != period.Forever {
		to = s.To.String()
	}
	return from, to
}

// validity returns the state of a validity at an instant.
func validity(s period.Span, t period.Instant) string {
	switch {
	case t < s.From:
		return "pending"
	case t >= s.To:
		return "expired"
	}
	return "active"
}

// add appends a row: words, then amounts.
func add(to *parquet.Columns[tables.Any], words []string, amounts ...money.Amount) {
	for i, text := range words {
		to.Col(tables.ColumnOf[tables.Any](i)).AddWord(text)
	}
	for i, a := range amounts {
		to.Col(tables.ColumnOf[tables.Any](len(words) + i)).AddDec(a.Raw())
	}
	to.N++
}

func discounts() *Question {
	def := &tables.Table{Name: "discounts", Columns: []tables.Column{
		wordColumn("discount_id", "the discount"),
		wordColumn("kind", "commercial, channel, partner or order"),
		wordColumn("customer_id", "whose it is; * = any customer's"),
		wordColumn("partner_id", "who offers it; kind partner only"),
		wordColumn("service_type_code", "the service; * = any"),
		wordColumn("sku", "the product; * = any"),
		wordColumn("terms", "mode and value: rate is the share that is paid"),
		wordColumn("valid_from", validFromMeaning),
		wordColumn("valid_to", validToMeaning),
		wordColumn("state", stateMeaning),
	}}
	count := tables.Column{Name: "discount_count", Type: tables.Whole, Meaning: "1 for each row of discounts.csv"}
	return &Question{
		Name: "discounts", Answers: "which discounts there are, and whether they are pending, active or expired",
		Span: OfNone, Reads: "It lists `books/discounts.csv`.", Keys: def.Columns, Sums: []tables.Column{count},
		Lake: Shape{Table: def, Count: count.Name, List: listDiscounts},
	}
}

func listDiscounts(_ Request, from *PartnerReader, to *parquet.Columns[tables.Any]) error {
	t, err := asOf(from)
	if err != nil {
		return err
	}
	b := from.Books
	for i := range b.Discounts {
		d := &b.Discounts[i]
		customer, partner, sku := "*", "", "*"
		if d.Customer >= 0 {
			customer = b.Customers[d.Customer].ID
		}
		if d.Partner >= 0 {
			partner = b.Partners[d.Partner].ID
		}
		if d.SKU >= 0 {
			sku = b.Products[d.SKU].SKU
		}
		start, end := bounds(d.Valid)
		add(to, []string{d.ID, d.Kind.String(), customer, partner, d.Service, sku, termsOf(d), start, end,
			validity(d.Valid, t)})
	}
	return nil
}

// termsOf returns a discount's mode with its value.
func termsOf(d *books.Discount) string {
	switch d.Mode {
	case books.ModeRate:
		return "rate " + d.Rate.Trim()
	case books.ModeFixed:
		if d.Fixed == (money.UnitPrice{}) {
			return "fixed " + d.Amount.Trim()
		}
		return "fixed " + d.Fixed.Trim()
	}
	return "reduction " + d.Amount.Trim()
}

func couponList() *Question {
	def := &tables.Table{Name: "coupon_list", Columns: []tables.Column{
		wordColumn("coupon_id", "the coupon"),
		wordColumn("source", "book, quota or solution"),
		wordColumn("partner_id", "who issued it or applied for it; of a book empty"),
		wordColumn("customer_id", "whose it is"),
		wordColumn("kind", "voucher, cash_coupon or pickup"),
		wordColumn("state", "active, expired, reclaimed or used"),
		wordColumn("valid_from", validFromMeaning),
		wordColumn("valid_to", validToMeaning),
		amountColumn("amount", "what it is worth: used + taken_back + expired + left"),
		amountColumn("used", "what lines used; of a pickup its amount"),
		amountColumn("taken_back", "what the partner took back"),
		amountColumn("expired", "what was left when it expired"),
		amountColumn("left", "what is left"),
	}}
	return &Question{
		Name: "coupons", Answers: "which coupons there are, what became of them, and what is left", Span: OfNone,
		Reads: "It lists `coupons`; of a workspace without that table, the coupons of its book.",
		Keys:  def.Columns[:8], Sums: def.Columns[8:], Lake: Shape{Table: def, List: listCoupons},
	}
}

func listCoupons(_ Request, from *PartnerReader, to *parquet.Columns[tables.Any]) error {
	t, err := asOf(from)
	if err != nil {
		return err
	}
	list, err := CouponBalances(from.Snap, from.Books, t)
	for i := range list {
		c := &list[i]
		start, end := bounds(period.Span{From: c.From, To: c.To})
		add(to, []string{c.ID, string(c.Source), c.Partner, c.Customer, c.Kind, c.State, start, end}, c.Amount, c.Used,
			c.TakenBack, c.Expired, c.Left)
	}
	return err
}

func couponQuotas() *Question {
	def := &tables.Table{Name: "coupon_quotas", Columns: []tables.Column{
		wordColumn("quota_id", "the quota"),
		wordColumn("partner_id", "who issues coupons from it"),
		wordColumn("parent_quota_id", "the quota that it was handed down from; empty = none"),
		wordColumn("kind", "of its coupons: voucher, cash_coupon or pickup"),
		wordColumn("valid_from", validFromMeaning),
		wordColumn("valid_to", validToMeaning),
		wordColumn("state", stateMeaning),
		amountColumn("amount", "the quota"),
		amountColumn("issued_amount", "coupons that were issued from it"),
		amountColumn("handed_down_amount", "quotas that name it as their parent and have begun"),
		amountColumn("taken_back_amount", "what reclaims of closed cycles took back of its own coupons"),
		amountColumn("left_amount", "amount - issued_amount - handed_down_amount + taken_back_amount"),
	}}
	return &Question{
		Name: "coupon-quotas", Answers: "what partners can still issue in coupons", Span: OfNone,
		Reads: "It reads `books/coupon_quotas.csv`, `issued_coupons` and `partner_facts`.",
		Keys:  def.Columns[:7], Sums: def.Columns[7:], Apart: []string{"amount", "handed_down_amount"},
		Lake: Shape{Table: def, List: listQuotas},
	}
}

func listQuotas(_ Request, from *PartnerReader, to *parquet.Columns[tables.Any]) error {
	t, err := asOf(from)
	if err != nil {
		return err
	}
	b := from.Books
	list, err := CouponQuotas(from.Snap, b, t)
	for i := range list {
		one := &list[i]
		q := &b.Money.CouponQuotas[one.At]
		parent := ""
		if q.Parent >= 0 {
			parent = b.Money.CouponQuotas[q.Parent].Terms.ID
		}
		start, end := bounds(q.Terms.Valid)
		add(to, []string{q.Terms.ID, b.Partners[q.Partner].ID, parent, q.Terms.Kind(), start, end,
			validity(q.Terms.Valid, t)}, q.Terms.Amount, one.Issued, one.HandedDown, one.TakenBack, one.Left)
	}
	return err
}

// performance asks which customers or services, depending on by, bring partners the most performance.
func performance(by, column string) *Question {
	return &Question{
		Name: "performance-by-" + by, Answers: "which " + by + "s bring partners most performance", Limit: 20,
		Reads: "It sums the rows of `partner_statements` about a partner's own customers.",
		Keys:  pick(tables.PartnerStatements().Table, "partner_id "+column),
		Sums:  pick(tables.PartnerStatements().Table, "line_count payment_amount performance_amount"),
		Order: []GroupBy{{Column: "performance_amount", Down: true}},
		Lake: Shape{Table: tables.PartnerStatements().Table,
			Reads: tables.Columns(tables.PartnerStatementResellerID).Any(),
			Keep: func(c *parquet.Columns[tables.Any], row int) bool {
				return c.Word(tables.PartnerStatementResellerID.Any()).At(row) == ""
			}},
	}
}

// performanceByManager asks which account managers bring partners performance.
func performanceByManager() *Question {
	def := &tables.Table{Name: "performance_by_manager", Columns: slices.Concat(
		pick(tables.PartnerStatements().Table, "partner_id"), []tables.Column{
			wordColumn("account_manager_id",
				"the customers' account manager at the end of the cycle; empty without one"),
			wordColumn("name", "its name in the current books/managers.csv"),
			wordColumn("email", "its e-mail address there"),
		}, pick(tables.PartnerStatements().Table, "line_count payment_amount performance_amount"))}
	return &Question{
		Name: "performance-by-account-manager", Answers: "which account managers bring partners most performance",
		Limit: 20,
		Reads: "It sums the rows of `partner_statements` about a partner's own customers by the account manager that " +
			"`customers.csv` gives them.",
		Keys: def.Columns[:4], Sums: def.Columns[4:], Order: []GroupBy{{Column: "performance_amount", Down: true}},
		Lake: Shape{Table: tables.PartnerStatements().Table, Reads: tables.Columns(tables.PartnerStatementCycle,
			tables.PartnerStatementPartnerID,
			tables.PartnerStatementResellerID, tables.PartnerStatementCustomerID, tables.PartnerStatementLineCount,
			tables.PartnerStatementPaymentAmount, tables.PartnerStatementPerformanceAmount).Any(),
			Made: def, Make: byManager},
	}
}

// byManager adds the customer's account manager to the rows about a partner's own customers.
func byManager(w *QuestionReading, from, to *parquet.Columns[tables.Any]) error {
	for i := range from.N {
		if from.Word(tables.PartnerStatementResellerID.Any()).At(i) != "" {
			continue
		}
		cycle, err := period.ParseCycle(from.Word(tables.PartnerStatementCycle.Any()).At(i))
		if err != nil {
			return err
		}
		var manager string
		if customer := w.Books.Customer(from.Word(tables.PartnerStatementCustomerID.Any()).At(i)); customer >= 0 {
			manager = books.ManagerOf(w.Books, customer, w.Books.Zone.Bounds(cycle).To-1)
		}
		row := books.ManagerNamed(w.Books, manager)
		if row == nil {
			row = &books.Manager{}
		}
		for k, text := range []string{from.Word(tables.PartnerStatementPartnerID.Any()).At(i), manager,
			row.Name, row.Email} {
			to.Col(tables.ColumnOf[tables.Any](k)).AddWord(text)
		}
		to.Col(4).Ints = append(to.Col(4).Ints, from.Col(tables.PartnerStatementLineCount.Of().Any()).Ints[i])
		for k, at := range tables.Columns(tables.PartnerStatementPaymentAmount,
			tables.PartnerStatementPerformanceAmount) {
			to.Amount(tables.AmountColumn[tables.Any](5 + k)).AddRaw(from.Col(at.Any()).Decs[i])
		}
		to.N++
	}
	return nil
}

func transfers() *Question {
	def := &tables.Table{Name: tables.Transfers().Name}
	names := "own_cycle transfer_id from_partner_id to_partner_id customer_id amount"
	for _, c := range pick(tables.Transfers().Table, names) {
		if c.Type == tables.Text {
			c.Type = tables.Word
		}
		def.Columns = append(def.Columns, c)
	}
	return &Question{
		Name: "transfers", Answers: "which performance was transferred between partners",
		Reads: "It lists `transfers`.", Keys: def.Columns[:5], Sums: def.Columns[5:],
		Lake: Shape{Table: tables.Transfers().Table, Reads: columnsOf(tables.Transfers().Table, def), Made: def,
			Make: func(_ *QuestionReading, from, to *parquet.Columns[tables.Any]) error {
				for i := range from.N {
					copyRow(from, to, i)
				}
				return nil
			}},
	}
}
