package serve

import (
	"container/list"
	"sync"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/serve/operation"
	"github.com/tollbook/tollbook/schemas/period"
)

// How long a state is kept for a caller that pages, since the last page, and for how many at once.
const (
	pinFor   = period.Instant(10 * 60 * period.Second)
	mostPins = 4096
)

// pins remembers which state the first page of an answer was of, so that the pages after it are of the same one (SERVE-7). A caller that
// begins anew, at offset 0, sees the live state.
type pins struct {
	mu    sync.Mutex
	byKey map[string]*list.Element
	used  list.List // of pin, the one used longest ago first
}

type pin struct {
	key  string
	snap *lake.Snapshot
	at   period.Instant
}

// pinKey tells one paging from another: who asks what, wherever in the list.
func pinKey(c *operation.Call) string {
	return c.Caller.ID + "\x00" + c.Op.Name + "\x00" + c.Key("offset", "limit")
}

// of is the state that a paging goes on with; nil = the live one.
func (p *pins) of(key string, now period.Instant) *lake.Snapshot {
	p.mu.Lock()
	defer p.mu.Unlock()
	e := p.byKey[key]
	if e == nil {
		return nil
	}
	found := e.Value.(pin)
	if now-found.at > pinFor {
		p.drop(e)
		return nil
	}
	e.Value = pin{key, found.snap, now}
	p.used.MoveToBack(e)
	return found.snap
}

// put notes the state of a first page.
func (p *pins) put(key string, snap *lake.Snapshot, now period.Instant) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.byKey == nil {
		p.byKey = make(map[string]*list.Element)
	}
	if e := p.byKey[key]; e != nil {
		p.drop(e)
	}
	p.byKey[key] = p.used.PushBack(pin{key, snap, now})
	for first := p.used.Front(); p.used.Len() > mostPins || now-first.Value.(pin).at > pinFor; first = p.used.Front() {
		p.drop(first)
	}
}

// forget lets go of a state whose files are gone.
func (p *pins) forget(key string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if e := p.byKey[key]; e != nil {
		p.drop(e)
	}
}

func (p *pins) drop(e *list.Element) {
	delete(p.byKey, e.Value.(pin).key)
	p.used.Remove(e)
}

// page gives a call the state that its page is of, and says how to remember that. Only operations with an offset are paged.
func (s *Server) page(c *operation.Call) (forget func()) {
	if _, paged := c.Op.Param("offset"); !paged {
		return func() {}
	}
	key := pinKey(c)
	if c.Whole("offset") == 0 {
		s.pins.put(key, c.State.Snap, c.State.Now)
	} else if snap := s.pins.of(key, c.State.Now); snap != nil && snap != c.State.Snap {
		state := *c.State
		state.Snap, state.Store = snap, s.states.store(snap)
		c.State = &state
	}
	return func() { s.pins.forget(key) }
}
