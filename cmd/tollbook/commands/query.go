package commands

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tollbook/tollbook/cmd/tollbook/cli"
	"github.com/tollbook/tollbook/cmd/tollbook/heap"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/out/publish"
	"github.com/tollbook/tollbook/pipeline/out/published"
	"github.com/tollbook/tollbook/pipeline/read/query"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/problem"
	"github.com/tollbook/tollbook/schemas/settings"
)

// queryFlags are the flags of query.
type queryFlags struct {
	cycle, format, from string
	of                  lake.Cycle // parsed cycle
	limit, days         int
	sql, excel          bool
	value, by           string // of a chart: the names of an amount and of a key
	only                query.OnlyFor
	out                 cli.Output
}

// standardDays is the default of --days.
const standardDays = 30

// ownLimit is the value of --limit that selects the question's own limit.
const ownLimit = -1

// NewQuery is the command query.
func NewQuery(a *cli.App) *cobra.Command {
	var f queryFlags
	cmd := &cobra.Command{
		Use:   "query [NAME]",
		Short: "Run a finance query",
		Long: `query runs one of the finance queries, with totals: revenue by service, region and day, the
customers that pay most, margins of partners, cost of discounts, late records, debt. Without a name
it lists the queries.

With --limit the omitted rows are summed in one row. Totals always include all rows. ClickHouse
answers if clickhouse.dsn names a server, otherwise the files of the lake: both give the same answer
for the same state. --sql prints the query for other tools.

--customer, --partner, --service and --tag limit the rows that are counted; each can be given several
times. A query that has no such column refuses the flag.

deadlines lists what lapses in the next --days days, counted from the day of the last run. With
--format ics it is a calendar file.

--format svg draws an amount of the answer as stacked bars, and --format xlsx is a workbook of its
rows with the same chart. --value chooses the amount and --by the column whose values are the bars.

budgets compares bills with books/budgets.csv. With --format alerts it prints one JSON object per
line for each threshold that was reached.`,
		Example: "  tollbook query\n  tollbook query revenue --cycle 2026-09\n" +
			"  tollbook query top-customers --cycle 2026-09 --limit 5\n" +
			"  tollbook query discount-leakage --cycle 2026-09 --format csv\n" +
			"  tollbook query change --customer acme --service storage\n" +
			"  tollbook query revenue --tag team=web --tag team=data\n" +
			"  tollbook query debt --json --from lake\n  tollbook query revenue --sql\n" +
			"  tollbook query deadlines --days 14\n  tollbook query deadlines --days 90 --format ics\n" +
			"  tollbook query revenue --format svg --out revenue.svg\n" +
			"  tollbook query revenue --by region_code --value official_amount --format xlsx --out revenue.xlsx\n" +
			"  tollbook query budgets --format alerts",
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completeQuestion,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return listQuestions(a, cmd)
			}
			q, err := f.check(args[0])
			if err != nil {
				return err
			}
			if err := f.checkDays(q, cmd.Flags().Changed("days")); err != nil {
				return err
			}
			switch {
			case f.excel && f.format != "csv":
				return cli.ExcelOnly(f.format)
			case a.Flags.JSON && !slices.Contains([]string{"", "table", "json"}, f.format):
				return cli.NotJSON(f.format, "leave --format out for JSON")
			}
			if err := f.checkDrawing(a, cmd.Flags().Changed("limit")); err != nil {
				return err
			}
			if f.sql && !q.Published() {
				return &cli.UsageError{What: fmt.Sprintf("--sql: %s has no SQL, the lake alone answers it", q.Name),
					Hint: "leave --sql out"}
			}
			if f.sql {
				return f.writeSQL(a, cmd, q)
			}
			return runQuery(cmd.Context(), a, q, &f)
		},
	}
	f.add(cmd)
	return cli.Exits(cmd, cli.ExitDone, cli.ExitWrong, cli.ExitFailed)
}

// completeQuestion offers shells the names of the questions.
func completeQuestion(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	var out []string
	for _, q := range query.EveryQuestion() {
		if len(args) == 0 {
			out = append(out, cobra.CompletionWithDesc(q.Name, q.Answers))
		}
	}
	return out, cobra.ShellCompDirectiveNoFileComp
}

