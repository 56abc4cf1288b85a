package commands

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/tollbook/tollbook/cmd/tollbook/cli"
)

// NewVersion is the command version.
func NewVersion(a *cli.App) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Show which build of tollbook this is",
		Long: `version shows the version of the program, the commit that it was built from, and the Go release and
platform that it was built for. Quote it when you report a problem.`,
		Example: "  tollbook version\n  tollbook version --json",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if b := cli.ThisBuild(); a.Flags.JSON {
				return a.PrintJSON(b)
			}
			fmt.Fprintf(a.Out, "tollbook %s\n", cli.ThisBuild())
			return nil
		},
	}
	return cli.Exits(cmd, cli.ExitDone, cli.ExitWrong, cli.ExitFailed)
}
