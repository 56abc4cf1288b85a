package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/settings"
)

// app is one call of the program: its streams, its clock and its global flags.
type app struct {
	in       io.Reader
	out, err io.Writer
	env      func(string) string
	clock    func() time.Time
	flags    globals
	log      *slog.Logger
	bar      *progress
	profile  *profile
	started  bool // the command line was understood: what fails from here on is not its form
}

// globals are the flags that every command takes (§7.3).
type globals struct {
	workspace, asOf, lake string
	workers               int
	json, allowFuture     bool
	batchRows, chunkBytes int
	fault, stopAt         string
	cpuProfile, allocs    string
}

// Main runs the command line and returns the exit code (§7.4). clock is read at most once a run for the run's own
// time.
func Main(args []string, stdin io.Reader, stdout, stderr io.Writer, env func(string) string,
	clock func() time.Time) int {
	out := &sink{w: stdout}
	a := &app{in: stdin, out: out, err: stderr, env: env, clock: clock, log: slog.New(slog.DiscardHandler)}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	root := a.root()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if a.bar != nil {
		a.bar.end()
	}
	if profileErr := a.profile.end(); err == nil {
		err = profileErr
	}
	if err != nil && !a.started && out.err == nil {
		err = a.usage(root, args, err)
	}
	err = out.ended(err)
	a.reportError(err, a.flags.json || slices.Contains(args, "--json"))
	return exitCode(err)
}

// usage makes a *usageError of what cobra says about the command line.
func (a *app) usage(root *cobra.Command, args []string, err error) error {
	if already := new(usageError); errors.As(err, &already) {
		return err
	}
	cmd, rest, findErr := root.Find(args)
	hint := fmt.Sprintf("`%s --help` lists what there is", cmd.CommandPath())
	if findErr != nil && len(rest) > 0 {
		if names := root.SuggestionsFor(rest[0]); len(names) > 0 {
			hint = fmt.Sprintf("did you mean `tollbook %s`?", strings.Join(names, "` or `tollbook "))
		}
	}
	return &usageError{what: err.Error(), hint: hint}
}

// root is the tree of commands.
func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "tollbook",
		Short: "Bill cloud usage, from feed files to a Parquet lake",
		Long: `tollbook takes usage and bandwidth feeds in, rates them by the books of a workspace, closes
monthly cycles, and keeps every consumption record in a lake of Parquet files.`,
		Example: "  tollbook init sample --sample\n  tollbook -w sample run monthly --cycle 2026-09\n" +
			"  tollbook -w sample bill --cycle 2026-09",
		SilenceErrors: true, SilenceUsage: true, DisableSuggestions: true, SuggestionsMinimumDistance: 2,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error { return a.prepare(cmd) },
	}
	root.SetIn(a.in)
	root.SetOut(a.out)
	root.SetErr(a.err)
	root.SetUsageTemplate(root.UsageTemplate() + "\n" + exitTemplate)
	f := root.PersistentFlags()
	f.StringVarP(&a.flags.workspace, "workspace", "w", ".", "folder with tollbook.yaml, books/, inbox/ and lake/")
	f.StringVar(&a.flags.lake, "lake", "",
		"read this lake in place of lake.path, as an archive; relative to the workspace")
	f.StringVar(&a.flags.asOf, "as-of", "", "the run's clock, RFC 3339 with an offset (default: now)")
	f.BoolVar(&a.flags.allowFuture, "allow-future", false, "let a run's --as-of be later than this machine's clock")
	f.IntVar(&a.flags.workers, "workers", runtime.NumCPU(), "how many buckets are worked on at once")
	f.BoolVar(&a.flags.json, "json", false, "results and failures as JSON")
	f.IntVar(&a.flags.batchRows, "batch-rows", 0, "rows of a batch")
	f.IntVar(&a.flags.chunkBytes, "chunk-bytes", 0, "bytes of a sorted chunk")
	f.StringVar(&a.flags.fault, "fault", "", "at the lake's n-th mutating operation: fail:N, full:N, short:N, down:N, "+
		"kill:N, stop:N; at its n-th reading one: read:N; at its n-th opening one: files:N")
	f.StringVar(&a.flags.stopAt, "stop-at", "", "kill -9 at a point of the commit: "+strings.Join(stopPoints(), ", "))
	f.StringVar(&a.flags.cpuProfile, "cpu-profile", "", "write a CPU profile to FILE")
	f.StringVar(&a.flags.allocs, "alloc-profile", "", "write an allocation profile to FILE")
	for _, name := range []string{"batch-rows", "chunk-bytes", "fault", "stop-at", "cpu-profile", "alloc-profile"} {
		_ = f.MarkHidden(name) // fails for a flag that is not there alone
	}
	root.AddCommand(
		a.initCommand(),
		a.checkCommand(),
		a.generateCommand(),
		a.ingestCommand(),
		a.rejectsCommand(),
		a.runCommand(),
		a.closeCommand(),
		a.rerateCommand(),
		a.publishCommand(),
		a.billCommand(),
		a.explainCommand(),
		a.exportCommand(),
		a.focusCommand(),
		a.verifyCommand(),
		a.bandwidthCommand(),
		a.packagesCommand(),
		a.quoteCommand(),
		a.statementCommand(),
		a.incentivesCommand(),
		a.queryCommand(),
		a.serveCommand(),
		a.keysCommand(),
		a.scheduleCommand(),
		a.runsCommand(),
		a.pruneCommand(),
		a.backupCommand(),
		a.restoreCommand(),
		a.restoreHeadCommand(),
		a.doctorCommand(),
	)
	return root
}

