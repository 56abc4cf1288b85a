package books

import (
	"slices"

	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// CostColumn is a cost or quantity column whose values are allocated.
type CostColumn uint8

// The columns, costs first.
const (
	ListCost CostColumn = iota
	ContractedCost
	EffectiveCost
	BilledCost
	PricingQuantity
	ConsumedQuantity
	AllCostColumns

	CostColumns = PricingQuantity // number of cost columns
)

var columnNames = [AllCostColumns]string{"ListCost", "ContractedCost", "EffectiveCost", "BilledCost", "PricingQuantity",
	"ConsumedQuantity"}

// String is the column's name in FOCUS.
func (c CostColumn) String() string { return columnNames[c] }

// CostColumnOf is the column of a name in FOCUS.
func CostColumnOf(name string) (CostColumn, bool) {
	i := slices.Index(columnNames[:], name)
	return CostColumn(max(i, 0)), i >= 0
}

// CostField is a text column that steps after the reader use by name.
type CostField uint8

// The fields.
const (
	CostBillingAccount CostField = iota
	CostSubAccount
	CostService
	CostRegion
	CostResource
	CostCategory
	CostClass
	CommitmentStatus
	PricingUnit
	ConsumedUnit
	CostCurrency
	CostTags
	CostFields
)

var fieldNames = [CostFields]string{
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
func (f CostField) String() string { return fieldNames[f] }

// CostTax is the ChargeCategory of taxes.
const CostTax = "Tax"

// CostHeader describes the columns of a file.
type CostHeader struct {
	Names  []string
	at     map[string]int
	fields [CostFields]int // index of each Field; -1 = not in the file
}

// NewCostHeader returns the header of a file with these column names, which must be distinct.
func NewCostHeader(names []string) *CostHeader {
	h := &CostHeader{Names: names, at: make(map[string]int, len(names))}
	for i, name := range names {
		h.at[name] = i
	}
	for f := range h.fields {
		h.fields[f] = h.Index(fieldNames[f])
	}
	return h
}

// Index is the index of a column, or -1.
func (h *CostHeader) Index(name string) int {
	if i, ok := h.at[name]; ok {
		return i
	}
	return -1
}

// CostValues holds one number for each allocated column.
type CostValues [AllCostColumns]money.Cost

// Add adds other values, column by column.
func (v *CostValues) Add(o *CostValues) (err error) {
	for c := range v {
		if v[c], err = v[c].Add(o[c]); err != nil {
			return err
		}
	}
	return nil
}

// CostRow is an accepted row. It is valid until the next one is read.
type CostRow struct {
	*CostHeader
	Cells []string                // by column; null is empty (COST-1), and so are cells that Late returns
	Late  func(column int) string // returns the text of a number or time that Cells lacks; nil = Cells has all
	Fill  func()                  // sets Cells of the row; nil = they are set
	// Kind is a number for the row's texts: rows of one Header with equal Kind have equal texts in all columns that the
	// consumer of the rows uses. NoCostKind = not known.
	Kind       int32
	Values     CostValues // null is 0
	Has        [AllCostColumns]bool
	Tags       map[string]string // nil = none; read-only
	Start, End period.Instant    // of the charge period
	Zone       *period.Zone      // of the source's days
}

// NoCostKind is the Kind of a row whose texts have no number.
const NoCostKind = -1

// fill makes sure that Cells are set.
func (r *CostRow) fill() {
	if r.Fill != nil {
		fill := r.Fill
		r.Fill = nil
		fill()
	}
}

// CostField is the text of a field, in FOCUS's spelling (COST-2).
func (r *CostRow) Field(f CostField) string { return r.Cell(r.fields[f]) }

// Cell is the text of a column of the header; i < 0 is a column that the file lacks, which is null.
func (r *CostRow) Cell(i int) string {
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
func (r *CostRow) Text(name string) string { return r.Cell(r.Index(name)) }

// Tag is the value of a tag; "" = the row does not have it.
func (r *CostRow) Tag(key string) string {
	r.fill()
	return r.Tags[key]
}

// Account is SubAccountId, or BillingAccountId if that is null.
func (r *CostRow) Account() string {
	if id := r.Field(CostSubAccount); id != "" {
		return id
	}
	return r.Field(CostBillingAccount)
}

// Day is the day of the charge period's start in the source's zone (§11.8).
func (r *CostRow) Day() period.Day { return r.Zone.Day(r.Start) }
