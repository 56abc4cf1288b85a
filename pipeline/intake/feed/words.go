package feed

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/tollbook/tollbook/schemas/visible"
)

// A batch starts a new dictionary when the last one has this size, so that a column with many new words stays bounded.
const (
	maxWords     = 64 << 10
	maxWordBytes = 4 << 20
)

// words is the dictionary of one Word column of a text format. It only grows at its end: returned arrays are views of
// its beginning, whose bytes are never written again.
type words struct {
	codes   map[string]int32
	text    []byte
	offsets []int32
	view    arrow.Array // of all words so far; nil if words were added since it was made
}

func newWords() *words {
	return &words{codes: make(map[string]int32), offsets: []int32{0}}
}

// full reports whether the next batch should start a new dictionary.
func (w *words) full() bool { return len(w.codes) >= maxWords || len(w.text) >= maxWordBytes }

// code returns a word's number; ok is false if the word has a flaw (TEXT-1), which is looked for once.
func (w *words) code(word []byte) (c int32, ok bool) {
	if c, ok := w.codes[string(word)]; ok {
		return c, true
	}
	if visible.FlawOf(word) != "" {
		return 0, false
	}
	c = int32(len(w.codes))
	w.codes[string(word)] = c
	w.text = append(w.text, word...)
	w.offsets = append(w.offsets, int32(len(w.text)))
	w.view = nil
	return c, true
}

// array returns the dictionary so far. The caller need not release it: its memory is in the Go heap.
func (w *words) array() arrow.Array {
	if w.view == nil {
		offsets := memory.NewBufferBytes(arrow.Int32Traits.CastToBytes(w.offsets))
		text := memory.NewBufferBytes(w.text)
		data := array.NewData(arrow.BinaryTypes.String, len(w.codes), []*memory.Buffer{nil, offsets, text}, nil, 0, 0)
		w.view = array.NewStringData(data)
	}
	return w.view
}
