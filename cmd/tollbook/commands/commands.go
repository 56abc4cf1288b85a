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
		NewInit(a),
		NewCheck(a),
		NewGenerate(a),
		NewIngest(a),
		NewRejects(a),
		NewRun(a),
		NewClose(a),
		NewRerate(a),
		NewPublish(a),
		NewBill(a),
		NewDocuments(a),
		NewExplain(a),
		NewExport(a),
		NewFocus(a),
		NewVerify(a),
		NewBandwidth(a),
		NewPackages(a),
		NewQuote(a),
		NewStatement(a),
		NewInvoice(a),
		NewIncentives(a),
		NewQuery(a),
		NewServe(a),
		NewConsole(a),
		NewKeys(a),
		NewSchedule(a),
		NewRuns(a),
		NewWorker(a),
		NewPrune(a),
		NewRebucket(a),
		NewBackup(a),
		NewRestore(a),
		NewRestoreHead(a),
		NewDoctor(a),
		NewVersion(a),
		NewCompletion(a),
		NewMan(a),
	)
}
