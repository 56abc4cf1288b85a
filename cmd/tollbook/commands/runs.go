package commands

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tollbook/tollbook/cmd/tollbook/cli"
	"github.com/tollbook/tollbook/jobs/ledger"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/settings"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// runsFlags are the flags of `runs`.
type runsFlags struct {
	limit  int
	failed bool
}

// runsResult is the list of runs as JSON.
type runsResult struct {
	Runs    []ledger.Run `json:"runs"`              // newest first
	More    int          `json:"more,omitempty"`    // number of runs that --limit omits
	Damaged []string     `json:"damaged,omitempty"` // errors of entries or the lake that could not be read
}

// runResultOf is one run with all its details, as JSON.
type runResultOf struct {
	ledger.Run
	Inputs  []lake.Input      `json:"inputs,omitempty"` // feed files that the run ingested, with their current counts
	Totals  []lake.TableTotal `json:"totals,omitempty"` // control totals of the committed state
	Damaged []string          `json:"damaged,omitempty"`
}

// NewRuns is the command runs.
func NewRuns(a *cli.App) *cobra.Command {
	var f runsFlags
	cmd := &cobra.Command{
		Use:   "runs",
		Short: "List runs: time, reason and outcome",
		Long: `runs lists the runs of the workspace, newest first: runs that committed, that failed, that a gate
stopped, that were killed, and that found nothing new. The lake's manifests record what was
committed, and the ledger in runs/ the process: if an entry of the ledger is missing, the run is
listed with its manifest's number and without time and duration.

rejects is the difference to the run before: a run that retries rejects has a negative number. owed
means that the committed data was not published yet. Exit code 1 means that a part of the ledger or
the lake could not be read.`,
		Example: "  tollbook runs\n  tollbook runs --failed --limit 5\n  tollbook runs --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if f.limit < 0 {
				return &cli.UsageError{What: fmt.Sprintf("--limit %d: want 0 or more", f.limit)}
			}
			return runRuns(a, &f)
		},
	}
	cmd.Flags().IntVar(&f.limit, "limit", 20, "list at most so many; 0 = all")
	cmd.Flags().BoolVar(&f.failed, "failed", false, "only runs that failed or need attention")
	cmd.AddCommand(showCommand(a))
	return cli.Exits(cmd, cli.ExitDone, cli.ExitNeedsAttention, cli.ExitWrong, cli.ExitFailed)
}

func showCommand(a *cli.App) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "show RUN",
		Short: "Show the details of one run",
		Long: `show shows one run: time and reason, the feed files that it ingested with their hashes, rows and
rejects by reason, the control totals of the committed state, its stages with seconds and memory,
its error, and whether a publish is pending. RUN is the ID of the list, or a unique prefix of it, or
the number of the manifest that the run committed.`,
		Example: "  tollbook runs show 12\n  tollbook runs show 20261005T040000.000Z-nightly --json",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runShow(cmd.Context(), a, args[0])
		},
	}
	return cli.Exits(cmd, cli.ExitDone, cli.ExitNeedsAttention, cli.ExitWrong, cli.ExitFailed)
}

// history is the ledger and the lake together.
type history struct {
	runs      []ledger.Run // newest first
	snap      *lake.Snapshot
	chain     []lake.Manifest
	zone      *period.Zone
	damaged   []string
	publishes bool // the settings have a target to publish to
}

// readHistory reads the run ledger and the lake. If one of them cannot be read, it returns the other and the error.
func readHistory(a *cli.App) (*history, error) {
	s, err := settings.Load(workspace.SettingsFile(a.Flags.Workspace))
	if err != nil {
		return nil, err
	}
	entries, damaged, err := ledger.Read(ledger.Dir(a.Flags.Workspace))
	if err != nil {
		return nil, err
	}
	h := &history{zone: s.Zone, publishes: s.Publishes()}
	for _, err := range damaged {
		h.damaged = append(h.damaged, err.Error())
	}
	w := &workspace.Workspace{Dir: a.Flags.Workspace, Settings: s}
	l, err := w.Lake(workspace.Options{Log: a.Log})
	if err == nil {
		err = l.Read(func(snap *lake.Snapshot) (err error) {
			h.snap = snap
			h.chain, err = snap.History()
			return err
		})
	}
	if err != nil {
		h.damaged = append(h.damaged, err.Error())
	}
	if h.snap != nil && h.snap.Manifest.Number == 0 {
		h.chain = nil // the lake is empty
	}
	h.runs = ledger.Join(entries, h.chain, h.publishes)
	return h, nil
}

