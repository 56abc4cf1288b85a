package books

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
)

// OwnPrefix begins the name of a column of the sender's own, which tollbook does not define (§2.2).
const OwnPrefix = "x_"

// CountsOwn reports whether a product counts the values of a column of the sender's own (§10.1).
func (p *Product) CountsOwn() bool { return strings.HasPrefix(p.UniqueBy, OwnPrefix) }

// OwnColumns lists the columns of the sender's own whose values products count, sorted and without duplicates.
func (b *Books) OwnColumns() []string {
	var out []string
	for i := range b.Products {
		if p := &b.Products[i]; p.CountsOwn() {
			out = append(out, p.UniqueBy)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// ownMark begins a tag that contains a value of a column of the sender's own.
const ownMark = 0

// AppendOwn appends to dst a record's tag combined with the value of a column of the sender's own. The value is stored
// in the tag because it is part of the record's content and has no column in the lake.
func AppendOwn(dst, tag []byte, column string, value []byte) []byte {
	dst = append(append(append(dst, ownMark), column...), ownMark)
	dst = append(strconv.AppendInt(dst, int64(len(value)), 10), ':')
	return append(append(dst, value...), tag...)
}

// HasOwn reports whether a record's tag contains a value of a column of the sender's own. Its lines have the plain tag.
func HasOwn(tag []byte) bool {
	_, column, _ := SplitOwn(tag)
	return column != ""
}

// SplitOwn splits a tag that AppendOwn made. For any other tag, column is empty.
func SplitOwn(text []byte) (tag []byte, column string, value []byte) {
	if len(text) == 0 || text[0] != ownMark {
		return text, "", nil
	}
	name, rest, ok := bytes.Cut(text[1:], []byte{ownMark})
	length, rest, ok2 := bytes.Cut(rest, []byte{':'})
	n, err := strconv.Atoi(string(length))
	if !ok || !ok2 || err != nil || n < 0 || n > len(rest) {
		return text, "", nil
	}
	return rest[n:], string(name), rest[:n]
}
