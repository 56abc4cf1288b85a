package query

import (
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// DeadlinesQuestion is the name of the question that takes a number of days.
const DeadlinesQuestion = "deadlines"

// deadlineTable lists what lapses, in the order of Deadline.
func deadlineTable() *tables.Table {
	return &tables.Table{Name: DeadlinesQuestion, Columns: []tables.Column{
		wordColumn("last_day", "the last day on which something can be done, in the contract zone"),
		wordColumn("until", "the first instant at which it has lapsed, in UTC"),
		wordColumn("kind", "incentive, headcount, claim, fund_quota, coupon, coupon_quota, solution, receivable or "+
			"invoice"),
		wordColumn("id", "the programme, claim, coupon, quota, solution, cycle or invoice"),
		wordColumn("period", "month, quarter or year that it is about"),
		wordColumn("partner_id", "whose it is; of an invoice to a partner the recipient"),
		wordColumn("customer_id", "the customer of a coupon, a solution or an invoice"),
		wordColumn("state", "state as of the last run"),
		wordColumn("then", "what happens at the deadline"),
		{Name: "amount", Type: tables.Amount, Meaning: "what it is about: the incentive, what is left of a coupon or " +
			"quota, what is listed, reserved, unpaid or invoiced"},
	}}
}

func lapses() *Question {
	def := deadlineTable()
	return &Question{
		Name: DeadlinesQuestion, Answers: "what lapses in the next days if nothing is done", Span: OfNone,
		Reads: "It reads `incentives`, coupons, quotas, solutions, `funds`, `receivables` and `invoice_records`, " +
			"as the last run left them. `--days` (default 30) counts from the day of the last run; `--format ics` " +
			"writes a calendar file.",
		Keys: def.Columns[:9], Sums: def.Columns[9:], Apart: []string{"amount"},
		Lake: Shape{Table: def, List: listDeadlines},
	}
}

// listDeadlines lists the deadlines of the next days.
func listDeadlines(r Request, from *PartnerReader, to *parquet.Columns[tables.Any]) error {
	t, err := asOf(from)
	if err != nil {
		return err
	}
	list, err := Deadlines(from, DeadlineChoice{Through: from.Books.Zone.Day(t) + period.Day(r.Days)})
	for i := range list {
		d := &list[i]
		add(to, []string{d.LastDay.String(), d.At.String(), d.Kind, d.ID, d.Period, d.PartnerID, d.CustomerID, d.State,
			d.Then}, d.Amount)
	}
	return err
}

func dues() *Question {
	return &Question{
		Name: "receivables", Answers: "what partners owe for closed cycles, by how long it is overdue",
		Span: OfNone,
		Keys: pick(tables.Receivables().Table, "bucket"),
		Sums: pick(tables.Receivables().Table, "amount collected_amount paid_amount unpaid_amount"),
		Lake: Shape{Table: tables.Receivables().Table},
	}
}