// add adds the flags to the command.
func (f *queryFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.cycle, "cycle", "", "the month, as 2026-09 (default: all of them)")
	cmd.Flags().IntVar(&f.limit, "limit", ownLimit,
		"show at most this number of rows; 0 = all (default: depends on the query)")
	cmd.Flags().IntVar(&f.days, "days", standardDays, "deadlines: for how many days after the day of the last run")
	cmd.Flags().StringVar(&f.from, "from", "",
		"lake, clickhouse (default: clickhouse if clickhouse.dsn names a server, else lake)")
	cmd.Flags().BoolVar(&f.sql, "sql", false, "print the query as SQL over the published views, without running it")
	cmd.Flags().StringVar(&f.format, "format", "",
		"table, json, csv, svg, xlsx, ics (deadlines only), alerts (budgets only) (default table)")
	cmd.Flags().StringVar(&f.value, "value", "", "svg, xlsx: the amount of the chart (default: the last one)")
	cmd.Flags().StringVar(&f.by, "by", "",
		"svg, xlsx: the column whose values are the bars (default: month or day if there are several, else the "+
			"first one)")
	f.out.Add(cmd, "out", cli.OutUsage)
	cmd.Flags().StringArrayVar(&f.only.Customers, "customer", nil, "only this customer")
	cmd.Flags().StringArrayVar(&f.only.Partners, "partner", nil,
		"only this partner, as the one who owes or as the seller")
	cmd.Flags().StringArrayVar(&f.only.Services, "service", nil, "only this service, by its code")
	cmd.Flags().StringArrayVar(&f.only.Tags, "tag", nil,
		"only resources with this tag: key=value, or key for any value")
	cmd.Flags().BoolVar(&f.excel, "excel", false, cli.ExcelUsage)
}

// check finds the question by its name and checks the flags.
func (f *queryFlags) check(name string) (*query.Question, error) {
	q, ok := query.FindQuestion(name)
	if !ok {
		return nil, (&cli.UsageError{What: fmt.Sprintf("query %q does not exist", name),
			Hint: "questions: " + strings.Join(query.QuestionNames(), ", ")}).Meant(name, query.QuestionNames())
	}
	if f.cycle != "" {
		c, err := cli.CycleFlag(f.cycle)
		if err != nil {
			return nil, err
		}
		if q.Span == query.OfNone {
			return nil, &cli.UsageError{What: fmt.Sprintf("--cycle %s: %s is not limited to a cycle", c, q.Name),
				Hint: "leave --cycle out"}
		}
		f.cycle, f.of = c.String(), lake.CycleOf(c)
	}
	if wrong := new(query.LimitError); errors.As(q.Check(f.only), &wrong) {
		return nil, &cli.UsageError{What: wrong.Error(), Hint: problem.HintOf(wrong)}
	}
	switch {
	case f.limit < ownLimit:
		return nil, &cli.UsageError{What: fmt.Sprintf("--limit %d: want 0 or more", f.limit),
			Hint: "--limit 0 shows all rows"}
	case f.limit == ownLimit:
		f.limit = q.Limit
	}
	if !slices.Contains([]string{"", string(query.LakeSource), string(query.ClickHouseSource)}, f.from) {
		return nil, &cli.UsageError{What: fmt.Sprintf("--from %q: want lake or clickhouse", f.from),
			Hint: "leave --from out: ClickHouse answers if clickhouse.dsn names a server, else the lake"}
	}
	if formats := queryFormats(); f.format != "" && !slices.Contains(formats, f.format) {
		return nil, (&cli.UsageError{What: fmt.Sprintf("--format %q: want one of %s", f.format,
			strings.Join(formats, ", "))}).Meant(f.format, formats)
	}
	if f.format == "alerts" && q.Name != query.BudgetsQuestion {
		return nil, &cli.UsageError{What: fmt.Sprintf("--format alerts: %s has no thresholds", q.Name),
			Hint: "`tollbook query budgets --format alerts` prints alerts"}
	}
	return q, nil
}

