package commands

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/cmd/tollbook/cli"
	"github.com/tollbook/tollbook/pipeline/read/query"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/table"
	"github.com/tollbook/tollbook/schemas/visible"
)

// shownAnswer is an answer with what is needed to print it.
type shownAnswer struct {
	*query.Answer
	cycle string // value of --cycle; "" = none
	only  query.OnlyFor
	books *books.Books
	zone  *period.Zone
}

// several reports whether the rows have a currency as a key.
func (s *shownAnswer) several() bool {
	return len(s.Totals) != 1 || s.Totals[0].Currency != ""
}

// currency returns the currency of all rows; it has no code if rows can have several.
func (s *shownAnswer) currency() money.Currency {
	if len(s.Totals) != 1 {
		return money.Currency{Digits: s.books.Digits}
	}
	return s.books.CurrencyNamed(s.Totals[0].Currency)
}

// answerResult is an answer as JSON: rows and totals by the names of the columns.
type answerResult struct {
	Question string             `json:"question"`
	Answers  string             `json:"answers"`
	Cycle    string             `json:"cycle"`    // empty = all cycles
	Limits   []limitResult      `json:"limits"`   // of the rows that are counted
	Currency string             `json:"currency"` // empty = each row has its own
	Source   query.AnswerSource `json:"source"`
	Manifest int64              `json:"manifest"` // number of the manifest that was read
	AsOf     string             `json:"as_of"`    // of the run that committed it
	Columns  []columnResult     `json:"columns"`
	RowCount int64              `json:"row_count"`           // of all rows, listed or not
	WhyEmpty string             `json:"why_empty,omitempty"` // of an answer without rows: what is missing
	Archived []string           `json:"archived,omitempty"`  // cycles whose lines are in an archive and do not count
	Rows     []object           `json:"rows"`
	Totals   object             `json:"totals,omitempty"` // of all rows

	// Totals by currency, of margins by payment_currency, instead of totals, if customers or partners have several.
	PerCurrency []object `json:"totals_per_currency,omitempty"`
}

// limitResult is a limit of the counted rows: they have one of the values.
type limitResult struct {
	By     string   `json:"by"` // customer, partner, service, tag
	Values []string `json:"values"`
}

func limitResults(o query.OnlyFor) []limitResult {
	out := []limitResult{}
	for by, values := range o.Lists() {
		out = append(out, limitResult{by, values})
	}
	return out
}

// object is a JSON object whose keys keep their order.
type object []member

type member struct {
	name  string
	value any
}

// MarshalJSON writes the members in order.
func (o object) MarshalJSON() ([]byte, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	for i, m := range o {
		out.WriteByte("{,"[min(i, 1)])
		if err := enc.Encode(m.name); err != nil {
			return nil, err
		}
		out.WriteByte(':')
		if err := enc.Encode(m.value); err != nil {
			return nil, err
		}
	}
	if len(o) == 0 {
		out.WriteByte('{')
	}
	out.WriteByte('}')
	return out.Bytes(), nil
}

func (s *shownAnswer) json() *answerResult {
	q := s.Question
	r := &answerResult{Question: q.Name, Answers: q.Answers, Cycle: s.cycle, Limits: limitResults(s.only),
		Currency: s.currency().Code, Source: s.Source, Manifest: s.Manifest,
		AsOf: s.AsOf, Columns: columnResults(q), RowCount: s.Count, Archived: s.Archived, Rows: []object{}}
	if s.Count == 0 {
		r.WhyEmpty = query.WhyEmpty(s.Answer, s.books, s.cycle, s.only)
	}
	for _, row := range s.Rows {
		var o object
		for i, c := range q.Keys {
			o = append(o, member{c.Name, keyValue(c.Type, row.Keys[i])})
		}
		r.Rows = append(r.Rows, append(o, s.sums(row.Sums, true)...))
	}
	if !s.several() {
		r.Totals = s.sums(s.Totals[0].Sums, false)
		return r
	}
	r.Currency, r.PerCurrency = "", []object{}
	key := "currency"
	if added := q.Currencies(); len(added) > 0 {
		key = added[len(added)-1] // payment_currency of margins, whose currency is that of the costs
	}
	for i := range s.Totals {
		t := &s.Totals[i]
		o := object{{key, t.Currency}, {"row_count", t.Count}}
		r.PerCurrency = append(r.PerCurrency, append(o, s.sums(t.Sums, false)...))
	}
	return r
}

