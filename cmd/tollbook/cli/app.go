package cli

import (
	"cmp"
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
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/tollbook/tollbook/jobs"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/settings"
	"github.com/tollbook/tollbook/schemas/visible"
)

// App is one call of the program: its streams, its clock and its global flags.
type App struct {
	In         io.Reader
	Out        *sink
	Err        io.Writer
	Env        func(string) string
	Clock      func() time.Time
	Flags      Flags
	Log        *slog.Logger
	Bar        *progress
	style      Style  // of standard error
	nowhere    string // the current folder, if neither it nor a folder above it is a workspace
	profile    *profile
	opened     *workspace.Workspace // what Open returns; nil = Open reads settings and books
	agreedBack bool                 // a person agreed to an --as-of before the newest state
	started    bool                 // the command line was parsed: later errors are not usage errors of cobra
}

// Flags are the flags that every command takes (§7.3).
type Flags struct {
	Workspace, AsOf, Lake string
	Workers               int
	JSON, Yes, exact      bool
	allowFuture           bool
	quiet, verbose        bool
	batchRows, chunkBytes int
	rangeBytes            int64
	bucketRows            int64
	taskBytes             bool
	cutBytes              int
	fault, stopAt         string
	cpuProfile, allocs    string
}

// New returns the App of one call of the program. A run reads clock at most once for its as-of.
func New(in io.Reader, out, err io.Writer, env func(string) string, clock func() time.Time) *App {
	return &App{In: in, Out: &sink{w: out, style: styleOf(out, env)}, Err: err, style: styleOf(err, env), Env: env,
		Clock: clock, Log: slog.New(slog.DiscardHandler)}
}

// Run runs a command line and returns the exit code (§7.4).
func (a *App) Run(root *cobra.Command, args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if a.Bar != nil {
		a.Bar.End()
	}
	if profileErr := a.profile.end(); err == nil {
		err = profileErr
	}
	if err != nil && !a.started && a.Out.err == nil {
		err = a.usage(root, args, err)
	}
	if a.Out.rounded && !a.Flags.quiet {
		fmt.Fprintln(a.Err, "note: amounts are rounded to the digits of their currency; --exact shows all digits")
	}
	err = a.Out.ended(a.noWorkspace(err))
	a.reportError(err, a.Flags.JSON || slices.Contains(args, "--json"))
	return ExitCode(err)
}

// usage turns cobra's error about the command line into a *UsageError with a hint.
func (a *App) usage(root *cobra.Command, args []string, err error) error {
	if already := new(UsageError); errors.As(err, &already) {
		return err
	}
	cmd, rest, findErr := root.Find(args)
	what := "its flags, with examples"
	if cmd.HasSubCommands() {
		what = "the commands"
	}
	hint := fmt.Sprintf("`%s --help` lists %s", cmd.CommandPath(), what)
	text := err.Error()
	if number := new(strconv.NumError); errors.As(err, &number) {
		text = strings.TrimSuffix(text, number.Error()) + "not a number that the flag can have"
	}
	if !cmd.HasSubCommands() && (strings.HasPrefix(text, "accepts ") || strings.HasPrefix(text, "unknown command ")) {
		return &UsageError{What: wrongArguments(cmd), Hint: hint}
	}
	wrong := &UsageError{What: text, Hint: hint}
	if name, ok := strings.CutPrefix(err.Error(), "unknown flag: --"); ok {
		return wrong.Meant("--"+name, flagNames(cmd))
	}
	if len(rest) == 0 || strings.HasPrefix(rest[0], "-") || findErr == nil && !cmd.HasSubCommands() {
		return wrong
	}
	names := cmd.SuggestionsFor(rest[0])
	if near := visible.Nearest(rest[0], commandNames(cmd)); len(names) == 0 && near != "" {
		names = []string{near}
	}
	if len(names) > 0 {
		path := cmd.CommandPath() + " "
		wrong.Hint = fmt.Sprintf("did you mean `%s%s`?", path, strings.Join(names, "` or `"+path))
	}
	return wrong
}

