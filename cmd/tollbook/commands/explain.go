package commands

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tollbook/tollbook/cmd/tollbook/cli"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/read/explain"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/visible"
)

// NewExplain is the command explain.
func NewExplain(a *cli.App) *cobra.Command {
	var q explain.Question
	var billed string
	cmd := &cobra.Command{
		Use:   "explain RECORD",
		Short: "Show step by step how a record's amounts were calculated",
		Long: `explain finds a record and shows its source and every step of its calculation, with the numbers:
packages, price version, meter, tiers, discounts, rounding. It rates the record again and compares
the result with the lines of the lake. Late records and re-rating differences in another cycle are
shown as they were posted. Exit code 3 also means that an amount differs from that of the lake: run
tollbook verify. RECORD is the id of any line: a record_id, a record_id#tier,
order_id/order_line, an adjustment_id, or the id of a month-end line. If a customer has several
lines of one id in a month, --cycle and --customer select that of the month itself, and --origin
that of an earlier month.

tax/TAX_ID with --customer and --cycle explains a tax: base, rate, the row of taxes.csv and why it
fits, rounding. statement/PARTNER_ID with --customer and --cycle explains the rows of a partner's
statement: basis, terms, exchange rate, rounding.

Of partners' money it explains, each with the rows of feed files, the rules, amounts before and
after, state, deadline, and why an event was rejected:
  account/EVENT_ID      what an event, or order_id/order_line, did to accounts of partners
  coupon/COUPON_ID      a coupon: where it comes from, its terms, and what used it
  claim/CLAIM_ID        a claim of a marketing fund
  fund/PARTNER_ID/PROGRAMME_ID/PERIOD   the list of a month, or the quota of a quarter or year
  invoice/INVOICE_ID    an invoice or a credit note
  withdrawal/WITHDRAWAL_ID   a withdrawal and how it is paid`,
		Example: "  tollbook explain r-000017 --customer aurora\n" +
			"  tollbook explain 2026-09/line.p95/east-1/aurora-east\n  tollbook explain order-17/1 --cycle 2026-09\n" +
			"  tollbook explain tax/vat --customer aurora --cycle 2026-09\n" +
			"  tollbook explain statement/north --customer aurora --cycle 2026-09\n" +
			"  tollbook explain coupon/welcome\n" +
			"  tollbook explain withdrawal/w3\n  tollbook explain fund/north/experts/2026-09",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			q.ID = args[0]
			if billed != "" {
				cycle, err := cli.CycleFlag(billed)
				if err != nil {
					return err
				}
				q.Cycle = lake.CycleOf(cycle)
			}
			if q.Origin != "" {
				cycle, err := cli.CycleFlag(q.Origin)
				if err != nil {
					return err
				}
				q.Origin = cycle.String()
			}
			return runExplain(cmd, a, &q)
		},
	}
	cmd.Flags().StringVar(&billed, "cycle", "", "the month it is billed in, as 2026-09 (default: any)")
	cmd.Flags().StringVar(&q.Origin, "origin", "", "the month it belongs to, if a later month bills it (default: any)")
	cmd.Flags().StringVar(&q.Customer, "customer", "", "whose it is; makes the search quick")
	return cli.Exits(cmd, cli.ExitDone, cli.ExitWrong, cli.ExitFailed)
}

// readStory reads the story of a record from the live state.
func readStory(cmd *cobra.Command, a *cli.App, q *explain.Question) (story *explain.Story, w *workspace.Workspace,
	err error) {
	ctx := cmd.Context()
	w, err = a.ReadWith(func(w *workspace.Workspace, snap *lake.Snapshot) error {
		inbox, err := w.Inbox()
		if err != nil {
			return err
		}
		sources := &explain.Sources{Snap: snap, Books: w.Books, Settings: &w.Settings, Prices: w.Prices(),
			Refund: workspace.RefundRules(&w.Settings), Inbox: inbox, Progress: a.Bar.Update}
		story, err = explain.Explain(ctx, sources, q)
		switch none := new(rows.NotFoundError); {
		case !errors.As(err, &none):
		case onlyUsed(cmd, q.ID) != nil:
			return onlyUsed(cmd, q.ID)
		case explain.IsTax(q.ID):
			story, err = explain.TaxSums(ctx, sources, q)
		case explain.IsStatement(q.ID), explain.IsPartnerMoney(q.ID):
			partners, wrong := w.Partners()
			if wrong != nil {
				return wrong
			}
			partners.Snap = snap
			explainOf := explain.StatementSums
			if explain.IsPartnerMoney(q.ID) {
				explainOf = explain.PartnerMoney
			}
			story, err = explainOf(ctx, sources, q, &partners)
		}
		return suggestID(sources, q.ID, err)
	})
	return story, w, err
}

