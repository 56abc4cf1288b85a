package state

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math/bits"
	"slices"

	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/reason"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// IdentShift removes the low bits of an identity's hash; the lake's index keeps the other 56. With 56 bits, a night of
// 20 million records in a month of 600 million finds a false match every sixth night. With 40 bits it found ten
// thousand per night, and each is looked up in every day of the month.
const IdentShift = 8

// Identity is a record's identity within a cycle and a bucket.
type Identity struct {
	Customer int32
	ID       string // record_id
}

func (i Identity) compare(o Identity) int {
	return cmp.Or(cmp.Compare(i.Customer, o.Customer), cmp.Compare(i.ID, o.ID))
}

// mark is what is known of the hash of an identity before the fold.
type mark uint8

const (
	conflicting mark = 1 << iota // records of this run differ in content, or are of several identities
	known                        // an earlier run may have accepted the identity
)

// Verdicts is what Resolve decided about the new records of one bucket and cycle (§3.20).
type Verdicts struct {
	marks    map[uint64]mark
	conflict map[Identity]bool          // identities of this run with several contents
	Replaces map[Identity]reason.Reason // for records that replace another: None = accepted
	Dead     map[Identity]bool          // records that another replaces from this run on
	DeadDays []period.Day               // days of accepted records among them
	lookup   *lookup
}

// known reports whether an earlier run accepted the identity. It does not rely on hashes.
func (v *Verdicts) known(customer int32, id []byte) (bool, error) {
	_, ok, err := v.lookup.find(customer, string(id))
	return ok, err
}

// Conflicts reports whether another record has the identity of a row with other content. The caller has excluded that
// the row equals a known record.
func (v *Verdicts) Conflicts(seed uint64, r *accept.Record) (bool, error) {
	if len(v.marks) == 0 {
		return false, nil
	}
	m := v.marks[accept.Identity(seed, r.ID)]
	if m&known != 0 {
		if ok, err := v.known(r.Customer, r.ID); ok || err != nil {
			return ok, err
		}
	}
	return m&conflicting != 0 && v.conflict[Identity{r.Customer, string(r.ID)}], nil
}

// resolver decides duplicates, conflicts and replaces of one bucket and cycle.
type resolver struct {
	*State
	scanned *accept.Scanned
	bucket  int
	days    []period.Day // with new rows
	idents  []lake.FileEntry
	late    []uint64 // identities known in addition to those of idents
	apart   map[period.Day][]Apart
	buffers *accept.Buffers
	seeds   []uint64
	marks   []accept.Marks
	spare   []accept.Marks // buffer for sorting them
	file    []byte         // buffer for reading the index
	pages   *parquet.Decoder
}

// candidate is a new record that replaces another.
type candidate struct {
	Identity
	target  string
	content uint64
	state   reason.Reason
	settled bool
}

// resolve decides the new rows of the bucket and cycle. rows is their number.
func (r *resolver) resolve(rows int64, found *lookup) (*Verdicts, error) {
	v := &Verdicts{marks: make(map[uint64]mark), lookup: found}
	var candidates []candidate
	var err error
	if parts := partsOf(rows); parts > 1 {
		candidates, err = r.compareParts(v, parts)
	} else {
		candidates, err = r.compareAll(v)
	}
	if err != nil {
		return nil, err
	}
	if err := r.confirmConflicts(v); err != nil {
		return nil, err
	}
	for _, h := range r.late {
		v.marks[h] |= known
	}
	if len(candidates) > 0 {
		return v, r.resolveReplaces(v, candidates)
	}
	return v, nil
}

