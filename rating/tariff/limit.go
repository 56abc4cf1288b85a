package tariff

import (
	"errors"
	"fmt"

	"github.com/tollbook/tollbook/schemas/money"
)

// Subject is the kind of thing that is priced.
type Subject uint8

// The subjects of prices.
const (
	OfRecord Subject = iota
	OfOrder
	OfMeter
)

// LimitError reports that something cannot be priced, because a quantity or an amount is outside the range of §1.1.
type LimitError struct {
	Subject Subject
	What    string // the operation: `rate record r1 of customer ann, sku api`
	Err     error

	File int32 // index of the feed file in the run; only if Row is set
	Row  int64 // in that file; 0 = unknown, or not a row of this run
}

func (e *LimitError) Error() string { return fmt.Sprintf("%s: %s", e.What, e.Err) }

// Unwrap returns the error of the calculation.
func (e *LimitError) Unwrap() error { return e.Err }

// TotalError reports that the quantities of a meter exceed the largest quantity in total. No single record is wrong.
type TotalError struct {
	What string // what was added up
	Err  error
}

func (e *TotalError) Error() string { return fmt.Sprintf("%s: %s", e.What, e.Err) }

// Unwrap returns the error of the addition.
func (e *TotalError) Unwrap() error { return e.Err }

// NotPriced returns the error of something that could not be priced: a *LimitError if a range is the reason.
func NotPriced(subject Subject, what string, err error) error {
	var operation *money.RangeError
	var value *money.ParseError
	if errors.As(err, &operation) || errors.As(err, &value) && value.Kind == money.OutOfRange {
		return &LimitError{Subject: subject, What: what, Err: err}
	}
	return fmt.Errorf("%s: %w", what, err)
}

// FromRow sets the row of this run that caused an error, if it is a *LimitError; row 0 = not from this run.
func FromRow(err error, file int32, row int64) error {
	if e := new(LimitError); row > 0 && errors.As(err, &e) {
		e.File, e.Row = file, row
	}
	return err
}
