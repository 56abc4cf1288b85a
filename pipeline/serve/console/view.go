package console

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/tollbook/tollbook/pipeline/out/document"
	"github.com/tollbook/tollbook/pipeline/serve/operation"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// Root is the path of the console's pages.
const Root = "/console/"

// Route is one page: the operation describes its address, its parameters and who may open it, as for the API.
type Route struct {
	Op   operation.Operation
	Show func(*View) (*Page, error)
	// Menu is the page's name in the navigation; the zero value = it is not there.
	Menu operation.Text
	// File returns a file instead of a page, such as a drawing; nil = the route is a page.
	File func(*View) (*File, error)
	// Prepare returns the parameters with which the page reads much of a state, so that its cached data are calculated
	// before the first request; nil = none.
	Prepare func(context.Context, *operation.State) ([]url.Values, error)
}

// File is a response that is not a page.
type File struct {
	Type, Name string // Name "" = shown in place
	Bytes      []byte
}

// NewRoute describes a page below Root.
func NewRoute(path string, menu operation.Text, show func(*View) (*Page, error), op operation.Operation) Route {
	op.Name, op.Method, op.Path, op.Summary = "Console:"+path, http.MethodGet, Root+path, menu.En
	return Route{Op: op, Show: show, Menu: menu}
}

// View is one accepted request for a page.
type View struct {
	Call    *operation.Call
	Request *http.Request
	Query   url.Values
	Allowed func(path string) bool // whether the caller may open a page, with any parameters
	Kept    *Kept                  // nil = no cache
	Words   *document.Translator   // of a Chinese page; nil = English
	Jobs    func() ([]Job, error)  // the runs of jobs, the oldest first; nil = not known
	// Background says that no client waits for the page: its calculation ends only with the request's context.
	Background bool
}

// T returns a text in the view's language.
func (v *View) T(zh, en string) string { return operation.Text{Zh: zh, En: en}.In(v.Call.Language) }

// F returns Textf in the view's language.
func (v *View) F(zh, en string, args ...any) string {
	return operation.Textf(zh, en, args...).In(v.Call.Language)
}

// Say translates a text of a section to the view's language.
func (v *View) Say(section, text string) string {
	if v.Words == nil {
		return text
	}
	return v.Words.Say(section, text)
}

// Word returns a cell with a word of a table, such as a state or a kind, shown in the view's language.
func (v *View) Word(text string) Cell {
	c := Cell{Text: text}
	if v.Words != nil && text != "" {
		c.Shown = v.Words.Word(text)
	}
	return c
}

// To returns the address of a page with parameters, given as names and values; empty values are omitted.
func (v *View) To(path string, pairs ...string) string {
	q := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	return v.address(Root+path, q)
}

// Link returns To, or "" if the caller may not open the page.
func (v *View) Link(path string, pairs ...string) string {
	if v.Allowed != nil && !v.Allowed(Root+path) {
		return ""
	}
	return v.To(path, pairs...)
}

// Here returns the view's own address with some parameters changed; an empty value removes one.
func (v *View) Here(pairs ...string) string {
	q := url.Values{}
	for name, values := range v.Query {
		q[name] = values
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		if q.Del(pairs[i]); pairs[i+1] != "" {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	return v.address(v.Request.URL.Path, q)
}

// address writes a path and its query, which keeps the language (PAGE-4).
func (v *View) address(path string, q url.Values) string {
	if lang := v.Query.Get("lang"); lang != "" && q.Get("lang") == "" {
		q.Set("lang", lang)
	}
	if currency := v.Call.Text("currency"); currency != "" && !q.Has("currency") {
		q.Set("currency", currency)
	}
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}

// Digits returns the number of decimals of the page's currency.
func (v *View) Digits() int { return v.Call.InCurrency().Digits }

// Currency returns the currency of the page, in which all amounts are that it adds up (PAGE-5).
func (v *View) Currency() string { return v.Call.InCurrency().Code }

// Mixed reports whether customers and partners have several currencies.
func (v *View) Mixed() bool { return v.Call.State.Workspace.Books.Mixed }

// Decimal is an amount of any of the money types.
type Decimal interface{ String() string }

// Money returns the cell of an amount, rounded to the currency's digits. Its title is the exact amount.
func (v *View) Money(a Decimal, href string) Cell { return rounded(a, v.Digits(), href) }

func rounded(a Decimal, digits int, href string) Cell {
	return Cell{Text: a.String(), Shown: document.GroupedDigits(document.Rounded(a.String(), digits)), Href: href}
}

// exact returns the exact value of a cell whose number is rounded; "" = it is not.
func (c Cell) exact() string {
	exact := document.GroupedDigits(document.TrimmedZeros(c.Text))
	_, shown, _ := strings.Cut(c.Shown, ".")
	if strings.Trim(c.Text, "-.0123456789") != "" { // a list of amounts
		return ""
	}
	if _, digits, _ := strings.Cut(exact, "."); len(digits) > len(shown) {
		return exact
	}
	return ""
}

// MoneyIn is Money in another currency than the page's.
func (v *View) MoneyIn(a Decimal, currency, href string) Cell {
	digits := v.Call.State.Workspace.Books.CurrencyNamed(currency).Digits
	return rounded(a, digits, href)
}

// Zone returns the contract zone.
func (v *View) Zone() *period.Zone { return v.Call.State.Workspace.Books.Zone }

// Time returns the cell of an instant, shown in the contract zone to the minute.
func (v *View) Time(t period.Instant) Cell {
	if t == tables.Nothing {
		return Cell{}
	}
	return Cell{Text: t.String(), Shown: time.UnixMicro(int64(t)).In(v.Zone().Location()).Format("2006-01-02 15:04")}
}

// Clock formats an instant of RFC 3339 in the contract zone; any other text is unchanged.
func (v *View) Clock(text string) string {
	t, err := period.ParseInstant(text)
	if err != nil {
		return text
	}
	return v.Time(t).Shown
}

// Span formats a time of the books by its days; open ends are omitted.
func Span(v *View, s period.Span) string {
	from, to := "", ""
	if s.From != period.Past {
		from = v.Zone().Day(s.From).String()
	}
	if s.To != period.Forever {
		to = v.Zone().Day(s.To).String()
	}
	switch {
	case from != "" && to != "":
		return v.F("%s至%s（不含）", "%s to %s (not included)", from, to)
	case from != "":
		return v.F("自%s起", "from %s", from)
	case to != "":
		return v.F("至%s（不含）", "until %s (not included)", to)
	}
	return ""
}