// compareAll compares the identities of all rows at once.
func (r *resolver) compareAll(v *Verdicts) ([]candidate, error) {
	r.marks = r.marks[:0]
	candidates, err := r.collect(func(m accept.Marks) error {
		r.marks = append(r.marks, m)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return candidates, r.compare(v)
}

// compareParts divides the hashes into n parts and compares the identities of one part after the other.
func (r *resolver) compareParts(v *Verdicts, n int) (candidates []candidate, err error) {
	p, err := newParts(r.Txn, n, 1)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, p.close()) }()
	candidates, err = r.collect(func(m accept.Marks) error { return p.add(m.Identity, m.Content) })
	if err != nil {
		return nil, err
	}
	for i := range n {
		r.marks = slices.Grow(r.marks[:0], p.list[i].n)
		if err := p.take(i, func(b []byte) {
			r.marks = append(r.marks, accept.Marks{Identity: binary.LittleEndian.Uint64(b),
				Content: binary.LittleEndian.Uint64(b[8:])})
		}); err != nil {
			return nil, err
		}
		if err := r.compare(v); err != nil {
			return nil, err
		}
	}
	return candidates, nil
}

// collect passes the marks of all rows to add, and returns the rows that replace another.
func (r *resolver) collect(add func(accept.Marks) error) ([]candidate, error) {
	var list []candidate
	var row accept.Record
	err := r.scanApart(add, func(h *accept.Head) error {
		m := h.Marks(r.seed(h.Customer))
		if err := add(m); err != nil {
			return err
		}
		if !h.Replaces() {
			return nil
		}
		if err := h.Row(&row); err != nil {
			return err
		}
		list = append(list, candidate{Identity: Identity{row.Customer, string(row.ID)}, target: string(row.Replaces),
			content: m.Content})
		return nil
	})
	return list, err
}

// compare sorts the marks, and compares them with each other and with the lake's index.
func (r *resolver) compare(v *Verdicts) error {
	if cap(r.spare) < len(r.marks) {
		r.spare = make([]accept.Marks, cap(r.marks))
	}
	sorted := accept.SortMarks(r.marks, r.spare[:cap(r.spare)])
	if len(sorted) > 0 && &sorted[0] != &r.marks[0] {
		r.marks, r.spare = sorted, r.marks
	}
	r.markConflicts(v)
	return r.markKnown(v)
}

// scan visits the new rows of accepted files.
func (r *resolver) scan(visit func(*accept.Head) error) error {
	for _, day := range r.days {
		if err := r.scanRange(day, accept.All, visit); err != nil {
			return err
		}
	}
	return nil
}

// scanApart is scan, but it passes the marks of rows that were read before to add. None of them replaces another.
func (r *resolver) scanApart(add func(accept.Marks) error, visit func(*accept.Head) error) error {
	for _, day := range r.days {
		from := accept.All.From
		for _, a := range r.apart[day] {
			if err := r.scanRange(day, accept.Range{From: from, To: a.Rows.From}, visit); err != nil {
				return err
			}
			if err := EachMark(r.Txn, a.Marks, add); err != nil {
				return err
			}
			from = a.Rows.To
		}
		if err := r.scanRange(day, accept.Range{From: from, To: accept.All.To}, visit); err != nil {
			return err
		}
	}
	return nil
}

func (r *resolver) scanRange(day period.Day, in accept.Range, visit func(*accept.Head) error) error {
	part := r.scanned.Parts.Of(r.bucket, day)
	return accept.ScanRange(r.scanned.Usage, part, in, r.buffers, func(h *accept.Head) error {
		if !r.scanned.Taken(h.File()) {
			return nil
		}
		return visit(h)
	})
}

func (r *resolver) seed(customer int32) uint64 {
	if uint(customer) >= uint(len(r.seeds)) { // seeds are made when the first record comes
		r.seeds = make([]uint64, len(r.Books.Customers))
	}
	if r.seeds[customer] == 0 {
		r.seeds[customer] = accept.Seed(r.Books.Customers[customer].ID)
	}
	return r.seeds[customer]
}

// markConflicts finds hashes of identities that came with more than one content.
func (r *resolver) markConflicts(v *Verdicts) {
	for i := 0; i < len(r.marks); {
		j := i + 1
		differ := false
		for j < len(r.marks) && r.marks[j].Identity == r.marks[i].Identity {
			differ = differ || r.marks[j].Content != r.marks[i].Content
			j++
		}
		if differ {
			v.marks[r.marks[i].Identity] |= conflicting
			if v.conflict == nil {
				v.conflict = make(map[Identity]bool)
			}
		}
		i = j
	}
}

