package document

import (
	"cmp"
	"math/big"
	"strings"

	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/visible"
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
func (t *Tax) Text() LetterText {
	text := SameText(t.rated())
	if t.Included() {
		text.English, text.Chinese = t.Label(), text.Chinese+"（已含）"
	}
	return text
}

func (t *Tax) rated() string {
	name := cmp.Or(visible.Isolated(t.Name), t.TaxID)
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
func taxPart(list []Tax, about string) *PagePart {
	if len(list) == 0 {
		return nil
	}
	cols := []PageColumn{{Name: "tax_id", Title: "Tax"}, {Name: "tax_name", Title: "Name", Kind: Named},
		{Name: "tax_rate", Title: "Rate"}, {Name: "tax_prices", Title: "Prices", Say: KindWords},
		{Name: "taxable_amount", Title: "Taxable", Kind: Amount},
		{Name: "tax_amount", Title: "Tax amount", Kind: Amount, Sum: true, Keep: true}}
	sellers := list[0].SellerID != ""
	if sellers {
		cols = append([]PageColumn{{Name: "seller_id", Title: "Seller"}}, cols...)
	}
	return &PagePart{Name: "tax", Title: "Taxes", Where: Everywhere, About: []string{about}, Cols: cols,
		Rows: ListedCells(list, func(t *Tax) []PageCell {
			row := []PageCell{WordCell(t.TaxID), WordCell(t.Name), WordCell(t.Rate.Trim()),
				WordCell(t.Prices), {Amount: total(t.Taxable)},
				{Amount: total(t.Amount)}}
			if sellers {
				row = append([]PageCell{WordCell(t.SellerID)}, row...)
			}
			return row
		})}
}
