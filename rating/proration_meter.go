package rating

import (
	"fmt"
	"strings"

	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
)

// Meter is the state of a prorated meter for the cycle's end (§10.3). A position stores it as text.
type Meter struct {
	Total   money.SignedQuantity // sum of all quantities: the position of the meter
	Shared  money.SignedQuantity // sum of the quantities times their shares
	Highest money.SignedQuantity // highest position so far, at least 0
	Tiers   []TierPart           // for graduated: by tier of the cycle's version
	Version int32                // of the cycle; tariff.NoVersion = not yet looked up
}

// TierPart is the change by records within one tier.
type TierPart struct{ Part, Shared money.SignedQuantity }

// Read parses the state from the text of a position.
func (p *Meter) Read(text string) error {
	*p = Meter{Tiers: p.Tiers[:0], Version: tariff.NoVersion}
	if text == "" {
		return nil
	}
	for i, field := range strings.Split(text, ";") {
		var pair [2]money.SignedQuantity
		for k, part := range strings.SplitN(field, ":", 2) {
			var err error
			if pair[k], err = money.ParseSignedQuantity(part); err != nil {
				return fmt.Errorf("prorated quantities %q: %w", text, err)
			}
		}
		switch i {
		case 0:
			p.Total, p.Shared = pair[0], pair[1]
		case 1:
			p.Highest = pair[0]
		default:
			p.Tiers = append(p.Tiers, TierPart{pair[0], pair[1]})
		}
	}
	return nil
}

// Text returns the state as text for a position (PRORATE-1).
func (p *Meter) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s:%s;%s", p.Total.Trim(), p.Shared.Trim(), p.Highest.Trim())
	for _, t := range p.Tiers {
		fmt.Fprintf(&b, ";%s:%s", t.Part.Trim(), t.Shared.Trim())
	}
	return b.String()
}

// AddPart adds R10(quantity × days / of).
func AddPart(to *money.SignedQuantity, quantity money.SignedQuantity, days, of int64) error {
	share, err := money.Share(quantity, days, of)
	if err == nil {
		*to, err = to.Add(share)
	}
	return err
}

// Climb splits the move from a position to the present one at the tiers. Quantities below zero belong to the first
// tier.
func (p *Meter) Climb(tiers []books.Tier, before money.SignedQuantity, days, of int64) error {
	low, high, down := before, p.Total, false
	if high.Cmp(low) < 0 {
		low, high, down = high, low, true
	}
	for len(p.Tiers) < len(tiers) {
		p.Tiers = append(p.Tiers, TierPart{})
	}
	from := low
	for i := range tiers {
		to := high
		if upper := tiers[i].UpTo.Signed(); !tiers[i].Open && upper.Cmp(high) < 0 {
			to = upper
		}
		if to.Cmp(from) <= 0 {
			continue
		}
		part, err := to.Sub(from)
		if err != nil {
			return err
		}
		if down {
			part = part.Neg()
		}
		t := &p.Tiers[i]
		if t.Part, err = t.Part.Add(part); err != nil {
			return err
		}
		if err := AddPart(&t.Shared, part, days, of); err != nil {
			return err
		}
		from = to
	}
	return nil
}
