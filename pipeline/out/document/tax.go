package document

import (
	"cmp"
	"math/big"
	"strings"

	"github.com/tollbook/tollbook/pipeline/out/document/language"
	"github.com/tollbook/tollbook/pipeline/out/letter"
	"github.com/tollbook/tollbook/schemas/money"
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

// Label is the tax with its rate: `VAT 19 %`.
func (t *Tax) Label() string {
	if t.Included() {
		return t.rated() + ", included"
	}
	return t.rated()
}

// Text is the label in the languages of covers.
func (t *Tax) Text() letter.Text {
	text := letter.Same(t.rated())
	if t.Included() {
		text.English, text.Chinese = t.Label(), text.Chinese+"（已含）"
	}
	return text
}

func (t *Tax) rated() string {
	percent := new(big.Rat).Mul(t.Rate.Rat(), big.NewRat(100, 1)).FloatString(money.RateScale)
	return cmp.Or(t.Name, t.TaxID) + " " + strings.TrimSuffix(strings.TrimRight(percent, "0"), ".") + " %"
}

// added is Σ of the taxes that are added to prices.
func (c *sums) added(list []Tax) (sum money.AmountTotal) {
	for i := range list {
		if !list[i].Included() {
			c.add(&sum, total(list[i].Amount))
		}
	}
	return sum
}

// taxPart is the taxes one by one; nil if there are none.
func taxPart(list []Tax, about string) *part {
	if len(list) == 0 {
		return nil
	}
	cols := []column{{name: "tax_id", title: "Tax"}, {name: "tax_name", title: "Name"},
		{name: "tax_rate", title: "Rate"}, {name: "tax_prices", title: "Prices", say: language.Kinds},
		{name: "taxable_amount", title: "Taxable", kind: amount},
		{name: "tax_amount", title: "Tax amount", kind: amount, sum: true, keep: true}}
	sellers := list[0].SellerID != ""
	if sellers {
		cols = append([]column{{name: "seller_id", title: "Seller"}}, cols...)
	}
	return &part{name: "tax", title: "Taxes", where: everywhere, about: []string{about}, cols: cols,
		rows: listed(list, func(t *Tax) []cell {
			row := []cell{word(t.TaxID), word(t.Name), word(t.Rate.Trim()), word(t.Prices), {amount: total(t.Taxable)},
				{amount: total(t.Amount)}}
			if sellers {
				row = append([]cell{word(t.SellerID)}, row...)
			}
			return row
		})}
}
