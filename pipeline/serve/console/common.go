package console

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/read/query"
	"github.com/tollbook/tollbook/pipeline/serve/operation"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
	"github.com/tollbook/tollbook/schemas/visible"
)

// Statement is a customer's row of table statements.
type Statement struct {
	Customer                                             string
	Lines                                                int64
	Official, Discount, Truncated, Payment               money.Amount
	Rounding, Due, Tax                                   money.Amount
	Cash, Credit, Coupon, StoredValue, FlexiCoupon, Debt money.Amount
}

// statementOf reads a row of table statements.
func statementOf(row rows.Row[tables.Statement]) (s Statement, err error) {
	s.Customer, s.Lines = row.Word(tables.StatementCustomerID), row.Whole(tables.StatementLineCount)
	for _, one := range [...]struct {
		col tables.AmountColumn[tables.Statement]
		to  *money.Amount
	}{{tables.StatementOfficialAmount, &s.Official}, {tables.StatementOfficialDiscountAmount, &s.Discount},
		{tables.StatementTruncatedAmount, &s.Truncated},
		{tables.StatementPaymentAmount, &s.Payment}, {tables.StatementRoundingAmount, &s.Rounding},
		{tables.StatementDueAmount, &s.Due},
		{tables.StatementCashAmount, &s.Cash}, {tables.StatementCreditAmount, &s.Credit},
		{tables.StatementCouponAmount, &s.Coupon},
		{tables.StatementStoredValueCardAmount, &s.StoredValue}, {tables.StatementFlexipurchaseCouponAmount,
			&s.FlexiCoupon}, {tables.StatementDebtAmount, &s.Debt}} {
		if *one.to, err = row.Amount(one.col); err != nil {
			return s, fmt.Errorf("statement of customer %q: %w", s.Customer, err)
		}
	}
	if tables.HasTax(row.Cols.Def) {
		s.Tax, err = row.Amount(tables.StatementTaxAmount)
	}
	return s, err
}

// EachStatement visits the statements of a cycle; customer "" = all in the page's currency.
func EachStatement(v *View, cycle lake.Cycle, customer string, visit func(Statement) error) (err error) {
	list, err := rows.Statements(v.Request.Context(), v.Call.State.Snap, cycle, customer, rows.Limits{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, list.Close()) }()
	return list.Each(func(row rows.Row[tables.Statement]) error {
		if !v.Call.BillsIn(row.Word(tables.StatementCustomerID)) {
			return nil
		}
		s, err := statementOf(row)
		if err != nil {
			return err
		}
		return visit(s)
	})
}

// OneStatement returns a customer's statement; ok is false if it has none.
func OneStatement(v *View, cycle lake.Cycle, customer string) (s Statement, ok bool, err error) {
	err = EachStatement(v, cycle, customer, func(one Statement) error {
		s, ok = one, true
		return nil
	})
	return s, ok, err
}

// Partial reports whether a caller may see only a part of a customer's lines: a partner, whose customer may also have
// had another one.
func Partial(v *View) bool {
	return v.Call.Scope.Partner != "" || v.Call.Scope.During != nil || v.Call.Scope.Nothing
}

// AllOf returns the total of sums.
func AllOf(list []query.LineSum) (all query.LineSum, err error) {
	for i := range list {
		if err := all.Add(&list[i]); err != nil {
			return all, err
		}
	}
	return all, nil
}

// CycleOf returns the cycle that the address names, else the newest one with data.
func CycleOf(v *View) (period.Cycle, error) {
	if c, ok := v.Call.Month("cycle"); ok {
		return c, rows.HasCycle(v.Call.State.Snap, lake.CycleOf(c))
	}
	if c, ok := Newest(v.Call.State.Snap).Period(); ok {
		return c, nil
	}
	return 0, operation.NotFound(operation.Text{Zh: "尚无账期数据：请先运行tollbook run nightly",
		En: "the lake has no cycle yet: run `tollbook run nightly`"})
}

