package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/tollbook/tollbook/pipeline"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/query"
)

func (a *app) explainCommand() *cobra.Command {
	var q query.Question
	cmd := &cobra.Command{
		Use:   "explain RECORD",
		Short: "Tell step by step how a record's amounts came about",
		Long: `explain finds a record and tells where it came from and what was decided about it, with the numbers: packages, price
version, meter, tiers, discounts, cuts. It rates the record again and compares that with the lines in the lake. RECORD is a record_id, a
record_id#tier, or the id of a month-end line.`,
		Example: "  tollbook explain r-000017 --customer aurora\n  tollbook explain 2026-09/line.p95/east-1/aurora-east",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			q.ID = args[0]
			if q.Cycle != "" {
				cycle, err := cycleFlag(q.Cycle)
				if err != nil {
					return err
				}
				q.Cycle = cycle.String()
			}
			return a.explain(cmd.Context(), &q)
		},
	}
	cmd.Flags().StringVar(&q.Cycle, "cycle", "", "the month it is billed in, as 2026-09 (default: any)")
	cmd.Flags().StringVar(&q.Customer, "customer", "", "whose it is; makes the search quick")
	return exits(cmd, exitDone, exitWrong, exitFailed)
}

func (a *app) explain(ctx context.Context, q *query.Question) error {
	var story *query.Story
	w, err := a.readWith(func(w *pipeline.Workspace, snap *lake.Snapshot) error {
		inbox, err := w.Inbox()
		if err != nil {
			return err
		}
		story, err = query.Explain(ctx, &query.Sources{Snap: snap, Books: w.Books, Settings: &w.Settings, Inbox: inbox, Progress: a.bar.update}, q)
		return err
	})
	if err != nil {
		return err
	}
	if a.flags.json {
		if err := a.printJSON(story); err != nil {
			return err
		}
	} else {
		a.storyText(story, w.Settings.Currency.Digits)
	}
	if story.Agrees {
		return nil
	}
	return &differError{what: fmt.Sprintf("record %s rated again gives other amounts than the lake has", story.ID),
		hint: "the books or settings have changed since it was billed: an open cycle follows them with the next run, a closed one stays"}
}

func (a *app) storyText(s *query.Story, digits int) {
	says := map[string]string{
		query.StateRated: "usage record", query.StateWaiting: "usage record, priced at the month's end",
		query.StateReplaced: "usage record that does not count: another one replaced it", query.StateMonthEnd: "month-end line", query.StateEvent: "order or adjustment",
	}
	fmt.Fprintf(a.out, "%s of customer %s, cycle %s: %s\n\n", s.ID, s.CustomerID, s.Cycle, says[s.State])
	g := newGrid("", "")
	for _, f := range s.Facts {
		g.add(f.Name, f.Value)
	}
	g.rows = g.rows[1:]
	g.print(a.out, "  ")
	for i := range s.Feeds {
		fmt.Fprintf(a.out, "\n  %s\n", s.Feeds[i].String())
		if s.Feeds[i].Raw != "" {
			fmt.Fprintf(a.out, "    %s\n", printable(s.Feeds[i].Raw))
		}
	}
	if len(s.Before) > 0 {
		fmt.Fprintln(a.out)
	}
	for _, step := range s.Before {
		fmt.Fprintf(a.out, "  %s\n", step)
	}
	for _, p := range s.Parts {
		if s.Tier != 0 && p.Tier != s.Tier {
			continue
		}
		fmt.Fprintf(a.out, "\n  tier %d, %s\n", p.Tier, p.Kind)
		for i, step := range p.Steps {
			fmt.Fprintf(a.out, "    %d. %s\n", i+1, step)
		}
	}
	a.storyLines("in the lake", s.Stored, s.Tier, digits)
	if !s.Agrees {
		a.storyLines("rated again", s.Rated, s.Tier, digits)
	}
	a.storyLines("counts for the month-end lines", s.Later, 0, digits)
	if s.Agrees && len(s.Rated) > 0 {
		fmt.Fprintln(a.out, "\n  rated again just now: the same to the last digit")
	}
}

// storyLines prints lines under a title.
func (a *app) storyLines(title string, lines []query.Line, tier, digits int) {
	g := newGrid("tier", "kind", ">.used", ">.free", ">.quantity", ">.unit price", ">.official", ">.discount", "", ">.truncated", ">.payment")
	for i := range lines {
		l := &lines[i]
		if tier == 0 || l.Tier == tier {
			g.add(l.Tier, l.Kind, l.Usage.Trim(), l.Free.Trim(), l.Quantity.Trim(), l.UnitPrice.Trim(), l.Official.StringFixed(digits),
				l.Discount.StringFixed(digits), l.DiscountID, l.Truncated.StringFixed(digits), l.Payment.StringFixed(digits))
		}
	}
	if len(g.rows) == 1 {
		return
	}
	fmt.Fprintf(a.out, "\n  %s\n", title)
	g.dropEmpty("tier", "quantity", "unit price", "official", "payment")
	g.print(a.out, "    ")
}
