package tariff

import (
	"fmt"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/problem"
)

// Client gives access to the prices of one customer and caches the latest lookups.
type Client struct {
	Book     *Book
	Customer int32
	Digits   int // of the customer's currency
	Trace    func(DerivationStep)

	Cycle  period.Cycle // the open cycle; unused for orders
	Bounds period.Span  // of Cycle

	List     int32 // price list in force within listSpan
	listSpan period.Span

	reseller     int32 // associated reseller within resellerSpan; NoOne = none
	resellerSpan period.Span
}

// Serve switches to another customer.
func (c *Client) Serve(customer int32) {
	c.Customer, c.Digits = customer, c.Book.Digits(customer)
	c.listSpan, c.resellerSpan = period.Span{}, period.Span{}
}

// Version returns the price version in force at t, for models that are priced by record (TARIFF-1).
func (c *Client) Version(sku, region int32, t period.Instant) int32 {
	if !c.listSpan.Holds(t) {
		c.List, c.listSpan = c.Book.lists.at(c.Customer, t)
	}
	return c.Book.prices.line(c.List, sku, region).at(t)
}

// ResellerAt returns the partner associated as a reseller at t, or NoOne (§3.5, §4.10).
func (c *Client) ResellerAt(t period.Instant) int32 {
	if !c.resellerSpan.Holds(t) {
		c.reseller, c.resellerSpan = c.Book.associations.resellerAt(c.Customer, t)
	}
	return c.reseller
}

// associations store to which partner a customer belongs at which time (§3.5).
type associations struct {
	list []books.Association // of the books
	from []int32             // by customer: where its rows begin in list
}

func newAssociations(b *books.Books) associations {
	return associations{b.Associations, offsets(len(b.Customers), len(b.Associations), func(i int) int32 {
		return b.Associations[i].Customer
	})}
}

// resellerAt returns the customer's reseller at t and the time span around t for which the result holds.
func (as *associations) resellerAt(customer int32, t period.Instant) (int32, period.Span) {
	around := period.Always()
	for i := as.from[customer]; i < as.from[customer+1]; i++ {
		a := &as.list[i]
		switch {
		case a.Valid.Holds(t) && a.Type == books.Resale:
			return a.Partner, a.Valid
		case a.Valid.Holds(t):
			return NoOne, a.Valid
		case a.Valid.To <= t:
			around.From = max(around.From, a.Valid.To)
		default:
			around.To = min(around.To, a.Valid.From)
		}
	}
	return NoOne, around
}

// NoPriceError reports that no price version covers a line. Acceptance rejects such records, so the books must have
// changed since.
type NoPriceError struct {
	Region string
	At     period.Instant
}

func (e *NoPriceError) Error() string {
	return fmt.Sprintf("no price in region %s at %s", e.Region, e.At)
}

// Diagnosis implements problem.Diagnosed.
func (e *NoPriceError) Diagnosis() (problem.Class, string) {
	return problem.Refused, "put the version back, or one that covers the instant: accepted records, the commit of a " +
		"link or a recurring charge need it. If the customer has no row in books/customers.csv at the instant, the " +
		"list is standard: end its row after its last record, and its commitments with it"
}

// NoPrice returns a *NoPriceError for a region and an instant.
func NoPrice(region string, t period.Instant) error { return &NoPriceError{region, t} }

// NoUsageError reports a record of a product whose model has no usage. Acceptance rejects such records, so the books
// must have changed since.
type NoUsageError struct{}

func (e *NoUsageError) Error() string { return "its model takes no usage" }

// Diagnosis implements problem.Diagnosed.
func (e *NoUsageError) Diagnosis() (problem.Class, string) {
	return problem.Refused, "usage of this sku was accepted: put its pricing_model back; give the new model a sku of " +
		"its own"
}
