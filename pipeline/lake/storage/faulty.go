package storage

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"syscall"
)

// Mode is what Faulty does to the n-th mutating operation.
type Mode uint8

// The modes.
const (
	Off  Mode = iota // only count
	Fail             // `fail:N`: the operation fails with EIO and has no effect
	Full             // `full:N`: the operation fails with ENOSPC and has no effect
	// `short:N`: a write writes half of its bytes and fails with ENOSPC; any other operation fails as with Full
	Short
	Down // `down:N`: this and every later operation fail with EIO, like on a lost disk
	Kill // `kill:N`: Plan.Kill is called instead of the operation; a write writes half of its bytes first
	// `read:N`: the n-th reading operation (Open, List, Read and ReadAt of an open file) fails with EIO; mutating
	// operations do not fail
	Read
	// `files:N`: the n-th operation that opens a file or folder fails with EMFILE, as do all later ones
	Files
	Stop // `stop:N`: the process stops itself with SIGSTOP before that operation; SIGCONT lets it do it
)

var modes = map[string]Mode{
	"fail": Fail, "full": Full, "short": Short, "down": Down, "kill": Kill, "read": Read, "files": Files, "stop": Stop,
}

// Plan defines which operation fails, and how.
type Plan struct {
	Mode Mode
	N    int64    // 1 = the first
	Kill func()   // Mode Kill only: must not return; the default sends SIGKILL to this process
	Stop func()   // Mode Stop only: the default sends SIGSTOP to this process
	Seen func(Op) // if set: called before every mutating operation, for tests that record them
	// Tally, if set, counts the operations of all storages with this plan together, for a run that writes to several.
	Tally *Tally
}

// Tally counts operations.
type Tally struct {
	mu              sync.Mutex
	count, injected int64
	reads, opens    int64
}

// Op is one operation.
type Op struct {
	Kind string // create, write, sync, close, rename, remove, prune, syncdir; open, list, read
	Name string // file or folder; for rename the new name
	N    int64  // 1 = the first
}

// InjectedError is the error of an operation that Faulty broke. Err is syscall.EIO, syscall.ENOSPC or syscall.EMFILE.
type InjectedError struct {
	Op  Op
	Err error
}

// Error names the operation and its number, so that the run can be repeated.
func (e *InjectedError) Error() string {
	return fmt.Sprintf("%s %s: injected fault at operation %d: %v", e.Op.Kind, e.Op.Name, e.Op.N, e.Err)
}

// Unwrap returns the system's error.
func (e *InjectedError) Unwrap() error { return e.Err }

// ParsePlan parses a plan like `fail:17`, `full:17`, `short:17`, `down:17`, `kill:17`, `read:17`, `files:17` or
// `stop:17`; "" is no fault.
func ParsePlan(text string) (Plan, error) {
	if text == "" {
		return Plan{}, nil
	}
	word, number, found := strings.Cut(text, ":")
	mode, known := modes[word]
	n, err := strconv.ParseInt(number, 10, 64)
	if !found || !known || err != nil || n < 1 {
		const kinds = "want fail:N, full:N, short:N, down:N, kill:N, read:N, files:N or stop:N with N from 1"
		return Plan{}, fmt.Errorf("fault plan %q: %s", text, kinds)
	}
	return Plan{Mode: mode, N: n}, nil
}

// FaultyStorage counts the mutating operations of another Storage (Create, Write, Sync and Close of a written file,
// Rename, Remove, Prune, SyncDir) and makes one of them fail. In mode Read it does so for reading operations, in mode
// Files for those that open a file or a folder (Create, Open, SyncDir, List). Lock is not counted.
type FaultyStorage struct {
	inner Storage
	plan  Plan
	tally *Tally
}

// Faulty wraps a Storage with a plan.
func Faulty(inner Storage, plan Plan) *FaultyStorage {
	if plan.Kill == nil {
		plan.Kill = killSelf
	}
	if plan.Stop == nil {
		plan.Stop = stopSelf
	}
	tally := plan.Tally
	if tally == nil {
		tally = new(Tally)
	}
	return &FaultyStorage{inner: inner, plan: plan, tally: tally}
}

// killSelf ends the process like kill -9: no deferred function runs, nothing is flushed.
func killSelf() {
	_ = syscall.Kill(syscall.Getpid(), syscall.SIGKILL) // cannot fail for our own process
	select {}                                           // the signal may take an instant: do nothing more until then
}

// stopSelf stops the process. It returns only after SIGCONT, although the system may stop this thread a little later
// than others.
func stopSelf() {
	continued := make(chan os.Signal, 1)
	signal.Notify(continued, syscall.SIGCONT)
	defer signal.Stop(continued)
	_ = syscall.Kill(syscall.Getpid(), syscall.SIGSTOP) // cannot fail for our own process
	<-continued
}

// Count returns the number of mutating operations so far.
func (f *FaultyStorage) Count() int64 {
	f.tally.mu.Lock()
	defer f.tally.mu.Unlock()
	return f.tally.count
}

// Injected returns the number of failures. Each must have reached the caller as an *InjectedError.
func (f *FaultyStorage) Injected() int64 {
	f.tally.mu.Lock()
	defer f.tally.mu.Unlock()
	return f.tally.injected
}

