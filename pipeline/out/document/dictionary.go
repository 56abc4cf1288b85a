package document

import (
	"bytes"
	_ "embed"
	"encoding/xml"
	"html"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

//go:embed chinese.tsv
var chinese string

// The sections of the dictionary. A column of a document with words of a section names the section.
const (
	TextWords   = "text"   // headings and sentences
	SumWords    = "sum"    // names of sums
	KindWords   = "kind"   // kinds of lines, coupons, partners, entries
	ModeWords   = "mode"   // charging modes and types of associations
	StateWords  = "state"  // states, and next steps
	RemarkWords = "remark" // of corrections
	SpanWords   = "span"   // of days
	AnnexWords  = "annex"  // titles of annexes
	FigureWords = "figure" // of annexes, and their drawings
)

// Dictionary has the texts of documents in another language, by section and English text. nil is English.
type Dictionary struct {
	exact    map[string]string // section, a tab, English
	patterns map[string][]pattern
	lost     func(section, text string) // called for a text without a translation; nil = none
}

// pattern is a text with values: `{}` is a value that stays unchanged, `{t}` one that the same section translates. The
// translation has {1}, {2} and so on.
type pattern struct {
	parts      []string // of the English text, around the values
	translates []bool   // by value
	to         string
}

// Chinese is the dictionary of documents.
func Chinese() *Dictionary { return newDictionary(chinese) }

// newDictionary reads a dictionary: a line `[section]` begins a section, any other line is an English text, a tab and
// its translation. Of the patterns that match a text, the first is used.
func newDictionary(file string) *Dictionary {
	d := &Dictionary{exact: map[string]string{}, patterns: map[string][]pattern{}}
	section := ""
	for line := range strings.Lines(file) {
		english, to, found := strings.Cut(strings.TrimRight(line, "\n"), "\t")
		switch {
		case !found:
			section = strings.Trim(english, "[]")
		case strings.Contains(english, "{"):
			d.patterns[section] = append(d.patterns[section], newPattern(english, to))
		default:
			d.exact[section+"\t"+english] = to
		}
	}
	return d
}

func newPattern(english, to string) pattern {
	p := pattern{to: to}
	for {
		before, rest, _ := strings.Cut(english, "{")
		p.parts = append(p.parts, before)
		name, after, found := strings.Cut(rest, "}")
		if !found {
			return p
		}
		p.translates = append(p.translates, name == "t")
		english = after
	}
}

// Say returns a text in the dictionary's language; a text without a translation stays English.
func (d *Dictionary) Say(section, text string) string {
	if d == nil {
		return text
	}
	if to, found := d.exact[section+"\t"+text]; found {
		return to
	}
	for i := range d.patterns[section] {
		p := &d.patterns[section][i]
		values, fits := p.values(text)
		if !fits {
			continue
		}
		list := make([]string, 0, 2*len(values))
		for k, value := range values {
			if p.translates[k] {
				value = d.Say(section, value)
			}
			list = append(list, "{"+strconv.Itoa(k+1)+"}", value)
		}
		return strings.NewReplacer(list...).Replace(p.to)
	}
	if d.lost != nil && strings.ContainsFunc(text, Latin) {
		d.lost(section, text)
	}
	return text
}

// Has reports whether a section has exactly this text, without a pattern.
func (d *Dictionary) Has(section, text string) bool {
	_, found := d.exact[section+"\t"+text]
	return found
}

// values returns the values of a text that matches the pattern.
func (p *pattern) values(text string) ([]string, bool) {
	last := len(p.parts) - 1
	rest, found := strings.CutPrefix(text, p.parts[0])
	if !found {
		return nil, false
	}
	var list []string
	for i := 1; i < last; i++ {
		value, after, found := strings.Cut(rest, p.parts[i])
		if !found {
			return nil, false
		}
		list, rest = append(list, value), after
	}
	value, found := strings.CutSuffix(rest, p.parts[last])
	return append(list, value), found
}

// Watch sets a function to call for each text without a translation: for tests, before the dictionary is used.
func (d *Dictionary) Watch(lost func(section, text string)) { d.lost = lost }

// All translates a list of texts.
func (d *Dictionary) All(section string, list []string) []string {
	if d == nil {
		return list
	}
	out := slices.Clone(list)
	for i := range out {
		out[i] = d.Say(section, out[i])
	}
	return out
}

// Drawing translates the texts of an annex's drawing; cut has the complete text of each one that was too long for its
// place.
func (d *Dictionary) Drawing(svg []byte, cut map[string]string) []byte {
	return replaceTexts(svg, "text|title", func(text string) string { return d.drawn(text, cut) })
}

// replaceTexts replaces the text of each element of an SVG whose name is one of elements, which `|` joins.
func replaceTexts(svg []byte, elements string, translate func(string) string) []byte {
	return regexp.MustCompile(`>([^<>]*)</(`+elements+`)>`).ReplaceAllFunc(svg, func(found []byte) []byte {
		text, end, _ := bytes.Cut(found[1:], []byte("</"))
		var b bytes.Buffer
		b.WriteByte('>')
		_ = xml.EscapeText(&b, []byte(translate(html.UnescapeString(string(text))))) // a Buffer returns no error
		b.WriteString("</")
		b.Write(end)
		return b.Bytes()
	})
}

// drawn translates a text of a drawing. If the text was cut, it translates the complete text and cuts it to the same
// width.
func (d *Dictionary) drawn(text string, cut map[string]string) string {
	complete, wasCut := cut[text]
	if !wasCut {
		return d.Figure(text)
	}
	return CutText(d.Figure(complete), TextColumns(text))
}

// Figure translates a text of an annex, if it has letters.
func (d *Dictionary) Figure(text string) string {
	if !strings.ContainsFunc(text, Latin) {
		return text
	}
	return d.Say(FigureWords, text)
}

// Latin reports whether a character is an ASCII letter.
func Latin(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' }

// Comma returns the separator of a list.
func (d *Dictionary) Comma() string {
	if d == nil {
		return ", "
	}
	return "、"
}

// Gap returns the separator of sentences.
func (d *Dictionary) Gap() string {
	if d == nil {
		return " "
	}
	return ""
}

// Colon returns a heading with a colon.
func (d *Dictionary) Colon(text string) string {
	if d == nil {
		return text + ": "
	}
	return text + "："
}
