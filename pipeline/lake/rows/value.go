package rows

import (
	"encoding/binary"
	"errors"
)

// SortValue writes or reads the numbers and texts of a record's value, so that one function that names them does both.
type SortValue struct {
	b     []byte // what was written, or what is left to read
	all   string // all that is read; texts are parts of it
	reads bool
	short bool // the value ended before all was read
}

// WriteSortValue returns a Value that appends to b.
func WriteSortValue(b []byte) *SortValue { return &SortValue{b: b} }

// ReadSortValue returns a Value that reads b.
func ReadSortValue(b []byte) *SortValue { return &SortValue{b: b, all: string(b), reads: true} }

// Number appends a number, or reads it.
func (v *SortValue) Number(n *int64) {
	if !v.reads {
		v.b = binary.AppendVarint(v.b, *n)
		return
	}
	read, size := binary.Varint(v.b)
	if size <= 0 {
		v.short, v.b, *n = true, nil, 0
		return
	}
	*n, v.b = read, v.b[size:]
}

// Text appends a text, or reads it.
func (v *SortValue) Text(text *string) {
	size := int64(len(*text))
	v.Number(&size)
	if !v.reads {
		v.b = append(v.b, *text...)
		return
	}
	if size < 0 || size > int64(len(v.b)) {
		v.short, v.b, *text = true, nil, ""
		return
	}
	from := len(v.all) - len(v.b)
	*text, v.b = v.all[from:from+int(size)], v.b[size:]
}

// Bytes returns what was written.
func (v *SortValue) Bytes() []byte { return v.b }

// Err returns an error if the value ended before all was read.
func (v *SortValue) Err() error {
	if v.short {
		return errors.New("the value of a sorted record ends too early")
	}
	return nil
}
