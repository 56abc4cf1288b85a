package extsort

import (
	"encoding/binary"
	"errors"
)

// Value writes or reads the numbers and texts of a record's value, so that one function that names them does both.
type Value struct {
	b     []byte // what was written, or what is left to read
	all   string // all that is read; texts are parts of it
	reads bool
	short bool // the value ended before all was read
}

// WriteTo returns a Value that appends to b.
func WriteTo(b []byte) *Value { return &Value{b: b} }

// ReadFrom returns a Value that reads b.
func ReadFrom(b []byte) *Value { return &Value{b: b, all: string(b), reads: true} }

// Number appends a number, or reads it.
func (v *Value) Number(n *int64) {
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
func (v *Value) Text(text *string) {
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
func (v *Value) Bytes() []byte { return v.b }

// Err returns an error if the value ended before all was read.
func (v *Value) Err() error {
	if v.short {
		return errors.New("the value of a sorted record ends too early")
	}
	return nil
}
