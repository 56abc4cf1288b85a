package commands

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/tollbook/tollbook/cmd/tollbook/cli"
	"github.com/tollbook/tollbook/fixtures/sample"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
)

// tourStep is what the tour says, the feed files that then arrive, and the commands that follow.
type tourStep struct {
	says     string
	from     string // folder of the workspace
	files    []string
	commands []string
}

// tourSteps are two months of the sample. Its month is billed as init prints it, except that August was closed before.
func tourSteps() []tourStep {
	const before, monthly = "--cycle 2026-08 --as-of 2026-09-05T04:00:00Z", "--cycle " + sample.Cycle
	return []tourStep{
		{"The feed files of August arrive, and August is closed.", "august", []string{"*/*"},
			[]string{"check", "close " + before}},
		{"A night of September: usage comes too late for August, and partners confirm and dispute their incentives.",
			"after-august", []string{"usage/*", "incentive_events/2026-09.csv"},
			[]string{"run nightly --as-of 2026-09-11T01:30:00+08:00", "incentives"}},
		{"The last incentive events arrive.", "after-august", []string{"*/*"}, nil},
		{"The feed files of September arrive. 21 records are wrong on purpose.", "september", []string{"*/*"},
			[]string{"run monthly " + monthly + " --as-of " + sample.AsOf, "rejects", "verify",
				"explain vm-ocean-port-0815", "incentives", "statement " + monthly, "bill " + monthly,
				"documents " + monthly}},
	}
}

// runTour runs the commands of the tour and prints each before its output.
func runTour(a *cli.App, dir string) error {
	if a.Flags.JSON {
		return cli.NotJSON("a tour", "leave --tour out")
	}
	if _, err := initWorkspace(dir, sampleUsage, nil); err != nil {
		return err
	}
	if err := os.Rename(filepath.Join(dir, "inbox"), filepath.Join(dir, "september")); err != nil {
		return err
	}
	for _, step := range tourSteps() {
		fmt.Fprintln(a.Out, step.says)
		for _, pattern := range step.files {
			if err := arrive(dir, step.from, pattern); err != nil {
				return err
			}
		}
		for _, line := range step.commands {
			fmt.Fprintf(a.Out, "\n$ tollbook -w %s %s\n", cli.Word(dir), line)
			args := append([]string{"-w", dir, "--allow-future"}, strings.Fields(line)...)
			if code := Main(args, a.In, a.Out, a.Err, a.Env, a.Clock); code > cli.ExitNeedsAttention {
				return fmt.Errorf("the tour ended at `tollbook %s`: exit code %d", line, code)
			}
		}
		fmt.Fprintln(a.Out)
	}
	fmt.Fprintln(a.Out, "The sum is 18.00 more than that of `tollbook demo`: a day of August, which was late.")
	return nil
}

// arrive moves feed files from a folder of the workspace into its inbox.
func arrive(dir, from, pattern string) error {
	names, err := filepath.Glob(filepath.Join(dir, from, pattern))
	for _, name := range names {
		feed := filepath.Join(dir, "inbox", filepath.Base(filepath.Dir(name)))
		err = errors.Join(err, storage.MakeDir(feed, 0o777, storage.Unsynced),
			os.Rename(name, filepath.Join(feed, filepath.Base(name))))
	}
	return err
}
