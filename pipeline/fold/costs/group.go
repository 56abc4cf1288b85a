package costs

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/settings"
	tables "github.com/tollbook/tollbook/schemas/table"
	"github.com/tollbook/tollbook/settlement"
)

// groupTexts is the number of texts in the key of groups: the account and groupFields.
const groupTexts = 1 + len(groupFields)

// group is a set of rows, or parts of rows, with equal keys that are priced as one (§11.3).
type group struct {
	customer, sku int32
	day           period.Day // of the start; 0 with grain resource_month
	column        books.CostColumn
	texts         [groupTexts]string

	rule       int32 // of the first row; settlement.NoAllocation = none
	markup     int32 // index in the books of the first row's mark-up; -1 = none
	rows       int64
	values     books.CostValues
	has        [books.AllCostColumns]bool
	start, end period.Instant
	verbatim   verbatimTexts

	// once all of its rows are counted
	source  int32 // index of the delivery in rated.counted
	id      string
	fx      money.UnitPrice // rate from the source's currency to the customer's
	payment money.AmountTotal
	priced  bool // it has a line
}

// groupFields are the columns of the key of groups, in the order of the hash, after the account.
var groupFields = [...]books.CostField{books.CostService, books.CostRegion, books.CostResource, books.CostCategory,
	books.CostClass,
	books.CommitmentStatus}

func (g *group) field(f books.CostField) string { return g.texts[1+slices.Index(groupFields[:], f)] }

// account is the account of the group's rows.
func (g *group) account() string { return g.texts[0] }

// units returns the number of units of the group's quantities of a column.
func (g *group) units(c books.CostColumn, unit string) int32 {
	switch {
	case !g.has[c]:
		return tables.NoQuantity
	case g.verbatim.Differ(unit):
		return tables.SeveralUnits
	}
	return tables.OneUnit
}

// add counts other rows of the group.
func (g *group) add(o *group) error {
	g.rows += o.rows
	g.begin(o.start, o.markup)
	g.end, g.rule = max(g.end, o.end), min(g.rule, o.rule)
	for c, has := range o.has {
		g.has[c] = g.has[c] || has
	}
	for i, text := range o.verbatim {
		g.verbatim.Add(i, text)
	}
	return g.values.Add(&o.values)
}

// begin takes the mark-up of a row that begins before the others.
func (g *group) begin(start period.Instant, markup int32) {
	if start < g.start || start == g.start && g.markup < 0 {
		g.start, g.markup = start, markup
	}
}

// repeat counts a row that differs from an earlier row of the group only in its time and numbers.
func (g *group) repeat(row *books.CostRow, markup int32) error {
	g.rows++
	g.begin(row.Start, markup)
	g.end = max(g.end, row.End)
	return g.values.Add(&row.Values)
}

// groupMemory is the number of bytes of a group in memory besides its texts, about.
const groupMemory = 1 << 10

// grouper groups parts of rows of one delivery, in one goroutine, and moves the groups to a sorter when they take more
// than a limit (FCOST-5).
type grouper struct {
	delivery *Delivery
	books    *books.Books
	grain    settings.CostGrain
	sorted   *sorter // of all workers
	markups  map[*books.Markup]int32
	groups   map[string]*group // by key
	texts    map[string]string // of groups
	bytes    int               // of groups and texts, about
	key      []byte

	header   *books.CostHeader // to which the column positions below belong
	fields   [len(groupFields)]int
	verbatim [verbatimColumns]int
	others   []int
	current  group  // the part being added
	last     *group // to which a part was added last
}

func newGrouper(b *books.Books, d *Delivery, grain settings.CostGrain, sorted *sorter) *grouper {
	g := &grouper{delivery: d, books: b, grain: grain, sorted: sorted, markups: map[*books.Markup]int32{nil: -1}}
	for i := range b.Markups {
		g.markups[&b.Markups[i]] = int32(i)
	}
	g.forget()
	return g
}

func (g *grouper) forget() {
	g.groups, g.texts, g.bytes = make(map[string]*group), make(map[string]string), 0
}

// full reports whether the groups must be moved to the sorter.
func (g *grouper) full() bool { return g.bytes >= g.sorted.limit }

