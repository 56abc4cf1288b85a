package focus

import (
	"context"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/schemas/problem"
)

// ChangedError reports that the rows of a closed cycle do not add up to the partner statements that its close stored:
// the terms or the structure of partners for that time have changed in the books (FOCUS-7).
type ChangedError struct {
	Cycle, Issuer string
	Accounts      []string // partners, sorted
}

// Error names the accounts.
func (e *ChangedError) Error() string {
	return fmt.Sprintf("cycle %s is closed, and by the books of today %s bills %s another amount than the closed "+
		"statements say", e.Cycle, e.Issuer, strings.Join(e.Accounts, ", "))
}

// Diagnosis implements problem.Diagnosed.
func (e *ChangedError) Diagnosis() (problem.Class, string) {
	return problem.Refused,
		"terms.csv or partners.csv have other rows for the cycle than at the close: put the old ones back, end " +
			"them with valid_to, and let the new ones begin after the cycle"
}

// stored compares what the rows of a closed cycle bill partners with the statements that the close stored. Customers
// need no comparison: their rows are the stored lines and do not depend on the books.
type stored struct {
	*owed
	made map[AccountKey]*AccountSum // Billed in units of 10⁻²⁰ (costScale)
}

// storedOf returns the comparison for a data set; nil if the cycle is open or only a customer is requested.
func (m *maker) storedOf() (*stored, error) {
	ref, _ := m.src.Snap.Cycle(m.request.Cycle)
	if ref.State != lake.CycleClosed || m.request.Account != "" && m.src.Books.Partner(m.request.Account) < 0 {
		return nil, nil
	}
	o, err := m.newOwed()
	if err != nil {
		return nil, err
	}
	o.partnersOnly = true
	return &stored{o, map[AccountKey]*AccountSum{}}, nil
}

// take adds a row.
func (s *stored) take(r *Row) {
	if r.Account.Type != ofPartner || r.What == taxKind || r.What == incentiveKind {
		return
	}
	sum := sumOf(s.made, s.key(r.Account))
	sum.Billed.Add(sum.Billed, r.Billed.BigInt())
	if IsLine(r.What) {
		sum.Lines++
	}
}

// compare returns *ChangedError if accounts differ.
func (s *stored) compare(ctx context.Context) error {
	if err := s.ofPartners(ctx); err != nil {
		return err
	}
	e := &ChangedError{Cycle: s.maker.request.Cycle.String(), Issuer: s.maker.request.Issuer}
	unit := Power(costScale - amountScale)
	for key := range s.accounts {
		sumOf(s.made, key)
	}
	for key, made := range s.made {
		said := sumOf(s.accounts, key)
		if s.maker.request.Account != "" && key.ID != s.maker.request.Account {
			continue
		}
		if made.Lines != said.Lines || new(big.Int).Mul(said.Billed, unit).Cmp(made.Billed) != 0 {
			e.Accounts = append(e.Accounts, key.ID)
		}
	}
	if len(e.Accounts) == 0 {
		return nil
	}
	slices.Sort(e.Accounts)
	e.Accounts = slices.Compact(e.Accounts)
	return e
}
