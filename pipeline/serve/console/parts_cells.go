package console

import (
	"fmt"
	settled "github.com/tollbook/tollbook/pipeline/read/query"

	"github.com/tollbook/tollbook/pipeline/out/document"
	"github.com/tollbook/tollbook/pipeline/serve/keys"
	"github.com/tollbook/tollbook/schemas/money"
)

// Sources returns what documents are composed from.
func Sources(v *View) (*document.Sources, error) {
	w := v.Call.State.Workspace
	book, err := v.Call.State.Prices.Partners()
	return &document.Sources{Snap: v.Call.State.Snap, Books: w.Books, Settings: &w.Settings,
		Prices: v.Call.State.Prices.Bill(), Partners: book, Cache: v.Call.Inside.Cache}, err
}

func QuantityCell(q money.SignedQuantity) Cell {
	return Cell{Text: q.String(), Shown: document.GroupedDigits(q.Trim())}
}

// Nothing is the value in an address that selects lines with an empty column.
const Nothing = "-"

// Exactly returns the form of a column's value in an address.
func Exactly(value string) string {
	if value == "" {
		return Nothing
	}
	return value
}

// MaxSorted is the largest number of lines that are sorted and filtered; longer lists have the order of §8.
const MaxSorted = 2000

// Linked returns the cell of an amount that links to its calculation, if it is not 0.
func Linked(v *View, a money.Amount, href string) Cell {
	if a.IsZero() {
		href = ""
	}
	return v.Money(a, href)
}

// CostCell returns the cell of a cost, rounded as an amount is.
func CostCell(v *View, c money.Cost) Cell { return v.Money(c, "") }

// ErrorsOf returns the first error.
func ErrorsOf(list ...error) error {
	for _, err := range list {
		if err != nil {
			return err
		}
	}
	return nil
}

// Everybody reports whether the call sees the lines of all customers.
func Everybody(v *View) bool {
	return (v.Call.Caller.Role == keys.Vendor || v.Call.Caller.Role == keys.Finance) && v.Call.Scope.Customer == "" &&
		v.Call.Scope.Manager == "" && !Partial(v)
}

// ReaderOf returns a reader of what partners owe and earn in the view's state.
func ReaderOf(v *View) (*settled.PartnerReader, error) {
	s, err := Sources(v)
	if err != nil {
		return nil, err
	}
	return &settled.PartnerReader{Snap: s.Snap, Books: s.Books, Book: s.Partners, Settings: s.Settings,
		Limits: s.Limits,
		Cache:  s.Cache}, nil
}

// House reports whether the caller sees every partner.
func House(v *View) bool {
	return v.Call.Caller.Role == keys.Vendor || v.Call.Caller.Role == keys.Finance
}

// Earned returns the incentives of a partner; "" = all. The list must not be changed.
func Earned(v *View, partner string) ([]document.Earned, error) {
	return KeepFigures(v, fmt.Sprintf("incentives of %q", partner),
		func(list []document.Earned) int { return 6 * len(list) }, func(v *View) ([]document.Earned, error) {
			s, err := Sources(v)
			if err != nil {
				return nil, err
			}
			return document.Incentives(s, document.Choice{Partner: partner})
		})
}
