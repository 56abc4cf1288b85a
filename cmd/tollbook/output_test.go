package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/tollbook/tollbook/cmd/tollbook/cli"
	"github.com/tollbook/tollbook/cmd/tollbook/commands"
	"github.com/tollbook/tollbook/fixtures/program"
)

// written is a command line that ends with a flag that names a file to write.
type written struct {
	args   []string
	folder bool // the flag may also name a folder, into which several files are written
	closed bool // the command needs a closed month
}

// fileFlags returns the flags that name a file to write, with command lines that use them.
func fileFlags() map[string][]written {
	return map[string][]written{
		"tollbook bandwidth --svg": {{args: []string{"bandwidth", "uplink", "--cycle", "2026-09", "--svg"}}},
		"tollbook bill --out": {
			{args: []string{"bill", "--cycle", "2026-09", "--customer", "acme", "--out"}},
			{args: []string{"bill", "--cycle", "2026-09", "--customer", "acme", "--format", "xlsx", "--out"}},
		},
		"tollbook export --out": {
			{args: []string{"export", "--cycle", "2026-09", "--out"}},
			{args: []string{"export", "--cycle", "2026-09", "--split", "--out"}},
			{args: []string{"export", "--cycle", "2026-09", "--format", "focus", "--issuer", "vendor", "--out"}},
			{args: []string{"export", "--cycle", "2026-09", "--format", "focus", "--out"}, folder: true},
			{args: []string{"export", "--cycle", "2026-09", "--format", "focus", "--dir"}, folder: true},
		},
		"tollbook query --out": {
			{args: []string{"query", "revenue", "--out"}},
			{args: []string{"query", "revenue", "--format", "svg", "--out"}},
		},
		"tollbook invoice --out": {
			{args: []string{"invoice", "--cycle", "2026-09", "--to", "acme", "--out"}, closed: true},
			{args: []string{"invoice", "--cycle", "2026-09", "--to", "acme", "--format", "xlsx", "--out"},
				closed: true},
		},
		"tollbook man --out": {{args: []string{"man", "--out"}}},
		"tollbook statement --out": {
			{args: []string{"statement", "--cycle", "2026-09", "--format", "csv", "--out"}},
		},
	}
}

// monthOf returns a workspace with the month of testdata/mini.
func monthOf(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "mini")
	if err := os.CopyFS(dir, os.DirFS("testdata/mini")); err != nil {
		t.Fatal(err)
	}
	if code, _, told := runs(dir, "run", "monthly", "--cycle", "2026-09", "--as-of",
		"2026-10-05T04:00:00Z"); code > cli.ExitNeedsAttention {
		t.Fatal(told)
	}
	return dir
}

// closedMonthOf returns monthOf after its close, with a book of parties, so that it can be invoiced.
func closedMonthOf(t *testing.T) string {
	t.Helper()
	dir := monthOf(t)
	if err := os.WriteFile(filepath.Join(dir, "books", "parties.csv"), []byte("party_id,legal_name\nacme,Acme Ltd\n"),
		0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, told := runs(dir, "close", "--cycle", "2026-09", "--yes", "--as-of",
		"2026-10-05T04:00:00Z"); code > cli.ExitNeedsAttention {
		t.Fatal(told)
	}
	return dir
}

// writesFile matches the name and the usage of a flag that names a file to write.
var writesFile = regexp.MustCompile(`^(out|svg) |to write|into this file`)

// TestFileFlags checks that every flag of the command tree that names a file to write is tested below, and that its
// command also has --force.
func TestFileFlags(t *testing.T) {
	t.Parallel()
	known := fileFlags()
	walk(commands.New(testApp()), func(cmd *cobra.Command) {
		cmd.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) {
			if !writesFile.MatchString(f.Name + " " + f.Usage) {
				return
			}
			name := cmd.CommandPath() + " --" + f.Name
			if len(known[name]) == 0 {
				t.Errorf("%s: no test of it", name)
			}
			if cmd.Flags().Lookup("force") == nil || !strings.Contains(f.Usage, "- is standard output") {
				t.Errorf("%s: want --force, and a usage that says what - is: %q", name, f.Usage)
			}
			delete(known, name)
		})
	})
	for name := range known {
		t.Errorf("%s: there is no such flag", name)
	}
}

