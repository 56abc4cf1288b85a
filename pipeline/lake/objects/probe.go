package objects

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"sync"
)

// Racers is the number of concurrent writers that a store must serialize.
const Racers = 16

// ProbeError reports that a store does not meet a requirement of a lake.
type ProbeError struct{ What string }

// Error says what the store does and what to do.
func (e *ProbeError) Error() string {
	return "the object store cannot keep a lake: " + e.What + "; two runs at once would overwrite each other's " +
		"commits. Use a store that implements PUT with If-None-Match: *, or a folder"
}

// Probe implements storage.Chain (OBJECTS-6). It writes two small objects and deletes them.
func (s *Storage) Probe() (err error) {
	ctx := context.Background()
	name := tempPrefix + "000000-probe-" + strings.ToLower(rand.Text())
	p := &probe{s.store}
	defer func() {
		for _, suffix := range []string{"-1", "-2"} {
			err = errors.Join(err, s.store.Delete(ctx, name+suffix))
		}
	}()
	if err := p.twice(ctx, name+"-1"); err != nil {
		return err
	}
	return p.race(ctx, name+"-2")
}

// probe is one probe of a store.
type probe struct{ store Store }

// create retries while the store is busy. An existing object with this content was created by this writer, whose answer
// was lost (OBJECTS-5).
func (p *probe) create(ctx context.Context, name, content string) error {
	var err error
	for range tries {
		if err = p.store.Create(ctx, name, []byte(content)); !errors.Is(err, ErrBusy) {
			break
		}
	}
	if !errors.Is(err, fs.ErrExist) {
		return err
	}
	if there, _, readErr := p.store.Get(ctx, name, 0, partBytes); readErr == nil && string(there) == content {
		return nil
	}
	return err
}

// twice creates an object twice.
func (p *probe) twice(ctx context.Context, name string) error {
	if err := p.create(ctx, name, "first"); err != nil {
		return fmt.Errorf("probe the object store: create an object: %w", err)
	}
	switch err := p.create(ctx, name, "second"); {
	case err == nil:
		return &ProbeError{"it accepts a second creation of an object"}
	case !errors.Is(err, fs.ErrExist):
		return fmt.Errorf("probe the object store: create an object that exists: %w", err)
	}
	if err := p.holds(ctx, name, "first"); err != nil {
		return err
	}
	found := false
	err := p.store.List(ctx, name, func(o Object) { found = found || o.Name == name && o.Size == int64(len("first")) })
	if err == nil && !found {
		return &ProbeError{"it does not list an object that was just created"}
	}
	return err
}

// race creates an object from several goroutines at once.
func (p *probe) race(ctx context.Context, name string) error {
	var group sync.WaitGroup
	results := make([]error, Racers)
	for i := range results {
		group.Go(func() { results[i] = p.create(ctx, name, content(i)) })
	}
	group.Wait()
	winner := -1
	for i, err := range results {
		switch {
		case err == nil && winner >= 0:
			return &ProbeError{fmt.Sprintf("more than one of %d concurrent writers creates the same object", Racers)}
		case err == nil:
			winner = i
		case !errors.Is(err, fs.ErrExist) && !errors.Is(err, ErrBusy):
			return fmt.Errorf("probe the object store: create an object from %d writers at once: %w", Racers, err)
		}
	}
	if winner < 0 {
		return &ProbeError{fmt.Sprintf("none of %d concurrent writers creates the object", Racers)}
	}
	return p.holds(ctx, name, content(winner))
}

// content returns what a writer of the race writes.
func content(i int) string { return fmt.Sprintf("writer %02d", i) }

// holds compares an object, read completely and in part, with what was written.
func (p *probe) holds(ctx context.Context, name, want string) error {
	for _, from := range []int64{0, 2} {
		got, size, err := p.store.Get(ctx, name, from, partBytes)
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("probe the object store: read an object: %w", err)
		}
		if string(got) != want[from:] || size != int64(len(want)) {
			return &ProbeError{fmt.Sprintf("an object that was written as %q is read as %q from byte %d on", want, got,
				from)}
		}
	}
	return nil
}