// keyValue returns a key as JSON: null if it is empty.
func keyValue(t table.Type, text string) any {
	switch {
	case text == "":
		return nil
	case t == table.Small:
		return json.Number(text)
	}
	return text
}

// sums returns sums as JSON; without all, only those that have a total.
func (s *shownAnswer) sums(totals []money.Total, all bool) (o object) {
	for i, c := range s.Question.Sums {
		switch {
		case !all && !s.HasTotal(i):
		case c.Type == table.Whole:
			o = append(o, member{c.Name, json.Number(totals[i].String())})
		default:
			o = append(o, member{c.Name, totals[i].String()})
		}
	}
	return o
}

// csv writes the rows with exact amounts and without totals.
func (s *shownAnswer) csv(w io.Writer, excel bool) error {
	var header []string
	for _, c := range s.Question.Columns() {
		header = append(header, c.Name)
	}
	out, err := cli.NewCellsCSV(w, excel, header)
	for i := 0; i < len(s.Rows) && err == nil; i++ {
		var sums []string
		for _, sum := range s.Rows[i].Sums {
			sums = append(sums, sum.String())
		}
		err = out.Add(s.Rows[i].Keys, sums)
	}
	if err != nil {
		return err
	}
	return out.End()
}

// table prints the answer for a person.
func (s *shownAnswer) table(w io.Writer) {
	q := s.Question
	fmt.Fprintf(w, "%s: %s\n%s\n\n", q.Name, q.Answers, s.about())
	if s.Count == 0 {
		fmt.Fprintln(w, "nothing: "+query.WhyEmpty(s.Answer, s.books, s.cycle, s.only))
		return
	}
	if q.First != "" && cli.IsTerminal(w) {
		s.first(w)
	}
	g := cli.NewGrid(s.header()...)
	for _, row := range s.Rows {
		g.Add(s.cells(row.Keys, row.Sums, true)...)
	}
	for i := range s.Totals {
		t := &s.Totals[i]
		if rest := t.Count - t.Shown; rest > 0 {
			g.Add(s.cells(s.label(cli.Counted(rest, "other row", "other rows"), t.Currency), t.Rest, false)...)
		}
		if s.Count > 1 {
			g.Add(s.cells(s.label(cli.Counted(t.Count, "row", "rows"), t.Currency), t.Sums, false)...)
		}
	}
	g.DropEmpty(s.sumTitle(q.Sums[len(q.Sums)-1]))
	g.Print(w, "  ")
	g.ExplainDue(w, len(s.books.Taxes) > 0)
}

// first prints the sums by the question's first key. A sum that overflows is left to the totals.
func (s *shownAnswer) first(w io.Writer) {
	sums, err := s.SumFirst()
	if err != nil || s.Count > int64(len(s.Rows)) || len(sums) < 2 {
		return
	}
	g := cli.NewGrid(s.header()...)
	for _, row := range sums {
		g.Add(s.cells(row.Keys, row.Sums, false)...)
	}
	g.DropEmpty()
	g.Print(w, "  ")
	fmt.Fprintln(w)
}

// about describes the scope of the answer: cycle, limits, currency and state.
func (s *shownAnswer) about() string {
	of := []string{"from " + s.from()}
	amount := func(c table.Column) bool { return c.Type == table.Amount }
	if code := s.currency().Code; code != "" && slices.ContainsFunc(s.Question.Sums, amount) {
		of = slices.Insert(of, 0, "in "+code)
	}
	if s.only.Any() {
		of = slices.Insert(of, 0, s.only.String())
	}
	if s.cycle != "" {
		of = slices.Insert(of, 0, "cycle "+s.cycle)
	}
	return strings.Join(of, ", ")
}

