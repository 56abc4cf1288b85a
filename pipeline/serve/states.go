package serve

import (
	"errors"
	"io/fs"
	"log/slog"
	"strconv"
	"sync"

	"github.com/tollbook/tollbook/pipeline/intake/inbox"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/read/query"
	"github.com/tollbook/tollbook/pipeline/serve/operation"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/period"
)

// lookEvery is the shortest time between two checks whether the books changed.
const lookEvery = period.Second

// maxFiles is the largest number of files of the lake with a file descriptor, whatever the number of requests
// (SERVE-10).
const maxFiles = 64

// states provides the committed state that each request reads.
type states struct {
	lake  *lake.Lake
	store func(*lake.Snapshot) query.Store
	log   *slog.Logger

	mu        sync.Mutex
	snap      *lake.Snapshot
	workspace *workspace.Workspace
	prices    *operation.Prices
	print     string // of the books in workspace
	looked    period.Instant
	booksErr  error // why changed books were not accepted
}

func newStates(w *workspace.Workspace, other func(*lake.Snapshot, query.Store) query.Store,
	log *slog.Logger) (*states, error) {
	l, err := w.Lake(workspace.Options{Log: log, OpenFiles: maxFiles})
	if err != nil {
		return nil, err
	}
	files, err := query.NewLakeLines(query.LakeOptions{Bytes: w.Settings.API.CacheBytes})
	if err != nil {
		return nil, err
	}
	store := func(snap *lake.Snapshot) query.Store { return files.At(snap) }
	if other != nil {
		store = func(snap *lake.Snapshot) query.Store { return other(snap, files.At(snap)) }
	}
	s := &states{lake: l, store: store, log: log, workspace: w, prices: operation.NewPrices(w), print: printOf(w)}
	_, err = s.at(0)
	return s, err
}

// at returns the live state. Concurrent callers get the same one.
func (s *states) at(now period.Instant) (*operation.State, error) {
	s.reload(now)
	s.mu.Lock()
	defer s.mu.Unlock()
	if refused := new(workspace.RefusedError); errors.As(s.booksErr, &refused) {
		return nil, refused
	}
	snap, err := s.lake.HeadSince(s.snap)
	if err != nil {
		return nil, err
	}
	s.snap = snap
	return &operation.State{Workspace: s.workspace, Snap: snap, Store: s.store(snap), Prices: s.prices, Now: now}, nil
}

// reload reads changed books. The request that finds the change waits; others continue with the previous books. While
// the new books have errors, the previous ones stay in use, so that an error in them does not stop the service.
func (s *states) reload(now period.Instant) {
	w, changed := s.changed(now)
	if !changed {
		return
	}
	b, err := workspace.LoadBooks(w.Dir, w.Settings)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.booksErr = err
	if err != nil {
		s.log.Error("the books changed and are wrong: the server continues with the previous ones",
			"error", err.Error())
		return
	}
	s.log.Info("books read again")
	s.workspace = &workspace.Workspace{Dir: w.Dir, Settings: w.Settings, Books: b}
	s.prices = operation.NewPrices(s.workspace)
}

// changed reports whether the books have changed since the last check; it is true for only one caller.
func (s *states) changed(now period.Instant) (*workspace.Workspace, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if d := int64(now - s.looked); d >= 0 && d < lookEvery {
		return nil, false
	}
	s.looked = now
	print := printOf(s.workspace)
	if print == s.print {
		return nil, false
	}
	s.print = print
	return s.workspace, true
}

// wrong returns why the books in use are not those on disk; nil = they are.
func (s *states) wrong() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.booksErr
}

// printOf identifies the files of books by name, size, times and inode, and objects by their version: a file can be
// replaced by one of the same size and modification time.
func printOf(w *workspace.Workspace) string {
	root, err := workspace.BooksRoot(w.Dir, &w.Settings)
	if err != nil {
		return err.Error()
	}
	entries, err := fs.ReadDir(root, "books")
	if err != nil {
		return err.Error()
	}
	print := ""
	for _, e := range entries {
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err.Error()
		}
		print += e.Name() + "\x00" + info.ModTime().String() + "\x00" + info.Mode().String() + "\x00" +
			strconv.FormatInt(info.Size(), 10) + "\n"
		if stamp, known := inbox.Stamp(info); known {
			print += stamp + "\n"
		}
	}
	return print
}
