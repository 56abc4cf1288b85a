package commands

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tollbook/tollbook/cmd/tollbook/cli"
)

// shells returns the names of the supported shells.
func shells() []string { return []string{"bash", "fish", "powershell", "zsh"} }

// NewCompletion is the command completion.
func NewCompletion(a *cli.App) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "completion SHELL",
		Short: "Write a completion script for a shell",
		Long: `completion writes a script by which bash, zsh, fish or PowerShell complete the commands, flags and
values of tollbook, among them the cycles of the lake and the ids of customers and partners. Load it
in the shell's start-up file:

  bash        source <(tollbook completion bash)
  zsh         source <(tollbook completion zsh)
  fish        tollbook completion fish | source
  powershell  tollbook completion powershell | Out-String | Invoke-Expression`,
		Example:   "  tollbook completion bash\n  tollbook completion zsh",
		Args:      cobra.ExactArgs(1),
		ValidArgs: shells(),
		RunE: func(cmd *cobra.Command, args []string) error {
			if a.Flags.JSON {
				return cli.NotJSON("a script", "call it without --json")
			}
			switch root := cmd.Root(); args[0] {
			case "bash":
				return root.GenBashCompletionV2(a.Out, true)
			case "zsh":
				return root.GenZshCompletion(a.Out)
			case "fish":
				return root.GenFishCompletion(a.Out, true)
			case "powershell":
				return root.GenPowerShellCompletionWithDesc(a.Out)
			}
			return (&cli.UsageError{What: fmt.Sprintf("completion: shell %q: want one of %s", args[0],
				strings.Join(shells(), ", "))}).Meant(args[0], shells())
		},
	}
	return cli.Exits(cmd, cli.ExitDone, cli.ExitWrong, cli.ExitFailed)
}
