package costs

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"

	"github.com/tollbook/tollbook/pipeline/fold/costs/verbatim"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/cost"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/settings"
	tables "github.com/tollbook/tollbook/schemas/table"
	"github.com/tollbook/tollbook/settlement/allocation"
)

// groupTexts is the number of texts in the key of groups: the account and groupFields.
const groupTexts = 1 + len(groupFields)

// groupOf is the key of the groups of a delivery. Texts are numbers of a cost.Words.
type groupOf struct {
	customer, sku int32
	day           period.Day // of the start; 0 with grain resource_month
	column        cost.Column
	texts         [groupTexts]int32
	row           int32 // grain row: the number of the row's text
	copies        int32 // grain row: 1, 2, … among equal rows
}

// groupSum is the state of a group while rows are read. It has no pointers, so that the garbage collector need not scan
// the groups of a month.
type groupSum struct {
	groupOf
	hash       [16]byte // of the keys, once all rows are counted
	rule       int32    // of the first row; allocation.NoRule = none
	markup     int32    // index in the books of the first row's mark-up; -1 = none
	rows       int64
	values     cost.Values
	start, end period.Instant
	verbatim   verbatim.Texts
	has        [cost.Columns]bool
}

// group is a set of rows, or parts of rows, with equal keys that are priced as one (§11.3).
type group struct {
	*groupSum
	words    *cost.Words
	delivery *Delivery
	id       string
	markup   *books.Markup
	fx       money.UnitPrice // rate from the source's currency to the customer's
	payment  money.AmountTotal
	priced   bool // it has a line
}

// groupFields are the columns of the key of groups, in the order of the hash, after the account.
var groupFields = [...]cost.Field{cost.Service, cost.Region, cost.Resource, cost.Category, cost.Class,
	cost.CommitmentStatus}

func (g *group) field(f cost.Field) string {
	return g.words.Text(g.texts[1+slices.Index(groupFields[:], f)])
}

// account is the account of the group's rows.
func (g *group) account() string { return g.words.Text(g.texts[0]) }

func (g *group) text(name string) string {
	return g.verbatim.Text(g.words, name)
}

// units returns the number of units of the group's quantities of a column.
func (g *group) units(c cost.Column, unit string) int32 {
	switch {
	case !g.has[c]:
		return tables.NoQuantity
	case g.verbatim.Differ(unit):
		return tables.SeveralUnits
	}
	return tables.OneUnit
}

// add counts other rows of the group.
func (g *groupSum) add(o *groupSum) error {
	g.rows += o.rows
	g.begin(o.start, o.markup)
	g.end, g.rule = max(g.end, o.end), min(g.rule, o.rule)
	for c, has := range o.has {
		g.has[c] = g.has[c] || has
	}
	g.verbatim.Add(&o.verbatim)
	return g.values.Add(&o.values)
}

// begin takes the mark-up of a row that begins before the others.
func (g *groupSum) begin(start period.Instant, markup int32) {
	if start < g.start || start == g.start && g.markup < 0 {
		g.start, g.markup = start, markup
	}
}

// found is a group and the grouper that holds it.
type found struct {
	*groupSum
	of *grouper
}

// compare is the order in which groups are priced: by customer, start and id.
func (f found) compare(o found) int {
	if by := cmp.Or(cmp.Compare(f.customer, o.customer), cmp.Compare(f.start, o.start)); by != 0 {
		return by
	}
	if f.of != o.of {
		return strings.Compare(f.of.delivery.Source+"/", o.of.delivery.Source+"/")
	}
	return cmp.Or(cmp.Compare(f.day, o.day), bytes.Compare(f.hash[:], o.hash[:]))
}

// group returns the complete group.
func (f found) group(b *books.Books) *group {
	day := f.day.String()
	if f.of.grain == settings.ResourceMonth {
		day = f.of.delivery.Period.String()
	}
	g := &group{groupSum: f.groupSum, words: f.of.words, delivery: f.of.delivery,
		id: f.of.delivery.Source + "/" + day + "/" + hex.EncodeToString(f.hash[:])}
	if f.groupSum.markup >= 0 {
		g.markup = &b.Markups[f.groupSum.markup]
	}
	return g
}

// slab is the number of groups that are allocated at once.
const slab = 1 << 10

// grouper groups parts of rows of one delivery, in one goroutine. Several groupers can share the words.
type grouper struct {
	delivery *Delivery
	grain    settings.CostGrain
	words    *cost.Words
	markups  map[*books.Markup]int32
	places   map[groupOf]int32 // index of each group in slabs
	slabs    [][]groupSum
	equal    map[groupOf]int32 // grain row: number of rows of the same text so far
	key      []byte

	header   *cost.Header // to which the column positions below belong
	texts    [groupTexts]int
	verbatim [verbatim.Columns]int
	others   []int
	current  groupSum // the part being added
	last     int32    // index of the last group to which a part was added
}

