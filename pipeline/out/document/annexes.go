package document

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/read/query"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// maxAnnexes is the largest number of bandwidth annexes of a document.
const maxAnnexes = 12

// leftOut says which objects have no annex.
type leftOut struct {
	count   int      // beyond maxAnnexes
	differs []string // objects whose measured value now differs from the billed one
	gone    []string // objects that the books no longer have
}

// annexes creates the annexes of the objects with the largest payment.
func (s *Sources) annexes(ctx context.Context, cycle period.Cycle, objects map[object]money.AmountTotal,
	give func(Annex)) (*leftOut, error) {
	keys := slices.SortedFunc(maps.Keys(objects), func(a, b object) int {
		return cmp.Or(objects[b].Cmp(objects[a]), strings.Compare(a.customer, b.customer),
			strings.Compare(a.sku, b.sku), strings.Compare(a.region, b.region), strings.Compare(a.id, b.id))
	})
	left := &leftOut{count: max(0, len(keys)-maxAnnexes)}
	from := &query.AnnexSources{Snap: s.Snap, Books: s.Books, Prices: s.Prices, Currency: s.Settings.Currency.Code}
	for _, k := range keys[:len(keys)-left.count] {
		list, err := query.BuildAnnexes(ctx, from, &query.AnnexRequest{Cycle: cycle, Resource: k.id,
			Customer: k.customer,
			SKU:      k.sku})
		if gone := new(rows.NotFoundError); errors.As(err, &gone) {
			left.gone = append(left.gone, k.id)
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, a := range list {
			if a.Region != k.region || a.Object != k.id {
				continue
			}
			shown, err := s.annex(cycle, a)
			if err != nil {
				return nil, err
			}
			give(shown)
			if !a.Agrees {
				left.differs = append(left.differs, k.id)
			}
		}
	}
	return left, nil
}

// annex converts an annex to what documents show.
func (s *Sources) annex(cycle period.Cycle, a *query.Annex) (Annex, error) {
	drawn, err := a.Draw()
	if err != nil {
		return Annex{}, err
	}
	customer := s.parties().customer(a.CustomerID, cycle)
	title := fmt.Sprintf("%s of %s", a.Object, customer.ID)
	if customer.Name != "" && customer.Name != customer.ID {
		title = fmt.Sprintf("%s of %s (%s)", a.Object, customer.Name, customer.ID)
	}
	out := Annex{Object: a.Object, SKU: a.SKU, Title: title, Heading: a.Object + " of " + customer.Full(),
		SVG: drawn.SVG, Cut: drawn.Cut}
	for _, f := range append(a.Measured(), a.Charged()...) {
		out.Figures = append(out.Figures, PageFigure{Name: f.Name, Value: f.Value})
	}
	return out, nil
}