// step counts an operation. partial, if not nil, does the half of it that precedes a kill or a short write.
func (f *FaultyStorage) step(kind, name string, partial func()) error {
	if kind == "create" || kind == "syncdir" {
		if err := f.opening(kind, name); err != nil {
			return err
		}
	}
	f.tally.mu.Lock()
	f.tally.count++
	op := Op{Kind: kind, Name: name, N: f.tally.count}
	mutating := f.plan.Mode != Off && f.plan.Mode != Read && f.plan.Mode != Files
	hit := mutating && (op.N == f.plan.N || f.plan.Mode == Down && op.N > f.plan.N)
	if hit && f.plan.Mode != Kill && f.plan.Mode != Stop {
		f.tally.injected++
	}
	f.tally.mu.Unlock()
	if f.plan.Seen != nil {
		f.plan.Seen(op)
	}
	if !hit {
		return nil
	}
	if partial != nil && (f.plan.Mode == Kill || f.plan.Mode == Short) {
		partial()
	}
	switch f.plan.Mode {
	case Kill:
		f.plan.Kill()
		return &InjectedError{op, errors.New("the plan's Kill returned")}
	case Stop:
		f.plan.Stop()
		return nil
	case Full, Short:
		return &InjectedError{op, syscall.ENOSPC}
	default:
		return &InjectedError{op, syscall.EIO}
	}
}

// opening counts an operation that needs a file descriptor, and makes it fail in mode Files.
func (f *FaultyStorage) opening(kind, name string) error {
	f.tally.mu.Lock()
	defer f.tally.mu.Unlock()
	f.tally.opens++
	if f.plan.Mode != Files || f.tally.opens < f.plan.N {
		return nil
	}
	f.tally.injected++
	return &InjectedError{Op{kind, name, f.tally.opens}, syscall.EMFILE}
}

// reading counts an operation that reads, and makes it fail in mode Read.
func (f *FaultyStorage) reading(kind, name string) error {
	if kind == "open" || kind == "list" {
		if err := f.opening(kind, name); err != nil {
			return err
		}
	}
	f.tally.mu.Lock()
	defer f.tally.mu.Unlock()
	f.tally.reads++
	if f.plan.Mode != Read || f.tally.reads != f.plan.N {
		return nil
	}
	f.tally.injected++
	return &InjectedError{Op{kind, name, f.tally.reads}, syscall.EIO}
}

// Create counts the operation and forwards it.
func (f *FaultyStorage) Create(name string) (File, error) {
	if err := f.step("create", name, nil); err != nil {
		return nil, err
	}
	file, err := f.inner.Create(name)
	if err != nil {
		return nil, err
	}
	return &faultyFile{File: file, storage: f}, nil
}

// Open counts as reading, and so do reads of the file.
func (f *FaultyStorage) Open(name string) (ReadFile, error) {
	if err := f.reading("open", name); err != nil {
		return nil, err
	}
	file, err := f.inner.Open(name)
	if err != nil {
		return nil, err
	}
	return &faultyReadFile{ReadFile: file, storage: f, name: name}, nil
}

// Rename counts the operation and forwards it.
func (f *FaultyStorage) Rename(from, to string) error {
	if err := f.step("rename", to, nil); err != nil {
		return err
	}
	return f.inner.Rename(from, to)
}

// Remove counts the operation and forwards it.
func (f *FaultyStorage) Remove(name string) error {
	if err := f.step("remove", name, nil); err != nil {
		return err
	}
	return f.inner.Remove(name)
}

// Prune counts the operation and forwards it.
func (f *FaultyStorage) Prune(own func(dir string) bool) error {
	if err := f.step("prune", "", nil); err != nil {
		return err
	}
	return f.inner.Prune(own)
}

// SyncDir counts the operation and forwards it.
func (f *FaultyStorage) SyncDir(dir string) error {
	if err := f.step("syncdir", dir, nil); err != nil {
		return err
	}
	return f.inner.SyncDir(dir)
}

// List counts as reading.
func (f *FaultyStorage) List(prefix string) ([]Entry, error) {
	if err := f.reading("list", prefix); err != nil {
		return nil, err
	}
	return f.inner.List(prefix)
}

// Lock forwards the call.
func (f *FaultyStorage) Lock() (Lock, error) { return f.inner.Lock() }

type faultyReadFile struct {
	ReadFile
	storage *FaultyStorage
	name    string
}

func (f *faultyReadFile) Read(p []byte) (int, error) {
	if err := f.storage.reading("read", f.name); err != nil {
		return 0, err
	}
	return f.ReadFile.Read(p)
}

func (f *faultyReadFile) ReadAt(p []byte, off int64) (int, error) {
	if err := f.storage.reading("read", f.name); err != nil {
		return 0, err
	}
	return f.ReadFile.ReadAt(p, off)
}

type faultyFile struct {
	File
	storage *FaultyStorage
}

func (f *faultyFile) Write(p []byte) (int, error) {
	written := 0
	err := f.storage.step("write", f.Name(), func() {
		written, _ = f.File.Write(p[:len(p)/2]) // the caller gets the injected error in any case
	})
	if err != nil {
		return written, err
	}
	return f.File.Write(p)
}

func (f *faultyFile) Sync() error {
	if err := f.storage.step("sync", f.Name(), nil); err != nil {
		return err
	}
	return f.File.Sync()
}

// Chmod forwards the call.
func (f *faultyFile) Chmod(mode fs.FileMode) error { return SetMode(f.File, mode) }

// Close closes the file even if it must fail, like close(2): a fault loop leaks no descriptors.
func (f *faultyFile) Close() error {
	if err := f.storage.step("close", f.Name(), nil); err != nil {
		return errors.Join(err, f.File.Close())
	}
	return f.File.Close()
}
