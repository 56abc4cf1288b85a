package run

import (
	"errors"

	"github.com/tollbook/tollbook/pipeline/fold/settle"
	"github.com/tollbook/tollbook/pipeline/fold/state"
	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/problem"
	"github.com/tollbook/tollbook/settlement"
)

// BookProblem is InBook, and converts an error about something without a price in range to a refusal.
func BookProblem(err error) error {
	var limit *tariff.LimitError
	var outside *money.RangeError
	switch {
	case errors.As(err, &limit):
		return &workspace.RefusedError{What: err.Error(), Hint: hintOf(limit)}
	case errors.As(err, &outside) && outside.Op == money.OpTotal:
		return &workspace.RefusedError{What: err.Error(), Hint: "a sum of amounts is too large, and nothing was " +
			"stored: correct the price, or move the new file out of inbox/ and correct its quantities"}
	}
	return InBook(err)
}

// InBook converts an error that corrected books would fix to the problem that a check of the books would report. It
// leaves other errors unchanged.
func InBook(err error) error {
	var archived *state.ArchivedError
	var rate *settlement.MissingRateError
	var gone *accept.GoneBookError
	var missing *books.MissingError
	var length *settle.PeriodError
	var crossing *accept.CurrencyError
	var price *tariff.NoPriceError
	var model *tariff.NoUsageError
	switch {
	case errors.As(err, &archived):
		return in("commitments.csv", archived)
	case errors.As(err, &rate):
		return in("rates.csv", rate)
	case errors.As(err, &gone):
		return in(gone.Book, err)
	case errors.As(err, &missing):
		return in(missing.Book, err)
	case errors.As(err, &length):
		return in("incentives.yaml", length)
	case errors.As(err, &crossing):
		return in("associations.csv", crossing)
	case errors.As(err, &price):
		return in("prices.csv", err)
	case errors.As(err, &model):
		return in("products.csv", err)
	}
	return err
}

// in returns an error as a problem of a book.
func in(book string, err error) problem.Problems {
	return problem.Problems{{Pos: problem.Pos{File: "books/" + book}, Text: err.Error(), Hint: problem.HintOf(err)}}
}

// hintOf says what to do about something for which no price in range can be calculated.
func hintOf(e *tariff.LimitError) string {
	total := new(tariff.TotalError)
	switch {
	case errors.As(e.Err, &total):
		return "no row is wrong, and nothing was stored: the usage of the meter in the month is too large for its " +
			"unit. Deliver it in a larger unit, or divide the meter by `meter` in books/products.csv. Until then " +
			"move the new file out of inbox/"
	case e.Row > 0:
		return "nothing was stored: correct the row, or move its file out of inbox/, and run again"
	case e.Subject == tariff.OfOrder:
		return "an earlier run accepted the order: correct its price in books/prices.csv"
	case e.Subject == tariff.OfMeter:
		return "replace or withdraw records of the product with new ones that name them in `replaces`, or correct " +
			"its price in books/prices.csv"
	}
	return "if the record is in a file that is new in inbox/, move the file out of inbox/ and correct it; otherwise " +
		"replace or withdraw the record with a new one that names it in `replaces`"
}

// MissingRates returns problems for exchange rates that rates.csv lacks; nil if list is empty.
func MissingRates(list ...*settlement.MissingRateError) error {
	var wrong problem.Problems
	for _, m := range list {
		wrong = append(wrong, in("rates.csv", m)...)
	}
	if wrong == nil {
		return nil
	}
	return wrong
}
