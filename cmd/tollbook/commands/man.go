package commands

import (
	"bytes"
	_ "embed"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"github.com/tollbook/tollbook/cmd/tollbook/cli"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
)

// manResult is the JSON report of man with a folder.
type manResult struct {
	Folder string `json:"folder"`
	Pages  int    `json:"pages"`
}

// NewMan is the command man.
func NewMan(a *cli.App) *cobra.Command {
	var dir string
	var out cli.Output
	cmd := &cobra.Command{
		Use:   "man",
		Short: "Write the manual",
		Long: `man writes the manual of all commands as one page of Markdown, or with --dir as pages for man(1) into
a folder, one for each command. Pages of the same name are replaced.`,
		Example: "  tollbook man --out cli.md\n  tollbook man --dir /usr/local/share/man/man1",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if dir == "" {
				return writePage(a, cmd.Root(), &out)
			}
			r := manResult{Folder: dir}
			err := cli.Only(cmd, "man --dir", "pages of the same name are replaced", "dir")
			if err != nil {
				return err
			}
			if err := cli.CheckDir(dir); err != nil {
				return err
			}
			if r.Pages, err = writePages(cmd.Root(), dir); err != nil {
				return err
			}
			if a.Flags.JSON {
				return a.PrintJSON(r)
			}
			fmt.Fprintf(a.Out, "%d pages written to %s\n", r.Pages, r.Folder)
			return nil
		},
	}
	cmd.Flags().StringVar(&dir, "dir", "", "folder of the pages for man(1)")
	out.Add(cmd, "out", "file to write; - is standard output (default: standard output)")
	return cli.Exits(cmd, cli.ExitDone, cli.ExitWrong, cli.ExitFailed)
}

// writePage writes the manual as one page.
func writePage(a *cli.App, root *cobra.Command, out *cli.Output) error {
	if a.Flags.JSON && out.ToStdout() {
		return cli.NotJSON("Markdown", "name a file: --out FILE")
	}
	if err := out.Check(); err != nil {
		return err
	}
	size, err := a.WriteOutput(out, func(w io.Writer) error { return ManPage(root, w) })
	if err != nil || out.ToStdout() {
		return err
	}
	if a.Flags.JSON {
		return a.PrintJSON(struct {
			File  string `json:"file"`
			Bytes int64  `json:"bytes"`
		}{out.File, size})
	}
	return nil
}

// each visits a command and the available commands below it, in the order of their names.
func each(cmd *cobra.Command, visit func(*cobra.Command) error) error {
	if err := visit(cmd); err != nil {
		return err
	}
	for _, sub := range cmd.Commands() {
		if sub.IsAvailableCommand() && sub.Name() != "help" {
			if err := each(sub, visit); err != nil {
				return err
			}
		}
	}
	return nil
}

// writePages writes one page per command for man(1), with the date of the build's commit.
func writePages(root *cobra.Command, dir string) (pages int, err error) {
	if err := storage.MakeDir(dir, 0o777, storage.Name); err != nil {
		return 0, err
	}
	build := cli.ThisBuild()
	date, err := time.Parse(time.RFC3339, build.Time)
	if err != nil {
		date = time.Unix(0, 0).UTC() // not built from a commit
	}
	root.DisableAutoGenTag = true
	return pages, each(root, func(cmd *cobra.Command) error {
		name := strings.ReplaceAll(cmd.CommandPath(), " ", "-") + ".1"
		header := &doc.GenManHeader{Title: strings.ToUpper(strings.TrimSuffix(name, ".1")), Section: "1",
			Date: &date, Source: "tollbook " + cli.Version(), Manual: "tollbook"}
		var page bytes.Buffer
		if err := doc.GenMan(cmd, header, &page); err != nil {
			return err
		}
		pages++
		return os.WriteFile(filepath.Join(dir, name), page.Bytes(), 0o666)
	})
}

// head is the beginning of the page, before the commands.
//
//go:embed head.tmpl
var head string

// ManPage writes the manual as one page of Markdown.
func ManPage(root *cobra.Command, w io.Writer) error {
	var page strings.Builder
	page.WriteString(head)
	for code := range cli.ExitFailed + 1 {
		fmt.Fprintf(&page, "- `%d`: %s\n", code, cli.ExitText(code))
	}
	page.WriteString("\n")
	err := each(root, func(cmd *cobra.Command) error {
		fmt.Fprintf(&page, "## %s\n\n%s.\n\n", cmd.CommandPath(), cmd.Short)
		cmd.InitDefaultHelpFlag()
		cmd.InitDefaultVersionFlag()
		cmd.Flags().Lookup("help").Hidden = true // each command has it
		fmt.Fprintf(&page, "```\n%s\n", cmd.Long)
		if strings.Contains(cmd.Use, " ") { // others have flags only
			fmt.Fprintf(&page, "\nUsage:\n  %s\n", cmd.UseLine())
		}
		fmt.Fprintf(&page, "\nExamples:\n%s\n", cmd.Example)
		if flags := cmd.NonInheritedFlags(); flags.HasAvailableFlags() {
			fmt.Fprintf(&page, "\nFlags:\n%s", flags.FlagUsages())
		}
		if codes := cmd.Annotations["codes"]; codes != "" {
			fmt.Fprintf(&page, "\nExit codes: %s\n", codes)
		}
		page.WriteString("```\n\n")
		return nil
	})
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, strings.TrimRight(page.String(), "\n")+"\n")
	return err
}
