package document

import (
	"bytes"
	"cmp"
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"unicode"

	"golang.org/x/net/html/atom"

	"github.com/tollbook/tollbook/pipeline/out/letter"
	"github.com/tollbook/tollbook/schemas/branding"
)

// cover is a cover in a language.
func cover(t testing.TB, kind letter.Kind, language string) *letter.Letter {
	t.Helper()
	b, err := branding.Load(fstest.MapFS{branding.File: {Data: []byte("vendor: {language: " + language + "}\n")}},
		func(string) bool { return true })
	if err != nil {
		t.Fatal(err)
	}
	style, _ := b.Style("vendor")
	h := header(t)
	due := letter.Row{Name: letter.Text{English: "Net", Chinese: "净额"}, Amount: yuan(t, "1.00")}
	return &letter.Letter{Kind: kind, Issuer: letter.Contact{ID: "vendor", Name: "示例云"},
		Recipient: letter.Contact{ID: "7", Name: "极光"}, Cycle: h.Cycle, Currency: h.Currency, Digits: h.Digits,
		Style: style, Issued: day(t, "2026-10-01"), Payable: due.Amount,
		Tables: []letter.Table{{Title: due.Name, Rows: []letter.Row{due, due}}}}
}

// fullStatement is a statement with a row in every part.
func fullStatement(t testing.TB) *Statement {
	t.Helper()
	s := statement(t)
	other := row(t, "birch", "", "eip", "+", "1", "0", "0")
	other.SellerID, other.AssociationType, other.ChargingMode = "east", Referral, 1
	s.Rows = append(s.Rows, other)
	s.Usage = append(s.Usage, Usage{day(t, "2026-09-01"), "eip", "Bandwidth", sum(t, "1"), true})
	s.Taxes = []Tax{{SellerID: "vendor", TaxID: "t-1", Prices: "exclusive"},
		{SellerID: "vendor", TaxID: "t-2", Prices: "inclusive"}}
	s.Annexes = bill(t).Annexes
	s.ToConfirm = []Waiting{{Kind: "incentive", ID: "growth", Period: "2026-Q3", State: "to_confirm",
		Then: "void without a confirmation or a dispute"}}
	s.Incentives[0].Next = "waits for a confirmation or a dispute"
	for _, balance := range []string{"cash", "rebate", "credit", "frozen"} {
		s.Balances = append(s.Balances, Balance{Type: balance})
	}
	for _, kind := range []string{"credit_limit", "recharge", "incentive", "fund", "convert_rebate", "reclaim",
		"allocate", "order", "refund", "statement_payment", "withdraw_request", "withdraw_back", "withdraw_done"} {
		s.Account = append(s.Account, AccountEntry{ID: "e-1", Type: kind, Balance: "cash"})
	}
	for _, state := range []string{"none", "listed", "in_review", "approved", "refused", "forgone", "requested", "held",
		"claimed", "payable", "invoice_received", "paid", "void", "open", "ended"} {
		s.Funds = append(s.Funds, Fund{ProgrammeID: "growth", Period: "2026-Q3", State: state})
	}
	for _, kind := range []string{"voucher", "cash_coupon", "pickup"} {
		s.Quotas = append(s.Quotas, CouponQuota{ID: "q-1", Kind: kind})
		for _, state := range []string{"active", "expired", "reclaimed", "used"} {
			s.Coupons = append(s.Coupons, Coupon{ID: "c-1", Kind: kind, State: state})
		}
	}
	for _, bucket := range []string{"", "not_due", "1-30", "31-60", "61-90", "over_90"} {
		s.Receivables = append(s.Receivables, Receivable{Cycle: "2026-08", Bucket: bucket})
	}
	s.Notes = []string{"The cycle is closed: its figures do not change. Late records are billed in an open cycle."}
	s.Cover = cover(t, letter.Statement, "zh")
	return s
}