// prepare checks the global flags once the command line is understood.
func (a *app) prepare(cmd *cobra.Command) error {
	a.started = true
	a.log = newLogger(a.err, a.flags.json)
	a.bar = newProgress(a.err, a.clock)
	switch {
	case a.flags.lake != "" && topOf(cmd) != "restore-head" && !slices.Contains(readers(), topOf(cmd)):
		return &usageError{what: fmt.Sprintf("--lake: %s does not only read", topOf(cmd)),
			hint: "commands that read another lake: " + strings.Join(readers(), ", ")}
	case a.flags.workers < 1:
		return &usageError{what: fmt.Sprintf("--workers %d: want 1 or more", a.flags.workers)}
	case a.flags.batchRows < 0 || a.flags.chunkBytes < 0:
		return &usageError{what: "--batch-rows and --chunk-bytes: want 0 or more"}
	case a.flags.stopAt != "" && !slices.Contains(stopPoints(), a.flags.stopAt):
		return &usageError{what: fmt.Sprintf("--stop-at %q: no such point", a.flags.stopAt), hint: "points: " +
			strings.Join(stopPoints(), ", ")}
	}
	cmd.SilenceUsage = true
	var err error
	a.profile, err = startProfile(a.flags.cpuProfile, a.flags.allocs)
	return err
}

// readers are the commands that only read a lake, and so may read any.
func readers() []string {
	return []string{"bandwidth", "bill", "explain", "export", "incentives", "packages", "query", "rejects", "serve",
		"statement", "verify"}
}

// topOf is the command below the program's own that a command is, or lies below.
func topOf(cmd *cobra.Command) string {
	for cmd.HasParent() && cmd.Parent().HasParent() {
		cmd = cmd.Parent()
	}
	return cmd.Name()
}

// asOf is the run's clock: --as-of, else the real one, read once.
func (a *app) asOf() (period.Instant, error) {
	if a.flags.asOf == "" {
		return period.Instant(a.clock().UnixMicro()), nil
	}
	t, err := period.ParseInstant(a.flags.asOf)
	if err != nil {
		return 0, &usageError{what: "--as-of " + err.Error(),
			hint: "write it as 2026-10-05T04:00:00Z or 2026-10-05T12:00:00+08:00"}
	}
	return t, nil
}

// clockSkew is how far --as-of may be ahead of this machine's clock without a word: the clocks of two machines are
// never quite the same.
const clockSkew = time.Minute

// checkAsOf refuses an --as-of in the future (CLI-6). What a run commits by a wrong date cannot all be taken back.
func (a *app) checkAsOf() error {
	asOf, err := a.asOf()
	now := period.Instant(a.clock().UnixMicro())
	if err != nil || a.flags.asOf == "" || a.flags.allowFuture || asOf <= now+period.Instant(clockSkew.Microseconds()) {
		return err
	}
	return &usageError{what: fmt.Sprintf("--as-of %s is in the future: this machine's clock is at %s", asOf, now),
		hint: "check the date; with --allow-future the run is done, and the schedule runs nothing until that time " +
			"has come"}
}

