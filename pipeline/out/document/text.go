package document

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"unicode"

	"golang.org/x/text/width"
)

// writeText writes a document for a terminal; all rows.
func writeText(w io.Writer, pg *page) error {
	out := bufio.NewWriter(w)
	h := pg.header
	fmt.Fprintf(out, "%s of %s for cycle %s in %s (%s)\n", strings.ToLower(pg.kind), visible(pg.subject.full()),
		h.Cycle, visible(h.Currency), h.stateText())
	fmt.Fprintf(out, "by %s; %s, %s; as of %s\n", visible(h.Vendor.full()), h.span(), h.Zone.Name(), h.time(h.AsOf))
	for _, f := range pg.facts {
		if name := strings.ToLower(f.Name); name != pg.role {
			fmt.Fprintf(out, "%s: %s\n", name, visible(f.Value))
		}
	}
	fmt.Fprintf(out, "%s: %s\n", strings.ToLower(pg.headline.Name), visible(pg.headline.Value))
	for _, p := range pg.parts {
		if p.where&inPrint == 0 {
			continue
		}
		v, err := pg.viewOf(p, -1)
		if err != nil {
			return err
		}
		v.text(out)
	}
	for _, n := range pg.notes {
		fmt.Fprintf(out, "\n%s\n", visible(n))
	}
	for i := range pg.annexes {
		a := &pg.annexes[i]
		fmt.Fprintf(out, "\n%s\n", visible(a.Title))
		for _, f := range a.Figures {
			fmt.Fprintf(out, "  %s  %s\n", padded(visible(f.Name), 16, false), visible(f.Value))
		}
	}
	return out.Flush()
}

// text writes a part: its heading, and a table with columns as wide as their widest value.
func (w *view) text(out io.Writer) {
	fmt.Fprintf(out, "\n%s\n", strings.ToUpper(w.Title))
	for _, s := range w.About {
		fmt.Fprintf(out, "  %s\n", visible(s))
	}
	if len(w.Groups) == 0 {
		for _, s := range w.After {
			fmt.Fprintf(out, "  %s\n", visible(s))
		}
		return
	}
	widths := make([]int, len(w.Heads))
	heads := make([]field, len(w.Heads))
	for i, h := range w.Heads {
		heads[i] = field{Text: h.Title, Right: h.Right}
		widths[i] = columns(h.Title)
	}
	w.each(func(row []field) {
		for i := range row {
			widths[i] = max(widths[i], columns(row[i].terminal()))
		}
	})
	textRow(out, heads, widths)
	for _, g := range w.Groups {
		if g.Name != "" {
			fmt.Fprintf(out, "  %s\n", visible(g.heading()))
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
		fmt.Fprintf(out, "  %s\n", visible(s))
	}
}

// heading is a group's name, id and whatever else there is.
func (g *group) heading() string {
	text := Party{g.ID, g.Name}.full()
	if g.ID == "" {
		text = g.Name
	}
	if g.More != "" {
		text += ", " + g.More
	}
	return text
}

// terminal is a value as a terminal shows it, numbers with their points below each other.
func (f *field) terminal() string {
	text := visible(f.Text)
	if f.Right {
		text = strings.ReplaceAll(text, minus, "-")
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
		b.WriteString(padded(row[i].terminal(), widths[i], row[i].Right))
	}
	fmt.Fprintln(out, strings.TrimRight(b.String(), " "))
}

// padded fills a text up to a width.
func padded(text string, to int, right bool) string {
	fill := strings.Repeat(" ", max(0, to-columns(text)))
	if right {
		return fill + text
	}
	return text + fill
}

// columns is how many columns of a terminal a text takes: wide characters two, marks upon others none.
func columns(text string) (n int) {
	for _, r := range text {
		switch {
		case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		case width.LookupRune(r).Kind() == width.EastAsianWide ||
			width.LookupRune(r).Kind() == width.EastAsianFullwidth:
			n += 2
		default:
			n++
		}
	}
	return n
}

// visible writes out what would steer a terminal or turn the writing's direction.
func visible(text string) string {
	steers := func(r rune) bool {
		return unicode.IsControl(r) || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == 0x200e ||
			r == 0x200f || r == 0x2028 || r == 0x2029
	}
	if strings.IndexFunc(text, steers) < 0 {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		if steers(r) {
			fmt.Fprintf(&b, "\\u%04x", r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}
