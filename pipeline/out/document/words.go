package document

import (
	"bytes"
	"encoding/xml"
	"html"
	"regexp"
	"strings"
)

// Words translates texts into Chinese: those of documents, and those of the sections that its maker adds. It may be
// used from several goroutines.
type Words struct {
	d        *dictionary
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

// Watch calls lost for each text that has no translation: for tests, before Words is used.
func (w *Words) Watch(lost func(section, text string)) { w.d.lost = lost }

// Has reports whether there is a section.
func (w *Words) Has(section string) bool { return w.sections[section] }

// Say is a text of a section in Chinese; one without translation stays English.
func (w *Words) Say(section, text string) string { return w.d.say(section, text) }

// Word is a state, a kind or another word of a table, whichever section has it.
func (w *Words) Word(text string) string {
	for _, section := range []string{"word", states, kinds, modes} {
		if to, found := w.d.exact[section+"\t"+text]; found {
			return to
		}
	}
	return w.d.say("word", text)
}

// Note is a sentence below a document.
func (w *Words) Note(text string) string { return w.d.say(texts, text) }

// Figure is a name or a value of an annex.
func (w *Words) Figure(text string) string { return w.d.figure(text) }

// Drawing is the drawing of an annex with its texts in Chinese.
func (w *Words) Drawing(svg []byte) []byte { return Annex{SVG: svg}.in(w.d).SVG }

// Chart is the drawing of a chart with its texts in Chinese; names in it stay as they are.
func (w *Words) Chart(svg []byte) []byte {
	quiet := *w.d
	quiet.lost = nil
	return regexp.MustCompile(`>([^<>]*)</(text|title|desc)>`).ReplaceAllFunc(svg, func(found []byte) []byte {
		text, end, _ := bytes.Cut(found[1:], []byte("</"))
		var b bytes.Buffer
		b.WriteByte('>')
		_ = xml.EscapeText(&b, []byte(quiet.say(texts, html.UnescapeString(string(text))))) // a Buffer takes everything
		b.WriteString("</")
		b.Write(end)
		return b.Bytes()
	})
}