// wrongArguments describes a number of arguments that a command does not take.
func wrongArguments(cmd *cobra.Command) string {
	path, given, want := strings.TrimPrefix(cmd.CommandPath(), cmd.Root().Name()+" "), cmd.Flags().Args(), ""
	if words := strings.Fields(cmd.Use); len(words) > 1 && !strings.HasPrefix(words[1], "-") {
		want = strings.Trim(words[1], "[]")
	}
	switch {
	case want == "":
		return fmt.Sprintf("%s takes no argument: %s", path, strings.Join(given, " "))
	case len(given) == 0:
		return fmt.Sprintf("%s: %s is missing", path, want)
	default:
		return fmt.Sprintf("%s takes one argument, %s, not %d: %s", path, want, len(given), strings.Join(given, " "))
	}
}

// flagNames returns the visible flags of a command, each with its two dashes.
func flagNames(cmd *cobra.Command) (out []string) {
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			out = append(out, "--"+f.Name)
		}
	})
	return out
}

// commandNames returns the names of the available commands directly below a command.
func commandNames(cmd *cobra.Command) (out []string) {
	for _, sub := range cmd.Commands() {
		if sub.IsAvailableCommand() {
			out = append(out, sub.Name())
		}
	}
	return out
}

// Root returns the root command with the global flags and the given groups of commands.
func (a *App) Root(groups ...Group) *cobra.Command {
	root := &cobra.Command{
		Use:   "tollbook",
		Short: "Bill cloud usage, from feed files to a Parquet lake",
		Long: `tollbook ingests usage and bandwidth feeds, rates them with the books of a workspace, closes monthly
cycles, and stores every consumption record in a lake of Parquet files.`,
		Version:       ThisBuild().String(),
		Example:       "  tollbook demo\n  tollbook init billing\n  tollbook -w billing run nightly",
		SilenceErrors: true, SilenceUsage: true, DisableSuggestions: true, SuggestionsMinimumDistance: 2,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error { return a.prepare(cmd) },
	}
	root.SetVersionTemplate("tollbook {{.Version}}\n")
	root.SetIn(a.In)
	root.SetOut(a.Out)
	root.SetErr(a.Err)
	root.SetUsageFunc(usageOf)
	help := root.HelpFunc()
	root.SetHelpFunc(func(cmd *cobra.Command, args []string) {
		help(cmd, args)
		if cmd == root {
			fmt.Fprintf(a.Out, "\nNext: %s\n", a.next(root))
		}
	})
	f := root.PersistentFlags()
	f.StringVarP(&a.Flags.Workspace, "workspace", "w", ".", "folder with tollbook.yaml, books/, inbox/ and lake/ "+
		"(default: $"+workspaceVariable+", else the nearest folder upwards)")
	f.Lookup("workspace").DefValue = ""
	f.BoolVarP(&a.Flags.quiet, "quiet", "q", false, "print no progress, and log only warnings and errors")
	f.BoolVarP(&a.Flags.verbose, "verbose", "v", false, "log details on standard error")
	f.StringVar(&a.Flags.Lake, "lake", "",
		"read this lake in place of lake.path, as an archive; relative to the workspace")
	f.StringVar(&a.Flags.AsOf, "as-of", "", "the run's clock, RFC 3339 with an offset (default: now)")
	f.BoolVar(&a.Flags.allowFuture, "allow-future", false, "let a run's --as-of be later than this machine's clock")
	f.BoolVar(&a.Flags.Yes, "yes", false, "answer the questions of the command with yes")
	f.IntVar(&a.Flags.Workers, "workers", min(runtime.NumCPU(), 1024), "buckets to work on at once, at most 1024")
	f.Lookup("workers").DefValue = "cores of the machine"
	f.BoolVar(&a.Flags.exact, "exact", false, "show all digits of amounts on a terminal; other outputs always do")
	f.BoolVar(&a.Flags.JSON, "json", false, "results and failures as JSON")
	f.IntVar(&a.Flags.batchRows, "batch-rows", 0, "rows of a batch")
	f.IntVar(&a.Flags.chunkBytes, "chunk-bytes", 0, "bytes of a sorted chunk")
	f.IntVar(&a.Flags.cutBytes, "cut-bytes", 0, "size from which the list of a cycle's files is cut by day")
	f.Int64Var(&a.Flags.rangeBytes, "range-bytes", 0, "bytes of a text file that a task reads")
	f.Int64Var(&a.Flags.bucketRows, "bucket-rows", 0, "rows of a bucket from which a worker publishes it")
	f.BoolVar(&a.Flags.taskBytes, "task-bytes", false, "encode and decode tasks and results")
	f.StringVar(&a.Flags.fault, "fault", "", "at the lake's n-th mutating operation: fail:N, full:N, short:N, down:N, "+
		"kill:N, stop:N; at its n-th reading one: read:N; at its n-th opening one: files:N")
	f.StringVar(&a.Flags.stopAt, "stop-at", "", "kill -9 at a point of the commit: "+strings.Join(stopPoints(), ", "))
	f.StringVar(&a.Flags.cpuProfile, "cpu-profile", "", "write a CPU profile to FILE")
	f.StringVar(&a.Flags.allocs, "alloc-profile", "", "write an allocation profile to FILE")
	for _, name := range []string{"batch-rows", "chunk-bytes", "range-bytes", "bucket-rows", "task-bytes", "cut-bytes",
		"fault", "stop-at", "cpu-profile", "alloc-profile"} {
		_ = f.MarkHidden(name) // fails only for an unknown flag
	}
	root.SetHelpCommandGroupID(Rare)
	for _, g := range groups {
		root.AddGroup(&cobra.Group{ID: g.Title, Title: g.Title})
		for _, cmd := range g.Commands {
			cmd.GroupID = g.Title
			root.AddCommand(cmd)
		}
	}
	completion{a.Open, a.cycles}.register(root)
	return root
}

