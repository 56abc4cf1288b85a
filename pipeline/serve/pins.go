package serve

import (
	"container/list"
	"net/http"
	"slices"
	"strconv"
	"sync"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/serve/operation"
	"github.com/tollbook/tollbook/schemas/period"
)

// How long after the last page the state of a cursor is kept, for how many cursors in total, and for how many of one
// question.
const (
	pinFor     = period.Instant(10 * 60 * period.Second)
	maxPins    = 4096
	maxPerKey  = 16
	stateField = "X-Tollbook-State"
)

// pins remembers the state of the first page of a list, so that later pages read the same state (SERVE-7). Each request
// at offset 0 begins a cursor on the live state.
//
// The vendor's format does not identify the cursor of a later page, and one key may send the same question from several
// programs at once. A page is assigned to a cursor of its key by these criteria, in this order: the cursor was last
// used on the same connection; the page begins with the cursor's next row; the cursor began last. If a page meets
// neither of the first two, it gets the state of the cursor that began last, which stays unchanged.
type pins struct {
	mu    sync.Mutex
	byKey map[string][]*list.Element // in the order of their begin
	used  list.List                  // of *pin, the least recently used first
}

type pin struct {
	key  string
	snap *lake.Snapshot
	next int64  // the row after the last page
	conn uint64 // of the last page; 0 = none
	at   period.Instant
}

// pinKey identifies a caller and a question, whatever the offset.
func pinKey(c *operation.Call) string {
	return c.Caller.ID + "\x00" + c.Op.Name + "\x00" + c.Key("offset", "limit")
}

// put begins a cursor whose first page ends before the row next.
func (p *pins) put(begun pin) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.byKey == nil {
		p.byKey = make(map[string][]*list.Element)
	}
	if of := p.byKey[begun.key]; len(of) >= maxPerKey {
		p.drop(of[0])
	}
	p.byKey[begun.key] = append(p.byKey[begun.key], p.used.PushBack(&begun))
	for first := p.used.Front(); p.used.Len() > maxPins || begun.at-first.Value.(*pin).at > pinFor; first =
		p.used.Front() {
		p.drop(first)
	}
}

// of returns the state of a page with the rows from offset to next; nil = the live one.
func (p *pins) of(key string, conn uint64, offset, next int64, now period.Instant) *lake.Snapshot {
	p.mu.Lock()
	defer p.mu.Unlock()
	var best *list.Element
	rank := -1
	for _, e := range slices.Clone(p.byKey[key]) {
		one := e.Value.(*pin)
		if now-one.at > pinFor {
			p.drop(e)
			continue
		}
		r := 0
		if conn != 0 && one.conn == conn {
			r += 2
		}
		if one.next == offset {
			r++
		}
		if r >= rank {
			best, rank = e, r
		}
	}
	if best == nil {
		return nil
	}
	found := best.Value.(*pin)
	found.at = now
	if rank > 0 { // otherwise the page may be another cursor's: this one still expects its next page
		found.next, found.conn = next, conn
	}
	p.used.MoveToBack(best)
	return found.snap
}

// numbered returns the stored states with a number, of one question of a caller, and of any caller; nil = none. After a
// lake was restored, two states can have one number: a caller that names it gets the state of its own pages.
func (p *pins) numbered(key string, number int64) (own, other *lake.Snapshot) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, e := range slices.Backward(p.byKey[key]) {
		if one := e.Value.(*pin); one.snap.Manifest.Number == number {
			p.used.MoveToBack(e)
			return one.snap, nil
		}
	}
	for e := p.used.Back(); e != nil; e = e.Prev() {
		if one := e.Value.(*pin); one.snap.Manifest.Number == number {
			p.used.MoveToBack(e)
			return nil, one.snap
		}
	}
	return nil, nil
}

// forget releases a state whose files no longer exist.
func (p *pins) forget(key string, snap *lake.Snapshot) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, e := range slices.Clone(p.byKey[key]) {
		if e.Value.(*pin).snap == snap {
			p.drop(e)
		}
	}
}

func (p *pins) drop(e *list.Element) {
	key := e.Value.(*pin).key
	if rest := slices.DeleteFunc(p.byKey[key], func(o *list.Element) bool { return o == e }); len(rest) > 0 {
		p.byKey[key] = rest
	} else {
		delete(p.byKey, key)
	}
	p.used.Remove(e)
}

// page sets the state of a call's page, and returns a function that forgets it. Only operations with an offset are
// paged. A caller that names a state in the header gets that one or an error; named is true then. moved reports that
// the state of the caller's cursor no longer exists: a new cursor continues with the live one.
func (s *Server) page(c *operation.Call, r *http.Request, moved bool) (forget func(), named bool, err error) {
	if _, paged := c.Op.Param("offset"); !paged {
		return func() {}, false, nil
	}
	key, conn, offset := pinKey(c), connOf(r), int64(c.Whole("offset"))
	next := offset + int64(c.Whole("limit"))
	live := c.State.Snap
	snap := live
	text := r.Header.Get(stateField)
	switch {
	case text != "":
		if snap, err = s.named(key, text, live); err != nil {
			return nil, true, err
		}
	case offset > 0 && !moved:
		if pinned := s.pins.of(key, conn, offset, next, c.State.Now); pinned != nil {
			snap = pinned
		}
	}
	if offset == 0 || moved && text == "" {
		s.pins.put(pin{key: key, snap: snap, next: next, conn: conn, at: c.State.Now})
	}
	if snap != live {
		state := *c.State
		state.Snap, state.Store = snap, s.states.store(snap)
		c.State = &state
	}
	return func() { s.pins.forget(key, snap) }, text != "", nil
}

// named returns the state that a header names, for a caller and question.
func (s *Server) named(key, text string, live *lake.Snapshot) (*lake.Snapshot, error) {
	number, err := strconv.ParseInt(text, 10, 64)
	if err != nil || strconv.FormatInt(number, 10) != text {
		return nil, operation.BadParameter(stateField, operation.Text{Zh: "不是整数", En: "is not a whole number"})
	}
	own, other := s.pins.numbered(key, number)
	switch {
	case own != nil:
		return own, nil
	case number == live.Manifest.Number:
		return live, nil
	case other != nil:
		return other, nil
	}
	return nil, goneState(text)
}

// goneState returns the error for a state that is no longer kept.
func goneState(number string) error {
	return operation.NotFound(operation.Textf("状态%s已不再保留，请从offset=0重新查询",
		"state %s is no longer available: start again at offset 0", number))
}
