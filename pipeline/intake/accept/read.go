package accept

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/tollbook/tollbook/pipeline/intake/feed"
	"github.com/tollbook/tollbook/pipeline/intake/inbox"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/reason"
	"github.com/tollbook/tollbook/schemas/visible"
)

// WrongPeriod is the reason of a row whose BillingPeriodStart is not in the month of its folder.
const WrongPeriod = "wrong_period"

// CostReject is a row that was not accepted.
type CostReject struct {
	File   string // below the delivery's folder
	Row    int64  // 1 = the file's first data row; 0 = the reject counts Rows rows
	Rows   int64  // 1, or the number of rows beyond maxRejects with this file, column and reason
	Column string // empty if the row as a whole cannot be read
	Reason string
	Value  string
	Raw    string // the row as CSV
}

// CostSink receives the rows of files.
type CostSink struct {
	Take   func(*books.CostRow) error
	Reject func(CostReject) error
	// Only lists the columns that the sink reads, in addition to the required ones; nil means all. Other columns may be
	// null. It is for files that were read before and have no rejected row.
	Only map[string]bool
	// Looks lists the columns whose texts the sink reads; nil means that it may read all. If it is set, rows of a file
	// can have kinds, and the texts of other columns are empty.
	Looks map[string]bool
}

func (s *CostSink) wants(column string) bool {
	return s.Only == nil || s.Only[column] || slices.Contains(required, column)
}

// looksAt reports whether the reader or the sink reads the texts of a column.
func (s *CostSink) looksAt(column string) bool {
	return s.Looks[column] || slices.Contains(costTexts, column)
}

// costTexts lists the columns whose texts the reader itself reads.
var costTexts = []string{"BillingCurrency", "ChargeCategory", "ChargeClass", "CommitmentDiscountStatus", "Tags"}

// required lists the columns that a file must have and in which every row must have a value, in the order of the
// checks.
var required = []string{"BilledCost", "EffectiveCost", "BillingCurrency", "BillingPeriodStart", "ChargePeriodStart",
	"ChargePeriodEnd", "ChargeCategory"}

// identities are the columns whose texts have no flaw (TEXT-1).
var identities = []string{"BillingAccountId", "SubAccountId", "ResourceId", "SkuId", "RegionId"}

// Indexes in required.
const (
	billedCost = iota
	effectiveCost
	billingCurrency
	billingPeriodStart
	chargePeriodStart
	chargePeriodEnd
	chargeCategory
)

// otherNumbers lists the cost and quantity columns that may be empty.
var otherNumbers = []string{"ListCost", "ContractedCost", "PricingQuantity", "ConsumedQuantity",
	"CommitmentDiscountQuantity", "PricingCurrencyEffectiveCost"}

// optionalCost lists the columns whose absence is counted, because later steps use them.
var optionalCost = []string{"ListCost", "ContractedCost", "PricingQuantity", "PricingUnit", "ConsumedQuantity",
	"ConsumedUnit", "BillingAccountId", "SubAccountId", "ServiceName", "RegionId", "ResourceId", "ChargeClass",
	"CommitmentDiscountStatus", "Tags"}

// costWords are the columns with a fixed list of words.
var costWords = map[string][]string{
	"ChargeCategory":           {"Usage", "Purchase", books.CostTax, "Credit", "Adjustment"},
	"ChargeClass":              {"Correction"},
	"CommitmentDiscountStatus": {"Used", "Unused"},
}

// records are the rows of a file.
type records interface {
	names() []string
	float(column int) bool // whether the column's numbers are binary floating point
	// next moves to the next row and sets its kind. It returns io.EOF after the last row.
	next(ctx context.Context, row *books.CostRow) (fields int, err error)
	// fill sets the cells of a row that has as many fields as there are names. A cell with the word NULL becomes null
	// and is counted.
	fill(row *books.CostRow) (nulls int64)
	raw() []string                           // the row's original texts
	null(column int) bool                    // whether an empty cell is null
	late() func(column int) string           // see books.CostRow
	cost(column int) (v money.Cost, ok bool) // a number read without its text; not ok = parse the text
	// instant reads a time in the same way. local reports that the time has no offset: t is it in UTC.
	instant(column int) (t period.Instant, local, ok bool)
	close() error
}