// from names the source of the answer and the state that was read.
func (s *shownAnswer) from() string {
	name := map[query.AnswerSource]string{query.LakeSource: "the lake", query.ClickHouseSource: "ClickHouse"}[s.Source]
	if s.AsOf == "" {
		return name
	}
	return fmt.Sprintf("%s, manifest %d as of %s", name, s.Manifest, cli.Local(s.zone, s.AsOf))
}

// header returns the names of the columns with the prefixes of cli.NewGrid.
func (s *shownAnswer) header() []string {
	var out []string
	for _, c := range s.Question.Keys {
		out = append(out, shownName(c))
	}
	for _, c := range s.Question.Sums {
		align := ">."
		if c.Type == table.Whole {
			align = ">"
		}
		out = append(out, align+s.sumTitle(c))
	}
	return out
}

// sumTitle returns the title of a sum's column. It includes the workspace's currency if the sum is always in it while
// the rows have several.
func (s *shownAnswer) sumTitle(c table.Column) string {
	if s.several() && slices.Contains(s.Question.Own, c.Name) {
		return shownName(c) + " " + s.books.Currency
	}
	return shownName(c)
}

// shownName is a column's name for people.
func shownName(c table.Column) string {
	name := c.Name
	for _, end := range []string{"_amount", "_code", "_id", "_count"} {
		name = strings.TrimSuffix(name, end)
	}
	if c.Type == table.Whole && !strings.HasSuffix(name, "s") {
		name += "s"
	}
	return strings.ReplaceAll(name, "_", " ")
}

// label returns the keys of a row of sums: a text in the first column, the currency in the last.
func (s *shownAnswer) label(text, currency string) []string {
	keys := make([]string, len(s.Question.Keys))
	if currency != "" {
		keys[len(keys)-1] = currency
	}
	keys[0] = text
	return keys
}

// cells returns a row of the grid; without all, sums that have no total are empty.
func (s *shownAnswer) cells(keys []string, sums []money.Total, all bool) []any {
	var out []any
	for i, key := range keys {
		if key == "" && all && slices.ContainsFunc(s.Rows, func(r query.AnswerRow) bool { return r.Keys[i] != "" }) {
			key = "-"
		}
		if slices.Contains([]string{"until", "since", "valid_from", "valid_to"}, s.Question.Keys[i].Name) {
			key = cli.Local(s.zone, key)
		}
		if slices.Contains([]string{"name", "service_name", "reason"}, s.Question.Keys[i].Name) {
			key = visible.Isolated(key)
		}
		out = append(out, cli.Shown(key))
	}
	for i, sum := range sums {
		var cell any = ""
		switch t := s.Question.Sums[i].Type; {
		case !all && !s.HasTotal(i):
		case t == table.Amount:
			currency := s.Question.SumCurrency(query.AnswerRow{Keys: keys}, i)
			digits := s.books.CurrencyNamed(currency).Digits
			amount := cli.AmountText(fixed(sum.String(), digits), digits)
			if shownName(s.Question.Sums[i]) == cli.RoundingHead {
				amount = amount.Opposite()
			}
			cell = amount
		default:
			cell = cli.TrimZeros(sum.String())
		}
		out = append(out, cell)
	}
	return out
}

// fixed removes trailing zeros of a decimal but keeps at least the currency's digits.
func fixed(text string, digits int) string {
	point := strings.IndexByte(text, '.')
	least := point + 1 + digits
	if digits == 0 {
		least = point
	}
	for len(text) > least && (text[len(text)-1] == '0' || text[len(text)-1] == '.') {
		text = text[:len(text)-1]
	}
	return text
}
