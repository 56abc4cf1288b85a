package state

import (
	"cmp"
	"errors"
	"fmt"
	"hash/crc32"

	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
)

// KeepFile closes a temporary file and returns the name by which other tasks open it.
type KeepFile func(f storage.File, kind string, digest []byte) (name string, err error)

// IncomingFile is a temporary file of the lake, or an object of the shared run, that another task wrote.
type IncomingFile struct {
	Name  string `json:"name"`
	Bytes int64  `json:"bytes"`
	Sum   uint32 `json:"sum"` // CRC-32C
}

// Open opens the file after it has compared its content with the checksum. The caller closes it.
func (f *IncomingFile) Open(txn *lake.SubTxn) (storage.ReadFile, error) {
	r, err := txn.OpenTemp(f.Name)
	if err != nil {
		return nil, err
	}
	sum, err := accept.Checksum(r, 0, r.Size())
	if err == nil && (r.Size() != f.Bytes || sum != f.Sum) {
		err = errors.New("it is damaged: its checksum is not that of the task that wrote it")
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("read %s: %w", f.Name, err), r.Close())
	}
	return r, nil
}

// MarkTemp is a temporary file that is being written, with its checksum.
type MarkTemp struct {
	txn  *lake.SubTxn
	file storage.File // nil = kept or dropped
	sum  uint32
	n    int64
}

// CreateMarkTemp creates a temporary file. The caller ends it with Keep, or with Drop.
func CreateMarkTemp(txn *lake.SubTxn, label string) (*MarkTemp, error) {
	f, err := txn.CreateTemp(label)
	return &MarkTemp{txn: txn, file: f}, err
}

// Write implements io.Writer.
func (t *MarkTemp) Write(b []byte) (int, error) {
	n, err := t.file.Write(b)
	t.sum, t.n = crc32.Update(t.sum, crc32.MakeTable(crc32.Castagnoli), b[:n]), t.n+int64(n)
	return n, err
}

// KeepFile ends the file for other tasks.
func (t *MarkTemp) Keep(keep KeepFile, kind string) (IncomingFile, error) {
	f := t.file
	t.file = nil
	name, err := keep(f, kind, nil)
	return IncomingFile{cmp.Or(name, f.Name()), t.n, t.sum}, err
}

// Drop deletes the file unless it was kept.
func (t *MarkTemp) Drop() error {
	if t.file == nil {
		return nil
	}
	f := t.file
	t.file = nil
	return errors.Join(f.Close(), t.txn.RemoveTemp(f.Name()))
}
