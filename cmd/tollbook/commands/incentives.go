package commands

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tollbook/tollbook/cmd/tollbook/cli"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/out/document"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/visible"
	"github.com/tollbook/tollbook/settlement"
)

// incentivesResult is the list of incentives.
type incentivesResult struct {
	AsOf       string           `json:"as_of"`    // of the run that computed them; empty = no run yet
	Currency   string           `json:"currency"` // empty = each incentive has its own
	Incentives []document.Entry `json:"incentives"`
}

// NewIncentives is the command incentives.
func NewIncentives(a *cli.App) *cobra.Command {
	var c document.Choice
	cmd := &cobra.Command{
		Use:   "incentives",
		Short: "Show what partners earn by incentive programmes, with states",
		Long: `incentives lists the incentives of partners by programme and period: the performance that counts,
the amount, the state as of the last run that wrote, its deadline, and the next step. An event of
the feed incentive_events changes a state, or a deadline does; the next run records it.`,
		Example: "  tollbook incentives\n  tollbook incentives --period 2026-Q3\n" +
			"  tollbook incentives --partner north --programme growth --json",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if c.Period != "" {
				p, err := settlement.ParsePeriod(c.Period)
				if err != nil {
					return &cli.UsageError{What: "--" + err.Error(), Hint: "write it as 2026-09 or as 2026-Q3"}
				}
				c.Period = p.String()
			}
			return runIncentives(cmd.Context(), a, c)
		},
	}
	f := cmd.Flags()
	f.StringVar(&c.Period, "period", "", "only those of one period: a month as 2026-09 or a quarter as 2026-Q3")
	f.StringVar(&c.Partner, "partner", "", "only those of one partner, by partner_id")
	f.StringVar(&c.Programme, "programme", "", "only those of one programme, by its id")
	return cli.Exits(cmd, cli.ExitDone, cli.ExitWrong, cli.ExitFailed)
}

func runIncentives(_ context.Context, a *cli.App, c document.Choice) error {
	var list []document.Earned
	r := incentivesResult{}
	w, err := a.Compose(func(s *document.Sources) (err error) {
		if err := knownProgramme(s.Books, c.Programme); err != nil {
			return err
		}
		r.AsOf = s.Snap.Manifest.AsOf
		list, err = document.Incentives(s, c)
		return err
	})
	if err != nil {
		return err
	}
	if a.Flags.JSON {
		r.Incentives = []document.Entry{}
		if !w.Books.Mixed {
			r.Currency = w.Books.Currency
		}
		for i := range list {
			r.Incentives = append(r.Incentives, list[i].Entry())
		}
		return a.PrintJSON(r)
	}
	if len(list) == 0 {
		text := "no incentives"
		if c.Partner != "" {
			text += " of partner " + c.Partner
		}
		if c.Programme != "" {
			text += " of programme " + c.Programme
		}
		if c.Period != "" {
			text += " for " + c.Period
		}
		if len(w.Books.Programmes) == 0 {
			text += ": books/incentives.yaml has no programme"
		}
		fmt.Fprintln(a.Out, text)
		return nil
	}
	in := " in " + w.Books.Currency
	if w.Books.Mixed {
		in = ""
	}
	fmt.Fprintf(a.Out, "incentives%s, as of %s\n\n", in, cli.Local(w.Settings.Zone, r.AsOf))
	printIncentives(a, list, w.Books)
	return nil
}

// knownProgramme refuses a --programme that the books do not have.
func knownProgramme(b *books.Books, id string) error {
	var known []string
	for i := range b.Programmes {
		if b.Programmes[i].ID == id {
			return nil
		}
		known = append(known, b.Programmes[i].ID)
	}
	if id == "" {
		return nil
	}
	do := "it has none at all"
	if near := visible.Nearest(id, known); near != "" {
		do = "did you mean `" + near + "`?"
	} else if len(known) > 0 {
		do = "programmes: " + strings.Join(known, ", ")
	}
	return &rows.NotFoundError{What: fmt.Sprintf("books/incentives.yaml has no programme %q", id), Do: do}
}

// printIncentives prints the list. Amounts have at least the digits of their currency.
func printIncentives(a *cli.App, list []document.Earned, b *books.Books) {
	g := cli.NewGrid("partner", "programme", "period", "currency", ">.performance", ">.transferred", ">.carried in",
		">.tier", ">.bonus", ">.incentive", ">.carried out", "state", "until", "then")
	for k := range list {
		e := &list[k]
		i := &e.Incentive
		digits := b.CurrencyNamed(e.Currency).Digits
		g.Add(e.Partner.ID, i.ProgrammeID, i.Period, e.Currency, cli.Amount(i.Performance, digits),
			cli.Amount(i.Transferred, digits), cli.Amount(i.CarriedIn, digits),
			cli.Amount(i.Tier, digits), cli.Amount(i.Bonus, digits), cli.Amount(i.Amount, digits),
			cli.Amount(i.CarriedOut, digits), i.State, until(i, b.Zone), i.Next)
	}
	g.DropEmpty("performance", "incentive")
	g.Print(a.Out, "  ")
}

// until returns the deadline of an incentive in the contract zone, to the minute; "" if it has none.
func until(i *document.Incentive, zone *period.Zone) string {
	if i.Deadline == 0 {
		return ""
	}
	return time.UnixMicro(int64(i.Deadline)).In(zone.Location()).Format("2006-01-02 15:04")
}
