package load

import (
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
)

// whileCustomer cuts rows of a book to the times in which their customer is in force (§3.22), and notes the rows that
// outlive it. of returns a row's customer and validity.
func whileCustomer[T any](l *loader, file string, rows []Entry[T], of func(*T) (int32, *period.Span)) []T {
	out := make([]T, 0, len(rows))
	for _, e := range rows {
		customer, valid := of(&e.Row)
		times, noted := timesOf(&l.b.Customers[customer]), false
		for i, in := range times {
			*valid = period.Span{From: max(in.From, e.Span.From), To: min(in.To, e.Span.To)}
			if valid.From < valid.To {
				out = append(out, e.Row)
			}
			gone := period.Span{From: in.To, To: period.Forever}
			if i+1 < len(times) {
				gone.To = times[i+1].From
			}
			if !noted && gone.Overlaps(e.Span) {
				noted = true
				at := books.Pos{File: Dir + "/" + file, Line: int(e.At.Line), Column: int(e.At.Column)}
				l.files.Notes.Add(at, "end the row with the customer, or give the customer a row in customers.csv",
					"outlives customer_id %s, which ends at %s: from then on the row is not in force",
					l.b.Customers[customer].ID, l.b.Zone.Show(in.To))
			}
		}
	}
	return out
}

// timesOf returns the times in which a customer has a row in force: spans with a gap between them.
func timesOf(c *books.Customer) (times []period.Span) {
	for _, row := range c.Rows {
		if n := len(times); n > 0 && times[n-1].To == row.Valid.From {
			times[n-1].To = row.Valid.To
			continue
		}
		times = append(times, row.Valid)
	}
	return times
}
