package console

import (
	"html/template"
	"strings"

	"github.com/tollbook/tollbook/schemas/visible"
)

// Body returns the rows on the screen as markup (PAGE-1). It uses no template: a table has hundreds of cells, and a
// template takes several times as long for each.
func (t *Table) Body() template.HTML {
	var b strings.Builder
	for _, row := range t.Rows {
		b.WriteString("\n<tr>")
		for _, e := range t.shown(row) {
			e.write(&b)
		}
		b.WriteString("</tr>")
	}
	return template.HTML(b.String())
}

// HTML returns the cell as markup.
func (e Entry) HTML() template.HTML {
	var b strings.Builder
	e.write(&b)
	return template.HTML(b.String())
}

// write writes the cell with everything escaped. It omits a link to an address outside this server.
func (e Entry) write(b *strings.Builder) {
	b.WriteString("<td")
	if class := e.Class(); class != "" {
		b.WriteString(` class="`)
		escape(b, class)
		b.WriteByte('"')
	}
	if exact := e.exact(); exact != "" && (e.Column.Kind == Amount || e.Column.Kind == Cost) {
		b.WriteString(` title="`)
		escape(b, exact)
		b.WriteByte('"')
	}
	if !e.First && e.many {
		b.WriteString(` data-head="`)
		escape(b, e.Column.Title)
		b.WriteByte('"')
	}
	b.WriteByte('>')
	link := inside(e.Href)
	if link {
		b.WriteString(`<a href="`)
		escape(b, e.Href)
		b.WriteString(`">`)
	}
	escape(b, visible.Shielded(e.Say()))
	if link {
		b.WriteString("</a>")
	}
	b.WriteString("</td>")
}

// inside reports whether every browser reads an address as one of this server.
func inside(href string) bool {
	return href != "" && !strings.ContainsAny(href, "\t\n\r\\") &&
		(href[0] == '?' || href[0] == '#' || href[0] == '/' && !strings.HasPrefix(href, "//"))
}

// escape escapes a text for an element or a quoted attribute.
func escape(b *strings.Builder, text string) {
	if strings.ContainsAny(text, "<>&'\"\x00") {
		text = template.HTMLEscapeString(text)
	}
	b.WriteString(text)
}
