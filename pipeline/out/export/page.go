package export

import (
	"cmp"
	_ "embed"
	"html/template"
	"io"
	"net/url"
	"strings"

	"github.com/tollbook/tollbook/pipeline/out/document"
	"github.com/tollbook/tollbook/schemas/settings"
)

//go:embed index.gohtml
var indexTemplate string

// Path returns the address of the document's file, relative to the index page.
func (d Document) Path() string {
	parts := strings.Split(d.File, "/")
	for i := range parts {
		parts[i] = url.PathEscape(parts[i])
	}
	return strings.Join(parts, "/")
}

// Shown formats the amount for people.
func (d Document) Shown() string { return document.GroupedDigits(d.Amount) }

// words are the texts of the index page in one language.
type words struct {
	Language, Title, Open, Closed, About, Document, For, ID, Number, Amount, Bill, Statement, Gap string
}

// wordsIn returns the texts in a language; currency "" means that each document has its own.
func wordsIn(l settings.Language, cycle, currency string) words {
	if l == settings.Chinese {
		return words{Language: "zh", Title: cycle + " 账期文件",
			Open: "本账期未结账，金额可能变化。", Closed: "本账期已结账。",
			About: "金额币种为" + cmp.Or(currency, "各文件的币种") + "：账单为应付总额，结算单为净额。" +
				"index.json含各文件的SHA-256。",
			Document: "文件", For: "收件方", ID: "编号", Number: "单据号", Amount: cmp.Or(currency, "金额"),
			Bill: "账单", Statement: "结算单"}
	}
	return words{Language: "en", Title: "Documents of " + cycle,
		Open: "The cycle is open.", Closed: "The cycle is closed.",
		About: "Amounts are in " + cmp.Or(currency, "the currency of each document") + ": the amount due of a bill, " +
			"the net of a statement. index.json has the SHA-256 of each file.",
		Document: "Document", For: "For", ID: "Id", Number: "Number", Amount: cmp.Or(currency, "Amount"),
		Bill: "bill", Statement: "statement", Gap: " "}
}

// page writes index.html.
func (x *Index) page(w io.Writer, l settings.Language) error {
	t, err := template.New("index").Funcs(document.TemplateFuncs()).Parse(indexTemplate)
	if err != nil {
		return err
	}
	return t.Execute(w, struct {
		*Index
		Words words
	}{x, wordsIn(l, x.Cycle, x.Currency)})
}
