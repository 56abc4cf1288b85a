package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/read/verify"
)

func (a *app) verifyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Count the lake again and compare",
		Long: `verify reads everything that the lake holds and checks it against itself: sizes and hashes, the chain of manifests,
rows and sums of every file, that every line and statement adds up, that every record that was read is accounted for, that the partner
statements of closed cycles come to the lines that have a partner, that balances follow from their entries, and the control totals,
which it prints. A difference is named with the smallest group that differs. Nothing is changed.`,
		Example: "  tollbook verify\n  tollbook -w sample verify --json",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.verify(cmd.Context()) },
	}
	return exits(cmd, exitDone, exitWrong, exitFailed)
}

func (a *app) verify(ctx context.Context) error {
	var r *verify.Report
	tuneMemory(a.env)
	err := a.read(func(snap *lake.Snapshot) (err error) {
		r, err = verify.Run(ctx, snap, verify.Options{Workers: a.flags.workers, Progress: a.bar.update})
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
		a.verifyText(r)
	}
	if r.OK {
		return nil
	}
	return &differError{what: "the lake is not what it should be: see the checks that differ",
		hint: "put damaged files back from a copy of the lake, or move the lake away and run again: it is rebuilt " +
			"from inbox and books"}
}

func (a *app) verifyText(r *verify.Report) {
	fmt.Fprintf(a.out, "lake at manifest %d\n\n", r.Manifest)
	g := newGrid("", "check", "")
	for _, c := range r.Checks {
		word := "ok"
		if !c.OK {
			word = "DIFFERS"
		}
		g.add(word, c.Name, c.Looked)
	}
	g.print(a.out, "  ")
	a.controlText(r)
	for _, c := range r.Checks {
		if c.OK {
			continue
		}
		fmt.Fprintf(a.out, "\n%s\n", c.Name)
		for _, d := range c.Differs {
			fmt.Fprintf(a.out, "  %s\n", d)
		}
		if c.More > 0 {
			fmt.Fprintf(a.out, "  and %d more\n", c.More)
		}
	}
	for _, name := range r.Unnamed {
		fmt.Fprintf(a.out, "\nunnamed: %s: a run is on, or was stopped; the next run deletes it\n", name)
	}
	for _, name := range r.Foreign {
		fmt.Fprintf(a.out, "\nforeign: %s: not a file of the lake; take it out, readers that glob may read it\n", name)
	}
}

// controlText prints the control totals as they were counted again (§6.6).
func (a *app) controlText(r *verify.Report) {
	if len(r.Rows) > 0 {
		fmt.Fprintln(a.out, "\nrows of all feed files")
		g := newGrid("feed", ">read", ">accepted", ">duplicate", ">rejected")
		for _, f := range r.Rows {
			g.add(f.Feed, f.Read, f.Accepted, f.Duplicate, f.Rejected)
		}
		g.print(a.out, "  ")
	}
	for i := 0; i < len(r.Totals); {
		cycle := r.Totals[i].Cycle
		fmt.Fprintf(a.out, "\ncontrol totals of %s\n", cycle)
		g := newGrid("", ">.lines", ">.statements", ">.lines with a partner", ">.partner statements", "")
		for ; i < len(r.Totals) && r.Totals[i].Cycle == cycle; i++ {
			s := &r.Totals[i]
			if strings.Trim(s.Lines+s.Statements+s.PartnerLines+s.PartnerRows, "0.") == "" {
				continue
			}
			word := "same"
			if !s.Same() {
				word = "DIFFERS"
			}
			g.add(s.Column, s.Lines, s.Statements, s.PartnerLines, s.PartnerRows, word)
		}
		g.dropEmpty("lines", "statements")
		g.print(a.out, "  ")
	}
}
