package closed

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// Place identifies a difference: there is at most one line per place (LATE-5).
type Place struct {
	Origin           period.Cycle
	Customer, SKU    int32
	Region, Resource string
	// whether it is the fee at zero of a meter whose records have lines of their own; it has its own difference (§10.3)
	Fee bool
	// id of the line of a recurring charge; each has its own difference (§10.5)
	Charge string
	// first instant of the part of the month, if the month is divided for the lines (LATE-9); 0 = the cycle's first
	Part period.Instant
	// identifies the difference of a commitment, as in table reratings (§10.4)
	Commitment string
}

// Whole returns the place of all parts of the month.
func (p Place) Whole() Place {
	p.Part = 0
	return p
}

// Compare orders places.
func (p Place) Compare(o Place) int {
	return cmp.Or(cmp.Compare(p.Customer, o.Customer), cmp.Compare(p.Origin, o.Origin), cmp.Compare(p.SKU, o.SKU),
		cmp.Compare(p.Region, o.Region), cmp.Compare(p.Resource, o.Resource),
		cmp.Compare(tables.Flag(p.Fee), tables.Flag(o.Fee)),
		cmp.Compare(p.Charge, o.Charge), cmp.Compare(p.Part, o.Part), cmp.Compare(p.Commitment, o.Commitment))
}

// Sum holds the sums of those columns of a place's lines that add up.
type Sum struct {
	Used, Free                             money.QuantityTotal // of many lines: more than a quantity can be
	Official, Discount, Truncated, Payment money.Amount
	Draws                                  map[string]money.SignedQuantity // by package_id
}

// Sums holds the sums of lines by place.
type Sums map[Place]*Sum

// At returns the sum at a place and creates it if it is missing.
func (s Sums) At(p Place) *Sum {
	sum := s[p]
	if sum == nil {
		sum = &Sum{}
		s[p] = sum
	}
	return sum
}

// addWhere adds the sums of the places for which want is true.
func (s Sums) addWhere(from Sums, want func(*Place) bool) error {
	for p, sum := range from {
		if want(&p) {
			if err := s.At(p).Add(sum); err != nil {
				return err
			}
		}
	}
	return nil
}

// Add adds another sum.
func (s *Sum) Add(o *Sum) error {
	if err := errors.Join(s.Used.AddTotal(o.Used), s.Free.AddTotal(o.Free)); err != nil {
		return err
	}
	for _, a := range [...]struct {
		to   *money.Amount
		from money.Amount
	}{{&s.Official, o.Official}, {&s.Discount, o.Discount}, {&s.Truncated, o.Truncated}, {&s.Payment, o.Payment}} {
		sum, err := a.to.Add(a.from)
		if err != nil {
			return err
		}
		*a.to = sum
	}
	for id, q := range o.Draws {
		if s.Draws == nil {
			s.Draws = make(map[string]money.SignedQuantity)
		}
		sum, err := s.Draws[id].Add(q)
		if err != nil {
			return err
		}
		s.Draws[id] = sum
	}
	return nil
}

// Neg returns the sum with reversed signs.
func (s *Sum) Neg() *Sum {
	var draws map[string]money.SignedQuantity
	for id, q := range s.Draws {
		if draws == nil {
			draws = make(map[string]money.SignedQuantity, len(s.Draws))
		}
		draws[id] = q.Neg()
	}
	return &Sum{s.Used.Neg(), s.Free.Neg(), s.Official.Neg(), s.Discount.Neg(), s.Truncated.Neg(), s.Payment.Neg(),
		draws}
}

// IsZero reports whether all columns are zero, whatever the draws.
func (s *Sum) IsZero() bool {
	return s.Used.IsZero() && s.Free.IsZero() && s.Official.IsZero() && s.Discount.IsZero() && s.Truncated.IsZero() &&
		s.Payment.IsZero()
}

// DrawsText returns the draws that are not zero, in the format of lines.
func (s *Sum) DrawsText() string {
	var parts []string
	for _, id := range slices.Sorted(maps.Keys(s.Draws)) {
		if q := s.Draws[id]; !q.IsZero() {
			parts = append(parts, id+":"+q.String())
		}
	}
	return strings.Join(parts, ";")
}

// ParseSumDraws reads the draws of a line or of a difference.
func ParseSumDraws(text string) (map[string]money.SignedQuantity, error) {
	if text == "" {
		return nil, nil
	}
	draws := make(map[string]money.SignedQuantity)
	return draws, tables.EachPackageDraw(text, money.ParseSignedQuantity,
		func(id string, q money.SignedQuantity) (err error) {
			draws[id], err = draws[id].Add(q)
			return err
		})
}

// Differences leaves in now what is due less what was billed, for the places where it is not zero (LATE-5).
func Differences(now, billed Sums) error {
	for p, s := range billed {
		if err := now.At(p).Add(s.Neg()); err != nil {
			return err
		}
	}
	maps.DeleteFunc(now, func(_ Place, s *Sum) bool { return s.IsZero() })
	return nil
}

// Places are the places of sums, in order.
func (s Sums) Places() []Place {
	return slices.SortedFunc(maps.Keys(s), Place.Compare)
}