// Newest returns the newest cycle with data, or none.
func Newest(snap *lake.Snapshot) lake.Cycle {
	refs := snap.Manifest.Cycles
	for i := len(refs) - 1; i >= 0; i-- {
		if refs[i].Files != nil {
			return refs[i].Cycle
		}
	}
	return lake.Cycle{}
}

// StateText says whether a cycle's amounts can still change.
func StateText(v *View, cycle lake.Cycle) (text string, tone Tone) {
	ref, _ := v.Call.State.Snap.Cycle(cycle)
	switch {
	case ref.Archived != nil:
		return v.T("已归档", "archived"), ""
	case ref.State == lake.CycleClosed:
		return v.T("已结账", "closed"), Good
	case ref.MonthEnd:
		return v.T("暂定（未结账，含月末费用）", "provisional (open, with month-end lines)"), Warn
	}
	return v.T("暂定（未结账）", "provisional (open)"), Warn
}

// NameOf returns a customer's current name; "" = none.
func NameOf(v *View, id string) string {
	b := v.Call.State.Workspace.Books
	code := b.Customer(id)
	if code < 0 {
		return ""
	}
	name := ""
	for _, row := range b.Customers[code].Rows {
		if row.Valid.From <= v.Call.State.Now || name == "" {
			name = row.Name
		}
	}
	return name
}

// Called returns a customer's name for a text, or its id. A cell of a table has NameOrID, which is data.
func Called(v *View, id string) string { return cmp.Or(visible.Isolated(NameOf(v, id)), id) }

// NameOrID returns a customer's name, or its id.
func NameOrID(v *View, id string) string { return cmp.Or(NameOf(v, id), id) }

// ServiceNames are the names of services by code.
func ServiceNames(b *books.Books) map[string]string {
	names := map[string]string{}
	for i := range b.Products {
		names[b.Products[i].ServiceTypeCode] = b.Products[i].ServiceTypeName
	}
	return names
}

// ServiceName returns a service's name for people; lines of a commitment have no service.
func ServiceName(v *View, names map[string]string, code string) string {
	switch {
	case code == "" || code == Nothing:
		return v.T("承诺用量", query.OfNoService)
	case names[code] != "":
		return names[code]
	}
	return code
}

// ProductName returns a product's name; "" = it has none, or the books no longer have it.
func ProductName(b *books.Books, sku string) string {
	if code := b.SKU(sku); code >= 0 {
		return b.Products[code].Name
	}
	return ""
}

// Home returns the first breadcrumb.
func Home(v *View) Link { return Link{Text: v.T("总览", "Overview"), Href: v.To("")} }

// Way returns the breadcrumbs of a customer's pages.
func Way(v *View, more ...Link) []Link {
	list := []Link{Home(v)}
	if href := v.Link("customers"); href != "" {
		list = append(list, Link{Text: v.T("客户", "Customers"), Href: href})
	}
	return append(list, more...)
}

// CustomerLink is the link to a customer.
func CustomerLink(v *View) Link {
	id := v.Call.Text("customer_id")
	return Link{Text: Called(v, id), Href: v.To("customer", "customer_id", id)}
}

// BillLink is the link to a customer's bill of a cycle.
func BillLink(v *View, cycle lake.Cycle) Link {
	return Link{Text: cycle.String(), Href: v.To("bill", "customer_id", v.Call.Text("customer_id"), "cycle",
		cycle.String())}
}

// Months links to the same page in the other cycles of the lake.
func Months(v *View, current string) []Link {
	var list []Link
	for _, ref := range v.Call.State.Snap.Manifest.Cycles {
		if ref.Files == nil {
			continue
		}
		link := Link{Text: ref.Cycle.String(), Href: v.Here("cycle", ref.Cycle.String(), "state", "")}
		if ref.Cycle.String() == current {
			link.Href = ""
		}
		list = append(list, link)
	}
	if len(list) > MaxMonths {
		list = list[len(list)-MaxMonths:]
	}
	return list
}

// MaxMonths is the number of months that pages list.
const MaxMonths = 12