// ReadFile passes every row of a file of the delivery to the sink. An error in the file is a *feed.FormError, a file
// without permission to read it an *UnreadableError; either makes the delivery fail.
func (f *CostFiles) ReadFile(ctx context.Context, fsys fs.FS, name string, tally *CostTally, to CostSink) (err error) {
	if to.Only != nil {
		to.Only = maps.Clone(to.Only)
		for _, from := range f.Reading.Missing {
			to.Only[from] = true
		}
	}
	var in records
	if kind, _ := feed.KindOfName(name); kind == "parquet" {
		in, err = openParquet(fsys, name, &to)
	} else {
		in, err = openCSV(fsys, name)
	}
	if errors.Is(err, fs.ErrPermission) {
		return &UnreadableError{inbox.Unreadable(name)}
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.close()) }()
	r := reader{name: name, span: f.Reading.Zone.Bounds(f.Period), reading: &f.Reading, tally: tally, to: to, in: in}
	if err := r.start(); err != nil {
		return err
	}
	return r.run(ctx)
}

// reader reads one file.
type reader struct {
	name    string
	span    period.Span // of the period of the file's folder
	reading *books.CostReading
	tally   *CostTally
	to      CostSink
	in      records

	row      books.CostRow
	number   int64
	required []int // indexes of the required columns
	must     [effectiveCost + 1]number
	numbers  []number
	words    []costWordColumn
	tags     map[string]tagSet // by their text
	tagBytes int               // of the texts in tags
	period   period.Instant    // BillingPeriodStart
	ids      []int             // indexes of identities
	tagsAt   int               // index of the column Tags, or -1
	known    []knownCosts      // by kind
	fill     func()            // fillTexts
}

// number is a column of numbers.
type number struct {
	name string
	at   int // index in the header, or -1
	into books.CostColumn
	keep bool // its values are allocated
	// what a null is (books.CostReading.Missing): "" = null
	missing string
	from    int // index of the column that missing names, or -1
}

func (r *reader) numberOf(name string) number {
	n := number{name: name, at: r.row.Index(name), from: -1}
	if n.into, n.keep = books.CostColumnOf(name); n.keep && n.into < books.CostColumns {
		n.missing = r.reading.Missing[n.into]
	}
	if n.missing != "" && n.missing != books.NoCost { // a header can have a column without a name
		n.from = r.row.Index(n.missing)
	}
	return n
}

type costWordColumn struct {
	at    int
	words []string
}

// start checks the header.
func (r *reader) start() error {
	names := r.in.names()
	for i, name := range names {
		if slices.Contains(names[:i], name) {
			return &feed.FormError{File: r.name, Line: 1, Text: fmt.Sprintf("column %q is there twice", name)}
		}
		if !utf8.ValidString(name) {
			return &feed.FormError{File: r.name, Line: 1, Text: fmt.Sprintf("column %q is not UTF-8", name)}
		}
		if slices.Contains(identities, name) {
			r.ids = append(r.ids, i)
		}
	}
	r.row.CostHeader = books.NewCostHeader(names)
	for i, name := range required {
		at := r.row.Index(name)
		if i <= effectiveCost {
			r.must[i] = r.numberOf(name)
		}
		if at < 0 && (i > effectiveCost || r.must[i].missing != books.NoCost && r.must[i].from < 0) {
			return &feed.FormError{File: r.name, Line: 1, Text: fmt.Sprintf("missing column %q", name),
				Hint: "export the file as FOCUS 1.0 or later with all mandatory columns"}
		}
		r.required = append(r.required, at)
	}
	for _, name := range otherNumbers {
		if n := r.numberOf(name); (n.at >= 0 || n.missing != "") && r.to.wants(name) {
			r.numbers = append(r.numbers, n)
		}
	}
	for _, name := range []string{"ChargeClass", "CommitmentDiscountStatus"} {
		if at := r.row.Index(name); at >= 0 {
			r.words = append(r.words, costWordColumn{at, costWords[name]})
		}
	}
	r.tags = make(map[string]tagSet)
	r.tagsAt = r.row.Index(books.CostTags.String())
	r.row.Cells = make([]string, len(names))
	r.row.Zone, r.row.Late, r.row.Kind, r.fill = r.reading.Zone, r.in.late(), books.NoCostKind, r.fillTexts
	return nil
}

