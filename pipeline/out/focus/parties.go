package focus

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
	"github.com/tollbook/tollbook/settlement"
)

// names returns the names of parties, units, prices and commitments in a data set, and caches them.
type names struct {
	books *books.Books
	until period.Instant // end of the cycle: parties have their last names before it

	last     Party // the last customer that was named
	partners map[int32]Party
	units    map[string]string
	prices   map[priceKey][2]string
	// packageUnits is the unit of each package of the books, or severalUnits; nil = not looked up yet.
	packageUnits map[string]string
	lastTag      []byte
	lastTags     string
}

func newNames(b *books.Books, until period.Instant) names {
	return names{books: b, until: until, partners: map[int32]Party{}, units: map[string]string{},
		prices: map[priceKey][2]string{}}
}

func (n *names) customer(id string) Party {
	if n.last.ID != id {
		n.last = customerParty(n.books, id, n.until)
	}
	return n.last
}

func (n *names) partner(code int32) Party {
	p, ok := n.partners[code]
	if !ok {
		p = partnerParty(n.books, code, n.until)
		n.partners[code] = p
	}
	return p
}

// partnerNamed returns a partner by its id.
func (n *names) partnerNamed(partner string) Party {
	if code := n.books.Partner(partner); code >= 0 {
		return n.partner(code)
	}
	return Party{ID: partner, Name: partner, Type: ofPartner, Currency: n.books.Currency}
}

// invoicer returns who invoices a customer at the cycle's last instant.
func (n *names) invoicer(customer string) int32 {
	if code := n.books.Customer(customer); code >= 0 {
		if as, ok := n.books.Associations.At(code, n.until-1); ok && as.Type == books.Resale {
			return as.Partner
		}
	}
	return settlement.Vendor
}

// tax returns the books' name of a tax, or else its id.
func (n *names) tax(id string) string {
	if t := n.books.TaxNamed(id); t != nil && t.Name != "" {
		return t.Name
	}
	return id
}

// tag converts tags, once for equal consecutive ones.
func (n *names) tag(text []byte) string {
	if !bytes.Equal(n.lastTag, text) {
		n.lastTag, n.lastTags = append(n.lastTag[:0], text...), Tags(text)
	}
	return n.lastTags
}

func (n *names) unit(measure string) string {
	unit, ok := n.units[measure]
	if !ok {
		unit = Unit(measure)
		n.units[measure] = unit
	}
	return unit
}

// commitment returns the id of a package's commitment for rows with a unit. A commitment has one unit (FOCUS-6): if
// packages of an id belong to products with several, each unit has its own commitment. This depends on the books, not
// on the lines, so that an id is the same in all data sets.
func (n *names) commitment(id, unit string) string {
	if n.packageUnits == nil {
		n.packageUnits = map[string]string{}
		for i := range n.books.Packages {
			p := &n.books.Packages[i]
			for _, sku := range p.SKUs {
				one := n.unit(or(n.books.Products[sku].Measure, "unit"))
				if known, ok := n.packageUnits[p.ID]; ok && known != one {
					one = severalUnits
				}
				n.packageUnits[p.ID] = one
			}
		}
	}
	if only, known := n.packageUnits[id]; known && only != unit {
		return id + "/" + unit
	}
	return id
}

// price returns the id of a line's price: list, region, start and tier together identify a row of prices.csv.
func (n *names) price(l *theLine) (id, details string) {
	key := priceKey{l.Word(tables.LineSKU), l.Word(tables.LinePriceList), l.Word(tables.LinePriceRegion),
		l.MaybeTime(tables.LinePriceValidFrom), l.Small(tables.LineTier)}
	if p, ok := n.prices[key]; ok {
		return p[0], p[1]
	}
	if key.list == "" {
		id = key.sku + "/given"
	} else {
		from := ""
		list := []Pair{{Key: "x_PriceList", Value: key.list}, {Key: "x_PriceRegion", Value: key.region}}
		if key.from != tables.Nothing {
			from = key.from.String()
			list = append(list, Pair{Key: "x_PriceValidFrom", Value: from})
		}
		if key.tier > 0 {
			list = append(list, Pair{Key: "x_Tier", Value: strconv.Itoa(key.tier)})
		}
		id = strings.Join([]string{key.sku, key.list, key.region, from, strconv.Itoa(key.tier)}, "/")
		details = string(Object(list))
	}
	n.prices[key] = [2]string{id, details}
	return id, details
}

type priceKey struct {
	sku, list, region string
	from              period.Instant
	tier              int
}

// severalUnits marks a package whose products have different units; no unit is empty.
const severalUnits = ""