// fullBill is a bill with a row in every part, and a line of every kind.
func fullBill(t testing.TB) *Bill {
	t.Helper()
	b := bill(t)
	for _, kind := range []string{"usage", "flat_fee", "period", "order", "refund", "adjustment", "recurring",
		"true_up", "overage", "cap"} {
		b.Sections[0].Items = append(b.Sections[0].Items, Item{Kind: kind})
	}
	b.Amounts.Truncated = yuan(t, "0.01")
	b.Amounts.Taxes = []Tax{{TaxID: "t-1", Prices: "exclusive"}, {TaxID: "t-2", Prices: "inclusive"}}
	for _, note := range []string{"accepted after its cycle was closed", "rated again after its cycle was closed",
		"the vendor changed the costs after their cycle was closed", "refund by order o-9"} {
		b.Corrections = append(b.Corrections, Correction{ID: "o-9/1", Kind: "adjustment", Note: note})
	}
	b.Corrections[0].Note = "unsubscribed"
	b.Usage = append(b.Usage, Usage{day(t, "2026-08-30"), "eip", "Bandwidth", sum(t, "0"), false},
		Usage{day(t, "2026-09-01"), "eip", "Bandwidth", sum(t, "0.01"), true})
	b.Annexes[0].Figures = []Figure{{"policy", "p-1: monthly_p95, series max"},
		{"", "duplicates last, missing skip, Mbps = bps / 1000²"}, {"samples", "8640 of 1 link"},
		{"points", "8640, of valid days only"}, {"value", "95.5 Mbps, 95th percentile"}, {"above it", "432 points"},
		{"share of days", "30 / 30 (days: all)"}}
	b.Annexes[0].Title = "link-1 of aurora"
	b.Annexes[0].SVG = []byte(`<svg xmlns="http://www.w3.org/2000/svg">` +
		`<title>Aurora Ltd: bandwidth of link-1 in 2026-09</title><text x="1">95th percentile</text><text>no samples</text><text>95.5</text></svg>`)
	b.Notes = []string{"Each usage line is truncated toward zero to 2 decimals; truncated is the difference."}
	b.Cover = cover(t, letter.Invoice, "zh")
	return b
}

// names are the names and ids of the documents above, and what is not translated.
func names() *strings.Replacer {
	var list []string
	for _, name := range []string{"North Distribution", "Example Cloud", "West Reselling", "Elastic compute",
		"Object storage", "Bandwidth", "Small machine", "Storage, a year", "customer left within a year", "Aurora Ltd",
		"Cedar GmbH", "Asia/Shanghai", "unsubscribed", "vm.small", "store.year", "cn-north", "link-1", "bw.p95", "o-9",
		"aurora", "birch", "cedar", "north", "west", "east", "vendor", "growth", "loyal", "hour", "GB", "eip", "ecs",
		"oss", "p-1", "d-10", "c-1", "q-1", "e-1", "t-1", "t-2", "2026-Q3", "2026-Q1", "CNY", "XLSX", "CSV", "JSON",
		"SKU", "Mbps", "bps", "INV-2026-09-7", "ST-2026-09-7"} {
		list = append(list, name, "")
	}
	return strings.NewReplacer(list...)
}

// noEnglish checks that a text has no word but names.
func noEnglish(t *testing.T, where, text string) {
	t.Helper()
	if words := regexp.MustCompile(`[A-Za-z][A-Za-z' ]*`).FindAllString(names().Replace(text), -1); len(words) > 0 {
		t.Errorf("%s: %q has English words: %q", where, text, words)
	}
}

// TestChinese: DOC-11. Everything that a document with a Chinese cover shows in a workbook or on a page is Chinese, but
// names, ids and codes.
func TestChinese(t *testing.T) {
	t.Parallel()
	for _, pg := range []*page{fullStatement(t).page(), fullBill(t).page()} {
		d := newDictionary(chinese)
		d.lost = func(section, text string) {
			if names().Replace(text) != "" {
				t.Errorf("%s: chinese.tsv has no translation of %q in section %s", pg.kind, text, section)
			}
		}
		pg.translate(d)
		for _, p := range pg.parts {
			if p.where&(inSheet|inPrint) != 0 {
				noChineseMissing(t, pg, p)
			}
		}
		out, err := pg.printed(1)
		if err != nil {
			t.Fatal(err)
		}
		noEnglish(t, pg.kind, strings.Join([]string{out.Title, out.Foot, out.Kind, out.Standing, out.NotesTitle,
			out.AnnexTitle, out.Headline.Name}, "; "))
		for _, f := range out.Facts {
			noEnglish(t, "fact", f.Name+" "+f.Value)
		}
		var raw bytes.Buffer
		if err := writeHTML(&raw, pg, 1); err != nil {
			t.Fatal(err)
		}
		root := parsed(t, raw.Bytes())
		for _, name := range []atom.Atom{atom.Title, atom.Header, atom.Main, atom.Dl} {
			for _, n := range all(root, name) {
				noEnglish(t, name.String(), textOf(n))
			}
		}
	}
}

