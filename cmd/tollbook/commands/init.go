package commands

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tollbook/tollbook/cmd/tollbook/cli"
	"github.com/tollbook/tollbook/fixtures/reseller"
	"github.com/tollbook/tollbook/fixtures/sample"
	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/settings"
)

// initResult is the result of init, as JSON.
type initResult struct {
	Workspace string `json:"workspace"`
	Sample    bool   `json:"sample"`
	Cycle     string `json:"cycle,omitempty"` // month of the sample
	AsOf      string `json:"as_of,omitempty"` // as-of for runs over the sample
	Zone      string `json:"zone,omitempty"`  // contract zone, if it was named
}

// NewInit is the command init.
func NewInit(a *cli.App) *cobra.Command {
	var which string
	var own ownWorkspace
	cmd := &cobra.Command{
		Use:   "init DIR",
		Short: "Create a workspace",
		Long: `init creates a folder with tollbook.yaml, books and an inbox for each feed. With --zone and
--currency, which it asks for on a terminal, tollbook.yaml has the keys that most change, six books
have one example row each, which check reports until it is gone, and branding/ has a template for
documents. --all-books adds the other books. Without a zone all keys are written, and empty books.

With --sample it contains a month of a small reseller, with feeds; with --sample=reseller a
month of a reseller of two clouds, with their cost files. A folder that is not empty is not changed.`,
		Example: "  tollbook init shop --zone Europe/Berlin --currency EUR\n" +
			"  tollbook init sample --sample\n  tollbook init clouds --sample=reseller",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if which != "" {
				if err := cli.Only(cmd, "--sample", "leave it out: a sample has its own", "sample"); err != nil {
					return err
				}
			} else if err := own.ask(a); err != nil {
				return err
			}
			r, err := initWorkspace(args[0], which, &own)
			if err != nil {
				return err
			}
			return a.Show(r, func() { printInit(a, r) }, nil, false)
		},
	}
	cmd.Flags().StringVar(&which, "sample", "", "fill it with a sample month: usage or reseller")
	cmd.Flags().Lookup("sample").NoOptDefVal = sampleUsage
	cmd.Flags().StringVar(&own.zone, "zone", "", "contract zone, such as Europe/Berlin: where days and months begin")
	cmd.Flags().StringVar(&own.currency, "currency", "", "currency of bills, such as EUR")
	cmd.Flags().BoolVar(&own.allBooks, "all-books", false, "write the books without an example too")
	return cli.Exits(cmd, cli.ExitDone, cli.ExitWrong, cli.ExitFailed)
}

func printInit(a *cli.App, r initResult) {
	fmt.Fprintf(a.Out, "made %s\n", r.Workspace)
	if r.Sample {
		fmt.Fprintf(a.Out, "next: tollbook -w %s run monthly --cycle %s --as-of %s%s\n", cli.Word(r.Workspace), r.Cycle,
			r.AsOf, a.FutureFlag(r.AsOf))
		return
	}
	if r.Zone != "" {
		fmt.Fprintf(a.Out, "next: replace the rows example-… in %s, then tollbook -w %s check\n",
			filepath.Join(r.Workspace, "books"), cli.Word(r.Workspace))
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

// initWorkspace makes a workspace in dir.
func initWorkspace(dir, which string, own *ownWorkspace) (initResult, error) {
	r, write := initResult{Workspace: dir}, writeEmpty
	switch which {
	case "":
		if r.Zone = own.zone; r.Zone != "" {
			write = own.write
		}
	case sampleUsage:
		r.Sample, r.Cycle, r.AsOf, write = true, sample.Cycle, sample.AsOf, sample.Write
	case sampleReseller:
		r.Sample, r.Cycle, r.AsOf, write = true, reseller.Cycle, reseller.AsOf, reseller.Write
	default:
		return r, (&cli.UsageError{What: fmt.Sprintf("init %s: there is no sample %q", dir, which),
			Hint: "--sample is a month of usage, --sample=reseller a month of cost files"}).Meant(which,
			[]string{sampleUsage, sampleReseller})
	}
	return r, inNewFolder(dir, ".init-"+which, write)
}

// inNewFolder makes a workspace in a folder that is empty or does not exist. It is written in a folder of that one,
// which gets the name begun when it is complete and durable. Only then its content is moved to dir, tollbook.yaml last.
// If any step fails, the same command continues.
func inNewFolder(dir, begun string, write func(dir string) error) error {
	partial, whole := filepath.Join(dir, begun+".tmp"), filepath.Join(dir, begun)
	entries, err := os.ReadDir(dir)
	foreign := slices.DeleteFunc(slices.Clone(entries), func(e fs.DirEntry) bool { return e.Name() == begun+".tmp" })
	complete := slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Name() == begun })
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if to, err := os.Readlink(dir); err == nil {
			return &cli.UsageError{What: fmt.Sprintf("init %s: it is a link to %s, which does not exist", dir, to),
				Hint: "make that folder, or remove the link"}
		}
	case err != nil:
		return &cli.UsageError{What: fmt.Sprintf("init %s: %v", dir, err)}
	case complete:
		return moveInto(dir, whole)
	case len(foreign) > 0:
		return &cli.UsageError{What: fmt.Sprintf("init %s: the folder is not empty: it contains %s", dir,
			foreign[0].Name()), Hint: "name a new folder"}
	}
	err = errors.Join(storage.MakeDir(dir, 0o777, storage.Name), os.RemoveAll(partial))
	if err == nil {
		err = storage.MakeDir(partial, 0o777, storage.Unsynced)
	}
	if err == nil {
		err = write(partial)
	}
	if err == nil {
		err = storage.SyncAll(partial)
	}
	if err == nil {
		err = os.Rename(partial, whole)
	}
	if err != nil {
		return fmt.Errorf("init %s: %w", dir, errors.Join(err, os.RemoveAll(partial)))
	}
	return moveInto(dir, whole)
}

// moveInto moves a complete workspace to dir: only a complete workspace has settings. An earlier command can have moved
// a part of it.
func moveInto(dir, whole string) error {
	err := storage.SyncDir(dir)
	entries, missing := os.ReadDir(whole)
	err = errors.Join(err, missing)
	slices.SortStableFunc(entries, func(a, b fs.DirEntry) int {
		last := func(e fs.DirEntry) int { return strings.Count(e.Name(), settings.File) }
		return last(a) - last(b)
	})
	for _, e := range entries {
		if err == nil {
			err = os.Rename(filepath.Join(whole, e.Name()), filepath.Join(dir, e.Name()))
		}
		if err == nil {
			err = storage.SyncDir(dir)
		}
	}
	if err == nil {
		err = errors.Join(os.Remove(whole), storage.SyncDir(dir))
	}
	if err != nil {
		return fmt.Errorf("init %s: %w", dir, err)
	}
	return nil
}

// writeEmpty writes a workspace without rows in its books and without feed files.
func writeEmpty(dir string) error {
	if err := makeFolders(dir, "books"); err != nil {
		return err
	}
	for _, f := range books.Formats() {
		if err := os.WriteFile(filepath.Join(dir, "books", f.File), emptyBook(f), 0o666); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(dir, settings.File), settings.Template(false), 0o666)
}

// makeFolders makes folders of a workspace and the inbox of each feed.
func makeFolders(dir string, names ...string) error {
	for _, f := range accept.Feeds() {
		names = append(names, "inbox/"+f.Name)
	}
	for _, name := range names {
		err := storage.MakeDir(filepath.Join(dir, filepath.FromSlash(name)), 0o777, storage.Unsynced)
		if err != nil {
			return err
		}
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
