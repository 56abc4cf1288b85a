package layout

import (
	"iter"
	"slices"

	"github.com/tollbook/tollbook/pipeline/out/document/language"
	"github.com/tollbook/tollbook/schemas/branding"
)

// language returns the language of the cover, which is that of the issuer.
func (pg *Page) language() branding.Language {
	if pg.Cover == nil {
		return branding.English
	}
	return pg.Cover.Style.Language
}

// Translated returns the page in the language of its cover (DOC-11).
func (pg *Page) Translated() *Page {
	if pg.language() == branding.Chinese {
		pg.Translate(language.Chinese())
	}
	return pg
}

// Translate translates everything of a page that does not depend on the output format.
func (pg *Page) Translate(d *language.Dictionary) {
	pg.words = d
	if pg.Chart != nil {
		pg.Chart.Translate(d)
	}
	pg.Headline.Name = d.Say(language.Texts, pg.Headline.Name)
	for i := range pg.Facts {
		f := &pg.Facts[i]
		if f.Name == "Kind" {
			f.Value = d.Say(language.Kinds, f.Value)
		}
		f.Name = d.Say(language.Texts, f.Name)
	}
	pg.Notes = d.All(language.Texts, pg.Notes)
	for _, p := range pg.Parts {
		if p.Where&(InSheet|InPrint) != 0 {
			p.translate(d)
		}
	}
	pg.Annexes = slices.Clone(pg.Annexes)
	for i := range pg.Annexes {
		pg.Annexes[i] = pg.Annexes[i].in(d)
	}
}

// translate translates a part: headings, sentences, and the words of columns with a section.
func (p *Part) translate(d *language.Dictionary) {
	p.Title, p.About = d.Say(language.Texts, p.Title), d.All(language.Texts, p.About)
	for _, text := range []*string{&p.Heading, &p.Each} {
		if *text != "" {
			*text = d.Say(language.Texts, *text)
		}
	}
	p.Cols = slices.Clone(p.Cols)
	some := false
	for i := range p.Cols {
		c := &p.Cols[i]
		own := language.Texts + " " + p.Name // for headings that have another meaning in this part
		if d.Has(own, c.Title) {
			c.Title = d.Say(own, c.Title)
		} else {
			c.Title = d.Say(language.Texts, c.Title)
		}
		some = some || c.Say != ""
	}
	if some {
		p.Rows = translatedCells(d, p.Cols, p.Rows)
	}
}

// translatedCells translates the words in rows, for columns with a section.
func translatedCells(d *language.Dictionary, cols []Column, rows iter.Seq[[]Cell]) iter.Seq[[]Cell] {
	return func(yield func([]Cell) bool) {
		to := make([]Cell, len(cols))
		for row := range rows {
			copy(to, row)
			for i := range cols {
				if cols[i].Say != "" && to[i].Text != "" {
					to[i].Text = d.Say(cols[i].Say, to[i].Text)
				}
			}
			if !yield(to) {
				return
			}
		}
	}
}

// in returns the annex in a dictionary's language.
func (a Annex) in(d *language.Dictionary) Annex {
	a.Heading = d.Say(language.Annexes, a.Heading)
	a.Figures = slices.Clone(a.Figures)
	for i := range a.Figures {
		f := &a.Figures[i]
		f.Name, f.Value = d.Figure(f.Name), d.Figure(f.Value)
	}
	a.SVG = d.Drawing(a.SVG, a.Cut)
	return a
}
