package commands

import (
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/tollbook/tollbook/cmd/tollbook/cli"
)

// Main runs a command line and returns the exit code (CMD-1).
func Main(args []string, stdin io.Reader, stdout, stderr io.Writer, env func(string) string,
	clock func() time.Time) int {
	a := cli.New(stdin, stdout, stderr, env, clock)
	return a.Run(New(a), args)
}

// New returns the root command with all commands.
func New(a *cli.App) *cobra.Command {
	return a.Root(
		cli.Group{Title: "Start", Commands: []*cobra.Command{
			NewDemo(a), NewInit(a), NewCheck(a),
		}},
		cli.Group{Title: "Month", Commands: []*cobra.Command{
			NewIngest(a), NewRun(a), NewRejects(a), NewClose(a), NewRerate(a),
		}},
		cli.Group{Title: "Look", Commands: []*cobra.Command{
			NewBill(a), NewStatement(a), NewExplain(a), NewQuery(a), NewConsole(a), NewBandwidth(a),
			NewPackages(a), NewIncentives(a), NewQuote(a), NewVerify(a),
		}},
		cli.Group{Title: "Send", Commands: []*cobra.Command{
			NewDocuments(a), NewInvoice(a), NewExport(a), NewFocus(a), NewPublish(a), NewServe(a),
		}},
		cli.Group{Title: "Operate", Commands: []*cobra.Command{
			NewSchedule(a), NewRuns(a), NewDoctor(a), NewKeys(a), NewBackup(a), NewRestore(a), NewPrune(a),
		}},
		cli.Group{Title: cli.Rare, Commands: []*cobra.Command{
			NewReset(a), NewGenerate(a), NewRebucket(a), NewRestoreHead(a), NewWorker(a), NewVersion(a),
			NewCompletion(a), NewMan(a),
		}},
	)
}