// queryFormats returns the formats of an answer.
func queryFormats() []string { return []string{"table", "json", "csv", "svg", "xlsx", "ics", "alerts"} }

// drawn reports whether the format has a chart.
func (f *queryFlags) drawn() bool { return f.format == "svg" || f.format == "xlsx" }

// checkDrawing checks the flags of charts. Charts and CSV, which has no totals, have all rows unless a limit is given.
func (f *queryFlags) checkDrawing(a *cli.App, limited bool) error {
	switch drawn := f.drawn(); {
	case f.format == "xlsx" && f.out.ToStdout() && cli.IsTerminal(a.Out):
		return &cli.UsageError{What: "a binary format on a terminal", Hint: "name a file: --out FILE"}
	case !drawn && f.value+f.by != "":
		return &cli.UsageError{What: "--value and --by apply to charts", Hint: "add --format svg or --format xlsx"}
	case (drawn || f.format == "csv") && !limited:
		f.limit = 0
	}
	return f.out.Check()
}

// maxDays is the maximum of --days: a hundred years.
const maxDays = 36525

// checkDays checks --days, which applies only to deadlines.
func (f *queryFlags) checkDays(q *query.Question, given bool) error {
	of := q.Name == query.DeadlinesQuestion
	switch {
	case given && !of:
		return &cli.UsageError{What: fmt.Sprintf("--days %d: %s is not limited to days", f.days, q.Name),
			Hint: "leave --days out; `tollbook query deadlines` takes it"}
	case f.days < 0 || f.days > maxDays:
		return &cli.UsageError{What: fmt.Sprintf("--days %d: want 0 to %d", f.days, maxDays)}
	case f.format == "ics" && !of:
		return &cli.UsageError{What: fmt.Sprintf("--format ics: %s has no days for a calendar", q.Name),
			Hint: "`tollbook query deadlines --format ics` writes a calendar file"}
	}
	return nil
}

// runQuery answers the question and prints the answer.
func runQuery(ctx context.Context, a *cli.App, q *query.Question, f *queryFlags) error {
	heap.Tune(a.Env)
	w, err := a.Open()
	if err != nil {
		return err
	}
	r := query.Request{Cycle: f.of, Limit: f.limit, Only: f.only, Days: f.days,
		Progress: func(done, total int64) { a.Bar.Update("read files", done, total) }}
	var answer *query.Answer
	switch server := w.Settings.ClickHouse.DSN.Set(); {
	case f.from == string(query.ClickHouseSource) && !server:
		return &cli.UsageError{What: "--from clickhouse: clickhouse.dsn is empty",
			Hint: "name the server in tollbook.yaml; `--from lake` counts from the lake's files"}
	case f.from == string(query.ClickHouseSource) && !q.Published():
		return &cli.UsageError{What: fmt.Sprintf("--from clickhouse: %s has no SQL, the lake alone answers it", q.Name),
			Hint: "leave --from out, or write --from lake"}
	case f.from == string(query.ClickHouseSource) && len(f.only.Tags) > 0:
		err := &published.TagError{Question: q.Name}
		return &cli.UsageError{What: err.Error(), Hint: problem.HintOf(err)}
	case f.from == string(query.LakeSource) || !server || !q.Published() || len(f.only.Tags) > 0:
		answer, err = askLake(ctx, a, w, q, r)
	default:
		answer, err = askServer(ctx, a, w, q, r)
	}
	a.Bar.End()
	if err == nil && answer.Count == 0 && query.OfPartnersMoney(q) {
		err = a.ReadOf(w, func(snap *lake.Snapshot) error {
			kept, err := query.CouponsKept(snap)
			answer.NotKept = !kept
			return err
		})
	}
	if err == nil && answer.Count == 0 && query.OfPayments(q) && w.Settings.Payments != settings.Ledger {
		err = &workspace.RefusedError{What: "payments are not recorded: who owes what is unknown",
			Hint: "with `payments: ledger` in tollbook.yaml, balances and events of the feed accounts pay lines"}
	}
	if err != nil {
		return err
	}
	shown := &shownAnswer{answer, f.cycle, f.only, w.Books, w.Settings.Zone}
	err = f.writeTo(a, func(w io.Writer) error { return shown.write(w, a, f) })
	if book := query.MissingBook(q, w.Books); err == nil && answer.Count == 0 && book != "" && f.format == "alerts" {
		fmt.Fprintf(a.Err, "note: %s\n", query.WhyEmpty(answer, w.Books, f.cycle, f.only))
	}
	if err == nil && f.format != "json" && !a.Flags.JSON {
		noteArchived(a, answer)
	}
	return err
}