// noChineseMissing checks headings and cells of a part.
func noChineseMissing(t *testing.T, pg *page, p *part) {
	t.Helper()
	noEnglish(t, p.name, strings.Join(append([]string{p.title, p.heading, p.each}, p.about...), "; "))
	for _, c := range p.cols {
		noEnglish(t, p.name, c.title)
	}
	for row := range p.rows {
		for i := range p.cols {
			noEnglish(t, p.name+" "+p.cols[i].name, row[i].shown(p.cols[i].kind, pg.header))
		}
	}
}

// TestLanguages: DOC-11. The cover's language changes HTML and XLSX, and no other format.
func TestLanguages(t *testing.T) {
	t.Parallel()
	zh, en := bill(t), bill(t)
	zh.Cover, en.Cover = cover(t, letter.Invoice, "zh"), cover(t, letter.Invoice, "en")
	for _, f := range []Format{JSON, CSV, Table} {
		if !bytes.Equal(written(t, zh, f), written(t, en, f)) ||
			!bytes.Equal(written(t, zh, f), written(t, bill(t), f)) {
			t.Errorf("%s depends on the cover's language", f)
		}
	}
	if !bytes.Equal(written(t, en, XLSX), written(t, bill(t), XLSX)) {
		t.Error("an English cover changes the workbook")
	}
	if got := (&book{page: zh.page().translated()}).fitting(strings.Repeat("é", 32_001)); !strings.HasSuffix(got,
		"…（已截断：超过单元格上限）") {
		t.Error("the note of a cut text is English")
	}
	sheets := open(t, written(t, zh, XLSX)).GetSheetList()
	if want := []string{"汇总", "支付情况", "服务", "明细", "退款与调账", "套餐", "每日消费", "带宽", "说明"}; !slices.Equal(sheets,
		want) {
		t.Errorf("sheets %q, want %q", sheets, want)
	}
	find(t, written(t, zh, HTML), `<html lang="zh">`, "<title>账单 Aurora Ltd, 2026-09</title>", "应付总额", "折扣")
	find(t, written(t, en, HTML), `<html lang="en">`, "<title>Bill of Aurora Ltd, 2026-09</title>")
}

// TestDictionary: every line of the dictionary is a section or a text with its translation, once, and a translation has
// the values of its text.
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

// TestSay: a text is translated by its section alone, a pattern translates the values that it names, and a text without
// a translation stays as it is.
func TestSay(t *testing.T) {
	t.Parallel()
	d := newDictionary("[a]\none\t一\ntwo\t二\n{t} and {}\t{2}、{1}\n{}.\t{1}。\n[b]\none\t壹\n")
	for _, tt := range []struct{ section, text, want string }{
		{"a", "one", "一"}, {"b", "one", "壹"}, {"b", "two", "two"}, {"a", "two and one", "one、二"},
		{"a", "{2} and x", "x、{2}"}, {"a", "three", "three"}, {"a", "one.", "one。"},
	} {
		if got := d.say(tt.section, tt.text); got != tt.want {
			t.Errorf("%s in section %s: %q, want %q", tt.text, tt.section, got, tt.want)
		}
	}
	var none *dictionary
	if got := none.say("a", "one"); got != "one" {
		t.Errorf("English: %q", got)
	}
}

