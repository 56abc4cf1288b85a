package document

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/visible"
)

// parsed parses a page.
func parsed(t testing.TB, page []byte) *html.Node {
	t.Helper()
	n, err := html.Parse(bytes.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// all returns the elements of a name below a node.
func all(n *html.Node, name atom.Atom) (list []*html.Node) {
	for d := range n.Descendants() {
		if d.Type == html.ElementNode && d.DataAtom == name {
			list = append(list, d)
		}
	}
	return list
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// textOf returns the text content of a node.
func textOf(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return strings.TrimSpace(b.String())
}

// section returns the section with an id.
func section(t testing.TB, page *html.Node, id string) *html.Node {
	t.Helper()
	for _, s := range all(page, atom.Section) {
		if attr(s, "id") == id {
			return s
		}
	}
	t.Fatalf("no section %s", id)
	return nil
}

// documentRows returns the texts of a section's table.
func documentRows(s *html.Node) (out [][]string) {
	for _, tr := range all(s, atom.Tr) {
		var row []string
		for c := range tr.ChildNodes() {
			if c.DataAtom == atom.Td || c.DataAtom == atom.Th {
				row = append(row, textOf(c))
			}
		}
		out = append(out, row)
	}
	return out
}

func TestHTML(t *testing.T) {
	t.Parallel()
	page := parsed(t, written(t, statement(t), HTML))
	var got []string
	for _, r := range documentRows(section(t, page, "row")) {
		got = append(got, strings.Join(r, "|"))
	}
	want := []string{
		"Service|Sign|Lines|Official|Discount|To pay|Owed|Performance",
		"Aurora Ltd (aurora)",
		"Elastic compute|+|3|1,200.50|120.05|1,080.45|972.41|1,080.45",
		"Elastic compute|-|3|−100.00|0.00|−100.00|−90.00|−100.00",
		"Object storage|+|3|34.12|0.00|34.12|30.71|34.12",
		"Sum||9|1,134.62|120.05|1,014.57|913.12|1,014.57",
		"birch",
		"Bandwidth|+|3|10,000.00|0.00|10,000.00|9,000.00|10,000.00",
		"Total||12|11,134.62|120.05|11,014.57|9,913.12|11,014.57",
	}
	if !slices.Equal(got, want) {
		t.Errorf("rows\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if got := textOf(all(page, atom.Title)[0]); got != "Statement of North Distribution, 2026-09" {
		t.Errorf("title %q", got)
	}
	if got := textOf(all(page, atom.Dl)[0]); got != "Net to payCNY 9,552.68" {
		t.Errorf("headline %q", got)
	}
	net := all(section(t, page, "summary"), atom.Tr)[6]
	if textOf(net) != "Net9,552.68" || attr(net.FirstChild, "class") != "b" {
		t.Errorf("the net is %q of class %q", textOf(net), attr(net.FirstChild, "class"))
	}
	for _, td := range all(section(t, page, "row"), atom.Td) {
		text, class := textOf(td), attr(td, "class")
		if strings.HasPrefix(text, MinusSign) != strings.Contains(class, "neg") {
			t.Errorf("%q has class %q", text, class)
		}
		if strings.Contains(text, ".") && !strings.HasPrefix(class, "n") {
			t.Errorf("%q has class %q", text, class)
		}
	}
}

// TestHTMLStandsAlone checks that a page needs no other file, has no script, and has labels for its tables and
// drawings.
func TestHTMLStandsAlone(t *testing.T) {
	t.Parallel()
	for _, d := range []writer{statement(t), bill(t)} {
		raw := written(t, d, HTML)
		page := parsed(t, raw)
		stands(t, page)
		for _, text := range []string{"@page { size: A4", "table-header-group", "default-src 'none'", `lang="en"`,
			"tabular-nums"} {
			if !bytes.Contains(raw, []byte(text)) {
				t.Errorf("no %q", text)
			}
		}
		ids := map[string]bool{}
		for n := range page.Descendants() {
			id := attr(n, "id")
			if id != "" && ids[id] {
				t.Errorf("id %s twice", id)
			}
			ids[id] = true
		}
		for n := range page.Descendants() {
			for _, id := range strings.Fields(attr(n, "aria-labelledby")) {
				if !ids[id] {
					t.Errorf("aria-labelledby %s: there is none", id)
				}
			}
			if n.DataAtom == atom.Th && attr(n, "scope") == "" {
				t.Errorf("heading %q without scope", textOf(n))
			}
			if n.DataAtom == atom.Img && attr(n, "alt") == "" {
				t.Error("a picture without words")
			}
		}
		chart := all(page, atom.Svg)[0]
		if attr(chart, "role") != "img" || len(all(chart, atom.Title)) == 0 || len(all(chart, atom.Desc)) != 1 {
			t.Errorf("the chart says nothing: %v", chart.Attr)
		}
	}
}

// stands checks that a page has no script and loads nothing from elsewhere.
func stands(t testing.TB, page *html.Node) {
	t.Helper()
	for n := range page.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		switch n.Data {
		case "script", "link", "iframe", "object", "embed", "base", "form", "a", "input", "audio", "video",
			"foreignObject":
			t.Errorf("element %s", n.Data)
		}
		for _, a := range n.Attr {
			switch {
			case strings.HasPrefix(a.Key, "on"), a.Key == "href", a.Key == "style", a.Key == "srcset":
				t.Errorf("%s has %s=%q", n.Data, a.Key, a.Val)
			case a.Key == "src" && !strings.HasPrefix(a.Val, "data:image/svg+xml;base64,"):
				t.Errorf("%s is from %q", n.Data, a.Val)
			}
		}
	}
	for _, s := range all(page, atom.Style) {
		css := textOf(s)
		for _, bad := range []string{"url(", "@import", "</", "expression("} {
			if strings.Contains(css, bad) {
				t.Errorf("style has %q", bad)
			}
		}
	}
}

func TestAnnexInHTML(t *testing.T) {
	t.Parallel()
	page := parsed(t, written(t, bill(t), HTML))
	img := all(page, atom.Img)
	if len(img) != 1 || attr(img[0], "alt") != "Bandwidth of link-1: points 8640; value 95.5 Mbps" ||
		!strings.HasPrefix(attr(img[0], "src"), "data:image/svg+xml;base64,PHN2ZyB4bWxucz0i") {
		t.Errorf("pictures %v", img)
	}
	b := bill(t)
	b.Annexes[0].SVG = nil
	page = parsed(t, written(t, b, HTML))
	if len(all(page, atom.Img)) != 0 || !strings.Contains(textOf(page), "95.5 Mbps") {
		t.Error("without a drawing the figures are not there")
	}
}

// hostile returns names that could break a document.
func hostile() []string {
	return []string{
		`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `=HYPERLINK("http://x.example","pay")`, `+1+1`,
		`-2+3`, `@SUM(A1)`, "\t=1+1", "\r=1",
		`'; } </style><script>`, `\22 } body { display:none }`, `{{.Notes}}`, `&amp;&lt;`, `]]>`, "a\x00b\x1b[31mred",
		"line\nbreak", "\u202egnp.exe", "\u200fעברית\u200f العربية", "👩\u200d👩\u200d👧\u200d👦 😀",
		strings.Repeat("Very long name ", 200), strings.Repeat("x", 40_000), "_x0041_", "\xff\xfe", "&C&[Picture]",
		"--><!--", "javascript:alert(1)",
	}
}

func TestHostileNames(t *testing.T) {
	t.Parallel()
	for i, name := range hostile() {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			checkHostile(t, name)
			checkHostileSheets(t, name)
		})
	}
}

// hostileStatement returns a statement with the name in every text field.
func hostileStatement(t testing.TB, name string) *Statement {
	s := statement(t)
	s.Header.Vendor.Name, s.Partner = name, PageParty{ID: name, Name: name}
	s.Kind, s.Header.Currency, s.Sellers, s.Notes = name, name, []PageParty{{ID: name, Name: name}}, []string{name}
	for i := range s.Rows {
		r := &s.Rows[i]
		r.CustomerName, r.Service, r.ServiceName, r.SellerID = name, name, name, name
	}
	s.Rows[4].ResellerName = name
	s.Incentives[0].ProgrammeID, s.Incentives[0].Next, s.Incentives[0].State = name, name, name
	s.Clawbacks[0].Reason = name
	for i := range s.Usage {
		s.Usage[i].Service, s.Usage[i].ServiceName = name, name
	}
	s.Annexes = []Annex{{Object: name, SKU: name, Title: name, Heading: name,
		Figures: []PageFigure{{Name: name, Value: name}}, SVG: []byte("<svg/>")}}
	return s
}

// hostileBill returns a bill with the name in every text field.
func hostileBill(t testing.TB, name string) *Bill {
	b := bill(t)
	b.Header.Vendor.ID, b.Customer, b.Partner, b.Notes = name, PageParty{ID: name, Name: name},
		PageParty{ID: name, Name: name}, []string{name}
	for i := range b.Sections {
		s := &b.Sections[i]
		s.Service, s.ServiceName, s.SKU, s.Product, s.Model, s.Measure = name, name, name, name, name, name
		for k := range s.Items {
			s.Items[k].Region, s.Items[k].Object, s.Items[k].DiscountID = name, name, name
		}
	}
	b.Corrections[0].Note, b.Corrections[0].ID = name, name
	b.Packages[0].PackageID, b.Packages[0].SKUs = name, []string{name, name}
	return b
}

// checkHostile writes documents with a name in every field, in every format, and checks that it remains text.
func checkHostile(t testing.TB, name string) {
	t.Helper()
	for _, d := range []writer{hostileStatement(t, name), hostileBill(t, name)} {
		page := parsed(t, written(t, d, HTML))
		stands(t, page)
		if got := len(all(page, atom.H2)); got < 7 || got > 10 {
			t.Errorf("%q: %d headings", name, got)
		}
		if got := len(all(page, atom.Body)); got != 1 {
			t.Errorf("%q: %d bodies", name, got)
		}
		for _, form := range []Format{HTML, Table} {
			text := strings.ReplaceAll(string(written(t, d, form)), "\n", " ")
			if shown := visible.Shielded(text); shown != text {
				t.Errorf("%q: %s obeys marks of the name", name, form)
			}
		}
		for _, form := range []Format{JSON, CSV} {
			if strings.Contains(string(written(t, d, form)), "\u2068") {
				t.Errorf("%q: %s has isolates", name, form)
			}
		}
		for _, record := range tableOf(t, written(t, d, CSV)) {
			for col, v := range record {
				if strings.ContainsAny(v[:1], "=@\t\r") || strings.ContainsAny(v[:1], "+-") && len(v) > 1 &&
					!isDecimal(v) {
					t.Errorf("%q: %s is %q in the CSV", name, col, v)
				}
			}
		}
	}
}

// TestNamesBesideIDs checks that in every text a name that is written from right to left is isolated from what follows
// it, and an id never is. Expected texts are written by hand.
func TestNamesBesideIDs(t *testing.T) {
	t.Parallel()
	s := statement(t)
	s.Header.Vendor, s.Partner = PageParty{ID: "7-1", Name: "ספק 9"}, PageParty{ID: "0012-34", Name: "חברת אלון"}
	for i := range s.Rows {
		s.Rows[i].CustomerID, s.Rows[i].CustomerName, s.Rows[i].ServiceName = "45-6", "شركة النور", "אחסון"
	}
	for form, list := range map[Format][]string{
		Table: {"statement of \u2068חברת אלון\u2069 (0012-34) for cycle 2026-09", "by \u2068ספק 9\u2069 (7-1); ",
			"\u2068شركة النور\u2069 (45-6)", "    \u2068אחסון\u2069 "},
		HTML: {"<title>Statement of \u2068חברת אלון\u2069, 2026-09</title>", "<dd>\u2068ספק 9\u2069 (7-1)</dd>",
			`content: "Statement of ` + "\u2068חברת אלון\u2069, 2026-09, \u2068ספק 9\u2069 (",
			"<h1>Statement of <bdi>\u2068חברת אלון\u2069</bdi>, <span class=\"cycle\">2026-09</span></h1>",
			"<bdi>\u2068شركة النور\u2069</bdi> <small>(<bdi>45-6</bdi>)</small>"},
	} {
		for _, want := range list {
			if got := string(written(t, s, form)); !strings.Contains(got, want) {
				t.Errorf("%s: %q is missing:\n%s", form, want, got)
			}
		}
	}
	f := open(t, written(t, s, XLSX))
	head, err := f.GetHeaderFooter("Rows")
	if want := "&LStatement \u2068חברת אלון\u2069 (0012-34), 2026-09&R&A"; err != nil || head.OddHeader != want {
		t.Errorf("%v: the sheet's header is %q, want %q", err, head.OddHeader, want)
	}
	if got := rawCells(t, f, "Rows")[1][:3]; !slices.Equal(got, []string{"\u2068شركة النور\u2069", "45-6",
		"\u2068אחסון\u2069"}) {
		t.Errorf("the sheet's first row is %q", got)
	}
}

// checkHostileSheets checks that no name became a formula.
func checkHostileSheets(t testing.TB, name string) {
	t.Helper()
	for _, d := range []writer{hostileStatement(t, name), hostileBill(t, name)} {
		raw := written(t, d, XLSX)
		files, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files.File {
			if !strings.HasPrefix(f.Name, "xl/worksheets/") {
				continue
			}
			r, err := f.Open()
			if err != nil {
				t.Fatal(err)
			}
			checkFormulas(t, name, r)
		}
	}
}

// checkFormulas reads a sheet's XML and checks that its formulas are those of the program.
func checkFormulas(t testing.TB, name string, r io.Reader) {
	t.Helper()
	for d := xml.NewDecoder(r); ; {
		token, err := d.Token()
		if err == io.EOF {
			return
		}
		if err != nil {
			t.Fatalf("%q: %v", name, err)
		}
		if start, ok := token.(xml.StartElement); ok && start.Name.Local == "f" {
			var formula string
			if err := d.DecodeElement(&formula, &start); err != nil || !strings.HasPrefix(formula, "SUM(") {
				t.Errorf("%q: a formula: %s, %v", name, formula, err)
			}
		}
	}
}

func isDecimal(text string) bool {
	var total money.AmountTotal
	return total.UnmarshalText([]byte(text)) == nil
}

// TestNamesInXLSX checks that names are read back unchanged, except for marks of writing direction.
func TestNamesInXLSX(t *testing.T) {
	t.Parallel()
	for _, name := range []string{`<b>&"'`, `=1+1`, "_x0041_", "👩\u200d👩\u200d👧\u200d👦", " blanks ", "\u200fעברית"} {
		want := name
		if name == "\u200fעברית" {
			want = "\u2068‹U+200F›עברית\u2069"
		}
		f := open(t, written(t, hostileStatement(t, name), XLSX))
		if got := rawCells(t, f, "Rows")[1][0]; got != want {
			t.Errorf("%q came back as %q, want %q", name, got, want)
		}
	}
}

// maxFuzzed limits the length of an input.
const maxFuzzed = 300

func FuzzNames(f *testing.F) {
	for _, name := range hostile() {
		f.Add(CutText(name, maxFuzzed))
	}
	f.Fuzz(func(t *testing.T, name string) {
		if len(name) > 4*maxFuzzed {
			t.Skip()
		}
		checkHostile(t, name)
	})
}

func FuzzNamesInXLSX(f *testing.F) {
	for _, name := range hostile() {
		f.Add(CutText(name, maxFuzzed))
	}
	f.Fuzz(func(t *testing.T, name string) {
		if len(name) > 4*maxFuzzed {
			t.Skip()
		}
		checkHostileSheets(t, name)
	})
}
