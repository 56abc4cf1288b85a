package accept

import (
	"fmt"
	"unicode/utf8"

	"github.com/tollbook/tollbook/schemas/visible"
)

// noText is the number of a null.
const noText = -1

// textMemory is the number of bytes of a text besides its own: its places in a list and in a map.
const textMemory = 64

// numberedTexts numbers the distinct texts of a column.
type numberedTexts struct {
	texts    []string
	numbers  map[string]int32
	bytes    int  // of memory for the texts, about
	onlyOdd  bool // all texts that are not odd have the number 0, and no text
	identity bool // the column has identities
}

func (t *numberedTexts) reset() {
	t.texts, t.numbers, t.bytes = t.texts[:0], make(map[string]int32), 0
	if t.onlyOdd {
		t.texts = append(t.texts, "")
	}
}

func (t *numberedTexts) number(text []byte) (int32, error) {
	n, known := t.numbers[string(text)]
	switch {
	case known:
		return n, nil
	case !utf8.Valid(text): // TEXT-3
		return 0, fmt.Errorf("%q is not UTF-8", text)
	case t.onlyOdd && !t.odd(text):
		return 0, nil
	}
	n = int32(len(t.texts))
	t.texts = append(t.texts, string(text))
	t.numbers[t.texts[n]] = n
	t.bytes += textMemory + len(text)
	return n, nil
}

// odd reports whether a text is the word NULL, or an identity with a flaw.
func (t *numberedTexts) odd(text []byte) bool {
	return string(text) == nullWord || t.identity && visible.FlawOf(text) != ""
}

// hasOdd reports whether the texts of a column with onlyOdd include an odd one.
func (t *numberedTexts) hasOdd() bool { return len(t.texts) > 1 }