// TestFilesAreKept checks that an existing file is replaced only with --force, that - means standard output, and that
// output to something other than a regular file needs no --force. Invariant: EXPORT-4.
func TestFilesAreKept(t *testing.T) {
	t.Parallel()
	open, closed := monthOf(t), closedMonthOf(t)
	for flag, list := range fileFlags() {
		for _, w := range list {
			dir := open
			if w.closed {
				dir = closed
			}
			t.Run(strings.Join(w.args, " "), func(t *testing.T) {
				t.Parallel()
				if w.folder {
					folderIsKept(t, dir, w.args)
					return
				}
				fileIsKept(t, dir, w.args)
				dashIsStdout(t, dir, w.args, flag == "tollbook bandwidth --svg")
			})
		}
	}
}

func fileIsKept(t *testing.T, dir string, args []string) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "result")
	succeeds(t, dir, append(args, name)...)
	first := read(t, name)
	if len(first) == 0 {
		t.Fatal("nothing was written")
	}
	if err := os.WriteFile(name, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, told := runs(dir, append(args, name)...)
	refused := code == cli.ExitWrong && out == "" && strings.Contains(told, "exists") &&
		strings.Contains(told, "--force")
	if !refused || read(t, name) != "mine" {
		t.Errorf("over a file: exit %d, %q, %q; the file is %q", code, out, told, read(t, name))
	}
	succeeds(t, dir, append(args, name, "--force")...)
	if read(t, name) != first {
		t.Error("--force wrote something else")
	}
	if runtime.GOOS == "linux" {
		succeeds(t, dir, append(args, "/dev/null")...)
		if info, err := os.Stat("/dev/null"); err != nil || info.Mode().IsRegular() {
			t.Fatalf("/dev/null: %v, %v", info, err)
		}
	}
	if code, _, told := runs(dir, append(args, t.TempDir())...); code != cli.ExitWrong ||
		!strings.Contains(told, "is a folder") {
		t.Errorf("over a folder: exit %d, %s", code, told)
	}
	if left := names(t, filepath.Dir(name)); !slices.Equal(left, []string{"result"}) {
		t.Errorf("left %v", left)
	}
}

// dashIsStdout compares the output of - with the file, and with the output without the flag unless other is set (the
// command then prints something else).
func dashIsStdout(t *testing.T, dir string, args []string, other bool) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "result")
	succeeds(t, dir, append(args, name)...)
	here := t.TempDir()
	dash := succeeds(t, dir, append(args, "-")...)
	if text := slices.Contains(args, "bill") && !slices.Contains(args, "--format"); !text && dash != read(t, name) {
		// except for a bill as text, of which a terminal shows a shorter form
		t.Errorf("- gives %d bytes that are not those of the file", len(dash))
	}
	if !other && succeeds(t, dir, args[:len(args)-1]...) != dash {
		t.Error("- gives something else than no flag")
	}
	if left := names(t, here); len(left) > 0 {
		t.Errorf("left %v", left)
	}
	code, out, told := runs(dir, append(args, "-", "--json")...)
	if refused := code == cli.ExitWrong && out == "" && json.Valid([]byte(told)); !refused && !isOneJSON(out) {
		t.Errorf("- with --json: exit %d, %s", code, told)
	}
}

