package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/tollbook/tollbook/cmd/tollbook/commands"
	"github.com/tollbook/tollbook/fixtures/program"
)

// printing returns the command lines on the sample that print a result, in the order in which they run. It has every
// command except the servers. Each # is replaced by a new number.
func printing() []string {
	return []string{
		"-w W reset --yes", "-w W check", "-w W ingest --retry-rejects", "-w W ingest", "-w W run nightly",
		"-w W run monthly --cycle 2026-09",
		"-w W rejects", "-w W rejects dismiss bad-separator --reason test", "-w W rejects restore bad-separator",
		"-w W rejects costs",
		"-w W doctor",
		"-w W restore-head", "focus check W-focus.csv",
		"-w W bandwidth aurora-east-a --cycle 2026-09", "-w W bill --cycle 2026-09",
		"-w W bill --cycle 2026-09 --customer aurora --format html",
		"-w W bill --cycle 2026-09 --customer aurora --format xlsx", "-w W explain vm-delta-depot-0901",
		"-w W documents --cycle 2026-09 --dir W-documents-#",
		"-w W export --cycle 2026-09 --table lines",
		"-w W export --cycle 2026-09 --table statements --format ndjson",
		"-w W export --cycle 2026-09 --table statements --format xlsx",
		"-w W export --cycle 2026-09 --format focus --issuer vendor", "-w W incentives",
		"-w W packages --cycle 2026-09 --customer grove", "-w W query",
		"-w W query revenue --cycle 2026-09", "-w W query revenue --cycle 2026-09 --format csv",
		"-w W query deadlines", "-w W query deadlines --format ics",
		"-w W quote --customer delta --usage W/inbox/usage/machines-2026-09.csv",
		"-w W statement --cycle 2026-09", "-w W statement --cycle 2026-09 --partner meridian --format html",
		"-w W verify",
		"-w W publish --print-ddl",
		"-w W keys list", "-w W keys add --role vendor", "-w W keys add --role finance --token", "-w W keys revoke KEY",
		"-w W close --cycle 2026-09 --dry-run", "-w W close --cycle 2026-09 --yes",
		"-w W invoice --cycle 2026-09 --to delta", "-w W invoice --cycle 2026-09 --to delta --format html",
		"-w W rerate --cycle 2026-09 --dry-run",
		"-w W rerate --cycle 2026-09",
		"-w W prune --dry-run", "-w W prune", "-w W rebucket --dry-run", "-w W rebucket",
		"-w W runs", "-w W runs show 1", "-w W schedule --dry-run",
		"-w W schedule --once",
		"-w W backup W-backup", "restore W-backup --into W-restored-#", "init W-new-#", "init W-sample-# --sample",
		"demo W-demo-#",
		"-w W-made-# generate --rows 10 --customers 1 --days 1", "version", "completion bash", "man",
		"man --dir W-man",
	}
}

// groups returns the commands that only list their subcommands, and the servers: serve prints nothing, and console
// keeps running after it has printed its address.
func groups() []string {
	return []string{"tollbook", "tollbook console", "tollbook focus", "tollbook keys", "tollbook run", "tollbook serve"}
}