func (r *reader) run(ctx context.Context) error {
	for {
		fields, err := r.in.next(ctx, &r.row)
		if isEnd(err) {
			break
		}
		if err != nil {
			return err
		}
		r.number++
		if r.number%4096 == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		if err := r.take(fields); err != nil {
			return err
		}
	}
	for _, name := range optionalCost {
		if r.row.Index(name) < 0 && r.number > 0 {
			r.tally.lack(name, r.number)
		}
	}
	return nil
}

// flaw is the reason why a row is rejected.
type flaw struct{ column, reason, value string }

// take accepts or rejects a row.
func (r *reader) take(fields int) error {
	if r.repeat() {
		return r.to.Take(&r.row)
	}
	bad := &flaw{reason: reason.BadRow.String()}
	if fields == len(r.row.Names) {
		before := r.tally.counts
		if bad = r.read(); bad == nil {
			r.remember(&before)
		}
	} else {
		bad.value = fmt.Sprintf("%d fields, the header has %d", fields, len(r.row.Names))
	}
	if bad == nil {
		return r.to.Take(&r.row)
	}
	return r.to.Reject(CostReject{File: r.name, Row: r.number, Column: bad.column, Reason: bad.reason, Value: bad.value,
		Raw: rawOf(r.in.raw())})
}

// knownCosts is what was found when the texts of a kind of rows were read.
type knownCosts struct {
	fine  bool               // no text has a flaw
	tally *[tolerances]int64 // the tolerances used in them; nil = none
}

// repeat fills a row from its numbers and times if texts of its kind were read before. If ok is false, read it.
func (r *reader) repeat() (ok bool) {
	kind := int(r.row.Kind)
	if kind < 0 || kind >= len(r.known) || !r.known[kind].fine {
		return false
	}
	before := r.tally.counts
	r.row.Fill = nil
	if !r.values() {
		r.tally.counts = before
		return false
	}
	if tally := r.known[kind].tally; tally != nil {
		for k, n := range tally {
			r.tally.counts[k] += n
		}
	}
	r.row.Fill = r.fill
	return true
}

// remember stores the tolerances used in the texts of an accepted row, so that rows of its kind need not be read.
func (r *reader) remember(before *[tolerances]int64) {
	kind := int(r.row.Kind)
	if kind < 0 {
		return
	}
	after := r.tally.counts
	r.tally.counts = *before
	if !r.values() {
		r.tally.counts = after
		return
	}
	var texts [tolerances]int64
	for k := range texts {
		texts[k] = after[k] - r.tally.counts[k]
	}
	r.tally.counts = after
	for len(r.known) <= kind {
		r.known = append(r.known, knownCosts{})
	}
	r.known[kind].fine = true
	if texts != [tolerances]int64{} {
		r.known[kind].tally = &texts
	}
}

// fillTexts sets the texts of a row that was filled from its numbers and times.
func (r *reader) fillTexts() {
	counted := r.tally.counts
	r.in.fill(&r.row)
	r.spellCell(costWords["ChargeCategory"], r.required[chargeCategory])
	for i := range r.words {
		r.spellCell(r.words[i].words, r.words[i].at)
	}
	r.row.Tags = r.readTags()
	r.tally.counts = counted
}

// isNull reports whether a cell is null, or its column is not in the file.
func (r *reader) isNull(at int) bool { return at < 0 || r.row.Cells[at] == "" && r.in.null(at) }

// read fills the row from its cells.
func (r *reader) read() *flaw {
	r.row.Fill = nil
	r.tally.counts[NullWord] += r.in.fill(&r.row)
	r.row.Values, r.row.Has = books.CostValues{}, [books.AllCostColumns]bool{}
	for i, at := range r.required {
		if bad := r.requiredCell(i, at); bad != nil {
			return bad
		}
	}
	for i := range r.numbers {
		if bad := r.otherNumber(&r.numbers[i]); bad != nil {
			return bad
		}
	}
	for i := range r.words {
		r.spellCell(r.words[i].words, r.words[i].at)
	}
	if !r.inPeriod() {
		return &flaw{"BillingPeriodStart", WrongPeriod, r.row.Text("BillingPeriodStart")}
	}
	for _, at := range r.ids {
		if id := r.row.Cells[at]; visible.Flaw(id) != "" {
			return &flaw{r.row.Names[at], reason.BadRow.String(), visible.Shown(id)}
		}
	}
	r.row.Tags = r.readTags()
	return nil
}

