package document

import (
	"cmp"
	"math/big"
	"strings"

	"github.com/tollbook/tollbook/pipeline/out/document/language"
	"github.com/tollbook/tollbook/pipeline/out/document/layout"
	"github.com/tollbook/tollbook/pipeline/out/letter"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/plain"
)

// Tax is one row of table taxes.
type Tax struct {
	SellerID string       `json:"seller_id,omitempty"` // of a partner's statement
	TaxID    string       `json:"tax_id"`
	Name     string       `json:"name,omitempty"`
	Rate     money.Rate   `json:"rate"`
	Taxable  money.Amount `json:"taxable_amount"`
	Amount   money.Amount `json:"tax_amount"`
	Prices   string       `json:"prices"` // exclusive, or inclusive: Taxable includes the tax
}

// Included reports whether the tax is part of what it is calculated on.
func (t *Tax) Included() bool { return t.Prices == "inclusive" }

// Label returns the name of the tax with its rate: `VAT 19 %`.
func (t *Tax) Label() string {
	if t.Included() {
		return t.rated() + ", included"
	}
	return t.rated()
}

// Text returns the label in the languages of covers.
func (t *Tax) Text() letter.Text {
	text := letter.Same(t.rated())
	if t.Included() {
		text.English, text.Chinese = t.Label(), text.Chinese+"（已含）"
	}
	return text
}

func (t *Tax) rated() string {
	name := cmp.Or(plain.Isolated(t.Name), t.TaxID)
	percent := new(big.Rat).Mul(t.Rate.Rat(), big.NewRat(100, 1)).FloatString(money.RateScale)
	return name + " " + strings.TrimSuffix(strings.TrimRight(percent, "0"), ".") + " %"
}

// added returns Σ of the taxes that are added to prices.
func (c *sums) added(list []Tax) (sum money.AmountTotal) {
	for i := range list {
		if !list[i].Included() {
			c.add(&sum, total(list[i].Amount))
		}
	}
	return sum
}

// taxPart returns the taxes one by one; nil if there are none.
func taxPart(list []Tax, about string) *layout.Part {
	if len(list) == 0 {
		return nil
	}
	cols := []layout.Column{{Name: "tax_id", Title: "Tax"}, {Name: "tax_name", Title: "Name", Kind: layout.Named},
		{Name: "tax_rate", Title: "Rate"}, {Name: "tax_prices", Title: "Prices", Say: language.Kinds},
		{Name: "taxable_amount", Title: "Taxable", Kind: layout.Amount},
		{Name: "tax_amount", Title: "Tax amount", Kind: layout.Amount, Sum: true, Keep: true}}
	sellers := list[0].SellerID != ""
	if sellers {
		cols = append([]layout.Column{{Name: "seller_id", Title: "Seller"}}, cols...)
	}
	return &layout.Part{Name: "tax", Title: "Taxes", Where: layout.Everywhere, About: []string{about}, Cols: cols,
		Rows: layout.Listed(list, func(t *Tax) []layout.Cell {
			row := []layout.Cell{layout.Word(t.TaxID), layout.Word(t.Name), layout.Word(t.Rate.Trim()),
				layout.Word(t.Prices), {Amount: total(t.Taxable)},
				{Amount: total(t.Amount)}}
			if sellers {
				row = append([]layout.Cell{layout.Word(t.SellerID)}, row...)
			}
			return row
		})}
}
