package cost

import (
	"slices"

	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// Column is a cost or quantity column whose values are allocated.
type Column uint8

// The columns, costs first.
const (
	List Column = iota
	Contracted
	Effective
	Billed
	PricingQuantity
	ConsumedQuantity
	Columns

	CostColumns = PricingQuantity // number of cost columns
)

var columnNames = [Columns]string{"ListCost", "ContractedCost", "EffectiveCost", "BilledCost", "PricingQuantity",
	"ConsumedQuantity"}

// String is the column's name in FOCUS.
func (c Column) String() string { return columnNames[c] }

// ColumnOf is the column of a name in FOCUS.
func ColumnOf(name string) (Column, bool) {
	i := slices.Index(columnNames[:], name)
	return Column(max(i, 0)), i >= 0
}

// Field is a text column that steps after the reader use by name.
type Field uint8

// The fields.
const (
	BillingAccount Field = iota
	SubAccount
	Service
	Region
	Resource
	Category
	Class
	CommitmentStatus
	PricingUnit
	ConsumedUnit
	Currency
	Tags
	Fields
)

var fieldNames = [Fields]string{
	"BillingAccountId",
	"SubAccountId",
	"ServiceName",
	"RegionId",
	"ResourceId",
	"ChargeCategory",
	"ChargeClass",
	"CommitmentDiscountStatus",
	"PricingUnit",
	"ConsumedUnit",
	"BillingCurrency",
	"Tags",
}

// String is the field's name in FOCUS.
func (f Field) String() string { return fieldNames[f] }

// Tax is the ChargeCategory of taxes.
const Tax = "Tax"

// Header describes the columns of a file.
type Header struct {
	Names  []string
	at     map[string]int
	fields [Fields]int // index of each Field; -1 = not in the file
}

// NewHeader returns the header of a file with these column names, which must be distinct.
func NewHeader(names []string) *Header {
	h := &Header{Names: names, at: make(map[string]int, len(names))}
	for i, name := range names {
		h.at[name] = i
	}
	for f := range h.fields {
		h.fields[f] = h.Index(fieldNames[f])
	}
	return h
}

// Index is the index of a column, or -1.
func (h *Header) Index(name string) int {
	if i, ok := h.at[name]; ok {
		return i
	}
	return -1
}

// Values holds one number for each allocated column.
type Values [Columns]money.Cost

// Add adds other values, column by column.
func (v *Values) Add(o *Values) (err error) {
	for c := range v {
		if v[c], err = v[c].Add(o[c]); err != nil {
			return err
		}
	}
	return nil
}

// Row is an accepted row. It is valid until the next one is read.
type Row struct {
	*Header
	Cells []string                // by column; null is empty (COST-1), and so are cells that Late returns
	Late  func(column int) string // returns the text of a number or time that Cells lacks; nil = Cells has all
	Fill  func()                  // sets Cells of the row; nil = they are set
	// Kind is a number for the row's texts: rows of one Header with equal Kind have equal texts in all columns that the
	// consumer of the rows uses. NoKind = not known.
	Kind       int32
	Values     Values // null is 0
	Has        [Columns]bool
	Tags       map[string]string // nil = none; read-only
	Start, End period.Instant    // of the charge period
	Zone       *period.Zone      // of the source's days
}

// NoKind is the Kind of a row whose texts have no number.
const NoKind = -1

// fill makes sure that Cells are set.
func (r *Row) fill() {
	if r.Fill != nil {
		fill := r.Fill
		r.Fill = nil
		fill()
	}
}

// Field is the text of a field, in FOCUS's spelling (COST-2).
func (r *Row) Field(f Field) string { return r.Cell(r.fields[f]) }

// Cell is the text of a column of the header; i < 0 is a column that the file lacks, which is null.
func (r *Row) Cell(i int) string {
	if i < 0 {
		return ""
	}
	r.fill()
	if r.Late != nil && r.Cells[i] == "" {
		return r.Late(i)
	}
	return r.Cells[i]
}

// Text is the text of any column; it is empty if the file lacks the column.
func (r *Row) Text(name string) string { return r.Cell(r.Index(name)) }

// Tag is the value of a tag; "" = the row does not have it.
func (r *Row) Tag(key string) string {
	r.fill()
	return r.Tags[key]
}

// Account is SubAccountId, or BillingAccountId if that is null.
func (r *Row) Account() string {
	if id := r.Field(SubAccount); id != "" {
		return id
	}
	return r.Field(BillingAccount)
}

// Day is the day of the charge period's start in the source's zone (§11.8).
func (r *Row) Day() period.Day { return r.Zone.Day(r.Start) }