func runExplain(cmd *cobra.Command, a *cli.App, q *explain.Question) error {
	story, w, err := readStory(cmd, a, q)
	if err != nil {
		return err
	}
	print := func() { printStory(a, story, storyDigits(w.Books, story)) }
	if err := a.Show(story, print, nil, false); err != nil || story.Agrees {
		return err
	}
	if explain.IsPartnerMoney(q.ID) {
		return &cli.DifferError{What: "the steps of " + story.ID + " add up to other amounts than the lake has",
			Hint: "books or settings have changed since the last run: the next run computes open states again; if it " +
				"does not help, `tollbook verify` checks the lake"}
	}
	return &cli.DifferError{What: fmt.Sprintf("record %s rated again gives other amounts than the lake has", story.ID),
		Hint: "the books or settings have changed since it was billed: an open cycle follows them with the next run, " +
			"a closed one stays"}
}

// onlyUsed refuses flags that have no effect on explanations of taxes, statements and partners' money.
func onlyUsed(cmd *cobra.Command, id string) error {
	form, _, _ := strings.Cut(id, "/")
	form, hint := "explain "+form+"/", "leave them out: the id names it"
	switch {
	case explain.IsTax(id), explain.IsStatement(id):
		return cli.Only(cmd, form, hint, "customer", "cycle")
	case !explain.IsPartnerMoney(id):
		return nil
	case form == "explain coupon/":
		return cli.Only(cmd, form, hint, "customer")
	}
	return cli.Only(cmd, form, hint)
}

// suggestID adds a hint to the error of an unknown id: the id that was probably meant, if there is one.
func suggestID(s *explain.Sources, id string, err error) error {
	none, rejected := new(rows.NotFoundError), new(explain.RejectedError)
	if !errors.As(err, &none) || errors.As(err, &rejected) || explain.IsTax(id) || explain.IsStatement(id) {
		return err
	}
	known, wrong := explain.KnownPartnerMoney(s, id)
	near := visible.Nearest(id, known)
	if cut := strings.IndexByte(id, '/'); wrong == nil && near == "" && !explain.IsPartnerMoney(id) {
		if cut > 0 {
			near = visible.Nearest(id[:cut+1], append(explain.PartnerPrefixes(), "statement/", "tax/"))
		}
		if near != "" {
			near += id[cut+1:]
		} else if known, wrong = explain.NamedPartnerMoney(s, id); len(known) > 0 {
			near = strings.Join(known, "` or `")
		}
	}
	if wrong != nil {
		return wrong
	}
	if near != "" {
		return &rows.NotFoundError{What: none.What, Do: "did you mean `" + near + "`?"}
	}
	return err
}

// stateText describes the state of a record.
func stateText(state string) string {
	return map[string]string{
		explain.StateRated:      "usage record",
		explain.StateWaiting:    "usage record, priced at the month's end",
		explain.StateReplaced:   "usage record that does not count: another one replaced it",
		explain.StateMonthEnd:   "month-end line",
		explain.StateOrder:      "order",
		explain.StateRefund:     "refund of an order",
		explain.StateAdjustment: "manual adjustment",
		explain.StateLate:       "billed after its cycle was closed",
		explain.StateDifference: "what late records change of a closed month-end line",
		explain.StateRerating:   "what re-rating changes of a closed cycle",
		explain.StateCommitment: "what later runs change of a commitment of a closed cycle",
		explain.StateCosts:      "rows of cost files",
		explain.StateTax:        "tax",
		explain.StateCoupon:     "coupon",
		explain.StateAccount:    "entry of partners' accounts",
		explain.StateFund:       "list or quota of a fund",
		explain.StateClaim:      "claim of a marketing fund",
		explain.StateWithdrawal: "withdrawal",
		explain.StateInvoice:    "invoice",
		explain.StateStatement:  "rows of a partner's statement",
		explain.StateRestated:   "what another delivery of cost files changes of a closed cycle",
	}[state]
}

// storyDigits returns the decimals of the currency of a story's amounts: that of its customer, or of its partner.
func storyDigits(b *books.Books, s *explain.Story) int {
	if partner := b.Partner(s.PartnerID); s.CustomerID == "" && partner >= 0 {
		return b.PartnerCurrency(partner).Digits
	}
	return b.CustomerCurrencyOf(s.CustomerID).Digits
}

