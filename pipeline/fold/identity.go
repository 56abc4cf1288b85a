package fold

import (
	"slices"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/sorting"
	"github.com/tollbook/tollbook/pipeline/table"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/reason"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// identShift leaves the 40 bits of an identity's hash that the lake's index keeps.
const identShift = 24

// identity is a record's identity within a cycle and a bucket.
type identity struct {
	customer int32
	id       string
}

// mark is what is known of an identity hash before the fold.
type mark uint8

const (
	conflicting mark = 1 << iota // records of this run differ in content
	known                        // an earlier run may have accepted the identity
)

// verdicts is what Resolve decided about the new records of one bucket and cycle (spec §3.20).
type verdicts struct {
	marks    map[uint64]mark
	replaces map[identity]reason.Reason // of records that replace another: None = they do so
	dead     map[identity]bool          // records that another replaces from this run on
	deadDays []period.Day               // days of accepted records among them
	lookup   *lookup
}

// known returns whether an earlier run accepted the identity, exactly.
func (v *verdicts) known(customer int32, id []byte) (bool, error) {
	_, ok, err := v.lookup.find(customer, string(id))
	return ok, err
}

// conflicts reports whether another record has taken a row's identity with other content. The row equals none that is known.
func (v *verdicts) conflicts(seed uint64, r *sorting.Row) (bool, error) {
	if len(v.marks) == 0 {
		return false, nil
	}
	m := v.marks[sorting.Identity(seed, r.ID)]
	if m&known != 0 {
		if ok, err := v.known(r.Customer, r.ID); ok || err != nil {
			return ok, err
		}
	}
	return m&conflicting != 0, nil
}

// passRows is how many identities are compared at a time: more make several passes over the rows.
const passRows = 1 << 21

// resolver decides duplicates, conflicts and replaces of one bucket and cycle.
type resolver struct {
	f       *Folder
	bucket  int
	cycle   period.Cycle
	days    []period.Day // with new rows
	idents  []lake.FileEntry
	late    []uint64 // identities that are known beside those of idents
	buffers *sorting.Buffers
	seeds   []uint64
	marks   []sorting.Marks
	spare   []sorting.Marks // memory for sorting them
}

// candidate is a new record that replaces another.
type candidate struct {
	identity
	target  string
	content uint64
	state   reason.Reason
	settled bool
}

// resolve runs over the new rows of the bucket and cycle; rows counts them.
func (r *resolver) resolve(rows int64, found *lookup) (*verdicts, error) {
	v := &verdicts{marks: make(map[uint64]mark), lookup: found}
	passes := 1
	for int64(passes)*passRows < rows {
		passes *= 2
	}
	var candidates []candidate
	for pass := range passes {
		list, err := r.collect(pass, passes)
		if err != nil {
			return nil, err
		}
		candidates = append(candidates, list...)
		r.markConflicts(v)
		if err := r.markKnown(v); err != nil {
			return nil, err
		}
	}
	for _, h := range r.late {
		v.marks[h] |= known
	}
	if len(candidates) > 0 {
		return v, r.resolveReplaces(v, candidates)
	}
	return v, nil
}

// collect gathers the identities of one pass, sorted, and, in every pass, the candidates whose identity falls into it.
func (r *resolver) collect(pass, passes int) ([]candidate, error) {
	r.marks = r.marks[:0]
	var list []candidate
	var row sorting.Row
	err := r.scan(func(h *sorting.Head) error {
		m := h.Marks(r.seed(h.Customer))
		if passes > 1 && int(m.Identity>>32*uint64(passes)>>32) != pass {
			return nil
		}
		r.marks = append(r.marks, m)
		if !h.Replaces() {
			return nil
		}
		if err := h.Row(&row); err != nil {
			return err
		}
		list = append(list, candidate{identity: identity{row.Customer, string(row.ID)}, target: string(row.Replaces), content: m.Content})
		return nil
	})
	if cap(r.spare) < len(r.marks) {
		r.spare = make([]sorting.Marks, cap(r.marks))
	}
	sorted := sorting.SortMarks(r.marks, r.spare[:cap(r.spare)])
	if len(sorted) > 0 && &sorted[0] != &r.marks[0] {
		r.marks, r.spare = sorted, r.marks
	}
	return list, err
}

// scan visits the new rows of taken files.
func (r *resolver) scan(visit func(*sorting.Head) error) error {
	for _, day := range r.days {
		part := r.f.Scanned.Parts.Of(r.bucket, day)
		err := sorting.Scan(r.f.Scanned.Usage, part, r.buffers, func(h *sorting.Head) error {
			if !r.f.Scanned.Taken(h.File()) {
				return nil
			}
			return visit(h)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *resolver) seed(customer int32) uint64 {
	if r.seeds[customer] == 0 {
		r.seeds[customer] = sorting.Seed(r.f.Books.Customers[customer].ID)
	}
	return r.seeds[customer]
}

// markConflicts finds identities that came with more than one content.
func (r *resolver) markConflicts(v *verdicts) {
	for i := 0; i < len(r.marks); {
		j := i + 1
		differ := false
		for j < len(r.marks) && r.marks[j].Identity == r.marks[i].Identity {
			differ = differ || r.marks[j].Content != r.marks[i].Content
			j++
		}
		if differ {
			v.marks[r.marks[i].Identity] |= conflicting
		}
		i = j
	}
}

// markKnown finds identities that the lake's index has.
func (r *resolver) markKnown(v *verdicts) error {
	for _, e := range r.idents {
		f, err := openTable(r.f.Txn, e, tables.Ident(), nil)
		if err != nil {
			return err
		}
		err = r.markKnownIn(f.reader, v)
		f.close()
		if err != nil {
			return err
		}
	}
	return nil
}

// markKnownIn merges one index file, ascending, with the marks.
func (r *resolver) markKnownIn(reader *table.Reader, v *verdicts) error {
	at := 0
	for {
		c, err := reader.Next()
		if err != nil || c == nil {
			return err
		}
		for _, h := range c.C[0].Ints {
			for at < len(r.marks) && r.marks[at].Identity>>identShift < uint64(h) {
				at++
			}
			for k := at; k < len(r.marks) && r.marks[k].Identity>>identShift == uint64(h); k++ {
				v.marks[r.marks[k].Identity] |= known
			}
		}
	}
}

// resolveReplaces settles the records that replace another, outward from those that replace nothing (spec §3.20).
func (r *resolver) resolveReplaces(v *verdicts, candidates []candidate) error {
	v.replaces, v.dead = make(map[identity]reason.Reason), make(map[identity]bool)
	candidates, err := r.eligible(v, candidates)
	if err != nil {
		return err
	}
	bases, err := r.bases(v, candidates)
	if err != nil {
		return err
	}
	for progress := true; progress; {
		progress = false
		byTarget := make(map[identity][]*candidate)
		for i := range candidates {
			c := &candidates[i]
			if target := (identity{c.customer, c.target}); !c.settled && bases[target] {
				byTarget[target] = append(byTarget[target], c)
			}
		}
		for target, list := range byTarget {
			progress = true
			if err := r.settle(v, bases, target, list); err != nil {
				return err
			}
		}
	}
	for i := range candidates {
		c := &candidates[i]
		if !c.settled {
			c.state = reason.ReplacesUnknown
		}
		v.replaces[c.identity] = c.state
	}
	slices.Sort(v.deadDays)
	v.deadDays = slices.Compact(v.deadDays)
	return nil
}

// settle decides the candidates of one accepted target.
func (r *resolver) settle(v *verdicts, bases map[identity]bool, target identity, list []*candidate) error {
	old, accepted, err := v.lookup.find(target.customer, target.id)
	if err != nil {
		return err
	}
	taken := len(list) > 1 || (accepted && old.status == tables.Replaced)
	for _, c := range list {
		c.settled = true
		if taken {
			c.state = reason.Conflict
			continue
		}
		bases[c.identity] = true
		v.dead[target] = true
		if accepted {
			v.deadDays = append(v.deadDays, old.day)
		}
	}
	return nil
}

// eligible drops candidates that are duplicates, conflicts or known already: their identity has decided.
func (r *resolver) eligible(v *verdicts, candidates []candidate) ([]candidate, error) {
	seen := make(map[identity]bool)
	out := candidates[:0]
	for _, c := range candidates {
		m := v.marks[sorting.Identity(r.seed(c.customer), []byte(c.id))]
		if seen[c.identity] || m&conflicting != 0 {
			continue
		}
		if m&known != 0 {
			old, err := v.known(c.customer, []byte(c.id))
			if err != nil {
				return nil, err
			}
			if old {
				continue
			}
		}
		seen[c.identity] = true
		out = append(out, c)
	}
	return out, nil
}

// bases finds which targets are accepted records that replace nothing in this run: accepted earlier, or new and sound.
func (r *resolver) bases(v *verdicts, candidates []candidate) (map[identity]bool, error) {
	wanted, own := make(map[uint64]bool), make(map[identity]bool)
	targets, bases := make(map[identity]bool), make(map[identity]bool)
	for _, c := range candidates {
		wanted[sorting.Identity(r.seed(c.customer), []byte(c.target))] = true
		targets[identity{c.customer, c.target}], own[c.identity] = true, true
	}
	err := r.scan(func(row *sorting.Head) error {
		h := sorting.Identity(r.seed(row.Customer), row.ID)
		if !wanted[h] || v.marks[h]&conflicting != 0 {
			return nil
		}
		if k := (identity{row.Customer, string(row.ID)}); targets[k] && !own[k] {
			bases[k] = !row.Replaces()
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for target := range targets {
		if _, ok, err := v.lookup.find(target.customer, target.id); err != nil {
			return nil, err
		} else if ok {
			bases[target] = true
		}
	}
	return bases, nil
}

// lookup finds accepted records of one bucket and cycle in the lake, a customer at a time. late are those accepted after the cycle was
// closed, which other files hold.
type lookup struct {
	f        *Folder
	names    *names
	files    []lake.FileEntry   // lines and usage of the bucket and cycle
	late     map[identity]int64 // status
	replaced map[identity]bool  // by a late record
	customer int32
	records  map[string]oldRecord
}

// oldRecord is what later decisions need of an accepted record.
type oldRecord struct {
	day    period.Day
	status int64
}

func newLookup(f *Folder, n *names, files []lake.FileEntry) *lookup {
	return &lookup{f: f, names: n, files: files, customer: -1}
}

func (l *lookup) find(customer int32, id string) (oldRecord, bool, error) {
	if l.customer != customer {
		if err := l.load(customer); err != nil {
			return oldRecord{}, false, err
		}
	}
	r, ok := l.records[id]
	if status, isLate := l.late[identity{customer, id}]; isLate {
		r, ok = oldRecord{status: status}, true
	}
	if l.replaced[identity{customer, id}] {
		r.status = tables.Replaced
	}
	return r, ok, nil
}

// load reads the ids of all of a customer's accepted records of the cycle.
func (l *lookup) load(customer int32) error {
	l.customer, l.records = customer, make(map[string]oldRecord)
	for _, e := range l.files {
		day, err := period.ParseDay(e.Day)
		if err != nil {
			continue // month-end lines hold no records
		}
		if e.Table == "lines" {
			err = l.read(e, day, tables.Lines(), []int{tables.LCustomerID, tables.LID, tables.LKind}, tables.LID, func(*table.Columns, int) int64 { return tables.Counted })
		} else {
			err = l.read(e, day, tables.Usage(), []int{tables.UCustomerID, tables.URecordID, tables.UStatus}, tables.URecordID,
				func(c *table.Columns, i int) int64 { return int64(c.C[tables.UStatus].Codes[i]) })
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// read takes a file's rows of the customer. Column 0 of both tables' selections is the customer. The usage table's status wins.
func (l *lookup) read(e lake.FileEntry, day period.Day, def *tables.Table, cols []int, idCol int, status func(*table.Columns, int) int64) error {
	f, err := openTable(l.f.Txn, e, def, cols)
	if err != nil {
		return err
	}
	defer f.close()
	id := l.names.books.Customers[l.customer].ID
	for range f.reader.Groups() {
		if low, high, ok := f.reader.Bounds(cols[0]); ok && (id < low || id > high) {
			f.reader.Skip()
			continue
		}
		c, err := f.reader.Next()
		if err != nil {
			return err
		}
		for i := range c.N {
			if c.C[cols[0]].Word(i) != id {
				continue
			}
			key := string(c.C[idCol].Text(i))
			if old, ok := l.records[key]; !ok || def.Name == "usage" {
				l.records[key] = oldRecord{day: day, status: max(old.status, status(c, i))}
			}
		}
	}
	return nil
}