func newGrouper(b *books.Books, d *Delivery, grain settings.CostGrain, words *cost.Words) *grouper {
	g := &grouper{delivery: d, grain: grain, words: words, places: make(map[groupOf]int32),
		equal: make(map[groupOf]int32), markups: map[*books.Markup]int32{nil: -1}}
	for i := range b.Markups {
		g.markups[&b.Markups[i]] = int32(i)
	}
	return g
}

// len is the number of groups.
func (g *grouper) len() int { return len(g.places) }

// at returns a group by its index.
func (g *grouper) at(place int) *groupSum { return &g.slabs[place/slab][place%slab] }

// count adds the state of a group.
func (g *grouper) count(one *groupSum) error {
	if place, known := g.places[one.groupOf]; known {
		g.last = place
		return g.at(int(place)).add(one)
	}
	place := g.len()
	g.last = int32(place)
	if place%slab == 0 {
		g.slabs = append(g.slabs, make([]groupSum, slab))
	}
	g.places[one.groupOf] = int32(place)
	*g.at(place) = *one
	return nil
}

// numbered are the columns whose texts a grouper needs as numbers.
func numbered() map[string]bool {
	out := map[string]bool{cost.SubAccount.String(): true, cost.BillingAccount.String(): true}
	for _, f := range groupFields {
		out[f.String()] = true
	}
	for _, name := range verbatim.Names() {
		out[name] = true
	}
	return out
}

// priced is a customer's part of a row with the product that bills it.
type priced struct {
	*allocation.Part
	sku    int32
	column cost.Column
	markup *books.Markup // nil = the rule names the product
}

// turn looks the columns up in a file's header.
func (g *grouper) turn(h *cost.Header) {
	if g.header == h {
		return
	}
	g.header = h
	for i, f := range groupFields {
		g.texts[1+i] = h.Index(f.String())
	}
	for i, name := range verbatim.Names() {
		g.verbatim[i] = h.Index(name)
	}
	if g.grain == settings.CostRow {
		g.others = otherColumns(h)
	}
}

// add counts a part of a row.
func (g *grouper) add(row *cost.Row, p *priced) error {
	g.turn(row.Header)
	one := &g.current
	one.groupOf = groupOf{customer: p.Customer, sku: p.sku, column: p.column}
	if g.grain != settings.ResourceMonth {
		one.day = row.Day()
	}
	g.texts[0] = row.AccountIndex()
	for i, at := range g.texts {
		one.groupOf.texts[i] = row.Code(at, g.words)
	}
	for i, at := range g.verbatim {
		one.verbatim[i] = row.Code(at, g.words)
	}
	if g.grain == settings.CostRow {
		g.key = g.key[:0]
		for _, at := range g.others {
			g.key = append(append(g.key, row.Cell(at)...), 0)
		}
		one.row = g.words.Code(string(g.key))
		g.equal[one.groupOf]++
		one.copies = g.equal[one.groupOf]
	}
	one.rule, one.rows, one.values, one.has = int32(p.Rule), 1, p.Values, row.Has
	one.start, one.end, one.markup = row.Start, row.End, g.markups[p.markup]
	return g.count(one)
}

// repeat counts a row that differs from an earlier row of its group only in its time and numbers.
func (g *grouper) repeat(row *cost.Row, of *repeated) error {
	one := g.at(int(of.place))
	one.rows++
	one.begin(row.Start, of.markup)
	one.end = max(one.end, row.End)
	return one.values.Add(&row.Values)
}

// merge adds the groups of another grouper of the same delivery. Grain row numbers equal rows, so one grouper must see
// all of them.
func (g *grouper) merge(o *grouper) error {
	for place := range o.len() {
		if err := g.count(o.at(place)); err != nil {
			return err
		}
	}
	return nil
}

// name gives a group the hash of its id (§11.3).
func (g *grouper) name(b *books.Books, one *groupSum) {
	g.key = g.key[:0]
	add := func(text string) { g.key = append(append(g.key, text...), 0) }
	add(b.Customers[one.customer].ID)
	add(b.Products[one.sku].SKU)
	add(one.column.String())
	for _, code := range one.texts {
		add(g.words.Text(code))
	}
	if g.grain == settings.CostRow {
		g.key = append(g.key, g.words.Text(one.row)...)
		add(strconv.Itoa(int(one.copies)))
	}
	sum := sha256.Sum256(g.key)
	one.hash = [16]byte(sum[:16])
}

// otherColumns returns the places of a header's columns that are not part of the key of groups, by name.
func otherColumns(h *cost.Header) []int {
	var out []int
	for i, name := range h.Names {
		if !slices.ContainsFunc(groupFields[:], func(f cost.Field) bool { return f.String() == name }) {
			out = append(out, i)
		}
	}
	slices.SortFunc(out, func(a, b int) int { return strings.Compare(h.Names[a], h.Names[b]) })
	return out
}
