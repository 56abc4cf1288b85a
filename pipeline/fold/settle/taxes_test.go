package settle

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tollbook/tollbook/pipeline/fold/state"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/settings"
	tables "github.com/tollbook/tollbook/schemas/table"
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// at returns the first instant of a date in UTC.
func at(text string) period.Instant {
	return must(period.ParseValidity(text, must(period.LoadZone("UTC"))))
}

// aLine is a line. Its own time is start unless own is set.
type aLine struct{ customer, service, payment, start, own string }

// linesOf returns lines as they are read from a file.
func linesOf(list ...aLine) *parquet.Columns[tables.Line] {
	cols := parquet.NewColumns(tables.Lines())
	for _, l := range list {
		own := tables.Nothing
		if l.own != "" {
			own = at(l.own)
		}
		cols.Word(tables.LineCustomerID).Add(l.customer)
		cols.Word(tables.LineServiceTypeCode).Add(l.service)
		cols.Amount(tables.LinePaymentAmount).Add(must(money.ParseAmount(l.payment)).Raw())
		cols.Time(tables.LineUsageStart).Add(at(l.start))
		cols.MaybeTime(tables.LineOwnTime).Add(own)
		cols.N++
	}
	return cols
}

// summed returns the sums of lines: customer, service, each tax with its rate, sum of payments, sum of rounded tax.
func summed(t *testing.T, b *books.Books, s settings.Tax, lines *parquet.Columns[tables.Line]) []string {
	t.Helper()
	sum := newSummer(&TaxFolder{State: &state.State{Books: b}, Tax: s})
	sum.sums = map[sumID]*daySum{}
	for i := range lines.N {
		if err := sum.line(lines, i); err != nil {
			t.Fatal(err)
		}
	}
	var out []string
	for _, id := range sortedIDs(sum.sums) {
		one := sum.sums[id]
		for i, tax := range id.set.Taxes {
			out = append(out, fmt.Sprintf("%s %s %s %s: %s %s", id.customer, id.service, tax.ID, tax.Rate.Trim(),
				must(one.taxable.Amount()).Trim(), must(one.rounded[i].Amount()).Trim()))
		}
	}
	return out
}

// TestSums checks that lines are summed per customer, service and taxes that apply at their own time, and that payments
// of 0 and lines without tax have no sum. Invariant: FTAX-1.
func TestSums(t *testing.T) {
	t.Parallel()
	early, late := period.Span{From: period.Past, To: at("2026-09-16")}, period.Span{From: at("2026-09-16"),
		To: period.Forever}
	row := func(id, rate, service string, valid period.Span) books.Tax {
		return books.Tax{ID: id, Rate: must(money.ParseRate(rate)), Party: "*", Country: "*", Service: service,
			Valid: valid}
	}
	b := &books.Books{Digits: 2, Taxes: []books.Tax{row("levy", "0.05", "gpu", late), row("vat", "0.1", "*", early),
		row("vat", "0.2", "*", late)}}
	lines := linesOf(
		aLine{"acme", "gpu", "0.05", "2026-09-10", ""},
		aLine{"acme", "gpu", "0.05", "2026-09-15", ""},
		aLine{"acme", "gpu", "3", "2026-09-16", ""},
		aLine{"acme", "gpu", "0", "2026-09-17", ""},
		aLine{"acme", "gpu", "1", "2026-09-20", "2026-09-01"}, // a refund has the own time of its order
		aLine{"acme", "net", "7", "2026-09-20", ""},
		aLine{"bell", "net", "-2", "2026-09-20", ""},
	)
	want := []string{"acme gpu vat 0.1: 1.1 0", "acme gpu levy 0.05: 3 0", "acme gpu vat 0.2: 3 0",
		"acme net vat 0.2: 7 0", "bell net vat 0.2: -2 0"}
	if got := summed(t, b, settings.Tax{}, lines); !slices.Equal(got, want) {
		t.Errorf("rounded by bill:\n%s", strings.Join(got, "\n"))
	}
	// by line: 0.005 and 0.005 are rounded to 0.01 each, and 1.00 gives 0.10
	want = []string{"acme gpu vat 0.1: 1.1 0.12", "acme gpu levy 0.05: 3 0.15", "acme gpu vat 0.2: 3 0.6",
		"acme net vat 0.2: 7 1.4", "bell net vat 0.2: -2 -0.4"}
	if got := summed(t, b, settings.Tax{PerLine: true}, lines); !slices.Equal(got, want) {
		t.Errorf("rounded by line:\n%s", strings.Join(got, "\n"))
	}
	if got := summed(t, &books.Books{Digits: 2}, settings.Tax{}, lines); len(got) > 0 {
		t.Errorf("without taxes: %v", got)
	}
}
