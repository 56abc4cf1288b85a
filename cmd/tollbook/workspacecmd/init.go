package workspacecmd

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tollbook/tollbook/cmd/tollbook/cli"
	"github.com/tollbook/tollbook/fixtures/reseller"
	"github.com/tollbook/tollbook/fixtures/sample"
	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/settings"
)

// initResult is the result of init, as JSON.
type initResult struct {
	Workspace string `json:"workspace"`
	Sample    bool   `json:"sample"`
	Cycle     string `json:"cycle,omitempty"` // month of the sample
	AsOf      string `json:"as_of,omitempty"` // as-of for runs over the sample
}

// NewInit is the command init.
func NewInit(a *cli.App) *cobra.Command {
	var which string
	cmd := &cobra.Command{
		Use:   "init DIR",
		Short: "Create a workspace",
		Long: `init creates a folder with tollbook.yaml, the books with their header rows, and an inbox for each
feed. With --sample it contains a month of a small reseller, with feeds; with --sample=reseller a
month of a reseller of two clouds, with their cost files. A folder that is not empty is not changed.`,
		Example: "  tollbook init billing\n  tollbook init sample --sample\n  tollbook init clouds --sample=reseller",
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			r, err := initWorkspace(args[0], which)
			if err != nil {
				return err
			}
			return a.Show(r, func() { printInit(a, r) }, nil, false)
		},
	}
	cmd.Flags().StringVar(&which, "sample", "", "fill it with a sample month: usage or reseller")
	cmd.Flags().Lookup("sample").NoOptDefVal = sampleUsage
	return cli.Exits(cmd, cli.ExitDone, cli.ExitWrong, cli.ExitFailed)
}

func printInit(a *cli.App, r initResult) {
	fmt.Fprintf(a.Out, "made %s\n", r.Workspace)
	if r.Sample {
		fmt.Fprintf(a.Out, "next: tollbook -w %s run monthly --cycle %s --as-of %s%s\n", cli.Word(r.Workspace), r.Cycle,
			r.AsOf, a.FutureFlag(r.AsOf))
		return
	}
	fmt.Fprintf(a.Out, "next: set zone and currency in %s, fill %s, then tollbook -w %s check\n",
		filepath.Join(r.Workspace, settings.File), filepath.Join(r.Workspace, "books"),
		cli.Word(r.Workspace))
}

// The samples. --sample without a value is the first.
const (
	sampleUsage    = "usage"
	sampleReseller = "reseller"
)

// writeSample fills a workspace with a sample.
func writeSample(dir, which string) (initResult, error) {
	switch which {
	case sampleUsage:
		return initResult{Workspace: dir, Sample: true, Cycle: sample.Cycle, AsOf: sample.AsOf}, sample.Write(dir)
	case sampleReseller:
		return initResult{Workspace: dir, Sample: true, Cycle: reseller.Cycle, AsOf: reseller.AsOf}, reseller.Write(dir)
	}
	return initResult{}, (&cli.UsageError{What: fmt.Sprintf("init %s: there is no sample %q", dir, which),
		Hint: "--sample is a month of usage, --sample=reseller a month of cost files"}).Meant(which,
		[]string{sampleUsage, sampleReseller})
}

func initWorkspace(dir, which string) (r initResult, err error) {
	err = inNewFolder(dir, func() error {
		if which != "" {
			r, err = writeSample(dir, which)
			return err
		}
		r = initResult{Workspace: dir}
		return writeEmpty(dir)
	})
	return r, err
}

// inNewFolder calls write for a folder that is empty or does not exist. If write fails, it deletes what the folder
// contains, so that the same command can be run again.
func inNewFolder(dir string, write func() error) error {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if to, err := os.Readlink(dir); err == nil {
			return &cli.UsageError{What: fmt.Sprintf("init %s: it is a link to %s, which does not exist", dir, to),
				Hint: "make that folder, or remove the link"}
		}
	case err != nil:
		return &cli.UsageError{What: fmt.Sprintf("init %s: %v", dir, err)}
	case len(entries) > 0:
		return &cli.UsageError{What: fmt.Sprintf("init %s: the folder is not empty: it contains %s", dir,
			entries[0].Name()), Hint: "name a new folder; if an init was killed here, empty it first"}
	}
	if err = write(); err == nil {
		return nil
	}
	entries, _ = os.ReadDir(dir) // if the folder does not exist, there is nothing to delete
	for _, e := range entries {
		err = errors.Join(err, os.RemoveAll(filepath.Join(dir, e.Name())))
	}
	return err
}

// writeEmpty writes a workspace without rows in its books and without feed files.
func writeEmpty(dir string) error {
	folders := []string{"books"}
	for _, f := range accept.Feeds() {
		folders = append(folders, "inbox/"+f.Name)
	}
	for _, name := range folders {
		if err := os.MkdirAll(filepath.Join(dir, filepath.FromSlash(name)), 0o777); err != nil {
			return fmt.Errorf("init %s: %w", dir, err)
		}
	}
	for _, f := range books.Formats() {
		if err := os.WriteFile(filepath.Join(dir, "books", f.File), emptyBook(f), 0o666); err != nil {
			return fmt.Errorf("init %s: %w", dir, err)
		}
	}
	// Write the settings last: only a complete workspace has them.
	if err := os.WriteFile(filepath.Join(dir, settings.File), settings.Template(false), 0o666); err != nil {
		return fmt.Errorf("init %s: %w", dir, err)
	}
	return nil
}

// emptyBook returns a book without rows: a header, or for a YAML book a comment that lists its keys.
func emptyBook(f books.Format) []byte {
	var names []string
	for _, c := range f.Columns {
		names = append(names, c.Name)
	}
	if strings.HasSuffix(f.File, ".csv") {
		return []byte(strings.Join(names, ",") + "\n")
	}
	return []byte("# " + f.Meaning + "\n# keys: " + strings.Join(names, ", ") + "\n")
}
