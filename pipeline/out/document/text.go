package document

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/tollbook/tollbook/schemas/visible"
)

// WriteText writes a document with all rows for a terminal.
func WriteText(w io.Writer, pg *Page) error {
	out := bufio.NewWriter(w)
	h := pg.Header
	fmt.Fprintf(out, "%s of %s for cycle %s in %s (%s)\n", strings.ToLower(pg.Kind),
		visible.Shielded(pg.Subject.Full()),
		h.Cycle, visible.Shielded(h.Currency), h.Status())
	fmt.Fprintf(out, "by %s; %s, %s; as of %s\n", visible.Shielded(h.Vendor.Full()), h.span(), h.Zone.Name(),
		h.Time(h.AsOf))
	for _, f := range pg.Facts {
		if name := strings.ToLower(f.Name); name != pg.Role {
			fmt.Fprintf(out, "%s: %s\n", name, visible.Shielded(f.Value))
		}
	}
	fmt.Fprintf(out, "%s: %s\n", strings.ToLower(pg.Headline.Name), visible.Shielded(pg.Headline.Value))
	for _, p := range pg.Parts {
		if p.Where&InPrint == 0 {
			continue
		}
		v, err := pg.viewOf(p, -1, false)
		if err != nil {
			return err
		}
		v.text(out)
	}
	for _, n := range pg.Notes {
		fmt.Fprintf(out, "\n%s\n", visible.Shielded(n))
	}
	for i := range pg.Annexes {
		a := &pg.Annexes[i]
		fmt.Fprintf(out, "\n%s\n", visible.Shielded(a.Heading))
		for _, f := range a.Figures {
			fmt.Fprintf(out, "  %s  %s\n", PaddedText(visible.Shielded(f.Name), 16, false), visible.Shielded(f.Value))
		}
	}
	return out.Flush()
}

// text writes a part: its heading, and a table with columns as wide as their widest value.
func (w *view) text(out io.Writer) {
	fmt.Fprintf(out, "\n%s\n", strings.ToUpper(w.Title))
	for _, s := range w.About {
		fmt.Fprintf(out, "  %s\n", visible.Shielded(s))
	}
	if len(w.Groups) == 0 {
		for _, s := range w.After {
			fmt.Fprintf(out, "  %s\n", visible.Shielded(s))
		}
		return
	}
	widths := make([]int, len(w.Heads))
	heads := make([]field, len(w.Heads))
	for i, h := range w.Heads {
		heads[i] = field{Text: h.Title, Right: h.Right}
		widths[i] = TextColumns(h.Title)
	}
	w.each(func(row []field) {
		for i := range row {
			widths[i] = max(widths[i], TextColumns(row[i].terminal()))
		}
	})
	textRow(out, heads, widths)
	for _, g := range w.Groups {
		if g.Name != "" {
			fmt.Fprintf(out, "  %s\n", visible.Shielded(g.heading()))
		}
		for _, row := range g.Rows {
			textRow(out, row, widths)
		}
		if len(g.Sums) > 0 {
			textRow(out, g.Sums, widths)
		}
	}
	if len(w.Foot) > 0 {
		textRow(out, w.Foot, widths)
	}
	for _, s := range w.After {
		fmt.Fprintf(out, "  %s\n", visible.Shielded(s))
	}
}

// heading returns a group's name, id and further text.
func (g *group) heading() string {
	text := g.Name // newGroup has isolated it
	if g.ID != "" {
		text += " (" + g.ID + ")"
	}
	if g.More != "" {
		text += ", " + g.More
	}
	return text
}

// terminal formats a value for a terminal, with the decimal points of a column aligned.
func (f *field) terminal() string {
	text := visible.Shielded(f.Text)
	if f.Right {
		text = strings.ReplaceAll(text, MinusSign, "-")
		if f.Point {
			text += " "
		}
		text += strings.Repeat(" ", f.Pad)
	}
	return text
}

func textRow(out io.Writer, row []field, widths []int) {
	var b strings.Builder
	b.WriteString("    ")
	for i := range row {
		if i > 0 {
			b.WriteString("  ")
		}
		b.WriteString(PaddedText(row[i].terminal(), widths[i], row[i].Right))
	}
	fmt.Fprintln(out, strings.TrimRight(b.String(), " "))
}
