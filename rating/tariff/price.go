package tariff

import (
	"cmp"
	"slices"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
)

// NoVersion means that there is no price version.
const NoVersion int32 = -1

// StandardName is the price list at the end of every chain, standardList its number.
const (
	StandardName       = "standard"
	standardList int32 = 0
	noList       int32 = -1 // for customers with another currency than standard, to whom none of their lists applies
)

// prices finds the price version of (price list, sku, region) at an instant. The chain of §3.2 (the customer's list
// then `standard`, within a list the region then `*`) is precomputed as timelines, so that a lookup does not follow it.
type prices struct {
	lists    map[string]int32
	names    []string // of lists, by number
	versions map[chainKey][]int32
	alone    map[int32]bool   // lists with another currency than standard, which do not fall back to standard (§10.7)
	standard []grid           // by sku
	special  map[listSKU]grid // lists other than standard, for the skus that they price
}

// listSKU is a product in a price list.
type listSKU struct{ list, sku int32 }

// chainKey is one place in the chain. Its versions, sorted by valid_from, never overlap.
type chainKey struct {
	listSKU
	region int32
}

// grid contains the timelines of one product in one price list.
type grid struct {
	regions []int32    // sorted: regions with their own timeline
	lines   []timeline // in the order of regions, then one for all other regions
}

// timeline lists the version in force over time; nil = never any.
type timeline []stretch

// stretch is a part of a timeline, up to the beginning of the next one.
type stretch struct {
	from    period.Instant
	version int32
}

// list returns the number of a price list. A list without prices is treated as standard.
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

// grid computes the timelines of one product of one list, for the regions that the chain can name.
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

// chain lists the places in which a version is looked for, in order.
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

// resolve computes the timeline of one region: it can change only at the bounds of versions in the chain.
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

// walk finds a version by following the chain.
func (p *prices) walk(versions []books.Version, keys []chainKey, t period.Instant) int32 {
	for _, key := range keys {
		if v := InForce(versions, p.versions[key], t); v != NoVersion {
			return v
		}
	}
	return NoVersion
}

// InForce returns the version of one place of a chain that is in force at t.
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

// line returns the timeline of a product for one price list and region.
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

// at returns the version in force at t, or NoVersion.
func (l timeline) at(t period.Instant) int32 {
	if i := l.index(t); i >= 0 {
		return l[i].version
	}
	return NoVersion
}

// index returns the index of the stretch that contains t; -1 = before the first.
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

// ofCycle returns the version for a period-level model: the one in force at the cycle's first instant, else the
// earliest that begins in the cycle (§4.6). If none is in force at first, that is the next version of the timeline.
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

// Priced reports whether usage or bandwidth of sku by customer at t has a price: the check for no_price (§3.20). region
// is a number from Region. bounds is the cycle that contains t. It is only used for period-level models, which take the
// version of the cycle (§4.6); others take the version in force at t.
func (bk *Book) Priced(customer, sku, region int32, t period.Instant, bounds period.Span) bool {
	if bk.Books.Products[sku].PeriodLevel() {
		list := bk.lists.ofCycle(customer, bounds)
		return bk.prices.line(list, sku, region).ofCycle(bounds) != NoVersion
	}
	list, _ := bk.lists.at(customer, t)
	return bk.PricedIn(list, sku, region, t)
}

// FirstList returns the price list of a customer's first row, and the validity of that row.
func (bk *Book) FirstList(customer int32) (list int32, valid period.Span) {
	first := &bk.lists.first[customer]
	return first.list, first.valid
}

// PricedIn is Priced for usage in a price list, for models that are not period-level.
func (bk *Book) PricedIn(list, sku, region int32, t period.Instant) bool {
	return bk.prices.line(list, sku, region).at(t) != NoVersion
}
