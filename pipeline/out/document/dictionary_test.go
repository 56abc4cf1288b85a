package document

import (
	"cmp"
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode"
)

// TestDictionary checks that every line of the dictionary is a section or a text with its translation, that no text
// occurs twice in a section, and that a translation has the same values as its text.
func TestDictionary(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	section := ""
	value := regexp.MustCompile(`\{t?\}`)
	for line := range strings.Lines(chinese) {
		english, to, found := strings.Cut(strings.TrimRight(line, "\n"), "\t")
		if !found {
			section = english
			if !strings.HasPrefix(section, "[") || !strings.HasSuffix(section, "]") {
				t.Errorf("line %q is no section and has no translation", line)
			}
			continue
		}
		if seen[section+english] || english == "" || to == "" {
			t.Errorf("section %s: %q is there twice, or empty", section, english)
		}
		seen[section+english] = true
		for i := range value.FindAllString(english, -1) {
			if mark := "{" + string(rune('1'+i)) + "}"; strings.Count(to, mark) != 1 {
				t.Errorf("%q: its translation %q does not have %s once", english, to, mark)
			}
		}
	}
}

// TestSay checks that a text is translated only within its section, that a pattern translates its values, and that a
// text without a translation is unchanged.
func TestSay(t *testing.T) {
	t.Parallel()
	d := newDictionary("[a]\none\t一\ntwo\t二\n{t} and {}\t{2}、{1}\n{}.\t{1}。\n[b]\none\t壹\n")
	for _, tt := range []struct{ section, text, want string }{
		{"a", "one", "一"}, {"b", "one", "壹"}, {"b", "two", "two"}, {"a", "two and one", "one、二"},
		{"a", "{2} and x", "x、{2}"}, {"a", "three", "three"}, {"a", "one.", "one。"},
	} {
		if got := d.Say(tt.section, tt.text); got != tt.want {
			t.Errorf("%s in section %s: %q, want %q", tt.text, tt.section, got, tt.want)
		}
	}
	var none *Dictionary
	if got := none.Say("a", "one"); got != "one" {
		t.Errorf("English: %q", got)
	}
}

// TestNotes tests DOC-11. Every sentence that package document puts below a document, and every possible next step for
// a partner, has a translation. The texts are read from the source, so a new one without a translation fails.
func TestNotes(t *testing.T) {
	t.Parallel()
	d := Chinese()
	d.Watch(func(section, text string) {
		t.Errorf("chinese.tsv has no translation of %q in section %s", text, section)
	})
	sentences := 0
	for _, file := range []string{"notes", "compose_bill", "compose_partnermoney", "taxes"} {
		eachText(t, file+".go", func(_, text string) {
			if strings.HasSuffix(text, ".") && unicode.IsUpper(rune(text[0])) {
				sentences++
				d.Say(TextWords, text)
			}
		})
	}
	for _, text := range []string{"Tax is added to prices; the tax of each line is rounded half up.",
		"Prices include tax; each tax of the cycle is rounded half up once.",
		"In the cycle the customer was referred by 7 to 2026-09-03, then customer of 7 from 2026-09-04.",
		"Each usage line is rounded half to even to 1 decimal; truncated is the difference."} {
		d.Say(TextWords, text)
	}
	steps := 0
	for _, file := range []string{"incentive", "money", "deadlines"} {
		eachText(t, "../../read/query/"+file+".go", func(field, text string) {
			if field == "Then" || field == "State" {
				steps++
				d.Say(StateWords, text)
			}
		})
	}
	remarked := 0
	eachText(t, "items.go", func(field, text string) {
		if field == "Note" {
			remarked++
			d.Say(RemarkWords, text)
		}
	})
	if sentences < 20 || steps < 10 || remarked < 4 {
		t.Errorf("%d sentences, %d steps and %d remarks were found: the test no longer reads the source", sentences,
			steps, remarked)
	}
}