// runRuns lists the runs.
func runRuns(a *cli.App, f *runsFlags) error {
	h, err := readHistory(a)
	if err != nil {
		return err
	}
	list := h.runs
	if f.failed {
		list = slices.DeleteFunc(slices.Clone(list), func(r ledger.Run) bool {
			return r.Outcome.Finished() || r.Outcome == ledger.Running
		})
	}
	r := runsResult{Runs: list, Damaged: h.damaged}
	if f.limit > 0 && len(list) > f.limit {
		r.Runs, r.More = list[:f.limit], len(list)-f.limit
	}
	if a.Flags.JSON {
		if r.Runs == nil {
			r.Runs = []ledger.Run{}
		}
		err = a.PrintJSON(r)
	} else {
		printRuns(a, h, &r)
	}
	return damagedRuns(a, h, err)
}

// damagedRuns prints what could not be read. It returns err, or cli.ErrNeedsAttention if err is nil and something could
// not be read.
func damagedRuns(a *cli.App, h *history, err error) error {
	for _, text := range h.damaged {
		if !a.Flags.JSON {
			fmt.Fprintf(a.Err, "cannot be read, ignored: %s\n", text)
		}
	}
	if err == nil && len(h.damaged) > 0 {
		return cli.ErrNeedsAttention
	}
	return err
}

func printRuns(a *cli.App, h *history, r *runsResult) {
	if len(r.Runs) == 0 {
		fmt.Fprintln(a.Out, "no runs")
		return
	}
	g := cli.NewGrid("id", "started", "as of", "command", "why", "outcome", ">rows", ">rejects", ">.seconds",
		">manifest", "owed")
	for i := range r.Runs {
		x := &r.Runs[i]
		owed, manifest := "", ""
		if x.Owes {
			owed = "publish"
		}
		if x.Committed != 0 {
			manifest = strconv.FormatInt(x.Committed, 10)
		}
		g.Add(x.ID, h.local(x.Started), h.localText(x.AsOf), x.Command, orUnknown(x.Why), x.Outcome, x.Rows, x.Rejected,
			secondsOf(&x.Entry), manifest, owed)
	}
	g.DropEmpty("rows", "rejects", "seconds", "manifest")
	g.Print(a.Out, "  ")
	if r.More > 0 {
		fmt.Fprintf(a.Out, "\nand %d more: `tollbook runs --limit 0`\n", r.More)
	}
	fmt.Fprintf(a.Out, "\nTimes are in zone %s. `tollbook runs show ID` shows the details of one run.\n", h.zone.Name())
}

// unknown is printed for a value that only a ledger entry would have.
const unknown = "unknown"

func orUnknown(text string) string {
	if text == "" {
		return unknown
	}
	return text
}

// secondsOf returns the duration of a run in seconds, with two decimals.
func secondsOf(e *ledger.Entry) string {
	if s, ok := e.Seconds(); ok {
		return strconv.FormatFloat(s, 'f', 2, 64)
	}
	return unknown
}

// local formats a time in the contract zone, to the second.
func (h *history) local(t time.Time) string {
	if t.IsZero() {
		return unknown
	}
	return t.In(h.zone.Location()).Format(time.DateTime)
}

// localText is local for a time in the text form of entries and manifests.
func (h *history) localText(text string) string {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return orUnknown(text)
	}
	return h.local(t)
}

