package parquet

import (
	"bytes"

	"github.com/cespare/xxhash/v2"
)

// lexicon tries whether a column of texts has few distinct ones: names and tags come back with every record of a
// resource, and to find a text by its hash takes less than to search a page for it. It reuses its memory.
type lexicon struct {
	slots [dictSlots]int32 // code+1
	bytes []byte           // the distinct texts, one after the other
	ends  []int32          // by code
	codes []int32
}

// lexiconBytes is the most that a dictionary of texts may hold: who reads one row reads all of it.
const lexiconBytes = 64 << 10

// try returns the codes of the texts, or false when too many are distinct.
func (l *lexicon) try(c *Col) ([]int32, bool) {
	clear(l.slots[:])
	l.bytes, l.ends, l.codes = l.bytes[:0], l.ends[:0], l.codes[:0]
	limit := min(dictLimit, len(c.Ends)/rowsPerValue+1)
	from, last, lastCode := int32(0), []byte(nil), int32(-1)
	for _, end := range c.Ends {
		text := c.Bytes[from:end]
		from = end
		if lastCode < 0 || !bytes.Equal(text, last) {
			code, ok := l.code(text, limit)
			if !ok {
				return nil, false
			}
			last, lastCode = text, code
		}
		l.codes = append(l.codes, lastCode)
	}
	return l.codes, true
}

func (l *lexicon) code(text []byte, limit int) (int32, bool) {
	for slot := xxhash.Sum64(text) % dictSlots; ; slot = (slot + 1) % dictSlots {
		code := l.slots[slot] - 1
		if code < 0 {
			if len(l.ends) >= limit || len(l.bytes)+len(text) > lexiconBytes {
				return 0, false
			}
			l.bytes = append(l.bytes, text...)
			l.ends = append(l.ends, int32(len(l.bytes)))
			l.slots[slot] = int32(len(l.ends))
			return int32(len(l.ends)) - 1, true
		}
		if bytes.Equal(l.text(code), text) {
			return code, true
		}
	}
}

func (l *lexicon) text(code int32) []byte {
	from := int32(0)
	if code > 0 {
		from = l.ends[code-1]
	}
	return l.bytes[from:l.ends[code]]
}

// words are the texts by code, in memory of their own.
func (l *lexicon) words() []string {
	all, words, from := string(l.bytes), make([]string, 0, len(l.ends)), int32(0)
	for _, end := range l.ends {
		words = append(words, all[from:end])
		from = end
	}
	return words
}