// TestNotes: DOC-11. Every sentence that package compose puts below a document, and what becomes of what waits for a
// partner, has a translation. They are read from the source, so that a new one is missed here.
func TestNotes(t *testing.T) {
	t.Parallel()
	d := newDictionary(chinese)
	d.lost = func(section, text string) {
		t.Errorf("chinese.tsv has no translation of %q in section %s", text, section)
	}
	sentences := 0
	for _, file := range []string{"notes", "bill", "partnermoney", "taxes"} {
		eachText(t, "../compose/"+file+".go", func(_, text string) {
			if strings.HasSuffix(text, ".") && unicode.IsUpper(rune(text[0])) {
				sentences++
				d.say(texts, text)
			}
		})
	}
	for _, text := range []string{"Tax is added to prices; the tax of each line is rounded half up.",
		"Prices include tax; each tax of the cycle is rounded half up once.",
		"In the cycle the customer was referred by 7 to 2026-09-03, then customer of 7 from 2026-09-04.",
		"Each usage line is rounded half to even to 1 decimal; truncated is the difference."} {
		d.say(texts, text)
	}
	steps := 0
	for _, file := range []string{"incentive", "money", "deadlines"} {
		eachText(t, "../../read/deadlines/"+file+".go", func(field, text string) {
			if field == "Then" || field == "State" {
				steps++
				d.say(states, text)
			}
		})
	}
	remarked := 0
	eachText(t, "../compose/items.go", func(field, text string) {
		if field == "Note" {
			remarked++
			d.say(remarks, text)
		}
	})
	if sentences < 20 || steps < 10 || remarked < 4 {
		t.Errorf("%d sentences, %d steps and %d remarks were found: the test no longer reads the source", sentences,
			steps, remarked)
	}
}

// TestCutTexts: DOC-11. A text that a drawing cut is translated from the complete text, and cut again.
func TestCutTexts(t *testing.T) {
	t.Parallel()
	d := newDictionary("[figure]\nday of {}, {}\t{1}各日（{2}）\n")
	cut := map[string]string{"day of 2026-…": "day of 2026-09, Asia"}
	a := Annex{SVG: []byte("<text>day of 2026-…</text><text>95</text>"), Cut: cut}
	if got, want := string(a.in(d).SVG), "<text>2026-09各日…</text><text>95</text>"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	for _, c := range []struct {
		text string
		most int
		want string
	}{
		{"abcd", 4, "abcd"}, {"abcde", 4, "abc…"}, {"各日", 4, "各日"}, {"各日各", 4, "各…"},
		{"a各日", 5, "a各日"}, {"ab各日", 5, "ab各…"},
	} {
		if got := cutToWidth(c.text, c.most); got != c.want {
			t.Errorf("%s to %d: %s, want %s", c.text, c.most, got, c.want)
		}
	}
}

// TestAnnexTexts: DOC-11. Every text that package annex gives a figure or writes into its drawing has a translation.
// They are read from the source, so that a new one is missed here.
func TestAnnexTexts(t *testing.T) {
	t.Parallel()
	d := newDictionary(chinese)
	d.lost = func(section, text string) {
		t.Errorf("chinese.tsv has no translation of %q in section %s", text, section)
	}
	// SVG, its paths and classes, layouts of times, and a part of a sentence
	other := regexp.MustCompile("[<{]|2006|^[MVH]7|^7 minutes$|" +
		"^(7 )?((end|mid) )?(title|sub|small|end|under|above|series|cut|bold|cuttext|name)$")
	filled := strings.NewReplacer("every 7;", "every 40 minutes;", "above the 7.", "above the 95th percentile.",
		"daily 7s", "daily 95th percentiles", "7 of in and out", "95th percentile of in and out",
		"apart; 7", "apart; in")
	texts := 0
	for _, file := range []string{"svg", "svg_numbers", "shown"} {
		eachText(t, "../../read/annex/"+file+".go", func(_, text string) {
			if !other.MatchString(text) {
				texts++
				d.figure(filled.Replace(text))
			}
		})
	}
	if texts < 40 {
		t.Errorf("%d texts were found: the test no longer reads the source", texts)
	}
}

// eachText visits the texts of a source file, with the field that each is given to. What is not constant is 7.
func eachText(t *testing.T, file string, visit func(field, text string)) {
	t.Helper()
	tree, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	give := func(field string, value ast.Expr) {
		if text := constant(value); strings.ContainsFunc(text, latin) {
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

// constant is a text with 7 for what is not constant; empty if no part of it is constant.
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
