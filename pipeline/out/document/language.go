package document

import (
	"bytes"
	_ "embed"
	"encoding/xml"
	"html"
	"iter"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/tollbook/tollbook/schemas/branding"
)

//go:embed chinese.tsv
var chinese string

// The sections of the dictionary. A column that shows words of one section names it (column.say).
const (
	texts   = "text"   // headings and sentences
	sumName = "sum"    // names of sums
	kinds   = "kind"   // kinds of lines, coupons, partners, entries
	modes   = "mode"   // charging modes and types of associations
	states  = "state"  // states, and what comes next
	remarks = "remark" // of corrections
	spans   = "span"   // of days
	annexed = "annex"  // titles of annexes
	figures = "figure" // of annexes, and their drawings
)

// dictionary is the texts of documents in another language, by section and English text. nil is English.
type dictionary struct {
	exact    map[string]string // section, a tab, English
	patterns map[string][]pattern
	lost     func(section, text string) // is called for a text without a translation; nil = nobody asks
}

// pattern is a text with values: `{}` is a value as it is, `{t}` one that the same section translates. The translation
// has {1}, {2} and so on.
type pattern struct {
	parts      []string // of the English text, around the values
	translates []bool   // by value
	to         string
}

// newDictionary reads a dictionary: a line `[section]` begins a section, any other line is an English text, a tab and
// its translation. Of patterns that fit a text the first is used.
func newDictionary(file string) *dictionary {
	d := &dictionary{exact: map[string]string{}, patterns: map[string][]pattern{}}
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

// say is a text in the dictionary's language; a text without a translation stays English.
func (d *dictionary) say(section, text string) string {
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
				value = d.say(section, value)
			}
			list = append(list, "{"+strconv.Itoa(k+1)+"}", value)
		}
		return strings.NewReplacer(list...).Replace(p.to)
	}
	if d.lost != nil && strings.ContainsFunc(text, latin) {
		d.lost(section, text)
	}
	return text
}

// values are those of a text that the pattern fits.
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

// all translates a list of texts.
func (d *dictionary) all(section string, list []string) []string {
	if d == nil {
		return list
	}
	out := slices.Clone(list)
	for i := range out {
		out[i] = d.say(section, out[i])
	}
	return out
}

// language is that of the cover: of the issuer.
func (pg *page) language() branding.Language {
	if pg.cover == nil {
		return branding.English
	}
	return pg.cover.Style.Language
}

// translated is the page in the language of its cover (DOC-11).
func (pg *page) translated() *page {
	if pg.language() == branding.Chinese {
		pg.translate(newDictionary(chinese))
	}
	return pg
}

// translate puts everything of a page that does not depend on how it is printed into a dictionary's language.
func (pg *page) translate(d *dictionary) {
	pg.words = d
	if pg.chart != nil {
		pg.chart.words = d
	}
	pg.headline.Name = d.say(texts, pg.headline.Name)
	for i := range pg.facts {
		f := &pg.facts[i]
		if f.Name == "Kind" {
			f.Value = d.say(kinds, f.Value)
		}
		f.Name = d.say(texts, f.Name)
	}
	pg.notes = d.all(texts, pg.notes)
	for _, p := range pg.parts {
		if p.where&(inSheet|inPrint) != 0 {
			p.translate(d)
		}
	}
	pg.annexes = slices.Clone(pg.annexes)
	for i := range pg.annexes {
		pg.annexes[i] = pg.annexes[i].in(d)
	}
}

// translate puts a part into a dictionary's language: headings, sentences, and the words of the columns that have some.
func (p *part) translate(d *dictionary) {
	p.title, p.about = d.say(texts, p.title), d.all(texts, p.about)
	for _, text := range []*string{&p.heading, &p.each} {
		if *text != "" {
			*text = d.say(texts, *text)
		}
	}
	p.cols = slices.Clone(p.cols)
	some := false
	for i := range p.cols {
		c := &p.cols[i]
		own := texts + " " + p.name // where a column's heading has another meaning than in other parts
		if to, found := d.exact[own+"\t"+c.title]; found {
			c.title = to
		} else {
			c.title = d.say(texts, c.title)
		}
		some = some || c.say != ""
	}
	if some {
		p.rows = d.cells(p.cols, p.rows)
	}
}

// cells are rows with the words of columns translated.
func (d *dictionary) cells(cols []column, rows iter.Seq[[]cell]) iter.Seq[[]cell] {
	return func(yield func([]cell) bool) {
		to := make([]cell, len(cols))
		for row := range rows {
			copy(to, row)
			for i := range cols {
				if cols[i].say != "" && to[i].text != "" {
					to[i].text = d.say(cols[i].say, to[i].text)
				}
			}
			if !yield(to) {
				return
			}
		}
	}
}

// in is the annex in a dictionary's language.
func (a Annex) in(d *dictionary) Annex {
	a.Title = d.say(annexed, a.Title)
	a.Figures = slices.Clone(a.Figures)
	for i := range a.Figures {
		f := &a.Figures[i]
		f.Name, f.Value = d.figure(f.Name), d.figure(f.Value)
	}
	written := regexp.MustCompile(`>([^<>]*)(</text>|</title>)`)
	a.SVG = written.ReplaceAllFunc(a.SVG, func(found []byte) []byte {
		text, end, _ := bytes.Cut(found[1:], []byte("</"))
		var b bytes.Buffer
		b.WriteByte('>')
		_ = xml.EscapeText(&b, []byte(d.drawn(html.UnescapeString(string(text)), a.Cut))) // a Buffer takes everything
		b.WriteString("</")
		b.Write(end)
		return b.Bytes()
	})
	return a
}

// drawn translates a text of a drawing. Of one that was cut the complete text is translated and cut to the same width,
// where a character that is not of ASCII is as wide as two.
func (d *dictionary) drawn(text string, cut map[string]string) string {
	complete, wasCut := cut[text]
	if !wasCut {
		return d.figure(text)
	}
	return cutToWidth(d.figure(complete), utf8.RuneCountInString(text))
}

// cutToWidth shortens a text to a width.
func cutToWidth(text string, most int) string {
	width, fits := 0, 0 // fits = the bytes that leave a place for …
	for i, r := range text {
		wide := 1
		if r > unicode.MaxASCII {
			wide = 2
		}
		if width += wide; width < most {
			fits = i + utf8.RuneLen(r)
		}
	}
	if width <= most {
		return text
	}
	return text[:fits] + "…"
}

// figure translates a text of an annex, if it has letters.
func (d *dictionary) figure(text string) string {
	if !strings.ContainsFunc(text, latin) {
		return text
	}
	return d.say(figures, text)
}

// latin reports whether a character is an ASCII letter.
func latin(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' }

// comma is what is between the parts of a list.
func (d *dictionary) comma() string {
	if d == nil {
		return ", "
	}
	return "、"
}

// gap is what is between sentences.
func (d *dictionary) gap() string {
	if d == nil {
		return " "
	}
	return ""
}

// colon is a heading with the mark after it.
func (d *dictionary) colon(text string) string {
	if d == nil {
		return text + ": "
	}
	return text + "："
}
