package sign

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/tollbook/tollbook/pipeline/lake/storage"
)

// shared is the file of a slot: the signatures that were accepted, one after the other, by any process. To accept one,
// a process locks the file, reads what others appended and appends its own. A file is only appended to, and removed
// after the time of its slot.
//
// It is not synced: the next process sees what one wrote, however that ended, and waiting for the disk would cost more
// than the response. After a power failure the signatures of the last seconds may be lost.
type shared struct {
	name string
	file *os.File // nil = not open
	read int64    // position up to which it was read
}

// fileOf returns the name of a slot's file.
func fileOf(name string, number int64) string { return name + "." + strconv.FormatInt(number, 10) }

// removeBefore removes the files of earlier slots. A file that cannot be removed does no harm.
func removeBefore(name string, first int64) {
	entries, err := os.ReadDir(filepath.Dir(name))
	if err != nil {
		return
	}
	for _, e := range entries {
		text, ours := strings.CutPrefix(e.Name(), filepath.Base(name)+".")
		if number, err := strconv.ParseInt(text, 10, 64); ours && err == nil && number < first &&
			strconv.FormatInt(number, 10) == text {
			_ = os.Remove(fileOf(name, number))
		}
	}
}

// note adds to uses what other processes accepted since the last call, returns their number, and appends a signature
// that is not among them.
func (f *shared) note(mac [sha256.Size]byte, uses map[[sha256.Size]byte]use) (others int, err error) {
	defer func() {
		if err != nil {
			f.close() // opened and read again at the next call
			err = fmt.Errorf("remember a signature in %s: %w", f.name, err)
		}
	}()
	if f.file == nil {
		f.read = 0
		if f.file, err = os.OpenFile(f.name, os.O_CREATE|os.O_RDWR|unix.O_NOFOLLOW, 0o600); err != nil {
			f.file = nil
			return 0, err
		}
	}
	if err := storage.LockFile(f.file, storage.ExclusiveLock); err != nil {
		return 0, err
	}
	others, err = f.others(uses)
	if _, seen := uses[mac]; err == nil && !seen {
		if _, err = f.file.WriteAt(mac[:], f.read); err == nil {
			f.read += sha256.Size
		}
	}
	return others, errors.Join(err, storage.UnlockFile(f.file))
}

// others reads what was appended since the last call. An incomplete signature at the end, of a failed write, is
// ignored: the next one overwrites it.
func (f *shared) others(uses map[[sha256.Size]byte]use) (n int, err error) {
	info, err := f.file.Stat()
	if err != nil {
		return 0, err
	}
	all := info.Size() / sha256.Size * sha256.Size
	if all <= f.read {
		return 0, nil
	}
	text := make([]byte, all-f.read)
	if _, err := f.file.ReadAt(text, f.read); err != nil {
		return 0, err
	}
	f.read = all
	for ; len(text) > 0; text = text[sha256.Size:] {
		mac := [sha256.Size]byte(text[:sha256.Size])
		if _, known := uses[mac]; !known {
			uses[mac] = use{} // without a connection, so that a repetition is never accepted
			n++
		}
	}
	return n, nil
}

// close closes the file. Written signatures stay.
func (f *shared) close() {
	if f.file != nil {
		_ = f.file.Close()
		f.file = nil
	}
}
