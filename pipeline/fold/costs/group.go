package costs

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/cost"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/settings"
	tables "github.com/tollbook/tollbook/schemas/table"
	"github.com/tollbook/tollbook/settlement/allocation"
)

// group is rows, or parts of rows, of equal keys that are priced as one (§11.3).
type group struct {
	customer, sku int32
	id            string
	delivery      *Delivery
	rule          int // of the first row; allocation.NoRule = none
	column        cost.Column
	account       string
	fields        [len(groupFields)]string
	rows          int64
	values        cost.Values
	start, end    period.Instant
	came          []string // texts of cameColumns; differing = not the same in all rows
	has           [cost.Columns]bool
	markup        *books.Markup
	payment       money.AmountTotal
	priced        bool // it has a line
}

// groupFields are the columns that groups are told apart by, in the order of the hash, after the account.
var groupFields = [...]cost.Field{cost.Service, cost.Region, cost.Resource, cost.Category, cost.Class,
	cost.CommitmentStatus}

// cameColumns are columns that leave as they came where all rows of a group agree.
var cameColumns = []string{"AvailabilityZone", "BillingAccountId", "BillingAccountName", "ChargeDescription",
	"ChargeFrequency", "ConsumedUnit", "PricingCategory", "PricingUnit", "PublisherName", "RegionName", "ResourceName",
	"ResourceType", "ServiceCategory", "ServiceSubcategory", "SkuId", "SkuMeter", "SkuPriceDetails", "SubAccountId",
	"SubAccountName", "SubAccountType", "Tags"}

// differing marks a text in which the rows of a group differ.
const differing = "\x00"

func (g *group) field(f cost.Field) string { return g.fields[slices.Index(groupFields[:], f)] }

func (g *group) text(name string) string {
	if i := slices.Index(cameColumns, name); g.came[i] != differing {
		return g.came[i]
	}
	return ""
}

// units says of how many units the group's quantities of a column are.
func (g *group) units(c cost.Column, unit string) int32 {
	switch {
	case !g.has[c]:
		return tables.NoQuantity
	case g.came[slices.Index(cameColumns, unit)] == differing:
		return tables.SeveralUnits
	}
	return tables.OneUnit
}

// cameJSON is the columns in which all rows agree, as a JSON object.
func (g *group) cameJSON() (string, error) {
	came := make(map[string]string)
	for i, text := range g.came {
		if text != "" && text != differing {
			came[cameColumns[i]] = text
		}
	}
	text, err := json.Marshal(came)
	return string(text), err
}

// grouper makes groups of parts of rows.
type grouper struct {
	books *books.Books
	grain settings.CostGrain
	list  []*group
	byID  map[string]*group
	equal map[string]int // grain row: how many rows of the same text there were
	key   []byte
}

func newGrouper(b *books.Books, grain settings.CostGrain) *grouper {
	return &grouper{books: b, grain: grain, byID: make(map[string]*group), equal: make(map[string]int)}
}

// priced is a customer's part of a row with the product that it is billed by.
type priced struct {
	*allocation.Part
	sku    int32
	column cost.Column
	markup *books.Markup // nil = the rule names the product
}

// add counts a part of a row.
func (g *grouper) add(d *Delivery, row *cost.Row, p *priced) error {
	id := g.id(d, row, p)
	one := g.byID[id]
	if one == nil {
		one = &group{customer: p.Customer, sku: p.sku, id: id, delivery: d, rule: p.Rule, column: p.column,
			account: row.Account(), start: row.Start, end: row.End, markup: p.markup}
		for i, f := range groupFields {
			one.fields[i] = strings.Clone(row.Field(f))
		}
		for _, name := range cameColumns {
			one.came = append(one.came, strings.Clone(row.Text(name)))
		}
		g.byID[id] = one
		g.list = append(g.list, one)
	}
	one.rows++
	if row.Start < one.start {
		one.start, one.markup = row.Start, p.markup
	}
	one.end, one.rule = max(one.end, row.End), min(one.rule, p.Rule)
	for c, has := range row.Has {
		one.has[c] = one.has[c] || has
	}
	for i, name := range cameColumns {
		if one.came[i] != differing && one.came[i] != row.Text(name) {
			one.came[i] = differing
		}
	}
	return one.values.Add(&p.Values)
}

// id is source/day/hash (§11.3).
func (g *grouper) id(d *Delivery, row *cost.Row, p *priced) string {
	day := row.Day().String()
	if g.grain == settings.ResourceMonth {
		day = d.Period.String()
	}
	g.key = g.key[:0]
	add := func(text string) { g.key = append(append(g.key, text...), 0) }
	add(g.books.Customers[p.Customer].ID)
	add(g.books.Products[p.sku].SKU)
	add(p.column.String())
	add(row.Account())
	for _, f := range groupFields {
		add(row.Field(f))
	}
	if g.grain == settings.CostRow {
		for _, at := range otherColumns(row.Header) {
			add(row.Cells[at])
		}
		whole := d.Source + "\x00" + day + "\x00" + string(g.key)
		g.equal[whole]++
		add(strconv.Itoa(g.equal[whole]))
	}
	sum := sha256.Sum256(g.key)
	return fmt.Sprintf("%s/%s/%s", d.Source, day, hex.EncodeToString(sum[:16]))
}

// otherColumns are the places of a header's columns that groups are not told apart by anyway, by name.
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