// move moves all groups to the sorter.
func (g *grouper) move() error {
	for key, one := range g.groups {
		if err := g.sorted.add([]byte(key), one); err != nil {
			return err
		}
	}
	g.forget()
	return nil
}

// looked are the columns whose texts a grouper reads.
func looked() map[string]bool {
	out := map[string]bool{books.CostSubAccount.String(): true, books.CostBillingAccount.String(): true}
	for _, f := range groupFields {
		out[f.String()] = true
	}
	for _, name := range verbatimNames() {
		out[name] = true
	}
	return out
}

// priced is a customer's part of a row with the product that bills it.
type priced struct {
	*settlement.Part
	sku    int32
	column books.CostColumn
	markup *books.Markup // nil = the rule names the product
}

// turn looks the columns up in a file's header.
func (g *grouper) turn(h *books.CostHeader) {
	if g.header == h {
		return
	}
	g.header = h
	for i, f := range groupFields {
		g.fields[i] = h.Index(f.String())
	}
	for i, name := range verbatimNames() {
		g.verbatim[i] = h.Index(name)
	}
	if g.grain == settings.CostRow {
		g.others = otherColumns(h)
	}
}

// add counts a part of a row.
func (g *grouper) add(row *books.CostRow, p *priced) error {
	g.turn(row.CostHeader)
	one := &g.current
	*one = group{customer: p.Customer, sku: p.sku, column: p.column, rule: int32(p.Rule), rows: 1, values: p.Values,
		has: row.Has, start: row.Start, end: row.End, markup: g.markups[p.markup]}
	if g.grain != settings.ResourceMonth {
		one.day = row.Day()
	}
	one.texts[0] = row.Account()
	for i, at := range g.fields {
		one.texts[1+i] = row.Cell(at)
	}
	for i, at := range g.verbatim {
		one.verbatim[i] = row.Cell(at)
	}
	g.name(row)
	if g.grain == settings.CostRow {
		return g.sorted.add(g.key, one)
	}
	if g.last = g.groups[string(g.key)]; g.last != nil {
		return g.last.add(one)
	}
	g.last = new(group)
	*g.last = *one
	for i, text := range one.texts {
		g.last.texts[i] = g.own(text)
	}
	for i, text := range one.verbatim {
		g.last.verbatim[i] = g.own(text)
	}
	g.groups[string(g.key)] = g.last
	g.bytes += groupMemory + len(g.key)
	return nil
}

// own returns a text that does not keep the memory of its row.
func (g *grouper) own(text string) string {
	kept, known := g.texts[text]
	if !known {
		kept = strings.Clone(text)
		g.texts[kept] = kept
		g.bytes += len(kept)
	}
	return kept
}

// name sets the key of the current part: its day, and the text of which the id has the hash (§11.3), but for the number
// among equal rows with grain row.
func (g *grouper) name(row *books.CostRow) {
	one := &g.current
	g.key = rows.AppendKeyInt(g.key[:0], int64(one.day))
	add := func(text string) { g.key = append(append(g.key, text...), 0) }
	add(g.books.Customers[one.customer].ID)
	add(g.books.Products[one.sku].SKU)
	add(one.column.String())
	for _, text := range one.texts {
		add(text)
	}
	for _, at := range g.others {
		add(row.Cell(at))
	}
}

// identify sets the id of a complete group of a key. copies distinguishes equal rows with grain row.
func (g *group) identify(d *Delivery, grain settings.CostGrain, key []byte, copies int) {
	day := g.day.String()
	text := slices.Clone(key[rows.KeyIntBytes:])
	switch grain {
	case settings.ResourceDay:
	case settings.ResourceMonth:
		day = d.Period.String()
	case settings.CostRow:
		text = append(strconv.AppendInt(text, int64(copies), 10), 0)
	}
	hash := sha256.Sum256(text)
	g.id = d.Source + "/" + day + "/" + hex.EncodeToString(hash[:16])
}

// otherColumns returns the places of a header's columns that are not part of the key of groups, by name.
func otherColumns(h *books.CostHeader) []int {
	var out []int
	for i, name := range h.Names {
		if !slices.ContainsFunc(groupFields[:], func(f books.CostField) bool { return f.String() == name }) {
			out = append(out, i)
		}
	}
	slices.SortFunc(out, func(a, b int) int { return strings.Compare(h.Names[a], h.Names[b]) })
	return out
}
