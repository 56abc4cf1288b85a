package accept

import "github.com/tollbook/tollbook/schemas/books"

// kindColumns is the largest number of text columns by which rows are distinguished; a file with more has no kinds.
const kindColumns = 47

// maxKinds is the largest number of kinds of a file. Rows of further kinds get NoKind.
const maxKinds = 1 << 15

// kindKey is the numbers of a row's texts. The first element identifies the columns that are constant in the batch.
type kindKey [1 + kindColumns]int32

// kinds numbers the rows of a file by their texts. Files repeat the same resources, mostly in the same order, so a row
// is first compared with the kind that last followed the kind of the row before it.
type kinds struct {
	numbers map[kindKey]int32
	keys    []kindKey
	next    []int32 // by kind: the kind of the row that last followed a row of it
	last    int32
	bases   map[kindKey]int32
	block   [128]kindKey
}

func newKinds() *kinds {
	return &kinds{numbers: make(map[kindKey]int32), bases: make(map[kindKey]int32), last: books.NoCostKind}
}

// number sets dst to the kinds of the rows of a batch. columns are the numbers of the rows' texts, column by column; a
// column without numbers does not distinguish rows.
func (k *kinds) number(columns [][]int32, dst []int32) {
	if len(columns) > kindColumns {
		for i := range dst {
			dst[i] = books.NoCostKind
		}
		return
	}
	var base kindKey
	var varying [][]int32
	for i, c := range columns {
		switch {
		case len(c) == 0:
			base[1+i] = -1
		case constant(c):
			base[1+i] = c[0] + 2 // 0 = it varies, 1 = null
		default:
			varying = append(varying, c)
		}
	}
	number, known := k.bases[base]
	if !known {
		number = int32(len(k.bases))
		k.bases[base] = number
	}
	clear(k.block[:])
	for from := 0; from < len(dst); from += len(k.block) {
		n := min(len(k.block), len(dst)-from)
		rows := k.block[:n]
		for i := range rows {
			rows[i][0] = number
		}
		for c, column := range varying {
			for i, v := range column[from : from+n] {
				rows[i][1+c] = v
			}
		}
		for i := range rows {
			dst[from+i] = k.of(&rows[i])
		}
	}
}

func constant(c []int32) bool {
	for _, v := range c {
		if v != c[0] {
			return false
		}
	}
	return true
}

// of returns the kind of a row.
func (k *kinds) of(row *kindKey) int32 {
	if k.last >= 0 {
		if next := k.next[k.last]; next >= 0 && k.keys[next] == *row {
			k.last = next
			return next
		}
	}
	kind, known := k.numbers[*row]
	if !known {
		if len(k.keys) == maxKinds {
			return books.NoCostKind
		}
		kind = int32(len(k.keys))
		k.numbers[*row] = kind
		k.keys, k.next = append(k.keys, *row), append(k.next, books.NoCostKind)
	}
	if k.last >= 0 {
		k.next[k.last] = kind
	}
	k.last = kind
	return kind
}