// confirmConflicts finds the identities that came with more than one content, among those whose hash did. Several
// identities can have one hash: record a of customer b and record b of customer a have the same hash, and so do all
// records whose record_id is their customer_id.
func (r *resolver) confirmConflicts(v *Verdicts) error {
	if v.conflict == nil {
		return nil
	}
	first := make(map[Identity]uint64) // content
	return r.scan(func(h *accept.Head) error {
		m := h.Marks(r.seed(h.Customer))
		if v.marks[m.Identity]&conflicting == 0 {
			return nil
		}
		id := Identity{h.Customer, string(h.ID)}
		if content, seen := first[id]; !seen {
			first[id] = m.Content
		} else if content != m.Content {
			v.conflict[id] = true
		}
		return nil
	})
}

// markKnown finds identities that the lake's index contains.
func (r *resolver) markKnown(v *Verdicts) error {
	if len(r.marks) == 0 || len(r.idents) == 0 {
		return nil
	}
	sieve := r.sieve()
	if r.pages == nil {
		var err error
		if r.pages, err = parquet.NewDecoder(); err != nil {
			return err
		}
	}
	for _, e := range r.idents {
		if err := r.markKnownIn(e, sieve, v); err != nil {
			return fmt.Errorf("%s: %w", e.Path, err)
		}
	}
	return nil
}

// sieve has a bit for every range of hashes that contains a mark. It discards all but one in a hundred of a month's
// identities.
type sieve struct {
	bits  []uint64
	ranks []int32 // number of marks before each word of bits
	shift int
}

func (r *resolver) sieve() sieve {
	width := bits.Len(uint(len(r.marks))) + 6
	s := sieve{bits: make([]uint64, 1<<width/64), ranks: make([]int32, 1<<width/64), shift: 64 - IdentShift - width}
	word := uint64(0)
	for i := range r.marks {
		b := r.marks[i].Identity >> IdentShift >> s.shift
		for ; word < b/64; word++ {
			s.ranks[word+1] = int32(i)
		}
		s.bits[b/64] |= 1 << (b % 64)
	}
	return s
}

// markKnownIn compares one index file with the marks. It reads each page once: a night reads the month's whole index,
// whose size grows from night to night.
func (r *resolver) markKnownIn(e lake.FileEntry, s sieve, v *Verdicts) error {
	f, err := r.Txn.Open(e)
	if err != nil {
		return err
	}
	defer f.Close()
	src, mem, err := rows.InMemory(f, r.file)
	r.file = mem
	if err != nil {
		return err
	}
	layout, err := parquet.ReadIndex(src, f.Size(), tables.Ident().Table)
	if err != nil {
		return err
	}
	pages := parquet.Pages{Layout: layout, Source: src, Decoder: r.pages}
	for g := range len(layout.Groups) {
		if err := pages.Raw(0, g, func(hashes []byte) { r.mark(hashes, &s, v) }); err != nil {
			return err
		}
	}
	return nil
}

// mark marks the identities that are among hashes, of eight bytes each.
func (r *resolver) mark(hashes []byte, s *sieve, v *Verdicts) {
	last := ^uint64(0) // a value that is no hash of the index
	for ; len(hashes) >= 8; hashes = hashes[8:] {
		h := binary.LittleEndian.Uint64(hashes)
		if h == last { // many identities can have one hash: see confirmConflicts
			continue
		}
		last = h
		b := h >> s.shift
		if word := b / 64; word >= uint64(len(s.bits)) || s.bits[word]&(1<<(b%64)) == 0 {
			continue
		}
		k := int(s.ranks[b/64])
		for k < len(r.marks) && r.marks[k].Identity>>IdentShift < h {
			k++
		}
		for ; k < len(r.marks) && r.marks[k].Identity>>IdentShift == h; k++ {
			v.marks[r.marks[k].Identity] |= known
		}
	}
}

