package tariff

import (
	"cmp"
	"slices"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
)

// NoVersion is the number of no price version.
const NoVersion int32 = -1

// standardName is the price list that every chain ends with, standardList its number.
const (
	StandardName       = "standard"
	standardList int32 = 0
	noList       int32 = -1 // of customers in another currency than standard, where none of their lists applies
)

// prices finds the price version of (price list, sku, region) at an instant. The chain of §3.2 (the customer's
// list then `standard`, within a list the region then `*`) is resolved beforehand into timelines, so that a lookup
// walks none.
type prices struct {
	lists    map[string]int32
	names    []string // of lists
	versions map[chainKey][]int32
	alone    map[int32]bool   // lists in another currency than standard, which is no fallback for them (§10.7)
	standard []grid           // by sku
	special  map[listSKU]grid // lists other than standard, for the skus they price
}

// listSKU is a product in a price list.
type listSKU struct{ list, sku int32 }

// chainKey is one of the places where a version may be found: all versions of it, by valid_from, never overlap.
type chainKey struct {
	listSKU
	region int32
}

// grid is the timelines of one product in one price list.
type grid struct {
	regions []int32    // sorted: those that have a timeline of their own
	lines   []timeline // as regions, then one for all other regions
}

// timeline says which version is in force when; nil = never any.
type timeline []stretch

// stretch is a part of a timeline, up to the next one's beginning.
type stretch struct {
	from    period.Instant
	version int32
}

// list is the number of a price list; one that prices nothing is as good as standard.
func (p *prices) list(name string) int32 {
	if n, ok := p.lists[name]; ok {
		return n
	}
	return standardList
}

func (bk *Book) compilePrices() {
	p := &bk.prices
	p.lists = map[string]int32{StandardName: standardList}
	p.versions = map[chainKey][]int32{}
	p.special = map[listSKU]grid{}
	regions := map[listSKU][]int32{}
	for i := range bk.Books.Versions {
		v := &bk.Books.Versions[i]
		if bk.Books.Products[v.SKU].Model == books.Subscription {
			continue
		}
		key := chainKey{listSKU{number(p.lists, v.PriceList), v.SKU}, bk.region(v.Region)}
		if p.versions[key] == nil {
			regions[key.listSKU] = append(regions[key.listSKU], key.region)
		}
		p.versions[key] = append(p.versions[key], int32(i))
	}
	p.names = make([]string, len(p.lists))
	for name, n := range p.lists {
		p.names[n] = name
		if bk.Books.ListCurrency(name) != bk.Books.ListCurrency(StandardName) {
			if p.alone == nil {
				p.alone = map[int32]bool{}
			}
			p.alone[n] = true
		}
	}
	p.standard = make([]grid, len(bk.Books.Products))
	for at, own := range regions {
		all := own
		if !p.alone[at.list] {
			all = slices.Concat(own, regions[listSKU{standardList, at.sku}])
		}
		g := p.grid(bk.Books.Versions, at, all)
		if at.list == standardList {
			p.standard[at.sku] = g
		} else {
			p.special[at] = g
		}
	}
}

// grid resolves one product of one list for the regions that the chain may name.
func (p *prices) grid(versions []books.Version, at listSKU, regions []int32) grid {
	slices.Sort(regions)
	regions = slices.Compact(regions)
	regions = slices.DeleteFunc(regions, func(r int32) bool { return r == AnyRegion })
	g := grid{regions: regions}
	for _, r := range regions {
		g.lines = append(g.lines, p.resolve(versions, at, r))
	}
	g.lines = append(g.lines, p.resolve(versions, at, AnyRegion))
	return g
}

// chain is where to look for a version, the first place first.
func (p *prices) chain(at listSKU, region int32) []chainKey {
	keys := make([]chainKey, 0, 4)
	for _, list := range []int32{at.list, standardList} {
		if list != at.list && p.alone[at.list] {
			break
		}
		if region != AnyRegion {
			keys = append(keys, chainKey{listSKU{list, at.sku}, region})
		}
		keys = append(keys, chainKey{listSKU{list, at.sku}, AnyRegion})
		if list == standardList {
			break
		}
	}
	return keys
}

