package document

import (
	"iter"
	"slices"

	"github.com/tollbook/tollbook/pipeline/out/document/language"
	"github.com/tollbook/tollbook/schemas/branding"
)

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
		pg.translate(language.Chinese())
	}
	return pg
}

// translate puts everything of a page that does not depend on how it is printed into a dictionary's language.
func (pg *page) translate(d *language.Dictionary) {
	pg.words = d
	if pg.chart != nil {
		pg.chart.Translate(d)
	}
	pg.headline.Name = d.Say(language.Texts, pg.headline.Name)
	for i := range pg.facts {
		f := &pg.facts[i]
		if f.Name == "Kind" {
			f.Value = d.Say(language.Kinds, f.Value)
		}
		f.Name = d.Say(language.Texts, f.Name)
	}
	pg.notes = d.All(language.Texts, pg.notes)
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
func (p *part) translate(d *language.Dictionary) {
	p.title, p.about = d.Say(language.Texts, p.title), d.All(language.Texts, p.about)
	for _, text := range []*string{&p.heading, &p.each} {
		if *text != "" {
			*text = d.Say(language.Texts, *text)
		}
	}
	p.cols = slices.Clone(p.cols)
	some := false
	for i := range p.cols {
		c := &p.cols[i]
		own := language.Texts + " " + p.name // where a column's heading has another meaning than in other parts
		if d.Has(own, c.title) {
			c.title = d.Say(own, c.title)
		} else {
			c.title = d.Say(language.Texts, c.title)
		}
		some = some || c.say != ""
	}
	if some {
		p.rows = translatedCells(d, p.cols, p.rows)
	}
}

// translatedCells are rows with the words of columns translated.
func translatedCells(d *language.Dictionary, cols []column, rows iter.Seq[[]cell]) iter.Seq[[]cell] {
	return func(yield func([]cell) bool) {
		to := make([]cell, len(cols))
		for row := range rows {
			copy(to, row)
			for i := range cols {
				if cols[i].say != "" && to[i].text != "" {
					to[i].text = d.Say(cols[i].say, to[i].text)
				}
			}
			if !yield(to) {
				return
			}
		}
	}
}

// in is the annex in a dictionary's language.
func (a Annex) in(d *language.Dictionary) Annex {
	a.Title = d.Say(language.Annexes, a.Title)
	a.Figures = slices.Clone(a.Figures)
	for i := range a.Figures {
		f := &a.Figures[i]
		f.Name, f.Value = d.Figure(f.Name), d.Figure(f.Value)
	}
	a.SVG = d.Drawing(a.SVG, a.Cut)
	return a
}
