package inbox

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/tollbook/tollbook/pipeline/lake/storage"
)

// Hashes remembers the hashes of an inbox's files between runs, so that unchanged files are not read again. It is one
// file outside the lake and best effort: if it is lost, damaged or not writable, runs take longer and nothing else
// changes. Several goroutines may hash different files concurrently; the other methods are for one. If two runs share
// the file, the last complete version written remains.
type Hashes struct {
	path   string
	kept   map[string]remembered // content of the file, by path below inbox/
	mu     sync.Mutex            // of all fields below
	looked map[string]remembered // what Save will write: files passed to Hash
	seen   map[string]seen       // every file passed to Hash, settled or not, for Still
	marked bool
	mark   int64 // the file system's time before the first file was read, ns
	failed error // why there is no mark
}

// remembered is the hash of a file when it had the stamp.
type remembered struct {
	stamp
	hash string
}

// seen is the state of a file when it was hashed.
type seen struct {
	remembered
	stamped bool // the stamp is known
	settled bool // any later change shows in the stamp
}

// stamp is what the system or the object store knows of a file without reading it. A file cannot be written to, touched
// or replaced without a change of ctime or inode. Times are nanoseconds since 1970.
type stamp struct {
	size, mtime, ctime int64
	inode              uint64
}

// Stamp formats what the system knows of a file without reading it. ok is false if it knows nothing.
func Stamp(info fs.FileInfo) (text string, ok bool) {
	s, ok := stampOf(info)
	return s.text(), ok
}

// StampOf returns the Stamp and the size of a file; "" if the file is not there, or nothing is known of it.
func StampOf(fsys fs.FS, name string) (text string, size int64) {
	s, known, err := inspect(fsys, name)
	if err != nil || !known {
		return "", 0
	}
	return s.text(), s.size
}

func (s stamp) text() string { return fmt.Sprintf("%d %d %d %d", s.size, s.mtime, s.ctime, s.inode) }

// SettledStamp returns the Stamp of a file in a folder or an object store if every change from a time on (ns since
// 1970) alters the stamp; else "".
func SettledStamp(info fs.FileInfo, from int64) string {
	if s, ok := stampOf(info); !ok || !s.settled(from) {
		return ""
	}
	text, _ := Stamp(info)
	return text
}

// settled reports whether every change from a time on alters the stamp.
func (s stamp) settled(from int64) bool { return max(s.mtime, s.ctime) <= from-int64(settling) }

// settling is the minimal age of a file at the beginning of the reading for its hash to be remembered. A file system's
// clock advances in steps of up to two seconds, within which a file can change twice with the same stamp (git calls
// such files "racy").
const settling = 2 * time.Second

// LoadHashes reads the remembered hashes from a file; without a path it remembers nothing. The error says why an
// existing file was not read; the returned Hashes can be used anyway.
func LoadHashes(path string) (*Hashes, error) {
	h := &Hashes{path: path, looked: make(map[string]remembered), seen: make(map[string]seen)}
	if path == "" {
		return h, nil
	}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return h, nil
	}
	if err == nil {
		h.kept, err = parseHashes(string(text))
	}
	if err != nil {
		return h, fmt.Errorf("read remembered hashes %s: %w", path, err)
	}
	return h, nil
}

// Hash is the function Hash, but does not read a file that has the remembered stamp. Hashes are remembered only in a
// file system of os.DirFS or a Store. A file that changed or was removed meanwhile is a *ChangedError.
func (h *Hashes) Hash(fsys fs.FS, name string) (hash string, size int64, err error) {
	return h.HashInto(fsys, name, io.Discard)
}

// HashInto is Hash. It also writes the content that it hashes to a writer: nothing if the hash is remembered.
func (h *Hashes) HashInto(fsys fs.FS, name string, too io.Writer) (hash string, size int64, err error) {
	before, known, err := inspect(fsys, name)
	if err != nil {
		return "", 0, err
	}
	if h.remembers(name, before, known) {
		return h.kept[name].hash, h.kept[name].size, nil
	}
	if known {
		h.setMark(fsys)
	}
	hash, size, err = HashInto(fsys, name, too)
	after, still, lost := inspect(Fresh(fsys), name)
	if err != nil && lost == nil && known && still && after != before {
		return "", 0, &ChangedError{File: name, How: how(before, after)}
	}
	if err != nil {
		return "", 0, gone(name, err)
	}
	if lost != nil {
		return "", 0, lost
	}
	found := seen{remembered: remembered{stamp: after, hash: hash}, stamped: known && still}
	if found.stamped && (after != before || size != after.size) {
		return "", 0, &ChangedError{File: name, How: how(before, after)}
	}
	h.note(name, found)
	return hash, size, nil
}