// resolve makes the timeline of one region: between two bounds of any version of the chain nothing changes.
func (p *prices) resolve(versions []books.Version, at listSKU, region int32) timeline {
	var bounds []period.Instant
	keys := p.chain(at, region)
	for _, key := range keys {
		for _, v := range p.versions[key] {
			bounds = append(bounds, versions[v].Valid.From, versions[v].Valid.To)
		}
	}
	slices.Sort(bounds)
	var line timeline
	last := NoVersion
	for _, t := range slices.Compact(bounds) {
		v := p.walk(versions, keys, t)
		if v != last {
			line = append(line, stretch{t, v})
			last = v
		}
	}
	return line
}

// walk looks a version up the slow way.
func (p *prices) walk(versions []books.Version, keys []chainKey, t period.Instant) int32 {
	for _, key := range keys {
		if v := InForce(versions, p.versions[key], t); v != NoVersion {
			return v
		}
	}
	return NoVersion
}

// InForce is the version of one place of a chain that is in force at t.
func InForce(versions []books.Version, own []int32, t period.Instant) int32 {
	i, exact := slices.BinarySearchFunc(own, t, func(v int32, t period.Instant) int {
		return cmp.Compare(versions[v].Valid.From, t)
	})
	if !exact {
		i--
	}
	if i >= 0 && versions[own[i]].Valid.Holds(t) {
		return own[i]
	}
	return NoVersion
}

// line is the timeline of a product for one price list and region.
func (p *prices) line(list, sku, region int32) timeline {
	g := &p.standard[sku]
	if list != standardList {
		own, ok := p.special[listSKU{list, sku}]
		switch {
		case ok:
			g = &own
		case list == noList || p.alone[list]:
			return nil
		}
	}
	if len(g.lines) == 0 {
		return nil
	}
	if i, named := slices.BinarySearch(g.regions, region); named {
		return g.lines[i]
	}
	return g.lines[len(g.regions)]
}

// at is the version in force at t, or noVersion.
func (l timeline) at(t period.Instant) int32 {
	if i := l.index(t); i >= 0 {
		return l[i].version
	}
	return NoVersion
}

// index is the stretch that holds t; -1 = before the first.
func (l timeline) index(t period.Instant) int {
	lo, hi := 0, len(l)
	for lo < hi {
		mid := int(uint(lo+hi) / 2)
		if l[mid].from <= t {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo - 1
}

// ofCycle is the version of a period-level model: the one in force at the cycle's first instant, else the earliest to
// begin in the cycle (§4.6). Where nothing is in force at first, the earliest of the chain to begin is what the
// timeline turns to next.
func (l timeline) ofCycle(bounds period.Span) int32 {
	i := l.index(bounds.From)
	if i >= 0 && l[i].version != NoVersion {
		return l[i].version
	}
	if i+1 < len(l) && l[i+1].from < bounds.To {
		return l[i+1].version
	}
	return NoVersion
}

// Priced reports whether usage or bandwidth of sku by customer at t has a price: the check behind no_price
// (§3.20). region is a number from Region. bounds is the cycle that holds t; only period-level models look at it: they
// take the version of the cycle (§4.6), the others that in force at t.
func (bk *Book) Priced(customer, sku, region int32, t period.Instant, bounds period.Span) bool {
	if bk.Books.Products[sku].PeriodLevel() {
		list := bk.lists.ofCycle(customer, bounds)
		return bk.prices.line(list, sku, region).ofCycle(bounds) != NoVersion
	}
	list, _ := bk.lists.at(customer, t)
	return bk.PricedIn(list, sku, region, t)
}

// FirstList is the price list of a customer's first row, and the time for which that row holds.
func (bk *Book) FirstList(customer int32) (list int32, valid period.Span) {
	first := &bk.lists.first[customer]
	return first.list, first.valid
}

// PricedIn is Priced of usage in a price list, for models that are not period-level.
func (bk *Book) PricedIn(list, sku, region int32, t period.Instant) bool {
	return bk.prices.line(list, sku, region).at(t) != NoVersion
}