// noteArchived names the cycles whose lines are not counted because they are archived. Cycles are archived in order.
func noteArchived(a *cli.App, answer *query.Answer) {
	switch list := answer.Archived; len(list) {
	case 0:
	case 1:
		fmt.Fprintf(a.Err, "note: lines of %s are archived and do not count\n", list[0])
	default:
		fmt.Fprintf(a.Err, "note: lines of %s to %s are archived and do not count\n", list[0], list[len(list)-1])
	}
}

// write writes the answer in the format that was asked for.
func (s *shownAnswer) write(w io.Writer, a *cli.App, f *queryFlags) error {
	switch {
	case f.format == "csv":
		return s.csv(w, f.excel)
	case f.format == "ics":
		return s.calendar(w)
	case f.format == "alerts":
		return s.alerts(w)
	case f.format == "json", a.Flags.JSON:
		return cli.WriteJSON(w, s.json())
	case !f.drawn():
		s.table(w)
		return nil
	}
	series, err := s.series(f)
	if err != nil {
		return err
	}
	if f.format == "svg" {
		return s.svg(w, series)
	}
	return s.xlsx(w, series)
}

// askLake answers the question from the lake's files.
func askLake(ctx context.Context, a *cli.App, w *workspace.Workspace, q *query.Question,
	r query.Request) (*query.Answer, error) {
	var answer *query.Answer
	partners, err := w.Partners()
	if err != nil {
		return nil, err
	}
	partners.Limits = rows.Limits{Workers: a.Flags.Workers}
	err = a.ReadOf(w, func(snap *lake.Snapshot) (err error) {
		partners.Snap = snap
		answer, err = query.AnswerFromLake(ctx, q, r, &partners)
		return err
	})
	return answer, err
}

// askServer answers the question from the published tables.
func askServer(ctx context.Context, a *cli.App, w *workspace.Workspace, q *query.Question,
	r query.Request) (*query.Answer, error) {
	conn, err := cli.Published(ctx, a, w)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close() }() // nothing was written
	answer, shown, err := published.Ask(ctx, q, r, w.Settings.Zone.Name(), conn)
	if failed := new(publish.ServerError); errors.As(err, &failed) {
		err = &cli.AskError{Err: err}
	}
	if none := new(rows.NoCycleError); errors.As(err, &none) { // the lake knows whether it was archived
		return nil, a.ReadOf(w, func(snap *lake.Snapshot) error {
			return cmp.Or[error](ofLake(a, snap, conn, shown), rows.HasCycle(snap, r.Cycle), &workspace.RefusedError{
				What: fmt.Sprintf("ClickHouse %s does not show cycle %s, which the lake has", conn.Address(), r.Cycle),
				Hint: "`tollbook publish` publishes all cycles; `--from lake` answers from the lake"})
		})
	}
	if err == nil {
		err = cli.NoteShown(a, answer.AsOf)
	}
	if err != nil {
		return nil, err
	}
	_ = a.ReadOf(w, func(snap *lake.Snapshot) error { // the answer does not need the lake
		err = ofLake(a, snap, conn, shown)
		if err == nil && r.Cycle.IsZero() && shown.Manifest == snap.Manifest.Number {
			noteLacks(a, conn, shown.Lacks(snap))
		}
		answer.Archived = q.Archived(snap, r.Cycle, answer.Manifest)
		return nil
	})
	if err == nil {
		noteOlder(a, conn, shown, r.Cycle)
	}
	return answer, err
}

