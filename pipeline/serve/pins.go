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

// How long a state is kept for a caller that pages, since the last page, for how many cursors at once, and for how many
// of one question.
const (
	pinFor     = period.Instant(10 * 60 * period.Second)
	maxPins    = 4096
	maxPerKey  = 16
	stateField = "X-Tollbook-State"
)

// pins remembers which state the first page of an answer was of, so that the pages after it are of the same one
// (SERVE-7). Each request at offset 0 begins a cursor of its own, on the live state.
//
// Nothing in the vendor's format says which cursor a later page belongs to, and one key may ask the same question in
// several programs at once. It is taken for the cursor that asked on the same connection before; among those, and else
// among all of the key's, for the one whose next row it begins with; among those for the one that began last. A page
// that has neither in common with a cursor gets the state of the one that began last, and leaves it as it is.
type pins struct {
	mu    sync.Mutex
	byKey map[string][]*list.Element // as they began
	used  list.List                  // of *pin, the one used longest ago first
}

type pin struct {
	key  string
	snap *lake.Snapshot
	next int64  // the row after the last page
	conn uint64 // of the last page; 0 = of none
	at   period.Instant
}

// pinKey distinguishes requests: caller and question, whatever the offset.
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

// of is the state that a page continues with, which holds the rows from offset to next; nil = the live one.
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
	if rank > 0 { // else it may be anybody's: the cursor still waits for its own next page
		found.next, found.conn = next, conn
	}
	p.used.MoveToBack(best)
	return found.snap
}

// numbered returns the states of a number that are kept for one question of a caller, and for anybody; nil = none.
// After a lake was restored, two states can have one number: a caller that names the number gets the state of its own
// pages.
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

// forget releases a state whose files are gone.
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

// page gives a call the state that its page is of, and says how to forget it. Only operations with an offset are paged.
// A caller that names a state by the header gets that one or an error; in that case named is true. moved says that the
// state of the caller's cursor is gone: it continues with the live one, as a cursor of its own.
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

// named is the state that a header names, for a caller and question.
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

// goneState says that a state that was named is kept no longer.
func goneState(number string) error {
	return operation.NotFound(operation.Textf("状态%s已不再保留，请从offset=0重新查询",
		"state %s is no longer available: start again at offset 0", number))
}
