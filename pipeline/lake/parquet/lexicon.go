package parquet

import (
	"bytes"

	"github.com/cespare/xxhash/v2"
)

// slots is the size of the hash table, a multiple of Most.
const slots = 1 << 13

// MostWords is the largest number of distinct texts in a lexicon.
const MostWords = slots / 4

// Lexicon checks whether a column of texts has few distinct ones. It reuses its memory. The zero value is usable.
type Lexicon struct {
	slots [slots]int32 // code+1
	bytes []byte       // the distinct texts, one after the other
	ends  []int32      // by code
	codes []int32
}

// mostBytes is the largest size of a dictionary of texts: reading one row requires reading all of it.
const mostBytes = 64 << 10

// Try returns the codes of texts, or false if more than limit are distinct; limit is at most Most. A text ends where
// the next begins.
func (l *Lexicon) Try(texts []byte, ends []int32, limit int) ([]int32, bool) {
	clear(l.slots[:])
	l.bytes, l.ends, l.codes = l.bytes[:0], l.ends[:0], l.codes[:0]
	from, last, lastCode := int32(0), []byte(nil), int32(-1)
	for _, end := range ends {
		text := texts[from:end]
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

func (l *Lexicon) code(text []byte, limit int) (int32, bool) {
	for slot := xxhash.Sum64(text) % slots; ; slot = (slot + 1) % slots {
		code := l.slots[slot] - 1
		if code < 0 {
			if len(l.ends) >= limit || len(l.bytes)+len(text) > mostBytes {
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

func (l *Lexicon) text(code int32) []byte {
	from := int32(0)
	if code > 0 {
		from = l.ends[code-1]
	}
	return l.bytes[from:l.ends[code]]
}

// Words returns the distinct texts by code, in newly allocated memory.
func (l *Lexicon) Words() []string {
	all, words, from := string(l.bytes), make([]string, 0, len(l.ends)), int32(0)
	for _, end := range l.ends {
		words = append(words, all[from:end])
		from = end
	}
	return words
}