// prepare checks the global flags after the command line is parsed, and finds the workspace.
func (a *App) prepare(cmd *cobra.Command) error {
	a.started = true
	a.Log = newLogger(a.Err, a.Flags.JSON, a.Flags.level())
	a.Out.style.exact = a.Flags.exact
	a.Bar = &progress{}
	if !a.Flags.quiet {
		a.Bar = newProgress(a.Err, a.Clock)
	}
	switch {
	case a.Flags.quiet && a.Flags.verbose:
		return &UsageError{What: "--quiet and --verbose exclude each other"}
	case a.Flags.Lake != "" && !slices.Contains(append(readers(), "restore-head"), topOf(cmd)):
		return &UsageError{What: fmt.Sprintf("--lake: %s works with the lake of the workspace only", topOf(cmd)),
			Hint: "commands that read another lake: " + strings.Join(readers(), ", ")}
	case a.Flags.Workers < 1 || a.Flags.Workers > 1024:
		return &UsageError{What: fmt.Sprintf("--workers %d: want 1 to 1024", a.Flags.Workers),
			Hint: "leave it out: the default is the number of cores, and more make no run faster"}
	case min(a.Flags.batchRows, a.Flags.chunkBytes, a.Flags.cutBytes) < 0 ||
		min(a.Flags.rangeBytes, a.Flags.bucketRows) < 0:
		return &UsageError{What: "--batch-rows, --chunk-bytes, --range-bytes, --bucket-rows and --cut-bytes: " +
			"want 0 or more"}
	case a.Flags.stopAt != "" && !slices.Contains(stopPoints(), a.Flags.stopAt):
		return &UsageError{What: fmt.Sprintf("--stop-at %q: no such point", a.Flags.stopAt), Hint: "points: " +
			strings.Join(stopPoints(), ", ")}
	}
	if err := checkValues(a, cmd); err != nil {
		return err
	}
	cmd.SilenceUsage = true
	err := a.findWorkspace(cmd)
	if err != nil {
		return err
	}
	a.profile, err = startProfile(a.Flags.cpuProfile, a.Flags.allocs)
	return err
}

// level returns the lowest level that is logged.
func (f *Flags) level() slog.Level {
	switch {
	case f.quiet:
		return slog.LevelWarn
	case f.verbose:
		return slog.LevelDebug
	}
	return slog.LevelInfo
}

// readers returns the commands that only read a lake and therefore accept --lake.
func readers() []string {
	return []string{"bandwidth", "bill", "documents", "explain", "export", "focus", "incentives", "packages", "query",
		"rejects", "serve", "statement", "verify"}
}

// topOf returns the name of the command's ancestor directly below the root, or its own name.
func topOf(cmd *cobra.Command) string {
	for cmd.HasParent() && cmd.Parent().HasParent() {
		cmd = cmd.Parent()
	}
	return cmd.Name()
}

