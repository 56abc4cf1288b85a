package settlement

import (
	"slices"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
)

// programme is a compiled incentive programme.
type programme struct {
	valid        period.Span
	classes      uint8 // bits by books.Class
	associations uint8 // bits by books.AssociationType
	bonus        int32 // index in Book.months; -1 = no bonus
	rollUp       bool
	first        int32 // index of its first partner in Settler.sums
}

// place locates the sum of one partner's performance in one programme.
type place struct{ programme, at int32 }

// compileProgrammes gives every partner of every programme its own place.
func (bk *Book) compileProgrammes() {
	bk.named = make([][]place, len(bk.books.Partners))
	for i := range bk.books.Programmes {
		p := &bk.books.Programmes[i]
		bk.rollsUp = bk.rollsUp || p.RollUp
		c := programme{valid: p.Valid, bonus: -1, rollUp: p.RollUp, first: bk.places}
		for _, class := range p.ProductClasses {
			if class == books.Ordinary || class == books.Specific { // others have no performance (§6.2)
				c.classes |= 1 << class
			}
		}
		for _, association := range p.AssociationTypes {
			c.associations |= 1 << association
		}
		if p.BonusMonths > 0 {
			at := slices.Index(bk.months, p.BonusMonths)
			if at < 0 {
				at = len(bk.months)
				bk.months = append(bk.months, p.BonusMonths)
			}
			c.bonus = int32(at)
		}
		bk.programmes = append(bk.programmes, c)
		if p.Partners == nil {
			bk.every = append(bk.every, int32(i))
			bk.places += int32(len(bk.books.Partners))
			continue
		}
		for _, partner := range p.Partners {
			bk.named[partner] = append(bk.named[partner], place{int32(i), bk.places})
			bk.places++
		}
	}
}

// names reports whether a programme applies to a partner.
func (bk *Book) names(programme, partner int32) bool {
	p := &bk.books.Programmes[programme]
	if p.Partners == nil {
		return partner >= 0 && int(partner) < len(bk.books.Partners)
	}
	_, named := slices.BinarySearch(p.Partners, partner)
	return named
}

// runs reports whether a programme has a period: a period of its length in which it is valid at some instant.
func (bk *Book) runs(programme int32, p Period) bool {
	g := &bk.books.Programmes[programme]
	return p.Quarter == g.Quarterly && p == PeriodOf(p.First, g.Quarterly) && p.Span(bk.books.Zone).Overlaps(g.Valid)
}