// find returns the run with an ID, the beginning of an ID, or the number of the manifest that it committed.
func (h *history) find(name string) (*ledger.Run, error) {
	var hits []*ledger.Run
	for i := range h.runs {
		r := &h.runs[i]
		switch {
		case r.ID == name || strconv.FormatInt(r.Committed, 10) == name && r.Committed != 0:
			return r, nil
		case strings.HasPrefix(r.ID, name) && !r.Rebuilt && name != "":
			hits = append(hits, r)
		}
	}
	switch len(hits) {
	case 0:
		return nil, &cli.UsageError{What: fmt.Sprintf("no run %q", name),
			Hint: "`tollbook runs --limit 0` lists them; entries older than the newest " +
				strconv.Itoa(ledger.Keep) + " are gone, what they committed is found by the manifest's number"}
	case 1:
		return hits[0], nil
	}
	return nil, &cli.UsageError{What: fmt.Sprintf("%d runs begin with %q", len(hits), name),
		Hint: "use a longer part of the ID, such as " + hits[0].ID}
}

// runShow prints one run with all its details.
func runShow(ctx context.Context, a *cli.App, name string) error {
	h, err := readHistory(a)
	if err != nil {
		return err
	}
	run, err := h.find(name)
	if err != nil {
		return err
	}
	r := runResultOf{Run: *run, Damaged: h.damaged}
	if err := h.detail(ctx, &r); err != nil {
		return err
	}
	return damagedRuns(a, h, a.Show(r, func() { printRun(a, h, &r) }, nil, false))
}

// detail adds what the lake records of a committed run.
func (h *history) detail(ctx context.Context, r *runResultOf) error {
	if r.Committed == 0 {
		return nil
	}
	for i := range h.chain {
		if h.chain[i].Number == r.Committed {
			r.Totals, r.AcceptRejects = h.chain[i].Totals, h.chain[i].Accepted
		}
	}
	inputs, err := h.snap.Inputs()
	if err != nil {
		return err
	}
	for _, in := range inputs {
		if in.Run == r.Committed {
			r.Inputs = append(r.Inputs, in)
		}
	}
	if r.Rebuilt {
		r.Reasons, err = h.keptReasons(ctx, r.Inputs)
	}
	return err
}

// printOwed prints, for a run whose publish was pending, whether it still is.
func printOwed(a *cli.App, r *ledger.Run) {
	if r.Owed == nil && !r.Owes {
		return
	}
	state, why := "owed then, published since", "the run ended before it published"
	if r.Owes {
		state = "owed: `tollbook publish`, or the next run, publishes it"
	}
	if r.Owed != nil {
		why = r.Owed.Why
	}
	fmt.Fprintf(a.Out, "\npublish %s\n  %s\n", state, why)
}

// keptReasons counts, by reason, the open rejects of feed files.
func (h *history) keptReasons(ctx context.Context, inputs []lake.Input) (counts map[string]int64, err error) {
	of := make(map[string]bool)
	for _, in := range inputs {
		of[in.Feed+in.Hash] = in.Rejected > 0
	}
	list, err := rows.Rejects(ctx, h.snap, nil, rows.Limits{})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, list.Close()) }()
	counts = make(map[string]int64)
	return counts, list.Each(func(row rows.Row[tables.Reject]) error {
		if of[row.Word(tables.RejectFeed)+row.Word(tables.RejectFileHash)] {
			counts[row.Word(tables.RejectReason)]++
		}
		return nil
	})
}

// printRun prints one run as text.
func printRun(a *cli.App, h *history, r *runResultOf) {
	g := cli.NewGrid("run", r.ID)
	add := func(name string, value any) {
		if text := fmt.Sprint(value); text != "" && text != "0" {
			g.Add(name, text)
		}
	}
	add("command", r.Command)
	add("why", orUnknown(r.Why))
	if r.Due != "" {
		add("due", h.localText(r.Due))
	}
	add("as of", h.localText(r.AsOf))
	add("started", h.local(r.Started))
	if r.Outcome != ledger.Running {
		add("ended", h.local(r.Ended))
	}
	add("seconds", secondsOf(&r.Entry))
	if peak := r.Peak(); peak > 0 {
		add("memory, peak", megabytes(peak))
	}
	add("process", process(&r.Entry))
	add("outcome", r.Outcome)
	if n := len(r.Stages); n > 0 && r.Ended.IsZero() {
		add("at stage", r.Stages[n-1].Name)
	}
	add("error", r.Error)
	add("hint", r.Hint)
	add("manifest", r.Committed)
	add("published", r.Published)
	add("rejects accepted", r.AcceptRejects)
	add("rows read", r.Rows)
	add("accepted", r.Accepted)
	add("duplicate", r.Duplicate)
	add("rejected", r.Rejected)
	add("days rated", r.DaysFolded)
	add("lines written", r.LinesWritten)
	g.Print(a.Out, "")
	printOwed(a, &r.Run)
	for _, note := range r.Notes {
		fmt.Fprintf(a.Out, "\nnote: %s\n", note)
	}
	runTables(a, r)
}

