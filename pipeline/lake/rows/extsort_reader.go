package rows

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
)

// SortedReader merges sorted runs.
type SortedReader struct {
	cursors []*sortCursor // a heap by key and place, once reading has begun
	begun   bool
}

// sortCursor walks the records of a run in a file, or those of a sorted chunk in memory.
type sortCursor struct {
	file       *bufio.Reader
	memory     *Sorter // if there is no file
	at         int     // index of its next mark
	place      int     // index among the runs
	key, value []byte
	prefix     uint64
	buf        []byte
	end        bool // there are no more records
}

// Next returns the next record; ok is false after the last one. Key and value are valid until the next call.
func (r *SortedReader) Next() (key, value []byte, ok bool, err error) {
	if !r.begun {
		r.begun = true
		for _, c := range r.cursors {
			if err := c.next(); err != nil {
				return nil, nil, false, err
			}
		}
		r.cursors = slices.DeleteFunc(r.cursors, func(c *sortCursor) bool { return c.end })
		slices.SortFunc(r.cursors, compare) // a sorted list is a heap
	} else if len(r.cursors) > 0 {
		if err := r.advance(); err != nil {
			return nil, nil, false, err
		}
	}
	if len(r.cursors) == 0 {
		return nil, nil, false, nil
	}
	c := r.cursors[0]
	return c.key, c.value, true, nil
}

// advance moves the cursor at the top of the heap to its next record.
func (r *SortedReader) advance() error {
	top := r.cursors[0]
	if err := top.next(); err != nil {
		return err
	}
	if top.end {
		n := len(r.cursors) - 1
		r.cursors[0] = r.cursors[n]
		r.cursors = r.cursors[:n]
	}
	for i := 0; ; {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < len(r.cursors); child++ {
			if compare(r.cursors[child], r.cursors[least]) < 0 {
				least = child
			}
		}
		if least == i {
			return nil
		}
		r.cursors[i], r.cursors[least] = r.cursors[least], r.cursors[i]
		i = least
	}
}

func compare(a, b *sortCursor) int {
	if a.prefix != b.prefix {
		return cmp.Compare(a.prefix, b.prefix)
	}
	return cmp.Or(bytes.Compare(a.key, b.key), cmp.Compare(a.place, b.place))
}

// next reads the next record.
func (c *sortCursor) next() error {
	if c.memory != nil {
		if c.at == len(c.memory.marks) {
			c.end = true
			return nil
		}
		c.key, c.value = c.memory.record(c.memory.marks[c.at].at)
		c.prefix = c.memory.marks[c.at].prefix
		c.at++
		return nil
	}
	keySize, err := binary.ReadUvarint(c.file)
	if errors.Is(err, io.EOF) {
		c.end = true
		return nil
	}
	valueSize := uint64(0)
	if err == nil {
		valueSize, err = binary.ReadUvarint(c.file)
	}
	if err == nil {
		c.buf = slices.Grow(c.buf[:0], int(keySize+valueSize))[:keySize+valueSize]
		_, err = io.ReadFull(c.file, c.buf)
	}
	if err != nil {
		return fmt.Errorf("read sorted records: %w", err)
	}
	c.key, c.value = c.buf[:keySize:keySize], c.buf[keySize:]
	c.prefix = prefixOf(c.key)
	return nil
}