// ofLake compares the state that the server shows with the lake: *published.OtherStateError. It notes a state that is
// newer than the lake. A lake that cannot be compared is not an error: the answer does not need it.
func ofLake(a *cli.App, snap *lake.Snapshot, conn *publish.Conn, shown published.Origin) error {
	switch is, _ := published.Relate(snap, shown); is {
	case published.OtherLake, published.Undone:
		return &published.OtherStateError{Server: conn.Address(), Origin: shown, Relation: is}
	case published.Later:
		fmt.Fprintf(a.Err, "note: ClickHouse %s shows manifest %d, the lake is at %d\n", conn.Address(), shown.Manifest,
			snap.Manifest.Number)
	}
	return nil
}

// noteLacks notes cycles of the lake that the server does not show.
func noteLacks(a *cli.App, conn *publish.Conn, cycles []string) {
	if len(cycles) > 0 {
		fmt.Fprintf(a.Err, "note: ClickHouse %s does not show %s: `tollbook publish` publishes all cycles\n",
			conn.Address(), strings.Join(cycles, ", "))
	}
}

// noteOlder notes cycles of the answer that the server shows of an earlier manifest than the answer's.
func noteOlder(a *cli.App, conn *publish.Conn, shown published.Origin, asked lake.Cycle) {
	for _, c := range shown.Older {
		if asked.IsZero() || asked.String() == c.Cycle {
			fmt.Fprintf(a.Err, "note: ClickHouse %s shows %v, not of %d: `tollbook publish` publishes it again\n",
				conn.Address(), c, shown.Manifest)
		}
	}
}

// writeSQL writes the question as SQL, grouped by currency if the workspace has several. It needs no workspace.
func (f *queryFlags) writeSQL(a *cli.App, cmd *cobra.Command, q *query.Question) error {
	err := cli.Only(cmd, "--sql", "leave all but --sql and the limits of rows out: a cycle is a parameter of the SQL",
		"sql", "out", "force", "customer", "partner", "service", "tag")
	if err != nil {
		return err
	}
	if w, err := a.Open(); err == nil && w.Books.Mixed {
		q = q.PerCurrency()
	}
	sql, err := published.SQL(q, f.only)
	if wrong := new(published.TagError); errors.As(err, &wrong) {
		return &cli.UsageError{What: wrong.Error(), Hint: problem.HintOf(wrong)}
	}
	if err != nil {
		return err
	}
	return f.writeTo(a, func(w io.Writer) error {
		if a.Flags.JSON {
			return cli.WriteJSON(w, sqlResult{q.Name, sql})
		}
		_, err := io.WriteString(w, sql)
		return err
	})
}

// writeTo writes to the destination of --out and reports a file that was written.
func (f *queryFlags) writeTo(a *cli.App, write func(io.Writer) error) error {
	size, err := a.WriteOutput(&f.out, write)
	if err == nil && !f.out.ToStdout() {
		fmt.Fprintf(a.Err, "wrote %s: %s\n", f.out.File, cli.Counted(size, "byte", "bytes"))
	}
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
	Cycle   string         `json:"cycle"` // meaning of --cycle for this question
	Limit   int            `json:"limit"` // default of --limit in rows; 0 = all
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

// listQuestions lists the questions.
func listQuestions(a *cli.App, cmd *cobra.Command) error {
	if err := cli.Only(cmd, "query: which question?", "name one: `tollbook query` lists them"); err != nil {
		return err
	}
	if a.Flags.JSON {
		r := questionsResult{}
		for _, q := range query.EveryQuestion() {
			r.Questions = append(r.Questions, questionResult{q.Name, q.Answers, q.Span.String(), q.Limit,
				columnResults(q)})
		}
		return a.PrintJSON(r)
	}
	g := cli.NewGrid("question", "answers")
	for _, q := range query.EveryQuestion() {
		g.Add(q.Name, q.Answers)
	}
	g.Print(a.Out, "  ")
	fmt.Fprintln(a.Out, "\nask one: `tollbook query revenue --cycle 2026-09`")
	return nil
}

func columnResults(q *query.Question) []columnResult {
	var out []columnResult
	for _, c := range q.Columns() {
		out = append(out, columnResult{c.Name, query.ColumnTypeName(c.Type), c.Meaning})
	}
	return out
}
