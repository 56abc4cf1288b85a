package cost

import (
	"slices"

	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// Column is a cost or quantity column that is allocated.
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

	CostColumns = PricingQuantity // how many of them are costs
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

// Field is a text column that steps after the reader look at by itself.
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

// Words of ChargeCategory that rules of allocation know.
const Tax = "Tax"

// Header is the columns of a file.
type Header struct {
	Names  []string
	at     map[string]int
	fields [Fields]int // -1 = not there
}

// NewHeader takes the names of a file's columns; none comes twice.
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

// Index is the place of a column, or -1.
func (h *Header) Index(name string) int {
	if i, ok := h.at[name]; ok {
		return i
	}
	return -1
}

// Values is one number of each allocated column.
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
	Cells []string                // by column of the header; null is empty (COST-1), and so is what Late has
	Codes []int32                 // numbers of the cells in the reader's Words, or Uncoded
	Late  func(column int) string // the text of a number or time that has none in Cells; nil = Cells has all
	Fill  func()                  // puts the row's texts into Cells and Codes; nil = they are there
	// Kind is a number of the row's texts: rows of one Header that have the same Kind agree in all texts that the
	// reader's sink looks at. NoKind = it is not known.
	Kind       int32
	Values     Values // null is 0
	Has        [Columns]bool
	Tags       map[string]string // nil = none; not to be changed
	Start, End period.Instant    // of the charge period
}

// NoKind is the Kind of a row whose texts have no number.
const NoKind = -1

// fill makes sure that Cells and Codes are those of the row.
func (r *Row) fill() {
	if r.Fill != nil {
		fill := r.Fill
		r.Fill = nil
		fill()
	}
}

// Field is the text of a field, in FOCUS's spelling (COST-2).
func (r *Row) Field(f Field) string {
	if i := r.fields[f]; i >= 0 {
		return r.Cell(i)
	}
	return ""
}

// Cell is the text of a column of the header.
func (r *Row) Cell(i int) string {
	r.fill()
	if r.Late != nil && r.Cells[i] == "" {
		return r.Late(i)
	}
	return r.Cells[i]
}

// Code is the number of a cell's text; i below 0 is a column that the file lacks, which is null.
func (r *Row) Code(i int, words *Words) int32 {
	if i < 0 {
		return 0
	}
	r.fill()
	if r.Codes[i] != Uncoded {
		return r.Codes[i]
	}
	code := words.Code(r.Cell(i))
	if r.Late == nil || r.Cells[i] != "" { // the text of a number or time is that of this row alone
		r.Codes[i] = code
	}
	return code
}

// Text is the text of any column; of one that the file lacks it is empty.
func (r *Row) Text(name string) string {
	if i := r.Index(name); i >= 0 {
		return r.Cell(i)
	}
	return ""
}

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

// FieldCode is the number of a field's text.
func (r *Row) FieldCode(f Field, words *Words) int32 { return r.Code(r.fields[f], words) }

// AccountIndex is the column of Account; -1 = none.
func (r *Row) AccountIndex() int {
	if i := r.fields[SubAccount]; i >= 0 && r.Cell(i) != "" {
		return i
	}
	return r.fields[BillingAccount]
}

// Day is the UTC day of the charge period's start (§11.1).
func (r *Row) Day() period.Day { return DayOf(r.Start) }

// DayOf is the UTC day of an instant.
func DayOf(t period.Instant) period.Day {
	day := t / (24 * period.Instant(period.Hour))
	if t < day*24*period.Instant(period.Hour) {
		day--
	}
	return period.Day(day)
}

// SpanOf is a cycle's month in UTC.
func SpanOf(c period.Cycle) period.Span {
	day := 24 * period.Instant(period.Hour)
	first := period.Instant(c.First()) * day
	return period.Span{From: first, To: period.Instant((c + 1).First()) * day}
}
