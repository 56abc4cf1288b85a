package load

import "strings"

// textsBlock is the number of bytes of texts that are allocated together.
const textsBlock = 64 << 10

// Texts stores copies of texts next to each other. A row that kept a cell's text itself would keep the complete file in
// memory.
type Texts struct {
	block strings.Builder
	words map[string]string
}

// Keep returns a copy of a text.
func (t *Texts) Keep(text string) string {
	if t.block.Cap()-t.block.Len() < len(text) {
		t.block = strings.Builder{}
		t.block.Grow(max(textsBlock, len(text)))
	}
	from := t.block.Len()
	t.block.WriteString(text)
	return t.block.String()[from:]
}

// Word returns a copy of a text that many rows have. Equal texts share one copy.
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

// MaxRows returns an upper bound of the rows of a book that is not read yet, if rows have at least 16 bytes.
func (f *Files) MaxRows(file string) int {
	data := f.Data[file]
	return min(strings.Count(data, "\n"), len(data)/16)
}
