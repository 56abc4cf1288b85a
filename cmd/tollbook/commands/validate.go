package commands

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/cmd/tollbook/cli"
	"github.com/tollbook/tollbook/pipeline/out/focus"
)

// validation is the result of `export --format focus --validate`.
type validation struct {
	Sets    []*focus.Checked `json:"data_sets"`
	Defects []defect         `json:"model_defects"`
}

// defect is a known fault in the published model of FOCUS rules.
type defect struct {
	Rule string `json:"rule"`
	Says string `json:"published_rule"`
	Runs string `json:"run_instead,omitempty"`
}

// validateFocus checks the files that were written and prints the result. The exit code is 1 if a rule fails or a sum
// differs.
func validateFocus(ctx context.Context, a *cli.App, r focus.Request, written []focusResult) error {
	var v validation
	for _, d := range focus.Defects() {
		v.Defects = append(v.Defects, defect{d.Rule, d.Says, d.Runs})
	}
	good := true
	for _, one := range written {
		err := withFocus(a, func(s *focus.Source) error {
			of := r
			of.Issuer = one.Issuer
			c, err := focus.CheckExport(ctx, s, of, one.Out)
			if err == nil {
				v.Sets = append(v.Sets, c)
				good = good && c.Good()
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	a.Bar.End()
	return a.Show(v, func() { printValidation(a, &v) }, nil, !good)
}

func printValidation(a *cli.App, v *validation) {
	mixed := slices.ContainsFunc(v.Sets, func(c *focus.Checked) bool { return len(c.Currencies) > 0 })
	columns := []string{"issuer", ">rows", ">passed", ">failed", ">no row about it", ">not run"}
	if mixed {
		columns = append(columns, "currency")
	}
	g := cli.NewGrid(append(columns, ">.BilledCost", ">.statements", "")...)
	for _, c := range v.Sets {
		same := map[bool]string{true: "same", false: "DIFFERENT"}[len(c.Differ) == 0]
		counts := []any{c.Issuer, c.Rows, c.Count(focus.Passed), c.Count(focus.Failed), c.Count(focus.Untried),
			c.Count(focus.NotRun)}
		if !mixed {
			g.Add(append(counts, c.Billed, c.Expected, same)...)
		}
		for _, sum := range c.Currencies {
			same := map[bool]string{true: "same", false: "DIFFERENT"}[!slices.ContainsFunc(c.Differ,
				func(a focus.AuditAccount) bool { return a.Currency == sum.Currency })]
			g.Add(append(counts, sum.Currency, sum.Billed, sum.Expected, same)...)
			counts = []any{"", "", "", "", "", ""}
		}
	}
	g.Print(a.Out, "")
	for _, c := range v.Sets {
		if len(c.Differ) > 0 {
			fmt.Fprintf(a.Out, "\naccounts of %s that differ from their statements\n", c.Issuer)
			printAccounts(a, c.Differ)
		}
		for i := range c.Results {
			if res := &c.Results[i]; res.Outcome == focus.Failed {
				fmt.Fprintf(a.Out, "\n%s of %s fails in %s: %s\n", res.Rule, c.Issuer,
					cli.Counted(res.Failures, "place", "places"), res.Text)
				for _, e := range res.Examples {
					at := "data set"
					if e.Row > 0 {
						at = fmt.Sprintf("row %d", e.Row)
					}
					fmt.Fprintf(a.Out, "  %s: %s\n", at, strings.Join(e.Values, ", "))
				}
			}
		}
	}
	if len(v.Sets) == 0 {
		return
	}
	fmt.Fprintln(a.Out, "\nrules that are not run, and why (--json names them all)")
	printNotRun(a, v.Sets[0])
	fmt.Fprintln(a.Out, "\nrules of the published model that contradict their text")
	for _, d := range v.Defects {
		runs := "not run"
		if d.Runs != "" {
			runs = "run is " + d.Runs
		}
		fmt.Fprintf(a.Out, "  %s %s; %s\n", d.Rule, d.Says, runs)
	}
}

// printNotRun prints the number of rules that were not run, by reason. Faults of the model are listed separately.
func printNotRun(a *cli.App, c *focus.Checked) {
	by := map[string]int{}
	for i := range c.Results {
		if res := &c.Results[i]; res.Outcome == focus.NotRun && !strings.HasPrefix(res.Reason, "the published rule") {
			by[res.Reason]++
		}
	}
	var reasons []string
	for reason := range by {
		reasons = append(reasons, reason)
	}
	slices.Sort(reasons)
	for _, reason := range reasons {
		fmt.Fprintf(a.Out, "  %4d  %s\n", by[reason], reason)
	}
}
