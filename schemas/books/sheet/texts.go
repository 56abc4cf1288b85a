package sheet

import "strings"

// textsBlock is how many bytes of texts are kept in one piece of memory.
const textsBlock = 64 << 10

// Texts keeps copies of texts next to each other. A row that keeps the text of a cell, and no copy, keeps the complete
// file in memory.
type Texts struct {
	block strings.Builder
	words map[string]string
}

// Keep is a copy of a text.
func (t *Texts) Keep(text string) string {
	if t.block.Cap()-t.block.Len() < len(text) {
		t.block = strings.Builder{}
		t.block.Grow(max(textsBlock, len(text)))
	}
	from := t.block.Len()
	t.block.WriteString(text)
	return t.block.String()[from:]
}

// Word is a copy of a text that many rows have: all of them have the same one.
func (t *Texts) Word(text string) string {
	word, ok := t.words[text]
	if !ok {
		if t.words == nil {
			t.words = map[string]string{}
		}
		word = t.Keep(text)
		t.words[word] = word
	}
	return word
}

// MostRows is not less than the number of rows of a book that is not yet read, unless rows are shorter than 16 bytes.
func (f *Files) MostRows(file string) int {
	data := f.Data[file]
	return min(strings.Count(data, "\n"), len(data)/16)
}
