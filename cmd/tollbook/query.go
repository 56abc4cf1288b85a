package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/out/clickhouse"
	"github.com/tollbook/tollbook/pipeline/out/published"
	"github.com/tollbook/tollbook/pipeline/read/question"
	"github.com/tollbook/tollbook/pipeline/workspace"
)

// queryFlags say how a question is asked and shown.
type queryFlags struct {
	cycle, format, from string
	limit               int
	sql, excel          bool
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

With --limit the rows that are left out are added up in one row. Totals are always of all rows. ClickHouse answers if clickhouse.dsn
names a server, else the lake's files: of the same state they say the same. --sql prints the question for other tools.`,
		Example: "  tollbook query\n  tollbook query revenue --cycle 2026-09\n" +
			"  tollbook query top-customers --cycle 2026-09 --limit 5\n" +
			"  tollbook query discount-leakage --cycle 2026-09 --format csv\n" +
			"  tollbook query debt --json --from lake\n  tollbook query revenue --sql",
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return a.questions()
			}
			q, err := f.check(args[0])
			if err != nil {
				return err
			}
			switch {
			case f.excel && f.format != "csv":
				return excelOnly(f.format)
			case a.flags.json && f.format == "csv":
				return notJSON("csv", "leave --format out for JSON")
			}
			if f.sql {
				return a.printSQL(q)
			}
			return a.query(cmd.Context(), q, &f)
		},
	}
	cmd.Flags().StringVar(&f.cycle, "cycle", "", "the month, as 2026-09 (default: all of them)")
	cmd.Flags().IntVar(&f.limit, "limit", ownLimit,
		"show at most so many rows; 0 = all (default: as the question says)")
	cmd.Flags().StringVar(&f.from, "from", "",
		"lake, clickhouse (default: clickhouse if clickhouse.dsn names a server, else lake)")
	cmd.Flags().BoolVar(&f.sql, "sql", false, "print the question as SQL over the published views, and ask nobody")
	cmd.Flags().StringVar(&f.format, "format", "", "table, json, csv (default table)")
	cmd.Flags().BoolVar(&f.excel, "excel", false, excelUsage)
	return exits(cmd, exitDone, exitWrong, exitFailed)
}

// check reads the command line: the question and how it is asked.
func (f *queryFlags) check(name string) (*question.Question, error) {
	q, ok := question.Find(name)
	if !ok {
		return nil, &usageError{what: fmt.Sprintf("question %q: there is none of that name", name),
			hint: "questions: " + strings.Join(question.Names(), ", ")}
	}
	if f.cycle != "" {
		c, err := cycleFlag(f.cycle)
		if err != nil {
			return nil, err
		}
		if q.Span == question.OfNone {
			return nil, &usageError{what: fmt.Sprintf("--cycle %s: what %s counts is of no cycle", c, q.Name),
				hint: "leave --cycle out"}
		}
		f.cycle = c.String()
	}
	switch {
	case f.limit < ownLimit:
		return nil, &usageError{what: fmt.Sprintf("--limit %d: want 0 or more", f.limit)}
	case f.limit == ownLimit:
		f.limit = q.Limit
	}
	if !slices.Contains([]string{"", string(question.Lake), string(question.ClickHouse)}, f.from) {
		return nil, &usageError{what: fmt.Sprintf("--from %q: want lake or clickhouse", f.from)}
	}
	if !slices.Contains([]string{"", "table", "json", "csv"}, f.format) {
		return nil, &usageError{what: fmt.Sprintf("--format %q: want one of table, json, csv", f.format)}
	}
	return q, nil
}

// query asks and shows.
func (a *app) query(ctx context.Context, q *question.Question, f *queryFlags) error {
	tuneMemory(a.env)
	w, err := a.open()
	if err != nil {
		return err
	}
	r := question.Request{Cycle: f.cycle, Limit: f.limit}
	var answer *question.Answer
	switch server := w.Settings.ClickHouse.DSN.Set(); {
	case f.from == string(question.ClickHouse) && !server:
		return &usageError{what: "--from clickhouse: clickhouse.dsn is empty",
			hint: "name the server in tollbook.yaml; `--from lake` counts from the lake's files"}
	case f.from == string(question.Lake) || !server:
		answer, err = a.queryLake(ctx, w, q, r)
	default:
		answer, err = a.queryServer(ctx, w, q, r)
	}
	if err != nil {
		return err
	}
	shown := &shownAnswer{answer, f.cycle, w.Settings.Currency}
	switch {
	case f.format == "csv":
		return shown.csv(a.out, f.excel)
	case f.format == "json", a.flags.json:
		return a.printJSON(shown.json())
	}
	shown.table(a.out)
	return nil
}

// queryLake counts from the lake's files.
func (a *app) queryLake(ctx context.Context, w *workspace.Workspace, q *question.Question,
	r question.Request) (*question.Answer, error) {
	var answer *question.Answer
	partners, err := w.Partners()
	if err != nil {
		return nil, err
	}
	partners.Limits = rows.Limits{Workers: a.flags.workers}
	err = a.readOf(w, func(snap *lake.Snapshot) (err error) {
		partners.Snap = snap
		answer, err = question.FromLake(ctx, q, r, &partners)
		return err
	})
	return answer, partnersWrong(err)
}

// queryServer asks what is published.
func (a *app) queryServer(ctx context.Context, w *workspace.Workspace, q *question.Question,
	r question.Request) (*question.Answer, error) {
	conn, err := a.published(ctx, w)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close() }() // nothing was written
	answer, err := published.Ask(ctx, q, r, w.Settings.Zone.Name(), conn)
	if failed := new(clickhouse.Error); errors.As(err, &failed) {
		err = &askError{err}
	}
	if none := new(rows.NoCycleError); errors.As(err, &none) { // the lake knows whether it was archived
		err = a.readOf(w, func(snap *lake.Snapshot) error { return cmp.Or(rows.HasCycle(snap, r.Cycle), err) })
	}
	return answer, err
}

// askError is an error of asking a server.
type askError struct{ err error }

func (e *askError) Error() string { return e.err.Error() }
func (e *askError) Unwrap() error { return e.err }

// Hint says what else answers the question.
func (e *askError) Hint() string {
	return "`--from lake` counts from the lake's files; `tollbook publish` says what is wrong with the server"
}

// printSQL prints the question as SQL.
func (a *app) printSQL(q *question.Question) error {
	sql, err := published.SQL(q)
	if err != nil {
		return err
	}
	if a.flags.json {
		return a.printJSON(sqlResult{q.Name, sql})
	}
	_, err = io.WriteString(a.out, sql)
	return err
}

// sqlResult is a question as SQL.
type sqlResult struct {
	Question string `json:"question"`
	SQL      string `json:"sql"`
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
			r.Questions = append(r.Questions, questionResult{q.Name, q.Answers, q.Span.String(), q.Limit,
				columnResults(q)})
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
