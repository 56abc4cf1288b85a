package rating

import (
	"hash/maphash"

	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
)

// meterKind is the purpose of a meter.
type meterKind uint8

const (
	graduatedMeter meterKind = iota // count is its position
	gatherMeter                     // a meter of volume, block or stairstep
	gatherRow                       // one resource's part of a volume meter
	measureMeter                    // the unconverted total of a product with a conversion
	eventsMeter                     // the number of records of a percentage meter
	seenMeter                       // a value that a unique count has counted, in resource: see seenKey
	levelMeter                      // a level of a time-weighted product; gather is its index in levels.list
)

// meter counts what a customer used in the cycle after packages (§4.5, §4.6). Its first four fields identify it.
type meter struct {
	kind     meterKind
	sku      int32
	region   int32  // the rater's number; tariff.NoOne = all regions
	resource string // "" = all resources
	count    money.Quantity
	gather   int32 // index in gathered.list; unused in a graduatedMeter
}

// meters is a hash table of a customer's meters. Clearing it takes constant time: a slot is valid only if it has the
// stamp of the current customer.
type meters struct {
	list  []meter
	slots []slot // their number is a power of two
	stamp uint32
	seed  maphash.Seed // determines the slots of meters, which have no effect on results
	extra bool         // there are meters of kinds that chapter 4 does not define

	c       *tariff.Client
	regions *regions
	order   []int32
	scratch []byte
}

type slot struct {
	hash  uint64
	stamp uint32
	index int32 // in list
}

func newMeters(c *tariff.Client, rs *regions) meters {
	return meters{slots: make([]slot, 64), stamp: 1, seed: maphash.MakeSeed(), c: c, regions: rs}
}

// reset removes all meters.
func (ms *meters) reset() {
	ms.list, ms.extra = ms.list[:0], false
	ms.stamp++
	if ms.stamp == 0 {
		clear(ms.slots)
		ms.stamp = 1
	}
}

// hash hashes a key with the odd constants of splitmix64.
func (ms *meters) hash(kind meterKind, sku, region int32, resource []byte) uint64 {
	x := (uint64(uint32(sku))<<32 | uint64(uint32(region))) + uint64(kind)*0x9e3779b97f4a7c15
	if len(resource) > 0 {
		x ^= maphash.Bytes(ms.seed, resource)
	}
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// find returns the index of a meter and whether it is new; a new meter is at 0.
func (ms *meters) find(kind meterKind, sku, region int32, resource []byte) (index int32, isNew bool) {
	hash := ms.hash(kind, sku, region, resource)
	mask := uint64(len(ms.slots) - 1)
	i := hash & mask
	for ; ms.slots[i].stamp == ms.stamp; i = (i + 1) & mask {
		s := &ms.slots[i]
		if s.hash != hash {
			continue
		}
		if k := &ms.list[s.index]; k.kind == kind && k.sku == sku && k.region == region &&
			k.resource == string(resource) {
			return s.index, false
		}
	}
	index = int32(len(ms.list))
	ms.list = append(ms.list, meter{kind: kind, sku: sku, region: region, resource: string(resource)})
	ms.slots[i] = slot{hash, ms.stamp, index}
	ms.extra = ms.extra || kind >= measureMeter
	if len(ms.list)*2 > len(ms.slots) {
		ms.grow()
	}
	return index, true
}

// grow doubles the number of slots.
func (ms *meters) grow() {
	old := ms.slots
	ms.slots = make([]slot, 2*len(old))
	mask := uint64(len(ms.slots) - 1)
	for _, s := range old {
		if s.stamp != ms.stamp {
			continue
		}
		i := s.hash & mask
		for ms.slots[i].stamp == ms.stamp {
			i = (i + 1) & mask
		}
		ms.slots[i] = s
	}
}

// scopeOf returns the part of a record that determines the product's meter (§4.5): its region, its resource or neither.
func scopeOf(p *books.Product, region int32, resource []byte) (int32, []byte) {
	switch p.Meter {
	case books.PerRegion:
		return region, nil
	case books.PerResource:
		return tariff.NoOne, resource
	default:
		return tariff.NoOne, nil
	}
}

// scopeText returns a meter's scope in the form of positions.
func (ms *meters) scopeText(m *meter) string {
	switch ms.c.Book.Books.Products[m.sku].Meter {
	case books.PerRegion:
		return ms.regions.names[m.region]
	case books.PerResource:
		return m.resource
	default:
		return ""
	}
}
