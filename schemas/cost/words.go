package cost

import (
	"strings"
	"sync"
)

// Uncoded marks a cell whose number in Words was not looked up.
const Uncoded = -1

// Words numbers texts: equal texts have equal numbers, and the empty text is 0. Several goroutines may use it.
type Words struct {
	mu    sync.RWMutex
	codes map[string]int32
	texts []string
}

// NewWords returns Words with only the empty text.
func NewWords() *Words { return &Words{codes: map[string]int32{"": 0}, texts: []string{""}} }

// Code returns the number of a text. It stores a copy of a new text.
func (w *Words) Code(text string) int32 {
	w.mu.RLock()
	code, ok := w.codes[text]
	w.mu.RUnlock()
	if ok {
		return code
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if code, ok = w.codes[text]; ok {
		return code
	}
	code, text = int32(len(w.texts)), strings.Clone(text)
	w.codes[text] = code
	w.texts = append(w.texts, text)
	return code
}

// Text is the text of a number.
func (w *Words) Text(code int32) string {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return w.texts[code]
}
