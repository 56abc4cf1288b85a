package document

import (
	"strings"
)

// Translator translates texts into Chinese: those of documents, and those of the sections given to NewTranslator. It
// may be used from several goroutines.
type Translator struct {
	d        *Dictionary
	sections map[string]bool
}

// NewTranslator reads the dictionary of documents and more sections of the same form.
func NewTranslator(more string) *Translator {
	w := &Translator{d: newDictionary(chinese + more), sections: map[string]bool{}}
	for line := range strings.Lines(chinese + more) {
		if name, found := strings.CutPrefix(strings.TrimSpace(line), "["); found {
			w.sections[strings.TrimSuffix(name, "]")] = true
		}
	}
	return w
}

// Watch sets a function to call for each text without a translation: for tests, before Words is used.
func (w *Translator) Watch(lost func(section, text string)) { w.d.Watch(lost) }

// Has reports whether there is a section.
func (w *Translator) Has(section string) bool { return w.sections[section] }

// Say returns a text of a section in Chinese; a text without a translation stays English.
func (w *Translator) Say(section, text string) string { return w.d.Say(section, text) }

// Word translates a state, a kind or another word of a table, whichever section has it.
func (w *Translator) Word(text string) string {
	for _, section := range []string{"word", StateWords, KindWords, ModeWords} {
		if w.d.Has(section, text) {
			return w.d.Say(section, text)
		}
	}
	return w.d.Say("word", text)
}

// Note translates a sentence below a document.
func (w *Translator) Note(text string) string { return w.d.Say(TextWords, text) }

// Figure translates a name or a value of an annex.
func (w *Translator) Figure(text string) string { return w.d.Figure(text) }

// Drawing translates the texts of an annex's drawing into Chinese.
func (w *Translator) Drawing(svg []byte) []byte { return w.d.Drawing(svg, nil) }

// Chart translates the texts of a chart's drawing into Chinese; names in it stay unchanged.
func (w *Translator) Chart(svg []byte) []byte {
	quiet := *w.d
	quiet.lost = nil
	return replaceTexts(svg, "text|title|desc", func(text string) string { return quiet.Say(TextWords, text) })
}
