package table

import (
	"github.com/tollbook/tollbook/schemas/money"
)

// KindOfLine says what a line charges for (§8).
type KindOfLine uint8

// The kinds, in the order in which lines of one record are sorted.
const (
	UsageLine KindOfLine = iota
	FlatFeeLine
	PeriodLine
	OrderLine
	RefundLine
	AdjustmentLine
	RecurringLine
	TrueUpLine
	OverageLine
	CapLine
)

var kindNames = [...]string{"usage", "flat_fee", "period", "order", "refund", "adjustment", "recurring",
	"true_up", "overage", "cap"}

// String is the kind's word in files and tables.
func (k KindOfLine) String() string { return kindNames[k] }

// PackageDraw is a quantity taken from a prepaid package.
type PackageDraw struct {
	Package  int32 // index in books.Packages
	Quantity money.Quantity
}

// Charge is the money of one line: one quantity at one unit price (§4.2). Official = Discount + Truncated + Payment
// always holds. Quantities and amounts are negative only on reversals. It holds no pointers, so that the garbage
// collector need not scan slices of charges.
type Charge struct {
	UsageAmount, Free, Quantity            money.SignedQuantity
	UnitPrice                              money.UnitPrice
	Official, Discount, Truncated, Payment money.Amount
	// index of the record in the caller's batch, or of the meter of a month-end line
	Record             int32
	DiscountID         int32 // index in books.Discounts; -1 = none
	Version            int32 // index in books.Versions; -1 = none
	DrawsFrom, DrawsTo int32 // range in Charges.Draws
	Tier               int16 // 0 = none
	Kind               KindOfLine
}

// LineCharges is a list of charges and their draws. Reset keeps the memory.
type LineCharges struct {
	List  []Charge
	Draws []PackageDraw
}

// Reset empties the list.
func (c *LineCharges) Reset() { c.List, c.Draws = c.List[:0], c.Draws[:0] }
