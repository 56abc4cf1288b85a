package bookproblem

import (
	"errors"

	"github.com/tollbook/tollbook/pipeline/fold/codes"
	"github.com/tollbook/tollbook/pipeline/fold/measure"
	"github.com/tollbook/tollbook/pipeline/fold/settle"
	"github.com/tollbook/tollbook/pipeline/intake/event"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/problem"
	"github.com/tollbook/tollbook/settlement"
)

// Of converts an error that corrected books would fix to the problems that a check of the books would report, and an
// error about something without a price in range to a refusal. It leaves other errors unchanged.
func Of(err error) error {
	rowBack := func(book string) error {
		return problem.Problems{{Pos: problem.Pos{File: "books/" + book}, Text: err.Error(),
			Hint: "put the row back: end it with valid_to instead of deleting it"}}
	}
	var missing *codes.MissingBookError
	var unnamed *settle.MissingBookError
	var price *tariff.NoPriceError
	var gone *event.GoneError
	var rate *settlement.MissingRateError
	var model *tariff.NoUsageError
	var limit *tariff.LimitError
	var crossing *event.CurrencyError
	var length *settle.PeriodError
	var archived *measure.ArchivedError
	var outside *money.RangeError
	switch {
	case errors.As(err, &archived):
		return problem.Problems{{Pos: problem.Pos{File: "books/commitments.csv"}, Text: archived.Error(),
			Hint: "let its row begin after that month"}}
	case errors.As(err, &limit):
		return &workspace.RefusedError{What: err.Error(), Hint: hintOf(limit)}
	case errors.As(err, &outside) && outside.Op == money.OpTotal:
		return &workspace.RefusedError{What: err.Error(), Hint: "a sum of amounts is too large, and nothing was " +
			"stored: correct the price, or move the new file out of inbox/ and correct its quantities"}
	case errors.As(err, &rate):
		return MissingRates(rate)
	case errors.As(err, &gone):
		return rowBack(gone.Book)
	case errors.As(err, &unnamed):
		return rowBack(unnamed.Book)
	case errors.As(err, &missing):
		return rowBack(missing.Book)
	case errors.As(err, &length):
		return problem.Problems{{Pos: problem.Pos{File: "books/incentives.yaml"}, Text: length.Error(),
			Hint: "put its period back: end it with valid_to, and give the new period a programme with an id of its " +
				"own"}}
	case errors.As(err, &crossing):
		return problem.Problems{{Pos: problem.Pos{File: "books/associations.csv"}, Text: crossing.Error(),
			Hint: "let the association begin after the event, or give customer and partner one currency: money of " +
				"two currencies is never added"}}
	case errors.As(err, &price):
		return problem.Problems{{Pos: problem.Pos{File: "books/prices.csv"}, Text: err.Error(),
			Hint: "put the version back, or one that covers the instant: accepted records, the commit of a link or a " +
				"recurring charge need it. If the customer has no row in books/customers.csv at the instant, the " +
				"list is standard: end its row after its last record, and its commitments with it"}}
	case errors.As(err, &model):
		return problem.Problems{{Pos: problem.Pos{File: "books/products.csv"}, Text: err.Error(),
			Hint: "usage of this sku was accepted: put its pricing_model back; give the new model a sku of its own"}}
	}
	return err
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
		wrong = append(wrong, problem.Problem{Pos: problem.Pos{File: "books/rates.csv"}, Text: m.Error(),
			Hint: m.Hint()})
	}
	if wrong == nil {
		return nil
	}
	return wrong
}
