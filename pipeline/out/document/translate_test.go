package document

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"golang.org/x/net/html/atom"

	"github.com/tollbook/tollbook/schemas/settings"
)

// cover returns a cover sheet in a language.
func cover(t testing.TB, kind LetterKind, language string) *Letter {
	t.Helper()
	b, err := settings.LoadBranding(fstest.MapFS{settings.BrandingFile: {Data: []byte(
		"vendor: {language: " + language + "}\n")}},
		func(string) bool { return true })
	if err != nil {
		t.Fatal(err)
	}
	style, _ := b.Style("vendor")
	h := header(t)
	due := LetterRow{Name: LetterText{English: "Net", Chinese: "净额"}, Amount: yuan(t, "1.00")}
	return &Letter{Kind: kind, Issuer: LetterContact{ID: "vendor", Name: "示例云"},
		Recipient: LetterContact{ID: "7", Name: "极光"}, Cycle: h.Cycle, Currency: h.Currency, Digits: h.Digits,
		Style: style, Issued: day(t, "2026-10-01"), Payable: due.Amount,
		Tables: []LetterTable{{Title: due.Name, Rows: []LetterRow{due, due}}}}
}

// fullStatement returns a statement with a row in every part.
func fullStatement(t testing.TB) *Statement {
	t.Helper()
	s := statement(t)
	other := row(t, "birch", "", "eip", "+", "1", "0", "0")
	other.SellerID, other.AssociationType, other.ChargingMode = "east", Referral, 1
	s.Rows = append(s.Rows, other)
	s.Usage = append(s.Usage, ChartUsage{Day: day(t, "2026-09-01"), Service: "eip", ServiceName: "Bandwidth",
		Amount: sum(t, "1"), MonthEnd: true})
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
	s.Cover = cover(t, StatementLetter, "zh")
	return s
}

// fullBill returns a bill with a row in every part, and a line of every kind.
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
	b.Usage = append(b.Usage, ChartUsage{Day: day(t, "2026-08-30"), Service: "eip", ServiceName: "Bandwidth",
		Amount: sum(t, "0")},
		ChartUsage{Day: day(t, "2026-09-01"), Service: "eip", ServiceName: "Bandwidth", Amount: sum(t, "0.01"),
			MonthEnd: true})
	b.Annexes[0].Figures = []PageFigure{{Name: "policy", Value: "p-1: monthly_p95, series max"},
		{Name: "", Value: "duplicates last, missing skip, Mbps = bps / 1000²"},
		{Name: "samples", Value: "8640 of 1 link"},
		{Name: "points", Value: "8640, of valid days only"}, {Name: "value", Value: "95.5 Mbps, 95th percentile"},
		{Name: "above it", Value: "432 points"},
		{Name: "share of days", Value: "30 / 30 (days: all)"}}
	b.Annexes[0].Title = "link-1 of aurora"
	b.Annexes[0].SVG = []byte(`<svg xmlns="http://www.w3.org/2000/svg">` +
		`<title>Aurora Ltd: bandwidth of link-1 in 2026-09</title><text x="1">95th percentile</text><text>no samples</text><text>95.5</text></svg>`)
	b.Notes = []string{"Each usage line is truncated toward zero to 2 decimals; truncated is the difference."}
	b.Cover = cover(t, InvoiceLetter, "zh")
	return b
}

// names returns a replacer that removes the names and ids of the documents above and other untranslated texts.
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

// noEnglish checks that a text has no English words except names.
func noEnglish(t *testing.T, where, text string) {
	t.Helper()
	if words := regexp.MustCompile(`[A-Za-z][A-Za-z' ]*`).FindAllString(names().Replace(text), -1); len(words) > 0 {
		t.Errorf("%s: %q has English words: %q", where, text, words)
	}
}

// TestChinese tests DOC-11. With a Chinese cover, all texts of a document's workbook and page are Chinese, except
// names, ids and codes.
func TestChinese(t *testing.T) {
	t.Parallel()
	for _, pg := range []*Page{fullStatement(t).page(), fullBill(t).page()} {
		d := Chinese()
		d.Watch(func(section, text string) {
			if names().Replace(text) != "" {
				t.Errorf("%s: chinese.tsv has no translation of %q in section %s", pg.Kind, text, section)
			}
		})
		pg.Translate(d)
		for _, p := range pg.Parts {
			if p.Where&(InSheet|InPrint) != 0 {
				noChineseMissing(t, p)
			}
		}
		var raw bytes.Buffer
		if err := WriteHTML(&raw, pg, 1); err != nil {
			t.Fatal(err)
		}
		foot := regexp.MustCompile(`@bottom-left \{ content: "([^"]+)"`).FindSubmatch(raw.Bytes())
		if foot == nil {
			t.Fatalf("%s: no foot", pg.Kind)
		}
		noEnglish(t, "foot", string(foot[1]))
		root := parsed(t, raw.Bytes())
		for _, name := range []atom.Atom{atom.Title, atom.Header, atom.Main, atom.Dl} {
			for _, n := range all(root, name) {
				noEnglish(t, name.String(), textOf(n))
			}
		}
	}
}

// noChineseMissing checks that the headings and cells of a part are translated.
func noChineseMissing(t *testing.T, p *PagePart) {
	t.Helper()
	noEnglish(t, p.Name, strings.Join(append([]string{p.Title, p.Heading, p.Each}, p.About...), "; "))
	for _, c := range p.Cols {
		noEnglish(t, p.Name, c.Title)
	}
	for row := range p.Rows {
		for i := range p.Cols {
			noEnglish(t, p.Name+" "+p.Cols[i].Name, row[i].Text)
		}
	}
}

// TestLanguages tests DOC-11. The language of the cover changes HTML and XLSX, but no other format.
func TestLanguages(t *testing.T) {
	t.Parallel()
	zh, en := bill(t), bill(t)
	zh.Cover, en.Cover = cover(t, InvoiceLetter, "zh"), cover(t, InvoiceLetter, "en")
	for _, f := range []Format{JSON, CSV, Table} {
		if !bytes.Equal(written(t, zh, f), written(t, en, f)) ||
			!bytes.Equal(written(t, zh, f), written(t, bill(t), f)) {
			t.Errorf("%s depends on the cover's language", f)
		}
	}
	if !bytes.Equal(written(t, en, XLSX), written(t, bill(t), XLSX)) {
		t.Error("an English cover changes the workbook")
	}
	sheets := open(t, written(t, zh, XLSX)).GetSheetList()
	if want := []string{"汇总", "支付情况", "服务", "明细", "退款与调账", "套餐", "每日消费", "带宽", "说明"}; !slices.Equal(sheets,
		want) {
		t.Errorf("sheets %q, want %q", sheets, want)
	}
	find(t, written(t, zh, HTML), `<html lang="zh">`, "<title>账单 Aurora Ltd, 2026-09</title>", "应付总额", "折扣")
	find(t, written(t, en, HTML), `<html lang="en">`, "<title>Bill of Aurora Ltd, 2026-09</title>")
}