// world is the workspace of the sample after its run, with a key of the query API.
type world struct {
	*testing.T
	dir, key string
	count    int
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{T: t, dir: filepath.Join(t.TempDir(), "w")}
	if code, out, told := w.call("init W --sample"); code > 1 {
		t.Fatalf("exit %d\n%s%s", code, out, told)
	}
	parties := filepath.Join(w.dir, "books", "parties.csv")
	if err := os.WriteFile(parties, []byte("party_id\ndelta\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"-w W run monthly --cycle 2026-09",
		"-w W export --cycle 2026-09 --format focus --issuer vendor --out W-focus.csv"} {
		if code, out, told := w.call(line); code > 1 {
			t.Fatalf("%s: exit %d\n%s%s", line, code, out, told)
		}
	}
	_, out, _ := w.call("-w W keys add --role finance --json")
	var made struct{ ID string }
	if err := json.Unmarshal([]byte(out), &made); err != nil || made.ID == "" {
		t.Fatal(out, err)
	}
	w.key = made.ID
	return w
}

// args returns the arguments of a command line of printing.
func (w *world) args(line string) []string {
	w.count++
	var args []string
	for _, arg := range strings.Split(line, " ") {
		if arg == "W" || !isID(arg) && strings.HasPrefix(arg, "W") {
			arg = w.dir + arg[1:]
		}
		args = append(args, strings.ReplaceAll(strings.ReplaceAll(arg, "KEY", w.key), "#", fmt.Sprint(w.count)))
	}
	return args
}

// isID reports whether an argument looks like the id of a key, which consists of capital letters and digits.
func isID(arg string) bool {
	return !strings.ContainsFunc(arg, func(r rune) bool { return (r < 'A' || r > 'Z') && (r < '0' || r > '9') })
}

// call runs a command line and returns its exit code and what it printed.
func (w *world) call(line string) (code int, out, told string) {
	var stdout, stderr bytes.Buffer
	code = commands.Main(w.args(line), nil, &stdout, &stderr, program.NoEnv, noon)
	return code, stdout.String(), stderr.String()
}

// full runs a command line whose output is full.
func (w *world) full(line string) (code int, told string) {
	w.Helper()
	f, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		w.Fatal(err)
	}
	defer f.Close()
	var stderr bytes.Buffer
	code = commands.Main(w.args(line), nil, f, &stderr, program.NoEnv, noon)
	return code, stderr.String()
}

// wantFull runs a command line whose output is full, and checks that it fails for that reason.
func (w *world) wantFull(line string) {
	w.Helper()
	if code, told := w.full(line); code != 3 || !strings.Contains(told, "print the result: ") ||
		!strings.Contains(told, "write /dev/full: no space left on device") {
		w.Errorf("tollbook %s > /dev/full: exit %d, want 3: %s", line, code, told)
	}
}

// TestFullOutput (CLI-7) checks that every command that prints a result, as text or as JSON, and the help of every
// command fail with exit code 3 if the output is full. A new command must be added to printing. The quick form tests
// every twelfth line, the full form with TOLLBOOK_TEST_PART=7 every seventh.
func TestFullOutput(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	covered := groups()
	step := program.Every(1)
	if testing.Short() {
		step = 12
	}
	for i, line := range printing() {
		cmd, _, err := commands.New(testApp()).Find(strings.Split(line, " "))
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		covered = append(covered, cmd.CommandPath())
		if code, out, told := w.call(line); code > 1 || out == "" {
			t.Errorf("tollbook %s: exit %d, want 0 or 1 and a result: %q, %s", line, code, out, told)
		}
		if i%step != 0 {
			continue
		}
		w.wantFull(line)
		if code, _, told := w.call("--json " + line); code == 2 &&
			strings.Contains(told, "the result goes to standard output as") {
			continue // a format other than JSON: --json is always refused
		}
		w.wantFull("--json " + line)
	}
	covered = append(covered, "tollbook worker") // a worker logs and prints no result
	w.wantFull("-w W console --listen 127.0.0.1:0")
	w.wantFull("--json -w W console --listen 127.0.0.1:0")
	w.wantFull("help run")
	w.wantFull("__complete run ") // the request that the shell sends for a completion
	helped := 0
	walk(commands.New(testApp()), func(cmd *cobra.Command) {
		if !slices.Contains(covered, cmd.CommandPath()) {
			t.Errorf("%s: give printing a line of it", cmd.CommandPath())
		}
		if helped++; helped%step != 0 {
			return
		}
		w.wantFull(strings.TrimPrefix(cmd.CommandPath()+" --help", "tollbook "))
	})
}

// TestKeyNotShown (KEYS-6) checks that a key is not created if its secret could not be printed, and that the attempt
// leaves no file.
func TestKeyNotShown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, before, _ := w.call("-w W keys list --json")
	for _, line := range []string{"-w W keys add --role vendor", "-w W keys add --role vendor --token",
		"-w W keys add --role vendor --json"} {
		if code, told := w.full(line); code != 3 || strings.Contains(told, "shown once") {
			t.Errorf("%s: exit %d, %s", line, code, told)
		}
	}
	if _, after, _ := w.call("-w W keys list --json"); after != before || strings.Count(after, w.key) != 1 {
		t.Errorf("keys before:\n%s\nafter:\n%s", before, after)
	}
	if left, err := filepath.Glob(filepath.Join(w.dir, ".keys*")); len(left) > 0 || err != nil {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
