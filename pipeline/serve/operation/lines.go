package operation

import (
	"context"
	"errors"
	"slices"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/read/query"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// Lines returns the conditions of the lines that a call may see; none reports that it may see no line. Every lookup of
// lines for a caller must include them (OP-3).
func (c *Call) Lines() (where []query.Condition, none bool) {
	if c.Scope.Partner != "" {
		where = append(where, query.Condition{Column: tables.LinePartnerID.Of(), Op: query.IsAnyOf,
			Values: []string{c.Scope.Partner}})
	}
	if c.Scope.During != nil {
		where = append(where, query.Condition{Op: query.OwnLine, Spans: c.Scope.During})
	}
	none = c.Scope.Nothing
	if c.Scope.Customer != "" && c.Scope.Manager != "" {
		b := c.State.Workspace.Books
		customer := b.Customer(c.Scope.Customer)
		none = none || customer < 0 || !c.Scope.Managed(b, customer, c.State.Now)
	}
	return where, none
}

// Customers returns the ids of the customers with lines in a cycle that the call may see and for which wanted is true,
// sorted. It returns none for a cycle that the lake does not have.
func (c *Call) Customers(ctx context.Context, cycle lake.Cycle, wanted func(query.PartnerShare) bool) ([]string,
	error) {
	if c.Scope.Nothing {
		return nil, nil
	}
	shares, err := c.State.Store.Shares(ctx, cycle)
	if none := new(rows.NoCycleError); errors.As(err, &none) {
		return nil, nil
	}
	var out []string
	b := c.State.Workspace.Books
	for _, s := range shares {
		if c.Scope.Partner != "" && s.Partner != c.Scope.Partner || c.Scope.Customer != "" &&
			s.Customer != c.Scope.Customer || !wanted(s) {
			continue
		}
		if customer := b.Customer(s.Customer); c.Scope.Manager != "" &&
			(customer < 0 || !c.Scope.Managed(b, customer, c.State.Now)) {
			continue
		}
		out = append(out, s.Customer)
	}
	slices.Sort(out)
	return slices.Compact(out), err
}
