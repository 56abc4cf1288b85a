package document

import (
	"iter"
	"slices"

	"github.com/tollbook/tollbook/schemas/settings"
)

// language returns the language of the cover, which is that of the issuer.
func (pg *Page) language() settings.Language {
	if pg.Cover == nil {
		return settings.English
	}
	return pg.Cover.Style.Language
}

// Translated returns the page in the language of its cover (DOC-11).
func (pg *Page) Translated() *Page {
	if pg.language() == settings.Chinese {
		pg.Translate(Chinese())
	}
	return pg
}

// Translate translates everything of a page that does not depend on the output format.
func (pg *Page) Translate(d *Dictionary) {
	pg.words = d
	if pg.Chart != nil {
		pg.Chart.Translate(d)
	}
	pg.Headline.Name = d.Say(TextWords, pg.Headline.Name)
	for i := range pg.Facts {
		f := &pg.Facts[i]
		if f.Name == "Kind" {
			f.Value = d.Say(KindWords, f.Value)
		}
		f.Name = d.Say(TextWords, f.Name)
	}
	pg.Notes = d.All(TextWords, pg.Notes)
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
func (p *PagePart) translate(d *Dictionary) {
	p.Title, p.About = d.Say(TextWords, p.Title), d.All(TextWords, p.About)
	for _, text := range []*string{&p.Heading, &p.Each} {
		if *text != "" {
			*text = d.Say(TextWords, *text)
		}
	}
	p.Cols = slices.Clone(p.Cols)
	some := false
	for i := range p.Cols {
		c := &p.Cols[i]
		own := TextWords + " " + p.Name // for headings that have another meaning in this part
		if d.Has(own, c.Title) {
			c.Title = d.Say(own, c.Title)
		} else {
			c.Title = d.Say(TextWords, c.Title)
		}
		some = some || c.Say != ""
	}
	if some {
		p.Rows = translatedCells(d, p.Cols, p.Rows)
	}
}

// translatedCells translates the words in rows, for columns with a section.
func translatedCells(d *Dictionary, cols []PageColumn, rows iter.Seq[[]PageCell]) iter.Seq[[]PageCell] {
	return func(yield func([]PageCell) bool) {
		to := make([]PageCell, len(cols))
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
func (a Annex) in(d *Dictionary) Annex {
	a.Heading = d.Say(AnnexWords, a.Heading)
	a.Figures = slices.Clone(a.Figures)
	for i := range a.Figures {
		f := &a.Figures[i]
		f.Name, f.Value = d.Figure(f.Name), d.Figure(f.Value)
	}
	a.SVG = d.Drawing(a.SVG, a.Cut)
	return a
}
