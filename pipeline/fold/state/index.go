package state

import (
	"encoding/binary"
	"errors"
	"slices"

	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// DuplicateIndex collects the identities of the accepted records of a day for the lake's index. Many of them are
// divided into parts in scratch files, so that memory does not depend on their number. It is used for one day after the
// other.
type DuplicateIndex struct {
	*State
	n     int     // identities
	list  []int64 // hashes of all, or of the part that is being written
	spare []int64 // memory for sorting them
	parts *parts  // nil = all are in list
}

// NewDuplicateIndex makes an index for the days of one worker.
func NewDuplicateIndex(s *State) *DuplicateIndex { return &DuplicateIndex{State: s} }

// Restart starts another day, of about the given number of records.
func (x *DuplicateIndex) Restart(records int64) (err error) {
	if err := x.close(); err != nil {
		return err
	}
	x.n, x.list = 0, x.list[:0]
	if n := partsOf(records); n > 1 {
		x.parts, err = newParts(x.Txn, n, 0)
		return err
	}
	x.list = slices.Grow(x.list, int(records))
	return nil
}

// Add adds the identity of a record, as accept.Identity returns it.
func (x *DuplicateIndex) Add(identity uint64) error {
	x.n++
	if x.parts != nil {
		return x.parts.add(identity)
	}
	x.list = append(x.list, int64(identity>>IdentShift))
	return nil
}

// Finish writes the file of a key. It returns no entry if there was no record.
func (x *DuplicateIndex) Finish(key lake.FileKey) ([]lake.FileEntry, error) {
	part := 0
	files, err := rows.WriteWholeFiles(x.Memory, x.Txn, key, tables.Ident(), x.n, func() ([]int64, error) {
		for { // until a part is not empty
			if err := x.take(part); err != nil {
				return nil, err
			}
			if part++; len(x.list) > 0 {
				break
			}
		}
		x.spare = accept.SortInts(x.list, 64-IdentShift, x.spare)
		return x.list, nil
	})
	return files, errors.Join(err, x.close())
}

// take reads a part into list; without parts, list has all.
func (x *DuplicateIndex) take(part int) error {
	if x.parts == nil {
		return nil
	}
	x.list = slices.Grow(x.list[:0], x.parts.list[part].n)
	return x.parts.take(part, func(entry []byte) {
		x.list = append(x.list, int64(binary.LittleEndian.Uint64(entry)>>IdentShift))
	})
}

// close removes the scratch files.
func (x *DuplicateIndex) close() error {
	if x.parts == nil {
		return nil
	}
	err := x.parts.close()
	x.parts = nil
	return err
}