func folderIsKept(t *testing.T, dir string, args []string) {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "sets")
	succeeds(t, dir, append(args, folder)...)
	all := names(t, folder)
	if len(all) == 0 {
		t.Fatal("nothing was written")
	}
	last := filepath.Join(folder, all[len(all)-1])
	first := read(t, last)
	for _, name := range all[:len(all)-1] {
		if err := os.Remove(filepath.Join(folder, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(last, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, _, told := runs(dir, append(args, folder)...)
	if code != cli.ExitWrong || !strings.Contains(told, "--force") || len(names(t, folder)) != 1 ||
		read(t, last) != "mine" {
		t.Errorf("exit %d, %s; the folder has %v", code, told, names(t, folder))
	}
	succeeds(t, dir, append(args, folder, "--force")...)
	if !slices.Equal(names(t, folder), all) || read(t, last) != first {
		t.Errorf("--force: the folder has %v", names(t, folder))
	}
	if code, _, told := runs(dir, append(args, "-")...); code != cli.ExitWrong ||
		!strings.Contains(told, "--issuer is missing") {
		t.Errorf("several data sets to standard output: exit %d, %s", code, told)
	}
}

// TestFileThatAppears checks that a file that is created while the result is being written is not replaced either.
func TestFileThatAppears(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "result")
	err := cli.WriteWhole(name, false, func(f *os.File) error {
		_, err := f.WriteString("ours")
		return errors.Join(err, os.WriteFile(name, []byte("theirs"), 0o600))
	})
	if cli.ExitCode(err) != cli.ExitWrong || read(t, name) != "theirs" || len(names(t, filepath.Dir(name))) != 1 {
		t.Errorf("%v; the file is %q", err, read(t, name))
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func names(t *testing.T, dir string) (list []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}

// jsonLines returns command lines of every command.
func jsonLines(t *testing.T, dir string) map[string][][]string {
	t.Helper()
	backup, usage := filepath.Join(t.TempDir(), "backup"), filepath.Join(dir, "inbox", "usage", "first.csv")
	text := `
backup BACKUP
bandwidth uplink --cycle 2026-09
bandwidth uplink --cycle 2026-09 --svg -
bill --cycle 2026-09
bill --cycle 2026-09 --customer acme
bill --cycle 2026-09 --customer acme --format table
bill --cycle 2026-09 --customer acme --format json
bill --cycle 2026-09 --customer acme --format csv
bill --cycle 2026-09 --customer acme --format html
bill --cycle 2026-09 --customer acme --format xlsx
check
close --cycle 2026-09 --dry-run
doctor
documents --cycle 2026-09 --dir NEW/documents
explain r1
focus
focus check nothing.csv
export --cycle 2026-09
export --cycle 2026-09 --format parquet
export --cycle 2026-09 --split
export --cycle 2026-09 --excel
export --cycle 2026-09 --format focus --issuer vendor
completion bash
console --listen nowhere
generate --rows 100 -w NEW/load
incentives
ingest
invoice --cycle 2026-09 --to acme
init NEW/workspace
demo NEW/demo
keys
keys add --role vendor
keys list
keys revoke nobody
man
man --dir NEW/man
packages --customer acme
prune
prune --dry-run
rebucket
rebucket --dry-run
publish
query
query revenue
query revenue --format table
query revenue --format json
query revenue --format csv
query revenue --sql
query deadlines
query deadlines --days 400
query receivables
query coupons
query coupon-quotas
query discounts
query performance-by-customer
query transfers
query budgets
query budgets --format alerts
query deferred-revenue
quote --customer acme --usage USAGE --as-of 2026-10-05T04:00:00Z
rejects
rejects costs
rejects dismiss nothing --reason test
rejects restore nothing
rerate --cycle 2026-09 --dry-run
restore BACKUP --into NEW/restored
reset
restore-head
run
run monthly --cycle 2026-09
run nightly
runs
runs show nothing
schedule --dry-run
schedule --once
serve --listen nowhere
statement --cycle 2026-09
statement --cycle 2026-09 --format table
statement --cycle 2026-09 --format csv
statement --cycle 2026-09 --format json
verify
version
worker
`
	lines := map[string][][]string{}
	root := commands.New(testApp())
	for line := range strings.Lines(strings.NewReplacer("BACKUP", backup, "USAGE", usage, "NEW",
		t.TempDir()).Replace(text[1:])) {
		args := strings.Fields(line)
		cmd, _, err := root.Find(args)
		if err != nil {
			t.Fatal(err)
		}
		lines[cmd.CommandPath()] = append(lines[cmd.CommandPath()], args)
	}
	return lines
}

// TestJSONOrAnError checks that with --json standard output is JSON or empty, and that a command that does not support
// it reports this as JSON on standard error.
func TestJSONOrAnError(t *testing.T) {
	t.Parallel()
	dir := monthOf(t)
	lines := jsonLines(t, dir)
	var paths []string
	walk(commands.New(testApp()), func(cmd *cobra.Command) {
		if cmd.HasParent() {
			paths = append(paths, cmd.CommandPath())
		}
	})
	for _, name := range paths {
		if len(lines[name]) == 0 {
			t.Errorf("%s: no command line of it", name)
		}
		for _, args := range lines[name] {
			code, out, told := runs(dir, append(args, "--json")...)
			switch {
			case out != "" && !isOneJSON(out):
				t.Errorf("%v --json: exit %d, standard output is no JSON: %.200s", args, code, out)
			case out == "" && code <= cli.ExitNeedsAttention:
				t.Errorf("%v --json: exit %d with nothing on standard output", args, code)
			case code > cli.ExitNeedsAttention && !json.Valid([]byte(lastLine(told))):
				t.Errorf("%v --json: exit %d, standard error is no JSON: %s", args, code, told)
			}
		}
	}
}

// isOneJSON reports whether a text is exactly one JSON value.
func isOneJSON(text string) bool {
	d := json.NewDecoder(bytes.NewReader([]byte(text)))
	var v any
	return d.Decode(&v) == nil && !d.More()
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}

// TestStandardInput checks that - means standard input where a command reads a file, with the same result as the file.
func TestStandardInput(t *testing.T) {
	t.Parallel()
	dir := monthOf(t)
	focus := filepath.Join(t.TempDir(), "focus")
	for _, format := range []string{"focus", "focus-parquet"} {
		succeeds(t, dir, "export", "--cycle", "2026-09", "--format", format, "--dir", focus)
	}
	plan := filepath.Join(t.TempDir(), "plan.ndjson")
	row := `{"record_id":"p1","customer_id":"acme","resource_id":"x","sku":"gb","region_code":"east",` +
		`"usage_start":"2026-09-20T00:00:00Z","usage_end":"2026-09-20T01:00:00Z","quantity":"3"}`
	if err := os.WriteFile(plan, []byte(row+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		file string
		args []string
	}{
		{filepath.Join(dir, "inbox", "usage", "first.csv"), []string{"quote", "--customer", "acme", "--usage"}},
		{plan, []string{"quote", "--customer", "acme", "--usage"}},
		{filepath.Join(focus, "focus-2026-09-vendor.csv"), []string{"focus", "check"}},
		{filepath.Join(focus, "focus-2026-09-vendor.parquet"), []string{"focus", "check"}},
	} {
		code, want, told := runs(dir, append(c.args, c.file)...)
		if code > cli.ExitNeedsAttention || want == "" {
			t.Errorf("%v %s: exit %d, %s", c.args, c.file, code, told)
		}
		in, err := os.Open(c.file)
		if err != nil {
			t.Fatal(err)
		}
		var stdout, stderr bytes.Buffer
		got := commands.Main(append([]string{"-w", dir}, append(c.args, "-")...), in, &stdout, &stderr,
			program.NoEnv, noon)
		_ = in.Close() // nothing was written to it
		if got != code || stdout.String() != strings.ReplaceAll(want, c.file, "-") {
			t.Errorf("%v - < %s: exit %d, %s\n%s\nwant\n%s", c.args, c.file, got, stderr.String(), stdout.String(),
				want)
		}
	}
}
