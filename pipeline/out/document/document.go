package document

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/tollbook/tollbook/pipeline/out/document/chart"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// Format is how a document is written.
type Format string

// The formats.
const (
	Table Format = "table" // text for a terminal
	JSON  Format = "json"
	CSV   Format = "csv"
	XLSX  Format = "xlsx"
	HTML  Format = "html"
)

// Formats are all formats.
func Formats() []Format { return []Format{Table, JSON, CSV, XLSX, HTML} }

// ParseFormat reads a format's name.
func ParseFormat(text string) (Format, error) {
	if f := Format(text); slices.Contains(Formats(), f) {
		return f, nil
	}
	var names []string
	for _, f := range Formats() {
		names = append(names, string(f))
	}
	return "", fmt.Errorf("format %q: it is one of %s", text, strings.Join(names, ", "))
}

// Options are what a writer may choose. The zero value is good.
type Options struct {
	Excel bool // CSV: for a spreadsheet program (package spreadsheet)
	Most  int  // HTML: how many customers, resellers or objects a table lists; 0 = MaxListed, negative = all
}

// MaxListed is how many customers, resellers or objects a table of the HTML lists by default.
const MaxListed = 300

func (o Options) most() int {
	if o.Most == 0 {
		return MaxListed
	}
	return o.Most
}

// Party is a vendor, partner or customer. Where the name is empty the id stands for it.
type Party struct {
	ID   string `json:"id"`
	Name string `json:"name,omitempty"`
}

// called is the name, or the id.
func (p Party) called() string {
	if p.Name == "" {
		return p.ID
	}
	return p.Name
}

// full is the name with the id behind it.
func (p Party) full() string {
	if p.Name == "" || p.Name == p.ID {
		return p.ID
	}
	return p.Name + " (" + p.ID + ")"
}

// Header is what is at the top of every document.
type Header struct {
	Vendor   Party
	Cycle    period.Cycle
	Zone     *period.Zone // the contract zone
	Currency string       // ISO 4217
	Digits   int          // of the currency, 0 to 8
	Closed   bool         // else the document is provisional
	MonthEnd bool         // month-end lines are in
	AsOf     period.Instant
}

// headerJSON is a Header as JSON.
type headerJSON struct {
	Vendor   Party  `json:"vendor"`
	Cycle    string `json:"cycle"`
	Zone     string `json:"zone"`
	Currency string `json:"currency"`
	Digits   int    `json:"digits"`
	State    string `json:"state"`
	MonthEnd bool   `json:"month_end"`
	AsOf     string `json:"as_of"`
}

// JSONValue is what MarshalJSON writes; openapi.yaml describes its type.
func (h Header) JSONValue() any {
	zone := ""
	if h.Zone != nil {
		zone = h.Zone.Name()
	}
	return headerJSON{h.Vendor, h.Cycle.String(), zone, h.Currency, h.Digits, h.state(), h.MonthEnd, h.AsOf.String()}
}

// MarshalJSON gives the header with times as RFC 3339, UTC.
func (h Header) MarshalJSON() ([]byte, error) { return json.Marshal(h.JSONValue()) }

// state is `closed` or `open`, the words of a cycle.
func (h *Header) state() string {
	if h.Closed {
		return "closed"
	}
	return "open"
}

// stateText says how firm the document is.
func (h *Header) stateText() string {
	switch {
	case h.Closed:
		return "closed"
	case h.MonthEnd:
		return "provisional, with month-end lines"
	}
	return "provisional, month-end lines still to come"
}

// time is an instant in the contract zone, to the minute, with the offset.
func (h *Header) time(t period.Instant) string {
	return time.UnixMicro(int64(t)).In(h.Zone.Location()).Format("2006-01-02 15:04 -07:00")
}

// span is the cycle's first and last day.
func (h *Header) span() string {
	return h.Cycle.First().String() + " to " + h.Cycle.Last().String()
}