// Options returns the options of a run as the global flags set them.
func (a *App) Options() (workspace.Options, error) {
	asOf, err := a.asOf()
	if err != nil {
		return workspace.Options{}, err
	}
	o := workspace.Options{
		AsOf: asOf, Workers: a.Flags.Workers, BatchRows: a.Flags.batchRows, ChunkBytes: a.Flags.chunkBytes,
		RangeBytes: a.Flags.rangeBytes, BucketRows: a.Flags.bucketRows, TaskBytes: a.Flags.taskBytes,
		CutBytes:  a.Flags.cutBytes,
		HashCache: a.CacheFile("inbox"),
		BooksCopy: workspace.BooksCopy(a.Flags.Workspace), Log: a.Log, Progress: a.Bar.Update, Env: a.Env,
		AsOfIsNow: a.Flags.AsOf == "",
	}
	plan, err := storage.ParsePlan(a.Flags.fault)
	if err != nil {
		return o, &UsageError{What: "--fault: " + err.Error()}
	}
	if a.Flags.fault != "" {
		plan.Tally = new(storage.Tally)
		o.Wrap = func(st storage.Storage) storage.Storage { return storage.Faulty(st, plan) }
	}
	return stopAt(o, a.Flags.stopAt), nil
}

// CacheFile returns the path of the workspace's cache file of a kind. It is below the user's cache folder, which is
// the one of os.UserCacheDir on Linux; "" if the environment names no such folder.
func (a *App) CacheFile(kind string) string {
	dir := a.Env("XDG_CACHE_HOME")
	if home := a.Env("HOME"); dir == "" && home != "" {
		dir = filepath.Join(home, ".cache")
	}
	workspace, err := filepath.Abs(a.Flags.Workspace)
	if err != nil || !filepath.IsAbs(dir) {
		return ""
	}
	return filepath.Join(dir, "tollbook", kind+"-"+string(lake.HashBytes([]byte(workspace))))
}

// Open reads and checks the workspace.
func (a *App) Open() (*workspace.Workspace, error) {
	if a.opened != nil {
		return a.opened, nil
	}
	w, err := workspace.Open(a.Flags.Workspace)
	return chooseLake(a, w, err)
}

// OpenSettings opens the workspace without its books, which can be missing or wrong, for readers of the lake alone.
func OpenSettings(a *App) (*workspace.Workspace, error) {
	w, err := workspace.OpenSettings(a.Flags.Workspace)
	return chooseLake(a, w, err)
}

// chooseLake sets the lake of an opened workspace to that of --lake, if there is one.
func chooseLake(a *App, w *workspace.Workspace, err error) (*workspace.Workspace, error) {
	if err != nil || a.Flags.Lake == "" {
		return w, err
	}
	// only the workspace's own lake is published
	w.Settings.UseLake(a.Flags.Lake)
	w.Settings.ClickHouse.DSN, w.Settings.Iceberg.Warehouse = settings.DSN{}, ""
	return w, nil
}

// OpenOne opens the workspace for a command that reads the bill of one customer: Open then returns a workspace whose
// books can lack other customers and prices. Valid books are cached; errors of the cache are only logged.
func (a *App) OpenOne(customer string) error {
	cache := workspace.BooksCache{Program: thisBuild(), Books: a.CacheFile("books"), Stamps: a.CacheFile("stamps"),
		Failed: func(err error) { a.Log.Debug("the next command reads the books again", "error", err) }}
	if a.Flags.Lake != "" || cache.Books == "" || cache.Program == "" {
		return nil
	}
	w, err := workspace.OpenOne(a.Flags.Workspace, customer, cache)
	if err != nil {
		return err
	}
	a.opened = w
	return nil
}

// Read runs a reader over the live state of the workspace's lake; it starts over when a run commits meanwhile.
func (a *App) Read(reader func(*lake.Snapshot) error) error {
	_, err := a.ReadWith(func(_ *workspace.Workspace, snap *lake.Snapshot) error { return reader(snap) })
	return err
}