func printStory(a *cli.App, s *explain.Story, digits int) {
	head := fmt.Sprintf("%s of customer %s", s.ID, s.CustomerID)
	if s.CustomerID == "" && s.PartnerID != "" {
		head = fmt.Sprintf("%s of partner %s", s.ID, s.PartnerID)
	}
	if s.Cycle != "" {
		head += ", cycle " + s.Cycle
	}
	if s.Origin != "" {
		head += " (of " + s.Origin + ")"
	}
	cli.PrintLine(a.Out, "%s: %s", head, stateText(s.State))
	fmt.Fprintln(a.Out)
	g := cli.NewGrid("", "")
	for _, f := range s.Facts {
		g.Add(f.Name, f.Value)
	}
	g.Rows = g.Rows[1:]
	g.Print(a.Out, "  ")
	for i := range s.Feeds {
		fmt.Fprintln(a.Out)
		cli.PrintLine(a.Out, "  %s", s.Feeds[i].String())
		if s.Feeds[i].Raw != "" {
			cli.PrintLine(a.Out, "    %s", s.Feeds[i].Raw)
		}
	}
	if len(s.Before) > 0 {
		fmt.Fprintln(a.Out)
	}
	for _, step := range s.Before {
		cli.PrintLine(a.Out, "  %s", step)
	}
	for _, p := range s.Parts {
		if s.Tier != 0 && p.Tier != s.Tier {
			continue
		}
		fmt.Fprintf(a.Out, "\n  %s\n", partText(p))
		for i, step := range p.Steps {
			cli.PrintLine(a.Out, "    %d. %s", i+1, step)
		}
	}
	storyLines(a, "the refunded order, in the lake", s.Base, 0, digits)
	storyLines(a, "in the lake", s.Stored, s.Tier, digits)
	if !s.Agrees {
		storyLines(a, "rated again", s.Rated, s.Tier, digits)
	}
	storyLines(a, "counts for the month-end lines", s.Later, 0, digits)
	storySums(a, s.Sums, digits)
	for _, also := range s.Also {
		storyLines(a, "billed later, in cycle "+also.Cycle, also.Lines, 0, digits)
	}
	if s.Agrees && len(s.Rated) > 0 {
		fmt.Fprintln(a.Out, "\n  rated again just now: the same to the last digit")
	}
	switch s.State {
	case explain.StateLate, explain.StateDifference, explain.StateRerating, explain.StateCommitment,
		explain.StateCosts, explain.StateRestated:
		fmt.Fprintln(a.Out, "\n  as it was billed: lines posted after the close are not rated again")
	}
}

// partText names a part by its tier, if it has one, and its kind.
func partText(p explain.Part) string {
	if p.Tier == 0 {
		return p.Kind
	}
	return fmt.Sprintf("tier %d, %s", p.Tier, p.Kind)
}

// storySums prints the sums of all that is billed.
func storySums(a *cli.App, sums []explain.Sum, digits int) {
	if len(sums) == 0 {
		return
	}
	g := cli.NewGrid("", ">.used", ">.free", ">.official", ">.discount", ">.truncated", ">.payment")
	for i := range sums {
		s := &sums[i]
		g.Add(s.What, s.Usage.Trim(), s.Free.Trim(), s.Official.StringFixed(digits), s.Discount.StringFixed(digits),
			s.Truncated.StringFixed(digits), s.Payment.StringFixed(digits))
	}
	fmt.Fprintln(a.Out, "\n  all that is billed of it")
	g.DropEmpty("", "used", "official", "payment")
	g.Print(a.Out, "    ")
}

// storyLines prints lines under a title.
func storyLines(a *cli.App, title string, lines []explain.Line, tier, digits int) {
	g := cli.NewGrid("tier", "kind", ">.used", ">.free", ">.quantity", ">.unit price", ">.official", ">.discount", "",
		">.truncated", ">.payment")
	for i := range lines {
		l := &lines[i]
		if tier == 0 || l.Tier == tier {
			g.Add(l.Tier, l.Kind, l.Usage.Trim(), l.Free.Trim(), l.Quantity.Trim(), l.UnitPrice.Trim(),
				l.Official.StringFixed(digits), l.Discount.StringFixed(digits), l.DiscountID,
				l.Truncated.StringFixed(digits), l.Payment.StringFixed(digits))
		}
	}
	if len(g.Rows) == 1 {
		return
	}
	fmt.Fprintf(a.Out, "\n  %s\n", title)
	g.DropEmpty("tier", "quantity", "unit price", "official", "payment")
	g.Print(a.Out, "    ")
	for i := range lines {
		if l := &lines[i]; l.Paid != nil && (tier == 0 || l.Tier == tier) {
			fmt.Fprintf(a.Out, "    %s\n", paidText(l, digits))
		}
	}
}

// paidText says what paid a line.
func paidText(l *explain.Line, digits int) string {
	var parts []string
	for _, p := range []struct {
		name   string
		amount money.Amount
	}{{"coupons", l.Paid.Coupon}, {"stored value", l.Paid.StoredValue}, {"flexi coupons", l.Paid.Flexi},
		{"cash", l.Paid.Cash}, {"credit", l.Paid.Credit},
		{"still owed", l.Paid.Debt}} {
		if !p.amount.IsZero() {
			parts = append(parts, p.name+" "+p.amount.StringFixed(digits))
		}
	}
	name := l.Kind
	if l.Tier != 0 {
		name = fmt.Sprintf("tier %d, %s", l.Tier, l.Kind)
	}
	return name + " paid by: " + strings.Join(parts, ", ")
}