// note stores the state of a file. A change after the mark alters the times of the second stamp in any clock step, so
// that the stamp would not be settled.
func (h *Hashes) note(name string, found seen) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if found.settled = found.stamped && h.settled(found.stamp); found.settled {
		h.looked[name] = found.remembered
	}
	h.seen[name] = found
}

// SettledStamp returns the Stamp of a file when it was hashed, if every later change alters it; else "".
func (h *Hashes) SettledStamp(name string) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	if found := h.seen[name]; found.settled {
		return found.text()
	}
	return ""
}

// Mark prepares for Adopt: it is called before another process reads a file.
func (h *Hashes) Mark(fsys fs.FS) { h.setMark(fsys) }

// Adopt notes a file as hashed by another process, which found the given Stamp before and after it read it. If the file
// has another stamp now, it is not noted, and the result is false.
func (h *Hashes) Adopt(fsys fs.FS, name, stamp, hash string) bool {
	now, known, err := inspect(Fresh(fsys), name)
	if err != nil || !known || now.text() != stamp {
		return false
	}
	h.note(name, seen{remembered: remembered{stamp: now, hash: hash}, stamped: true})
	return true
}

// setMark stores the time before the first file is read, by the clock that sets the files' times.
func (h *Hashes) setMark(fsys fs.FS) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.marked {
		return
	}
	if store, is := fsys.(Store); is {
		h.marked, h.mark = true, store.Now()
		if h.path != "" {
			h.failed = makeFolders(h.path)
		}
	} else if h.path != "" {
		h.marked = true
		h.mark, h.failed = markTime(h.path)
	}
}

// Known returns the hash of a file if it is remembered, so that the file need not be read.
func (h *Hashes) Known(fsys fs.FS, name string) (hash string, known bool) {
	now, stamped, err := inspect(fsys, name)
	if err != nil || !h.remembers(name, now, stamped) {
		return "", false
	}
	return h.kept[name].hash, true
}

// remembers reports whether a file has its remembered stamp, and if so marks it as hashed.
func (h *Hashes) remembers(name string, now stamp, stamped bool) bool {
	old, kept := h.kept[name]
	if !stamped || !kept || old.stamp != now {
		return false
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.looked[name], h.seen[name] = old, seen{remembered: old, stamped: true, settled: true}
	return true
}

// Still checks that a file is what it was when it was hashed; else it returns a *ChangedError. It is called after a
// file was read to its end; the rows of a changed file are discarded. If a change might not alter the stamp, Still
// reads the file again. It may be called from several goroutines after the last call of Hash.
func (h *Hashes) Still(fsys fs.FS, name string) error {
	was := h.seen[name]
	fsys = Fresh(fsys)
	now, known, err := inspect(fsys, name)
	switch {
	case err != nil:
		return err
	case was.stamped && known && now == was.stamp && was.settled:
		return nil
	case was.stamped && known && (now.size != was.size || now.mtime != was.mtime || now.inode != was.inode):
		return &ChangedError{File: name, How: how(was.stamp, now)}
	}
	hash, _, err := Hash(fsys, name)
	if err != nil {
		return gone(name, err)
	}
	if hash != was.hash {
		return &ChangedError{File: name, How: how(was.stamp, now)}
	}
	return nil
}

// inspect returns a file's stamp; known is false if the system has none.
func inspect(fsys fs.FS, name string) (s stamp, known bool, err error) {
	info, err := fs.Stat(fsys, name)
	if err != nil {
		return s, false, gone(name, fmt.Errorf("stat inbox/%s: %w", name, err))
	}
	s, known = stampOf(info)
	return s, known, nil
}

// gone turns the error of a missing file into a *ChangedError.
func gone(name string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return &ChangedError{File: name, How: "was removed"}
	}
	return err
}

// how names the change of a file.
func how(before, after stamp) string {
	switch {
	case before.inode != after.inode:
		return "was replaced"
	case after.size > before.size:
		return "grew"
	case after.size < before.size:
		return "was cut short"
	}
	return "was written to"
}

