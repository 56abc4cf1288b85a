package commands

import (
	"io"

	"github.com/tollbook/tollbook/cmd/tollbook/cli"
	"github.com/tollbook/tollbook/pipeline/read/query"
)

// alertResult is a budget threshold that was reached. Later runs do not change its values unless the books or earlier
// days change, so a script can compare the output of two nights line by line.
type alertResult struct {
	Cycle        string `json:"cycle"`
	Customer     string `json:"customer_id"`
	Threshold    int    `json:"threshold_percent"`
	CrossedOn    string `json:"crossed_on"` // day in the contract zone
	BudgetAmount string `json:"budget_amount"`
	Currency     string `json:"currency"`
}

// alerts writes the thresholds that were reached, one JSON object per line, ordered by cycle, customer and percent.
func (s *shownAnswer) alerts(w io.Writer) error {
	for _, row := range s.Rows {
		of := make(map[string]string, len(row.Keys))
		for i, c := range s.Question.Keys {
			of[c.Name] = row.Keys[i]
		}
		for _, c := range query.Crossings(row) {
			if err := cli.WriteJSONLine(w, alertResult{of["cycle"], of["customer_id"], c.Percent, c.Day,
				row.Sums[0].String(), s.books.CurrencyNamed(s.Question.Currency(row)).Code}); err != nil {
				return err
			}
		}
	}
	return nil
}
