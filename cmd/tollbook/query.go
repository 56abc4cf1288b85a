package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tollbook/tollbook/pipeline"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/query"
	"github.com/tollbook/tollbook/pipeline/question"
)

// queryFlags say how a question is asked and shown.
type queryFlags struct {
	cycle, format string
	limit         int
}

// ownLimit is the limit that stands for the question's own.
const ownLimit = -1

func (a *app) queryCommand() *cobra.Command {
	var f queryFlags
	cmd := &cobra.Command{
		Use:   "query [question]",
		Short: "Answer a ready question of finance",
		Long: `query answers one of the questions that finance asks again and again, with totals: revenue by service, region and day, the customers
that pay most, margins of partners, what discounts cost, what came late, what is owed. Without a name it lists the questions.

With --limit the rows that are left out are added up in one row. Totals are always of all rows.`,
		Example: "  tollbook query\n  tollbook query revenue --cycle 2026-09\n  tollbook query top-customers --cycle 2026-09 --limit 5\n" +
			"  tollbook query discount-leakage --cycle 2026-09 --format csv\n  tollbook query debt --json",
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return a.questions()
			}
			q, err := f.check(args[0])
			if err != nil {
				return err
			}
			return a.query(cmd.Context(), q, &f)
		},
	}
	cmd.Flags().StringVar(&f.cycle, "cycle", "", "the month, as 2026-09 (default: all of them)")
	cmd.Flags().IntVar(&f.limit, "limit", ownLimit, "show at most so many rows; 0 = all (default: as the question says)")
	cmd.Flags().StringVar(&f.format, "format", "", "table, json, csv (default table)")
	return exits(cmd, exitDone, exitWrong, exitFailed)
}

// check reads the command line: the question and how it is asked.
func (f *queryFlags) check(name string) (*question.Question, error) {
	q, ok := question.Find(name)
	if !ok {
		return nil, &usageError{what: fmt.Sprintf("question %q: there is none of that name", name), hint: "questions: " + strings.Join(question.Names(), ", ")}
	}
	if f.cycle != "" {
		c, err := cycleFlag(f.cycle)
		if err != nil {
			return nil, err
		}
		if q.Span == question.OfNone {
			return nil, &usageError{what: fmt.Sprintf("--cycle %s: what %s counts is of no cycle", c, q.Name), hint: "leave --cycle out"}
		}
		f.cycle = c.String()
	}
	switch {
	case f.limit < ownLimit:
		return nil, &usageError{what: fmt.Sprintf("--limit %d: want 0 or more", f.limit)}
	case f.limit == ownLimit:
		f.limit = q.Limit
	}
	if !slices.Contains([]string{"", "table", "json", "csv"}, f.format) {
		return nil, &usageError{what: fmt.Sprintf("--format %q: want one of table, json, csv", f.format)}
	}
	return q, nil
}

func (a *app) query(ctx context.Context, q *question.Question, f *queryFlags) error {
	tuneMemory(a.env)
	var answer *question.Answer
	w, err := a.readWith(func(w *pipeline.Workspace, snap *lake.Snapshot) error {
		partners, err := w.Partners()
		if err != nil {
			return err
		}
		partners.Snap, partners.Limits = snap, query.Limits{Workers: a.flags.workers}
		answer, err = question.FromLake(ctx, q, question.Request{Cycle: f.cycle, Limit: f.limit}, &partners)
		return err
	})
	if err != nil {
		return partnersWrong(err)
	}
	shown := &shownAnswer{answer, f.cycle, w.Settings.Currency}
	switch {
	case f.format == "csv":
		return shown.csv(a.out)
	case f.format == "json", f.format == "" && a.flags.json:
		return a.printJSON(shown.json())
	}
	shown.table(a.out)
	return nil
}

// questionResult is one question as it is listed.
type questionResult struct {
	Name    string         `json:"name"`
	Answers string         `json:"answers"`
	Cycle   string         `json:"cycle"` // what --cycle means to it
	Limit   int            `json:"limit"` // of rows without --limit; 0 = all
	Columns []columnResult `json:"columns"`
}

// columnResult is one column of an answer.
type columnResult struct {
	Name    string `json:"name"`
	Type    string `json:"type"` // text, number, whole, amount, quantity
	Meaning string `json:"meaning"`
}

// questionsResult is the list of questions.
type questionsResult struct {
	Questions []questionResult `json:"questions"`
}

// questions lists what can be asked.
func (a *app) questions() error {
	if a.flags.json {
		r := questionsResult{}
		for _, q := range question.All() {
			r.Questions = append(r.Questions, questionResult{q.Name, q.Answers, q.Span.String(), q.Limit, columnResults(q)})
		}
		return a.printJSON(r)
	}
	g := newGrid("question", "answers")
	for _, q := range question.All() {
		g.add(q.Name, q.Answers)
	}
	g.print(a.out, "  ")
	fmt.Fprintln(a.out, "\nask one: `tollbook query revenue --cycle 2026-09`")
	return nil
}

func columnResults(q *question.Question) []columnResult {
	var out []columnResult
	for _, c := range q.Columns() {
		out = append(out, columnResult{c.Name, question.TypeName(c.Type), c.Meaning})
	}
	return out
}
