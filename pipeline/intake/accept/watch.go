package accept

import (
	"bytes"
	"cmp"
	"hash/maphash"
	"slices"
	"strings"
	"sync"

	"github.com/tollbook/tollbook/schemas/period"
)

// RejectWatch finds the accepted records of a run that have the identity of a reject (REJ-2). All calls of Want must
// precede the first accepted record; both may come from several goroutines. A nil Watch finds nothing.
//
// It stores 64 bits for each reject, and the identity of each accepted record that matches them. Accidental matches are
// harmless: the caller looks up complete identities in Found.
type RejectWatch struct {
	Zone *period.Zone
	// Source returns the feed file, below inbox/, and the row of a row of the run.
	Source func(file int32, row int64) (string, int64)

	seed   maphash.Seed
	mu     sync.Mutex
	wanted map[uint64]struct{}
	marks  []uint64 // a bit for the first filterBits bits of each wanted hash; unlike wanted it fits the cache
	found  map[RejectIdentity]RejectPlace
}

// filterBits is the size of the filter before the map: 2^20 bits, of which 100,000 rejects set a tenth.
const filterBits = 20

// RejectPlace is a record of a feed file.
type RejectPlace struct {
	File string // below inbox/
	Row  int64

	refused bool // an earlier run refused the record: conflicts contradict it
}

// NewRejectWatch returns an empty watch.
func NewRejectWatch(zone *period.Zone, source func(file int32, row int64) (string, int64)) *RejectWatch {
	return &RejectWatch{Zone: zone, Source: source, seed: maphash.MakeSeed(), wanted: make(map[uint64]struct{}),
		found: make(map[RejectIdentity]RejectPlace)}
}

// AcceptedRejects is an accepted record with the identity of a reject.
type AcceptedRejects struct {
	Feed     string `json:"feed"`
	Customer []byte `json:"customer"`
	When     int64  `json:"when"`
	ID       []byte `json:"id"`
	File     []byte `json:"file"`
	Row      int64  `json:"row"`
}

// ForTask returns a watch for the same rejects that collects its own findings. It is for one goroutine.
func (w *RejectWatch) ForTask() *RejectWatch {
	if !w.Active() {
		return nil
	}
	return &RejectWatch{Zone: w.Zone, Source: w.Source, seed: w.seed, wanted: w.wanted, marks: w.marks,
		found: make(map[RejectIdentity]RejectPlace)}
}

// Leave returns the findings and clears them.
func (w *RejectWatch) Leave() []AcceptedRejects {
	list := []AcceptedRejects{}
	if w == nil {
		return list
	}
	for id, at := range w.found {
		list = append(list, AcceptedRejects{id.Feed, []byte(id.Customer), id.When, []byte(id.ID), []byte(at.File),
			at.Row})
	}
	clear(w.found)
	slices.SortFunc(list, func(a, b AcceptedRejects) int {
		return cmp.Or(strings.Compare(a.Feed, b.Feed), bytes.Compare(a.Customer, b.Customer),
			cmp.Compare(a.When, b.When), bytes.Compare(a.ID, b.ID))
	})
	return list
}

// Take adds the findings of a task.
func (w *RejectWatch) Take(list []AcceptedRejects) {
	for _, a := range list {
		w.note(RejectIdentity{a.Feed, string(a.Customer), a.When, string(a.ID)},
			RejectPlace{File: string(a.File), Row: a.Row})
	}
}

// Want adds a rejected record, if its identity can be read.
func (w *RejectWatch) Want(feedName, column, reason, header string, raw []byte) {
	if id, ok := identityOf(w.Zone, feedName, column, reason, header, raw); ok {
		w.WantOf(&id)
	}
}

// WantOf adds a rejected record by its identity.
func (w *RejectWatch) WantOf(id *RejectIdentity) {
	hash := w.hash(id.Feed, id.Customer, id.When, maphash.String(w.seed, id.ID))
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.marks == nil {
		w.marks = make([]uint64, 1<<filterBits/64)
	}
	word, bit := markOf(hash)
	w.marks[word] |= bit
	w.wanted[hash] = struct{}{}
}

// markOf returns the place of a hash in the filter.
func markOf(hash uint64) (word, bit uint64) {
	at := hash >> (64 - filterBits)
	return at / 64, 1 << (at % 64)
}

// hash mixes the parts of an identity. Constants are odd and large, so that equal parts do not cancel each other.
func (w *RejectWatch) hash(feedName, customer string, when int64, id uint64) uint64 {
	const spread = 0x9e3779b97f4a7c15
	h := id
	for _, part := range [...]uint64{uint64(when), maphash.String(w.seed, customer), maphash.String(w.seed, feedName)} {
		h = (h ^ part) * spread
		h ^= h >> 29
	}
	return h
}

// Active reports whether there is anything to find. If not, accepted records need not be passed.
func (w *RejectWatch) Active() bool { return w != nil && len(w.wanted) > 0 }

// AcceptedUsage passes an accepted usage record to the watch.
func (w *RejectWatch) AcceptedUsage(customer string, cycle period.Cycle, record []byte, file int32, row int64) {
	if w.Active() && w.wants(w.hash("usage", customer, int64(cycle), maphash.Bytes(w.seed, record))) {
		name, number := w.Source(file, row)
		w.note(UsageIdentity(customer, cycle, string(record)), RejectPlace{File: name, Row: number})
	}
}

// AcceptedSample passes an accepted bandwidth sample to the watch.
func (w *RejectWatch) AcceptedSample(link string, slot period.Instant, file int32, row int64) {
	if w.Active() && w.wants(w.hash("bandwidth", "", int64(slot), maphash.String(w.seed, link))) {
		name, number := w.Source(file, row)
		w.note(SampleIdentity(link, slot), RejectPlace{File: name, Row: number})
	}
}

// AcceptedEvent passes an accepted record of another feed to the watch.
func (w *RejectWatch) AcceptedEvent(feedName, id string, at RejectPlace) {
	if w.Active() && w.wants(w.hash(feedName, "", 0, maphash.String(w.seed, id))) {
		w.note(EventIdentity(feedName, id), at)
	}
}

// AcceptedNow passes a record of another feed to the watch that an earlier run refused and this run accepts.
func (w *RejectWatch) AcceptedNow(feedName, id string, at RejectPlace) {
	at.refused = true
	w.AcceptedEvent(feedName, id, at)
}

func (w *RejectWatch) wants(hash uint64) bool {
	if word, bit := markOf(hash); w.marks[word]&bit == 0 {
		return false
	}
	_, wanted := w.wanted[hash]
	return wanted
}

// note keeps the first place of an identity by file and row (REJ-6).
func (w *RejectWatch) note(id RejectIdentity, at RejectPlace) {
	w.mu.Lock()
	defer w.mu.Unlock()
	before, known := w.found[id]
	if !known || cmp.Or(cmp.Compare(at.File, before.File), cmp.Compare(at.Row, before.Row)) < 0 {
		w.found[id] = at
	}
}

// Found returns the accepted identities with their places. It is called after all accepted records were passed.
func (w *RejectWatch) Found() map[RejectIdentity]RejectPlace {
	if w == nil {
		return nil
	}
	return w.found
}
