package run

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/read/query"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// maxNoCountry is how many buyers without a country a note lists.
const maxNoCountry = 20

// noteNoCountry reports buyers with lines in the cycle but without a country, if taxes.csv names countries (§10.6).
func (r *closingCheck) noteNoCountry(ctx context.Context, snap *lake.Snapshot) error {
	if !r.state.ws.Books.TaxCountries {
		return nil
	}
	var list []string
	note := func(id string) {
		if r.state.ws.Books.Money.NoCountry(id) {
			list = append(list, id)
		}
	}
	cycle := lake.CycleOf(r.state.job.cycle)
	err := rows.EachStatement(ctx, snap, cycle, "", rows.Limits{}, func(s *rows.Statement) error {
		note(s.CustomerID)
		return nil
	})
	if err != nil {
		return err
	}
	reader := query.PartnerReader{Snap: snap, Books: r.state.ws.Books, Book: r.state.partners,
		Settings: &r.state.ws.Settings}
	settled, err := reader.Statements(ctx, cycle, "")
	if err != nil {
		return err
	}
	err = settled.Each(func(row rows.Row[tables.PartnerStatement]) error {
		if row.Word(tables.PartnerStatementSellerID) != "" {
			note(row.Word(tables.PartnerStatementPartnerID))
		}
		return nil
	})
	if err := errors.Join(err, settled.Close()); err != nil {
		return err
	}
	slices.Sort(list)
	list = slices.Compact(list)
	if len(list) == 0 {
		return nil
	}
	more := ""
	if n := len(list) - maxNoCountry; n > 0 {
		list, more = list[:maxNoCountry], fmt.Sprintf(" and %d more", n)
	}
	r.state.report.Note("no country in books/parties.csv, so only taxes of any country apply: %s%s",
		strings.Join(list, ", "), more)
	return nil
}