// resolveReplaces decides the records that replace another, starting from records that replace nothing (§3.20).
func (r *resolver) resolveReplaces(v *Verdicts, candidates []candidate) error {
	v.Replaces, v.Dead = make(map[Identity]reason.Reason), make(map[Identity]bool)
	candidates, err := r.eligible(v, candidates)
	if err != nil {
		return err
	}
	bases, accepted, err := r.bases(v, candidates)
	if err != nil {
		return err
	}
	for progress := true; progress; {
		progress = false
		byTarget := make(map[Identity][]*candidate)
		for i := range candidates {
			c := &candidates[i]
			if target := (Identity{c.Customer, c.target}); !c.settled && bases[target] {
				byTarget[target] = append(byTarget[target], c)
			}
		}
		for target, list := range byTarget {
			progress = true
			r.settle(v, bases, accepted, target, list)
		}
	}
	for i := range candidates {
		c := &candidates[i]
		if !c.settled {
			c.state = reason.ReplacesUnknown
		}
		v.Replaces[c.Identity] = c.state
	}
	slices.Sort(v.DeadDays)
	v.DeadDays = slices.Compact(v.DeadDays)
	return nil
}

// settle decides the candidates of one accepted target.
func (r *resolver) settle(v *Verdicts, bases map[Identity]bool, accepted map[Identity]oldRecord, target Identity,
	list []*candidate) {
	old, before := accepted[target]
	taken := len(list) > 1 || (before && old.status == tables.Replaced)
	for _, c := range list {
		c.settled = true
		if taken {
			c.state = reason.Conflict
			continue
		}
		bases[c.Identity] = true
		v.Dead[target] = true
		if before {
			v.DeadDays = append(v.DeadDays, old.day)
		}
	}
}

// eligible drops candidates that are duplicates, conflicts or already known: they are decided by their identity.
func (r *resolver) eligible(v *Verdicts, candidates []candidate) ([]candidate, error) {
	// sorted, because lookup reads forward
	slices.SortStableFunc(candidates, func(a, b candidate) int { return a.compare(b.Identity) })
	seen := make(map[Identity]bool)
	out := candidates[:0]
	for _, c := range candidates {
		m := v.marks[accept.Identity(r.seed(c.Customer), []byte(c.ID))]
		if seen[c.Identity] || v.conflict[c.Identity] {
			continue
		}
		if m&known != 0 {
			old, err := v.known(c.Customer, []byte(c.ID))
			if err != nil {
				return nil, err
			}
			if old {
				continue
			}
		}
		seen[c.Identity] = true
		out = append(out, c)
	}
	return out, nil
}

// bases finds the targets that are accepted records and replace nothing in this run: those accepted by an earlier run,
// and new ones without a fault. accepted are the targets accepted by earlier runs.
func (r *resolver) bases(v *Verdicts, candidates []candidate) (bases map[Identity]bool, accepted map[Identity]oldRecord,
	err error) {
	wanted, own := make(map[uint64]bool), make(map[Identity]bool)
	targets := make(map[Identity]bool)
	bases, accepted = make(map[Identity]bool), make(map[Identity]oldRecord)
	for _, c := range candidates {
		wanted[accept.Identity(r.seed(c.Customer), []byte(c.target))] = true
		targets[Identity{c.Customer, c.target}], own[c.Identity] = true, true
	}
	err = r.scan(func(row *accept.Head) error {
		h := accept.Identity(r.seed(row.Customer), row.ID)
		if !wanted[h] {
			return nil
		}
		if k := (Identity{row.Customer, string(row.ID)}); targets[k] && !own[k] && !v.conflict[k] {
			bases[k] = !row.Replaces()
		}
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	for _, target := range slices.SortedFunc(maps.Keys(targets), Identity.compare) {
		old, ok, err := v.lookup.find(target.Customer, target.ID)
		if err != nil {
			return nil, nil, err
		}
		if ok {
			bases[target], accepted[target] = true, old
		}
	}
	return bases, accepted, nil
}
