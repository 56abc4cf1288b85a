package language

import (
	"strings"
)

// Words translates texts into Chinese: those of documents, and those of the sections given to NewWords. It may be used
// from several goroutines.
type Words struct {
	d        *Dictionary
	sections map[string]bool
}

// NewWords reads the dictionary of documents and more sections of the same form.
func NewWords(more string) *Words {
	w := &Words{d: newDictionary(chinese + more), sections: map[string]bool{}}
	for line := range strings.Lines(chinese + more) {
		if name, found := strings.CutPrefix(strings.TrimSpace(line), "["); found {
			w.sections[strings.TrimSuffix(name, "]")] = true
		}
	}
	return w
}

// Watch sets a function to call for each text without a translation: for tests, before Words is used.
func (w *Words) Watch(lost func(section, text string)) { w.d.Watch(lost) }

// Has reports whether there is a section.
func (w *Words) Has(section string) bool { return w.sections[section] }

// Say returns a text of a section in Chinese; a text without a translation stays English.
func (w *Words) Say(section, text string) string { return w.d.Say(section, text) }

// Word translates a state, a kind or another word of a table, whichever section has it.
func (w *Words) Word(text string) string {
	for _, section := range []string{"word", States, Kinds, Modes} {
		if w.d.Has(section, text) {
			return w.d.Say(section, text)
		}
	}
	return w.d.Say("word", text)
}

// Note translates a sentence below a document.
func (w *Words) Note(text string) string { return w.d.Say(Texts, text) }

// Figure translates a name or a value of an annex.
func (w *Words) Figure(text string) string { return w.d.Figure(text) }

// Drawing translates the texts of an annex's drawing into Chinese.
func (w *Words) Drawing(svg []byte) []byte { return w.d.Drawing(svg, nil) }

// Chart translates the texts of a chart's drawing into Chinese; names in it stay unchanged.
func (w *Words) Chart(svg []byte) []byte {
	quiet := *w.d
	quiet.lost = nil
	return replaceTexts(svg, "text|title|desc", func(text string) string { return quiet.Say(Texts, text) })
}
