package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/read/quota"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/period"
)

// drawsShown is how many draws are listed without --all.
const drawsShown = 20

func (a *app) packagesCommand() *cobra.Command {
	var text, customer string
	var all bool
	cmd := &cobra.Command{
		Use:   "packages",
		Short: "Show what is left of prepaid packages and what drew on them",
		Long: `packages shows a customer's prepaid packages as of the last day that was rated: of each quota period that reaches into the
cycle what it opened with, what drew on it and what is left, when it is refilled and until when it holds, and the newest draws.
What was drawn is checked against what is left.`,
		Example: "  tollbook packages --customer grove\n  tollbook packages --customer juniper --cycle 2026-09 --all",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if customer == "" {
				return &usageError{what: "--customer is missing", hint: "say whose packages: --customer grove"}
			}
			if text != "" {
				if _, err := cycleFlag(text); err != nil {
					return err
				}
			}
			limit := drawsShown
			if all {
				limit = 0
			}
			return a.packages(cmd.Context(), text, customer, limit)
		},
	}
	cmd.Flags().StringVar(&text, "cycle", "", "the month, as 2026-09 (default: the last one in the lake)")
	cmd.Flags().StringVar(&customer, "customer", "", "whose packages, by customer_id")
	cmd.Flags().BoolVar(&all, "all", false, "list every draw")
	return exits(cmd, exitDone, exitWrong, exitFailed)
}

func (a *app) packages(ctx context.Context, text, customer string, limit int) error {
	var r *quota.Report
	_, err := a.readWith(func(w *workspace.Workspace, snap *lake.Snapshot) (err error) {
		cycle, err := cycleOrLast(text, snap)
		if err != nil {
			return err
		}
		s := &quota.Sources{Snap: snap, Books: w.Books, Prices: w.Prices()}
		r, err = quota.Build(ctx, s, cycle, customer, limit)
		return err
	})
	if err != nil {
		return err
	}
	if a.flags.json {
		if err := a.printJSON(r); err != nil {
			return err
		}
	} else {
		a.packagesText(r)
	}
	if !r.Agrees {
		return &differError{what: fmt.Sprintf("packages of customer %s: what was drawn is not what is gone", customer),
			hint: "`tollbook verify` checks the whole lake; books/packages.csv may have changed since the records " +
				"were rated"}
	}
	return nil
}

// cycleOrLast is the cycle of a flag; without one the last that has anything in the lake.
func cycleOrLast(text string, snap *lake.Snapshot) (period.Cycle, error) {
	if text == "" {
		for _, ref := range snap.Manifest.Cycles {
			if ref.Files != nil {
				text = ref.Cycle
			}
		}
	}
	return cycleFlag(text)
}

func (a *app) packagesText(r *quota.Report) {
	name := r.CustomerID
	if r.Name != "" {
		name = fmt.Sprintf("%s (%s)", r.Name, r.CustomerID)
	}
	asOf := "no day of it is rated yet"
	if r.AsOf != "" {
		asOf = "as of the end of " + r.AsOf
	}
	fmt.Fprintf(a.out, "packages of %s in cycle %s, %s\n", name, r.Cycle, asOf)
	if len(r.Packages) == 0 {
		fmt.Fprintln(a.out, "\nno package is in force")
		return
	}
	g := newGrid("package", "quota period from", "to", "", ">.opening", ">.drawn", ">.for month-end", ">.left",
		"next refill", "")
	for i := range r.Packages {
		p := &r.Packages[i]
		for k := range p.Periods {
			q := &p.Periods[k]
			current, refill := "", ""
			if q.Current {
				current, refill = "now", minute(p.NextRefill)
			}
			g.add(p.ID, or(minute(q.From), "always"), or(minute(q.To), "open"), current, q.Opening.Trim(),
				trimZeros(q.Drawn.String()),
				trimZeros(q.Gathered.String()), trimZeros(q.Left.String()), refill, q.Differs)
		}
	}
	fmt.Fprintln(a.out)
	g.dropEmpty("drawn", "left", "quota period from", "to")
	g.print(a.out, "  ")
	fmt.Fprintln(a.out)
	terms := newGrid("package", "for", "region", ">.quota", "refilled", "valid from", "to")
	for i := range r.Packages {
		p := &r.Packages[i]
		terms.add(p.ID, strings.Join(p.SKUs, ", "), p.Region, p.Quota.Trim(),
			map[string]string{"none": "never", "cycle": "with the cycle",
				"anniversary": "monthly, from valid_from"}[p.Reset],
			or(minute(p.ValidFrom), "always"), or(minute(p.ValidTo), "open"))
	}
	terms.print(a.out, "  ")
	a.drawsText(r)
}

// minute cuts a time of RFC 3339 to the minute.
func minute(text string) string {
	if len(text) < len("2026-09-01T00:00") {
		return text
	}
	return strings.Replace(text[:len("2026-09-01T00:00")], "T", " ", 1)
}

func (a *app) drawsText(r *quota.Report) {
	if r.DrawCount == 0 {
		fmt.Fprintln(a.out, "\nnothing drew on them")
		return
	}
	title := counted(int64(r.DrawCount), "draw", "draws")
	if len(r.Draws) < r.DrawCount {
		title += fmt.Sprintf(", the newest %d (--all lists all)", len(r.Draws))
	}
	fmt.Fprintf(a.out, "\n%s\n", title)
	g := newGrid("package", "usage start", "record", "sku", "resource", ">.quantity", "")
	for i := range r.Draws {
		d := &r.Draws[i]
		note := ""
		switch {
		case d.Late:
			note = "late"
		case d.MonthEnd:
			note = "for a month-end line"
		}
		g.add(d.PackageID, minute(d.Time), d.RecordID, d.SKU, d.Resource, trimZeros(d.Quantity.String()), note)
	}
	g.print(a.out, "  ")
}
