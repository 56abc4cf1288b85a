package objects

import (
	"context"
	"crypto/md5" //nolint:gosec // what an ETag is
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"sync"
)

// Fault is a failure of Mem in handling a request (OBJECTS-7).
type Fault uint8

// The faults.
const (
	None   Fault = iota
	Fail         // nothing is done, and an error is returned
	Busy         // nothing is done, and ErrBusy is returned
	Forget       // the request is done, but an error is returned: the answer was lost
	Delay        // an error is returned, and the request is done by the next Arrive
	Stale        // List returns the objects before the latest change; other requests are done
	// Ignore: Create replaces an existing object, like a store without conditions; other requests are done
	Ignore
)

// Request is one request to Mem.
type Request struct {
	Kind string // get, create, put, stat, list, delete
	Name string // of the object; for list the prefix
	N    int64  // 1 = the first
}

// Mem is a Store in memory, for tests.
type Mem struct {
	// Plan selects the fault for a request; nil = no faults. Calls are serialized.
	Plan func(Request) Fault

	mu      sync.Mutex
	objects map[string]object
	before  map[string]object // the objects before the newest change
	clock   int64
	waiting []func()
	n       int64
}

// object is the content of an object and when it was written.
type object struct {
	content []byte
	changed int64
}

// NewMem returns an empty store.
func NewMem() *Mem { return &Mem{objects: make(map[string]object)} }

// Advance advances the store's clock.
func (m *Mem) Advance(seconds int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.clock += seconds
}

// errLost is the error of a request whose answer was lost.
var errLost = errors.New("the connection was closed before the answer came")

// Objects returns a copy of everything that is stored.
func (m *Mem) Objects() map[string]string {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := make(map[string]string, len(m.objects))
	for name, o := range m.objects {
		out[name] = string(o.content)
	}
	return out
}

// Set replaces an object, or deletes it if content is nil, to simulate another client of the store.
func (m *Mem) Set(name string, content []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.change(name, content)
}

// Arrive does the delayed requests in order.
func (m *Mem) Arrive() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, do := range m.waiting {
		do()
	}
	m.waiting = nil
}

// change sets or deletes an object. The caller holds mu.
func (m *Mem) change(name string, content []byte) {
	m.before = maps.Clone(m.objects)
	if content == nil {
		delete(m.objects, name)
		return
	}
	m.objects[name] = object{content, m.clock}
}

// do counts a request and does it, subject to the fault of the plan. The caller does not hold mu.
func (m *Mem) do(ctx context.Context, kind, name string, work func(Fault) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.n++
	fault := None
	if m.Plan != nil {
		fault = m.Plan(Request{kind, name, m.n})
	}
	var err error
	switch fault {
	case Fail:
		err = errors.New("the store failed")
	case Busy:
		err = ErrBusy
	case Forget:
		_ = work(None) // its answer is lost
		err = errLost
	case Delay:
		m.waiting = append(m.waiting, func() { _ = work(None) }) // as above
		err = errLost
	default:
		err = work(fault)
	}
	if err != nil {
		return fmt.Errorf("%s %s: %w", kind, name, err)
	}
	return nil
}

// Get implements Store.
func (m *Mem) Get(ctx context.Context, name string, offset, n int64) (content []byte, size int64, err error) {
	err = m.do(ctx, "get", name, func(Fault) error {
		o, found := m.objects[name]
		if !found {
			return fs.ErrNotExist
		}
		all := o.content
		size = int64(len(all))
		content = slices.Clone(all[min(offset, size):min(offset+n, size)])
		return nil
	})
	return content, size, err
}

// GetTagged implements Store.
func (m *Mem) GetTagged(ctx context.Context, name, tag string, offset, n int64) (content []byte, size int64,
	err error) {
	err = m.do(ctx, "get", name, func(Fault) error {
		o, found := m.objects[name]
		if !found {
			return fs.ErrNotExist
		}
		if o.tag() != tag {
			return ErrChanged
		}
		size = int64(len(o.content))
		content = slices.Clone(o.content[min(offset, size):min(offset+n, size)])
		return nil
	})
	return content, size, err
}

// tag returns the ETag of an object that was written in one request.
func (o object) tag() string { return fmt.Sprintf("%x", md5.Sum(o.content)) }

// describe returns an object in the form of a listing.
func (o object) describe(name string) Object {
	return Object{Name: name, Size: int64(len(o.content)), Changed: o.changed, Tag: o.tag()}
}

// Now implements Store.
func (m *Mem) Now() int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.clock
}

// Create implements Store.
func (m *Mem) Create(ctx context.Context, name string, content []byte) error {
	content = append([]byte{}, content...)
	return m.do(ctx, "create", name, func(fault Fault) error {
		if _, found := m.objects[name]; found && fault != Ignore {
			return fs.ErrExist
		}
		m.change(name, content)
		return nil
	})
}

// Put implements Store.
func (m *Mem) Put(ctx context.Context, name string, content *io.SectionReader) error {
	all, err := io.ReadAll(content) // never nil
	if err != nil {
		return err
	}
	return m.do(ctx, "put", name, func(Fault) error {
		m.change(name, all)
		return nil
	})
}

// Stat implements Store.
func (m *Mem) Stat(ctx context.Context, name string) (described Object, err error) {
	err = m.do(ctx, "stat", name, func(Fault) error {
		o, found := m.objects[name]
		if !found {
			return fs.ErrNotExist
		}
		described = o.describe(name)
		return nil
	})
	return described, err
}

// List implements Store.
func (m *Mem) List(ctx context.Context, prefix string, visit func(Object)) error {
	var out []Object
	err := m.do(ctx, "list", prefix, func(fault Fault) error {
		objects := m.objects
		if fault == Stale {
			objects = m.before
		}
		for _, name := range slices.Sorted(maps.Keys(objects)) {
			if strings.HasPrefix(name, prefix) {
				out = append(out, objects[name].describe(name))
			}
		}
		return nil
	})
	for _, o := range out {
		visit(o)
	}
	return err
}

// Delete implements Store.
func (m *Mem) Delete(ctx context.Context, name string) error {
	return m.do(ctx, "delete", name, func(Fault) error {
		if _, found := m.objects[name]; found {
			m.change(name, nil)
		}
		return nil
	})
}
