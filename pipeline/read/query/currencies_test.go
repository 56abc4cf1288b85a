package query

import (
	"slices"
	"strings"
	"testing"

	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// finder has the customers ann in CNY and bob in JPY, and the partners hub in EUR and pat in CNY. Customer cid was
// billed in USD but is no longer in the books.
func finder() *CurrencyFinder {
	b := &books.Books{Currency: "CNY", Digits: 2, Mixed: true, Currencies: []money.Currency{{Code: "CNY", Digits: 2},
		{Code: "EUR", Digits: 2}, {Code: "JPY"}}}
	b.Customers = []books.Customer{{ID: "ann"}, {ID: "bob", Currency: 2}}
	b.Partners = []books.Partner{{ID: "hub", Currency: 1}, {ID: "pat"}}
	return &CurrencyFinder{Books: b, Billed: map[string]string{"cid": "USD"}}
}

// amounts returns a question whose amounts are those of customers or, if the table has no customer, of partners.
func amounts(name string) *Question {
	def := &tables.Table{Name: name, Columns: []tables.Column{{Name: "customer_id", Type: tables.Word},
		{Name: "partner_id", Type: tables.Word}, {Name: "service", Type: tables.Word},
		{Name: "payment_amount", Type: tables.Amount}}}
	return &Question{Name: "amounts", Keys: def.Columns[2:3], Sums: append([]tables.Column{{Name: "n",
		Type: tables.Whole}}, def.Columns[3]), Order: []GroupBy{{Column: "payment_amount", Down: true}},
		Lake: Shape{Table: def, Count: "n"}}
}

// perCurrency returns the rows and totals of an answer over rows, each given as: customer partner service amount.
func perCurrency(t *testing.T, q *Question, limit int, rows ...string) string {
	t.Helper()
	batch := parquet.NewColumns(tables.Untyped(q.Lake.Table))
	for _, row := range rows {
		cells := strings.Fields(strings.ReplaceAll(row, "-", " ' "))
		for i := range 3 {
			batch.Col(tables.ColumnOf[tables.Any](i)).AddWord(strings.Trim(cells[i], "'"))
		}
		a, err := money.ParseAmount(cells[3])
		if err != nil {
			t.Fatal(err)
		}
		batch.Col(3).AddDec(a.Raw())
		batch.N++
	}
	q = q.PerCurrency()
	w := &QuestionReading{groups: newGroups(q), money: newSplitter(q, OnlyFor{}, finder())}
	if err := w.take(batch); err != nil {
		return err.Error()
	}
	a, err := NewAnswer(q, LakeSource, 1, "")
	if err != nil {
		t.Fatal(err)
	}
	list := w.groups.rows()
	slices.SortFunc(list, q.Compare)
	for _, row := range list {
		if err := a.Add(row, limit); err != nil {
			t.Fatal(err)
		}
	}
	var out []string
	show := func(head string, sums []money.Total) {
		out = append(out, head+" "+sums[0].String()+" "+strings.TrimRight(sums[1].String(), "0"))
	}
	for _, row := range a.Rows {
		show(strings.Join(row.Keys, " "), row.Sums)
	}
	for _, total := range a.Totals {
		show("= "+total.Currency, total.Sums)
		show("> "+total.Currency, total.Rest)
	}
	return strings.Join(out, "\n")
}

// TestRowsPerCurrency checks that rows with equal keys are separate per currency, are ordered by currency, and are
// limited within each currency, and that no total mixes two: 5 and 3 of net are 5 CNY and 3 JPY. Invariant: ASK-5.
func TestRowsPerCurrency(t *testing.T) {
	t.Parallel()
	got := perCurrency(t, amounts("t"), 1, "bob pat net 3", "ann pat net 5", "ann hub disk 2.5", "cid pat net 7",
		"- hub net 11")
	want := `net CNY 1 5.
net EUR 1 11.
net JPY 1 3.
net USD 1 7.
= CNY 2 7.5
> CNY 1 2.5
= EUR 1 11.
> EUR 0 0.
= JPY 1 3.
> JPY 0 0.
= USD 1 7.
> USD 0 0.`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := perCurrency(t, amounts("t"), 0, "eve pat net 1"); got !=
		"the currency of customer eve: books/customers.csv does not have it" {
		t.Error(got)
	}
}

// TestPartnersPerCurrency checks that the payment of a partner statement is in the customer's currency and the other
// amounts are in the partner's. Both currencies are keys, and payments have no total. Invariant: ASK-5.
func TestPartnersPerCurrency(t *testing.T) {
	t.Parallel()
	q := amounts(tables.PartnerStatements().Name)
	got := perCurrency(t, q, 0, "bob hub net 3", "ann hub net 5", "ann pat net 7")
	want := "net CNY CNY 1 7.\nnet CNY EUR 1 5.\nnet JPY EUR 1 3."
	if !strings.HasPrefix(got, want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	q = q.PerCurrency()
	row := AnswerRow{Keys: []string{"net", "JPY", "EUR"}}
	if q.HasTotal(1) || q.SumCurrency(row, 1) != "JPY" || q.Currency(row) != "EUR" {
		t.Error("payments of customers in other currencies have a total, or the partner's currency")
	}
}