func (h *Header) check() error {
	switch {
	case h.Zone == nil:
		return fmt.Errorf("document of cycle %s: no zone", h.Cycle)
	case h.Digits < 0 || h.Digits > money.AmountScale:
		return fmt.Errorf("document of cycle %s: %d digits of currency %q, outside 0 to %d", h.Cycle, h.Digits,
			h.Currency, money.AmountScale)
	}
	return nil
}

// Figure is one value with its name, for people.
type Figure struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Annex shows how one billing object of bandwidth was measured. The drawing is SVG without references (package annex
// draws one); it is in the HTML alone.
type Annex struct {
	Object  string   `json:"object"`
	SKU     string   `json:"sku"`
	Title   string   `json:"title"`
	Figures []Figure `json:"figures"`
	SVG     []byte   `json:"-"`
	// Cut has the complete text of each text of SVG that was too long for its place.
	Cut map[string]string `json:"-"`
}

// SumError says that two sums of a document that must be one are not. Nothing of it was written.
type SumError struct {
	Document string // `statement of partner north for 2026-09`
	What     string // the sum, `owed`
	Stated   string
	Counted  string // from the rows
}

// Error names the sum and both values.
func (e *SumError) Error() string {
	return fmt.Sprintf("%s: %s is %s, its rows add up to %s", e.Document, e.What, e.Stated, e.Counted)
}

// sums compares sums of one document; it keeps the first error.
type sums struct {
	document string
	err      error
}

// same checks that a stated sum is the one counted.
func (s *sums) same(what string, stated, counted money.AmountTotal) {
	if s.err == nil && stated != counted {
		s.err = &SumError{Document: s.document, What: what, Stated: stated.String(), Counted: counted.String()}
	}
}

// of adds amounts up.
func (s *sums) of(amounts ...money.AmountTotal) (sum money.AmountTotal) {
	for _, a := range amounts {
		s.add(&sum, a)
	}
	return sum
}

func (s *sums) add(to *money.AmountTotal, a money.AmountTotal) {
	if err := to.AddTotal(a); err != nil && s.err == nil {
		s.err = fmt.Errorf("%s: %w", s.document, err)
	}
}

// total is an amount as a sum. Every amount is within a sum's range.
func total(a money.Amount) (t money.AmountTotal) {
	_ = t.Add(a)
	return t
}

// negated is 0 − t.
func negated(t money.AmountTotal) money.AmountTotal {
	hi, lo := t.Raw()
	lo = -lo
	hi = ^hi
	if lo == 0 {
		hi++
	}
	n, _ := money.AmountTotalFromRaw(hi, lo) // the range is symmetric
	return n
}

// checkUsage checks days and the sum of the consumption that the chart shows.
func (s *sums) checkUsage(h *Header, list []chart.Usage, want money.AmountTotal) {
	if len(list) == 0 {
		return
	}
	var sum money.AmountTotal
	for i := range list {
		if s.err == nil && list[i].Day > h.Cycle.Last() {
			s.err = fmt.Errorf("%s: consumption of %s, after the cycle", s.document, list[i].Day)
		}
		s.add(&sum, list[i].Amount)
	}
	s.same("consumption by day", want, sum)
}

// there is a list that is never nil.
func there[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// writers are what the formats of one document are made from.
type writers struct {
	json  any          // JSON
	pages func() *page // everything else
}

// write writes a document that was checked.
func (d *writers) write(w io.Writer, f Format, o Options) error {
	switch f {
	case JSON:
		enc := json.NewEncoder(w)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		return enc.Encode(d.json)
	case CSV:
		return writeCSV(w, d.pages(), o.Excel)
	case XLSX:
		return writeXLSX(w, d.pages().translated())
	case HTML:
		return writeHTML(w, d.pages().translated(), o.most())
	case Table:
		return writeText(w, d.pages())
	}
	_, err := ParseFormat(string(f))
	return err
}
