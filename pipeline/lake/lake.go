package lake

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"sync"

	"github.com/tollbook/tollbook/pipeline/lake/storage"
)

// Options of a lake. The zero value is usable.
type Options struct {
	// Log gets one line for each unnamed file that is deleted. nil = no lines.
	Log *slog.Logger
	// Stop, if set, is called at the named points of a commit (StopPoints). Tests kill the process there; an error it
	// returns ends the commit at that point.
	Stop func(point string) error
	// CutBytes is the size from which a run cuts the list of a cycle by day (LAKE-17). 0 = next.CutBytes; for tests.
	CutBytes int
}

// The stop points of a commit, in order.
const (
	BeforeManifest = "before-manifest" // data files are durable, nothing names them
	BeforeHead     = "before-HEAD"     // the manifest is durable, HEAD names the old one
	AfterHead      = "after-HEAD"      // HEAD names the new one, its folder is not synced
	BeforeClean    = "before-clean"    // HEAD is durable, superseded files are still there
)

// StopPoints lists the stop points in order.
func StopPoints() []string { return []string{BeforeManifest, BeforeHead, AfterHead, BeforeClean} }

// Lake is a lake in a storage. Several goroutines may use it; writing requires Begin, by one at a time.
type Lake struct {
	st    storage.Storage
	chain storage.Chain // nil = st is a file system
	log   *slog.Logger
	stop  func(point string) error
	cut   int

	blocks sync.Pool // buffers for checking parts of blocks
}

// Open returns the lake in a storage. It creates nothing: a lake that does not exist is the empty lake, number 0. The
// error is that of reading HEAD, or a *CorruptError if HEAD is malformed.
func Open(st storage.Storage, o Options) (*Lake, error) {
	l := newLake(st, o)
	if _, _, err := l.readHead(); err != nil {
		return nil, err
	}
	return l, nil
}

// newLake is Open without reading HEAD.
func newLake(st storage.Storage, o Options) *Lake {
	l := &Lake{st: st, log: o.Log, stop: o.Stop, cut: o.CutBytes}
	if l.chain = storage.AsChain(st); l.chain != nil {
		l.st = l.chain
	}
	if l.log == nil {
		l.log = slog.New(slog.DiscardHandler)
	}
	if l.stop == nil {
		l.stop = func(string) error { return nil }
	}
	return l
}

// Head returns the live state. If HEAD moves while it is read, the newer state is returned (LAKE-4). A HEAD that is
// missing or older than the lake is an error (LAKE-14): *MissingError, *CorruptError.
func (l *Lake) Head() (*Snapshot, error) {
	for {
		number, hash, err := l.readHead()
		if err != nil {
			return nil, err
		}
		snap, err := l.load(number, hash)
		if err == nil {
			err = l.checkNewer(number, hash)
		}
		if err == nil {
			return snap, nil
		}
		if moved := new(MovedError); errors.As(err, &moved) {
			continue // ends: each turn is a commit by a writer
		}
		return nil, err
	}
}

// HeadSince returns the live state. If HEAD still names old, it returns old with its cached lists. old may be nil.
func (l *Lake) HeadSince(old *Snapshot) (*Snapshot, error) {
	if old != nil {
		number, hash, err := l.readHead()
		if err != nil {
			return nil, err
		}
		if number > 0 && number == old.Manifest.Number && hash == old.Hash {
			return old, nil
		}
	}
	return l.Head()
}

// Read calls a reader with the live state, and again with the newer state if a commit removed a file that it needed, up
// to ten times. The reader must start from the beginning each time.
func (l *Lake) Read(reader func(*Snapshot) error) error {
	const turns = 10 // a reader that loses ten states is slower than the runs: report that instead of retrying forever
	var err error
	for range turns {
		var snap *Snapshot
		if snap, err = l.Head(); err != nil {
			return err
		}
		err = reader(snap)
		if moved := new(MovedError); !errors.As(err, &moved) {
			return err
		}
	}
	return fmt.Errorf("read the lake: gave up after %d states: %w", turns, err)
}

// At returns the state of a manifest that HEAD need not name, as after an interrupted copy. Its files may be missing.
func (l *Lake) At(number int64, hash Hash) (*Snapshot, error) { return l.load(number, hash) }

// readHead returns what HEAD says; 0 and "" if there is no HEAD. On an object store it is the newest manifest.
func (l *Lake) readHead() (int64, Hash, error) {
	if l.chain != nil {
		return l.newest()
	}
	text, err := l.readFile(HeadName)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, "", nil
	}
	if err != nil {
		return 0, "", fmt.Errorf("read HEAD of the lake: %w", err)
	}
	number, hash, err := ParseHead(text)
	if err != nil {
		return 0, "", &CorruptError{Name: HeadName, Detail: err.Error(), Hint: HintHead}
	}
	return number, hash, nil
}

// load reads the manifest that HEAD names; number 0 is the empty lake.
func (l *Lake) load(number int64, hash Hash) (*Snapshot, error) {
	if number == 0 {
		m := Manifest{Format: ManifestFormat}
		return &Snapshot{Manifest: m, lake: l, lists: newLists(l.readNamed, &m)}, nil
	}
	m, err := l.readManifest(number, hash, HeadName)
	if err != nil {
		return nil, err
	}
	return &Snapshot{Manifest: *m, Hash: hash, lake: l, lists: newLists(l.readNamed, m)}, nil
}

// readManifest reads and checks one manifest, which by names.
func (l *Lake) readManifest(number int64, hash Hash, by string) (*Manifest, error) {
	name := NameOf(number)
	b, err := l.readNamed(name, hash, by, number)
	if err != nil {
		return nil, err
	}
	return DecodeNumbered(name, number, b)
}

// readNamed reads a file that by names with its hash. number is the reader's manifest.
func (l *Lake) readNamed(name string, hash Hash, by string, number int64) ([]byte, error) {
	b, err := l.readFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, l.gone(name, number, by, HintRestore)
	}
	if err != nil {
		return nil, fmt.Errorf("read %s of the lake: %w", name, err)
	}
	if got := HashBytes(b); got != hash {
		return nil, &CorruptError{Name: name, Detail: fmt.Sprintf("hash is %s, %s says %s", got, by, hash),
			Hint: HintRestore}
	}
	return b, nil
}

// gone returns the error of a missing file: removed by a newer state, or lost.
func (l *Lake) gone(name string, number int64, by, hint string) error {
	now, _, err := l.readHead()
	if err != nil {
		return err
	}
	if now != number {
		return &MovedError{Name: name, Was: number, Now: now}
	}
	return &MissingError{Name: name, Manifest: by, Detail: NotThereText, Hint: hint}
}

// readFile reads a small file completely.
func (l *Lake) readFile(name string) ([]byte, error) {
	return storage.ReadAll(l.st, name)
}