func (r *reader) inPeriod() bool { return r.period >= r.span.From && r.period < r.span.To }

// values fills the row from its numbers and times only. ok is false if one of them has a flaw.
func (r *reader) values() (ok bool) {
	r.row.Values, r.row.Has = books.CostValues{}, [books.AllCostColumns]bool{}
	for i, at := range r.required {
		if i != billingCurrency && i != chargeCategory && r.requiredCell(i, at) != nil {
			return false
		}
	}
	for i := range r.numbers {
		if r.otherNumber(&r.numbers[i]) != nil {
			return false
		}
	}
	return r.inPeriod()
}

// requiredCell reads a required column.
func (r *reader) requiredCell(i, at int) (bad *flaw) {
	name := required[i]
	if i <= effectiveCost {
		null, bad := r.cost(&r.must[i])
		if null {
			return &flaw{name, reason.MissingValue.String(), ""}
		}
		return bad
	}
	if r.isNull(at) {
		return &flaw{name, reason.MissingValue.String(), ""}
	}
	switch i {
	case billingPeriodStart:
		r.period, bad = r.time(name, at, false)
	case chargePeriodStart:
		r.row.Start, bad = r.time(name, at, false)
	case chargePeriodEnd:
		r.row.End, bad = r.time(name, at, r.reading.Inclusive)
	case chargeCategory:
		if !r.spellCell(costWords[name], at) {
			return &flaw{name, reason.BadRow.String(), r.row.Cells[at]}
		}
	}
	return bad
}

// otherNumber reads a column of numbers that may be null.
func (r *reader) otherNumber(n *number) *flaw {
	if !n.keep && !r.isNull(n.at) {
		_, bad := r.decimal(n.name, n.at)
		return bad
	}
	null, bad := r.cost(n)
	if null && n.keep && n.into <= books.ContractedCost {
		r.tally.counts[NullListCost+CostTolerance(n.into)]++
	}
	return bad
}

// cost reads a column that is allocated. A null is what the settings of the source say (§11.8).
func (r *reader) cost(n *number) (null bool, bad *flaw) {
	at := n.at
	if r.isNull(at) {
		if at = n.from; n.missing != books.NoCost && r.isNull(at) {
			return true, nil
		}
		r.tally.counts[FilledListCost+CostTolerance(n.into)]++
	}
	var v money.Cost
	if at >= 0 {
		if v, bad = r.decimal(r.row.Names[at], at); bad != nil {
			return false, bad
		}
	}
	r.row.Values[n.into], r.row.Has[n.into] = v, true
	return false, nil
}

// decimal reads a number that is not null.
func (r *reader) decimal(name string, at int) (money.Cost, *flaw) {
	if v, ok := r.in.cost(at); ok {
		return v, nil
	}
	text := r.row.Cell(at)
	v, form, err := money.ParseCost(text)
	if err != nil {
		why := reason.BadDecimal.String()
		if wrong := new(money.ParseError); errors.As(err, &wrong) {
			why = wrong.Kind.String()
		}
		return v, &flaw{name, why, text}
	}
	for k, used := range [...]bool{form.Exponent, form.LeadingPoint, form.Rounded, r.in.float(at)} {
		if used {
			r.tally.counts[Exponent+CostTolerance(k)]++
		}
	}
	return v, nil
}

// spellCell replaces the word in a cell by FOCUS's spelling. known is false if the list does not contain the word.
func (r *reader) spellCell(list []string, at int) (known bool) {
	word, known := r.spell(list, r.row.Cells[at])
	if word != r.row.Cells[at] {
		r.row.Cells[at] = word
	}
	return known
}

// spell returns FOCUS's spelling of a word. A word that is not in the list is returned unchanged.
func (r *reader) spell(list []string, text string) (word string, known bool) {
	for _, w := range list {
		if w == text {
			return w, true
		}
		if len(w) == len(text) && strings.EqualFold(w, text) {
			r.tally.counts[Spelling]++
			return w, true
		}
	}
	return text, false
}