// ReadWith is Read for readers that need settings and books too. It returns the opened workspace.
func (a *App) ReadWith(reader func(*workspace.Workspace, *lake.Snapshot) error) (*workspace.Workspace, error) {
	w, err := a.Open()
	if err != nil {
		return nil, err
	}
	return w, a.ReadOf(w, func(snap *lake.Snapshot) error { return reader(w, snap) })
}

// ReadOf is Read for a workspace that is open.
func (a *App) ReadOf(w *workspace.Workspace, reader func(*lake.Snapshot) error) error {
	o, err := a.Options()
	if err != nil {
		return err
	}
	l, err := w.Lake(o)
	if a.Flags.Lake != "" && errors.Is(err, syscall.ENOTDIR) {
		return &UsageError{What: fmt.Sprintf("--lake %s: not a folder", a.Flags.Lake), Hint: lakeHint}
	}
	if err != nil {
		return err
	}
	err = l.Read(func(snap *lake.Snapshot) error {
		if a.Flags.Lake == "" {
			if err := cmp.Or(jobs.SameLake(w.Dir, w.LakeName(), snap),
				jobs.NotEmptied(w.Dir, w.LakeName(), snap)); err != nil {
				return err
			}
		} else if snap.Manifest.Number == 0 {
			return &UsageError{What: "there is no lake in " + a.Flags.Lake,
				Hint: lakeHint}
		}
		if err := snap.Manifest.Units.Check(w.Units()); err != nil {
			return err
		}
		if err := NoteShown(a, snap.Manifest.AsOf); err != nil {
			return err
		}
		return reader(snap)
	})
	a.Bar.End()
	if a.Flags.Lake != "" {
		return lake.Placed(err, a.Flags.Lake, lake.HintOther)
	}
	return err
}

// lakeHint says what --lake names.
const lakeHint = "name a folder that has HEAD, such as archive/lake; the path is relative to the workspace"

// CycleFlag parses the value of --cycle, which is required.
func CycleFlag(text string) (period.Cycle, error) {
	if text == "" {
		return 0, &UsageError{What: "--cycle is missing", Hint: "name the month: --cycle 2026-09"}
	}
	c, err := period.ParseCycle(text)
	if err != nil {
		return 0, &UsageError{What: "--cycle " + err.Error(), Hint: "write it as 2026-09"}
	}
	return c, nil
}

// CycleOrNewest parses the value of --cycle for a command that only reads. Without one it returns the newest cycle of
// the lake that has files.
func (a *App) CycleOrNewest(text string) (period.Cycle, error) {
	if text != "" {
		return CycleFlag(text)
	}
	var newest lake.Cycle
	w, err := a.Open()
	if err != nil {
		return 0, err
	}
	a.opened = w // the books are read once
	err = a.ReadOf(w, func(snap *lake.Snapshot) error {
		newest = lake.Cycle{}
		for _, c := range snap.Manifest.Cycles {
			if c.Files != nil {
				newest = c.Cycle
			}
		}
		return nil
	})
	if err == nil && newest.IsZero() {
		return 0, &UsageError{What: "the lake has no cycle yet", Hint: "`tollbook run nightly` ingests feed files"}
	}
	if err != nil {
		return 0, err
	}
	return newest.Or(0), nil
}

// PrintJSON writes a result as one JSON object.
func (a *App) PrintJSON(v any) error { return WriteJSON(a.Out, v) }

// Show prints a result, with --json as one JSON object and otherwise by calling print. It returns failed, the error of
// the command's work. If there is none and a person should look at the result, it returns ErrNeedsAttention.
func (a *App) Show(v any, print func(), failed error, look bool) error {
	if !a.Flags.JSON {
		print()
	} else if err := a.PrintJSON(v); err != nil {
		return err
	}
	if failed == nil && look {
		return ErrNeedsAttention
	}
	return failed
}

// WriteJSON writes a result as one JSON object.
func WriteJSON(w io.Writer, v any) error { return writeJSON(w, v, "  ") }

// WriteJSONLine writes a JSON object on a line of its own.
func WriteJSONLine(w io.Writer, v any) error { return writeJSON(w, v, "") }

func writeJSON(w io.Writer, v any, indent string) error {
	if s, ok := w.(*sink); ok && s.OnJSON != nil {
		s.OnJSON(v)
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", indent)
	return enc.Encode(v)
}