// futureFlag is what a command line that runs as of an instant needs beside it.
func (a *app) futureFlag(asOf string) string {
	at, err := period.ParseInstant(asOf)
	if err != nil || at <= period.Instant(a.clock().UnixMicro()) {
		return ""
	}
	return " --allow-future"
}

// options are those of a run.
func (a *app) options() (workspace.Options, error) {
	asOf, err := a.asOf()
	if err != nil {
		return workspace.Options{}, err
	}
	o := workspace.Options{
		AsOf: asOf, Workers: a.flags.workers, BatchRows: a.flags.batchRows, ChunkBytes: a.flags.chunkBytes,
		HashCache: a.cacheFile("inbox"), LastRunFile: a.cacheFile("standing"), Program: thisBuild(),
		BooksCopy: workspace.BooksCopy(a.flags.workspace), Log: a.log, Progress: a.bar.update, Env: a.env,
	}
	plan, err := storage.ParsePlan(a.flags.fault)
	if err != nil {
		return o, &usageError{what: "--fault: " + err.Error()}
	}
	if a.flags.fault != "" {
		plan.Tally = new(storage.Tally)
		o.Wrap = func(st storage.Storage) storage.Storage { return storage.Faulty(st, plan) }
	}
	return stopAt(o, a.flags.stopAt), nil
}

// cacheFile is the file of a kind that remembers something of the workspace between runs: below the user's cache
// folder, as os.UserCacheDir has it on Linux; "" where the environment names none.
func (a *app) cacheFile(kind string) string {
	dir := a.env("XDG_CACHE_HOME")
	if home := a.env("HOME"); dir == "" && home != "" {
		dir = filepath.Join(home, ".cache")
	}
	workspace, err := filepath.Abs(a.flags.workspace)
	if err != nil || !filepath.IsAbs(dir) {
		return ""
	}
	return filepath.Join(dir, "tollbook", kind+"-"+string(lake.HashBytes([]byte(workspace))))
}

// open reads and checks the workspace.
func (a *app) open() (*workspace.Workspace, error) {
	w, err := workspace.Open(a.flags.workspace)
	if err != nil || a.flags.lake == "" {
		return w, err
	}
	// what is published is the workspace's own
	w.Settings.Lake.Path, w.Settings.ClickHouse.DSN = a.flags.lake, settings.DSN{}
	return w, nil
}

// read runs a reader over the live state of the workspace's lake; it starts over when a run commits meanwhile.
func (a *app) read(reader func(*lake.Snapshot) error) error {
	_, err := a.readWith(func(_ *workspace.Workspace, snap *lake.Snapshot) error { return reader(snap) })
	return err
}

// readWith is read for readers that need settings and books too.
func (a *app) readWith(reader func(*workspace.Workspace, *lake.Snapshot) error) (*workspace.Workspace, error) {
	w, err := a.open()
	if err != nil {
		return nil, err
	}
	return w, a.readOf(w, func(snap *lake.Snapshot) error { return reader(w, snap) })
}

// readOf is read of a workspace that is open.
func (a *app) readOf(w *workspace.Workspace, reader func(*lake.Snapshot) error) error {
	o, err := a.options()
	if err != nil {
		return err
	}
	l, err := w.Lake(o)
	if err != nil {
		return err
	}
	err = l.Read(reader)
	a.bar.end()
	return err
}

// cycleFlag reads a --cycle flag.
func cycleFlag(text string) (period.Cycle, error) {
	if text == "" {
		return 0, &usageError{what: "--cycle is missing", hint: "say which month: --cycle 2026-09"}
	}
	c, err := period.ParseCycle(text)
	if err != nil {
		return 0, &usageError{what: "--cycle " + err.Error(), hint: "write it as 2026-09"}
	}
	return c, nil
}

// printJSON writes a result as one JSON object.
func (a *app) printJSON(v any) error {
	enc := json.NewEncoder(a.out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}