// runTables prints inputs, reasons, stages and totals.
func runTables(a *cli.App, r *runResultOf) {
	if len(r.Inputs) > 0 {
		fmt.Fprintln(a.Out, "\nfeed files, with their current counts")
		g := cli.NewGrid("file", "hash", ">bytes", ">rows", ">accepted", ">duplicate", ">rejected")
		for _, in := range r.Inputs {
			g.Add(in.Name, in.Hash, in.Bytes, in.Rows, in.Accepted, in.Duplicate, in.Rejected)
		}
		g.Print(a.Out, "  ")
	}
	if len(r.NotTaken) > 0 {
		fmt.Fprintln(a.Out, "\nfeed files that were not ingested")
		for _, f := range r.NotTaken {
			fmt.Fprintf(a.Out, "  %s: %s\n", cli.Printable(f.File), cli.Printable(f.Why))
		}
	}
	if len(r.Reasons) > 0 {
		what := "rejects of the run, by reason"
		if r.Rebuilt {
			what = "current rejects of its files, by reason"
		}
		fmt.Fprintf(a.Out, "\n%s\n", what)
		g := cli.NewGrid("reason", ">records")
		for _, why := range slices.Sorted(maps.Keys(r.Reasons)) {
			g.Add(why, r.Reasons[why])
		}
		g.Print(a.Out, "  ")
	}
	runEngine(a, r)
	if len(r.Stages) > 0 {
		fmt.Fprintln(a.Out, "\nstages")
		g := cli.NewGrid("stage", ">.seconds", ">.processor seconds", ">memory, peak", ">rows")
		for _, s := range r.Stages {
			g.Add(s.Name, strconv.FormatFloat(s.Seconds, 'f', 3, 64), strconv.FormatFloat(s.CPU, 'f', 3, 64),
				megabytes(s.Peak), s.Rows)
		}
		g.DropEmpty("seconds")
		g.Print(a.Out, "  ")
	}
	cli.PrintTotals(a, r.Totals)
}

// runEngine prints what the workers of an engine did.
func runEngine(a *cli.App, r *runResultOf) {
	if len(r.Tasks) > 0 {
		fmt.Fprintln(a.Out, "\ntasks of workers")
		g := cli.NewGrid("stage", ">done", ">attempts", ">.longest s", ">of all", "first failure")
		for i := range r.Tasks {
			t := &r.Tasks[i]
			longest, share := t.Longest()
			g.Add(t.Stage, t.Done, t.Attempts, strconv.FormatFloat(longest, 'f', 3, 64),
				fmt.Sprintf("%.0f %%", 100*share), cli.Printable(t.Failure))
		}
		g.Print(a.Out, "  ")
	}
	if len(r.Workers) > 0 {
		fmt.Fprintln(a.Out, "\nworkers")
		g := cli.NewGrid("host/process", ">done", ">failed", ">.seconds")
		for _, w := range r.Workers {
			g.Add(w.Name, w.Done, w.Failed, strconv.FormatFloat(w.Seconds, 'f', 3, 64))
		}
		g.Print(a.Out, "  ")
	}
}

// megabytes formats a size in whole MiB.
func megabytes(n int64) string {
	const mebi = 1 << 20
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%d MiB", (n+mebi-1)/mebi)
}

// process returns the process that did a run.
func process(e *ledger.Entry) string {
	if e.PID == 0 {
		return ""
	}
	text := fmt.Sprintf("%d on %s", e.PID, e.Host)
	if e.Version != "" {
		text += ", version " + e.Version
	}
	return text
}
