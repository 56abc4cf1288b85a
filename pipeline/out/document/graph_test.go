package document

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/tollbook/tollbook/schemas/money"
)

// TestGraph checks that a drawing as a file is well-formed, has every name as text, and has a legend if it has parts.
func TestGraph(t *testing.T) {
	t.Parallel()
	amount := func(text string) (a money.AmountTotal) {
		if err := a.UnmarshalText([]byte(text)); err != nil {
			t.Fatal(err)
		}
		return a
	}
	g := &ChartGraph{Title: "<b>revenue</b>", About: "in CNY & more", Currency: "CNY", Digits: 2, Each: "customer",
		Bars: []string{"acme", "a customer whose name is longer than its bar"}, Parts: []string{"vm", ""},
		Amounts: [][]money.AmountTotal{{amount("1250.5"), amount("2")}, {amount("-40"), {}}}}
	file := g.SVG()
	for _, want := range []string{"&lt;b&gt;revenue&lt;/b&gt;", "in CNY &amp; more", "acme, vm: 1,250.50", "acme: 2.00",
		"a customer whose name is longer than its bar, vm: −40.00", ">a customer whose name…<", "(none)",
		"The largest customer is acme with 1,252.50"} {
		if !strings.Contains(file, want) {
			t.Errorf("the drawing lacks %s:\n%s", want, file)
		}
	}
	d := xml.NewDecoder(strings.NewReader(file))
	for err := error(nil); !errors.Is(err, io.EOF); {
		if _, err = d.Token(); err != nil && !errors.Is(err, io.EOF) {
			t.Fatalf("%v:\n%s", err, file)
		}
	}
	many := &ChartGraph{Currency: "CNY", Parts: []string{""}}
	for range 20 {
		many.Bars = append(many.Bars, "a long label")
		many.Amounts = append(many.Amounts, []money.AmountTotal{amount("1")})
	}
	if file := many.SVG(); strings.Count(file, "rotate(-40)") != 20 {
		t.Errorf("labels that are longer than their bars are not turned:\n%s", file)
	}
	if plain := (&ChartGraph{Currency: "CNY", Bars: []string{"acme"}, Parts: []string{""},
		Amounts: [][]money.AmountTotal{{amount("1")}}}).SVG(); strings.Contains(plain, "(none)") ||
		strings.Contains(plain, "rotate") {
		t.Errorf("one part needs no legend, and a short label is not turned:\n%s", plain)
	}
}
