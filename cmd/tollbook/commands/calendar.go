package commands

import (
	"fmt"
	"io"
	"strings"

	"github.com/tollbook/tollbook/pipeline/out/document"
	"github.com/tollbook/tollbook/schemas/period"
)

// calendar writes deadlines as a calendar file, with one event on the last day of each deadline.
func (s *shownAnswer) calendar(w io.Writer) error {
	out := document.Calendar{Name: "tollbook deadlines"}
	if s.AsOf != "" {
		var err error
		if out.Stamp, err = period.ParseInstant(s.AsOf); err != nil {
			return fmt.Errorf("as-of of manifest %d: %w", s.Manifest, err)
		}
	}
	for _, row := range s.Rows {
		of := make(map[string]string, len(row.Keys))
		for i, c := range s.Question.Keys {
			of[c.Name] = row.Keys[i]
		}
		day, err := period.ParseDay(of["last_day"])
		if err != nil {
			return err
		}
		currency := s.books.CurrencyNamed(s.Question.Currency(row))
		amount := fixed(row.Sums[0].String(), currency.Digits) + " " + currency.Code
		// the UID does not include the deadline, so that a moved deadline replaces its event
		uid := []string{of["kind"], of["id"], of["period"], of["partner_id"], of["customer_id"]}
		out.Events = append(out.Events, document.CalendarEvent{
			UID: strings.Join(uid, "/") + "@tollbook",
			Day: day,
			Summary: fmt.Sprintf("%s %s: %s, then %s", strings.ReplaceAll(of["kind"], "_", " "), of["id"], amount,
				of["then"]),
			Description: described([]string{"period", of["period"]}, []string{"partner", of["partner_id"]},
				[]string{"customer", of["customer_id"]}, []string{"state", of["state"]},
				[]string{"until", of["until"]}),
		})
	}
	return out.Write(w)
}

// described returns names with values, one per line, without empty values.
func described(pairs ...[]string) string {
	var lines []string
	for _, p := range pairs {
		if p[1] != "" {
			lines = append(lines, p[0]+": "+p[1])
		}
	}
	return strings.Join(lines, "\n")
}