// TestCutTexts tests DOC-11. A text that was truncated in a drawing is translated completely, then truncated again.
func TestCutTexts(t *testing.T) {
	t.Parallel()
	d := newDictionary("[figure]\nday of {}, {}\t{1}各日（{2}）\n")
	cut := map[string]string{"day of 2026-…": "day of 2026-09, Asia"}
	svg := []byte("<text>day of 2026-…</text><text>95</text>")
	if got, want := string(d.Drawing(svg, cut)), "<text>2026-09各日…</text><text>95</text>"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// TestAnnexTexts tests DOC-11. Every text of a figure or a drawing of package query has a translation. The texts are
// read from the source, so a new one without a translation fails.
func TestAnnexTexts(t *testing.T) {
	t.Parallel()
	d := Chinese()
	d.Watch(func(section, text string) {
		t.Errorf("chinese.tsv has no translation of %q in section %s", text, section)
	})
	// SVG markup, paths and classes, time layouts, and a part of a sentence
	other := regexp.MustCompile("[<{]|2006|^[MVH]7|^7 minutes$|" +
		"^(7 )?((end|mid) )?(title|sub|small|end|under|above|series|cut|bold|cuttext|name)$")
	filled := strings.NewReplacer("every 7;", "every 40 minutes;", "above the 7.", "above the 95th percentile.",
		"daily 7s", "daily 95th percentiles", "7 of in and out", "95th percentile of in and out",
		"apart; 7", "apart; in")
	texts := 0
	for _, file := range []string{"svg", "svg_numbers", "shown"} {
		eachText(t, "../../read/query/"+file+".go", func(_, text string) {
			if !other.MatchString(text) {
				texts++
				d.Figure(filled.Replace(text))
			}
		})
	}
	if texts < 40 {
		t.Errorf("%d texts were found: the test no longer reads the source", texts)
	}
}

// eachText visits the texts of a source file, each with the field that it is assigned to. 7 replaces parts that are not
// constant.
func eachText(t *testing.T, file string, visit func(field, text string)) {
	t.Helper()
	tree, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	give := func(field string, value ast.Expr) {
		if text := constant(value); strings.ContainsFunc(text, Latin) {
			visit(field, text)
		}
	}
	ast.Inspect(tree, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ImportSpec:
			return false
		case *ast.KeyValueExpr:
			if name, ok := n.Key.(*ast.Ident); ok {
				give(name.Name, n.Value)
			}
		case *ast.AssignStmt:
			for i := range n.Lhs {
				if field, ok := n.Lhs[i].(*ast.SelectorExpr); ok && len(n.Lhs) == len(n.Rhs) {
					give(field.Sel.Name, n.Rhs[i])
				}
			}
		case *ast.BinaryExpr:
			give("", n)
			return false
		case *ast.BasicLit:
			give("", n)
		}
		return true
	})
}

// constant returns a text with 7 for each part that is not constant, or "" if no part is constant.
func constant(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		if text, err := strconv.Unquote(e.Value); err == nil && e.Kind == token.STRING {
			return regexp.MustCompile(`%[sdq]`).ReplaceAllString(text, "7")
		}
	case *ast.BinaryExpr:
		if e.Op == token.ADD {
			return cmp.Or(constant(e.X), "7") + cmp.Or(constant(e.Y), "7")
		}
	}
	return ""
}

// TestChineseFigures checks that in a figure with its kind the number is not part of the kind, since patterns are tried
// in order.
func TestChineseFigures(t *testing.T) {
	t.Parallel()
	d := Chinese()
	for _, c := range []struct{ english, want string }{
		{"6.48 Mbps, 95th percentile", "6.48 Mbps，第95百分位"},
		{"6.48 Mbps, 95th percentile of in and out", "6.48 Mbps，出入向第95百分位"},
		{"6.48 Mbps, mean of daily peaks", "6.48 Mbps，日峰值均值"},
		{"10 Mbps, the larger of value and commit", "10 Mbps，测量值与保底带宽的较大者"},
		{"6.48 Mbps", "6.48 Mbps"},
	} {
		if got := d.Say(FigureWords, c.english); got != c.want {
			t.Errorf("%q: %q, want %q", c.english, got, c.want)
		}
	}
}