func (h *Hashes) settled(s stamp) bool { return h.failed == nil && s.settled(h.mark) }

// Save writes the files passed to Hash and forgets all others. If nothing changed it writes nothing.
func (h *Hashes) Save() error {
	if h.path == "" || maps.Equal(h.kept, h.looked) {
		return h.failed
	}
	if h.failed != nil {
		return h.failed
	}
	if err := ReplaceFile(h.path, formatHashes(h.looked)); err != nil {
		return fmt.Errorf("write remembered hashes: %w", err)
	}
	h.kept = maps.Clone(h.looked)
	return nil
}

// makeFolders makes the two folders above path if they are missing, but no more: a missing home is not made.
func makeFolders(path string) error {
	dir := filepath.Dir(path)
	_, err := os.Stat(filepath.Dir(filepath.Dir(dir)))
	if err == nil {
		err = storage.MakeDir(dir, 0o700, storage.Unsynced)
	}
	if err != nil {
		return fmt.Errorf("make a folder for remembered hashes: %w", err)
	}
	return nil
}

// markTime returns the time of the file system: packages below the jobs do not read a clock.
func markTime(path string) (int64, error) {
	if err := makeFolders(path); err != nil {
		return 0, err
	}
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+"-*.tmp")
	if err != nil {
		return 0, fmt.Errorf("ask the time of the file system: %w", err)
	}
	info, err := f.Stat()
	if err = errors.Join(err, f.Close(), os.Remove(f.Name())); err != nil {
		return 0, fmt.Errorf("ask the time of the file system: %w", err)
	}
	return info.ModTime().UnixNano(), nil
}

// ReplaceFile writes a file that remembers something under a temporary name and renames it. It does not sync: the first
// line of the file must show damage after a power cut. If there are too many or too large such files in the folder, it
// deletes the oldest.
func ReplaceFile(path, text string) error {
	if err := tooLarge(path, text); err != nil {
		return err
	}
	err := storage.ReplaceFile(path, storage.ReplaceOptions{Temporary: filepath.Base(path) + "-*.tmp"},
		func(f *os.File) error {
			_, err := f.WriteString(text)
			return err
		})
	if err != nil {
		return err
	}
	bound(path, maxRemembered, maxRememberedBytes)
	return nil
}

// hashesHead begins the first line of the file, which ends with the hash of the other lines. Every other line is a
// file: hash, size, mtime, ctime, inode, name quoted by Go; sorted by name.
const hashesHead = "tollbook hashes 1 "

func formatHashes(files map[string]remembered) string {
	var body strings.Builder
	for _, name := range slices.Sorted(maps.Keys(files)) {
		f := files[name]
		fmt.Fprintf(&body, "%s %d %d %d %d %s\n", f.hash, f.size, f.mtime, f.ctime, f.inode, strconv.Quote(name))
	}
	return hashesHead + textHash(body.String()) + "\n" + body.String()
}

func textHash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:16])
}

var errHashesDamaged = errors.New("not as they were written")

// parseHashes accepts only what formatHashes wrote: a damaged hash could bill a file twice.
func parseHashes(text string) (map[string]remembered, error) {
	head, body, _ := strings.Cut(text, "\n")
	if head != hashesHead+textHash(body) {
		return nil, errHashesDamaged
	}
	files := make(map[string]remembered)
	for line := range strings.Lines(body) {
		name, f, err := parseHash(strings.TrimSuffix(line, "\n"))
		if err != nil {
			return nil, errHashesDamaged
		}
		files[name] = f
	}
	if formatHashes(files) != text {
		return nil, errHashesDamaged
	}
	return files, nil
}

func parseHash(line string) (name string, f remembered, err error) {
	part := strings.SplitN(line, " ", 6)
	if len(part) != 6 {
		return "", f, errHashesDamaged
	}
	if raw, err := hex.DecodeString(part[0]); err != nil || len(raw) != 16 {
		return "", f, errHashesDamaged
	}
	f.hash = part[0]
	var errs [5]error
	f.size, errs[0] = strconv.ParseInt(part[1], 10, 64)
	f.mtime, errs[1] = strconv.ParseInt(part[2], 10, 64)
	f.ctime, errs[2] = strconv.ParseInt(part[3], 10, 64)
	f.inode, errs[3] = strconv.ParseUint(part[4], 10, 64)
	name, errs[4] = strconv.Unquote(part[5])
	return name, f, errors.Join(errs[:]...)
}
