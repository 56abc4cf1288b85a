package commands

import (
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/tollbook/tollbook/cmd/tollbook/billcmd"
	"github.com/tollbook/tollbook/cmd/tollbook/cli"
	"github.com/tollbook/tollbook/cmd/tollbook/cyclecmd"
	"github.com/tollbook/tollbook/cmd/tollbook/exportcmd"
	"github.com/tollbook/tollbook/cmd/tollbook/keycmd"
	"github.com/tollbook/tollbook/cmd/tollbook/lakecmd"
	"github.com/tollbook/tollbook/cmd/tollbook/partnercmd"
	"github.com/tollbook/tollbook/cmd/tollbook/programcmd"
	"github.com/tollbook/tollbook/cmd/tollbook/publishcmd"
	"github.com/tollbook/tollbook/cmd/tollbook/querycmd"
	"github.com/tollbook/tollbook/cmd/tollbook/rejectscmd"
	"github.com/tollbook/tollbook/cmd/tollbook/runcmd"
	"github.com/tollbook/tollbook/cmd/tollbook/servecmd"
	"github.com/tollbook/tollbook/cmd/tollbook/workspacecmd"
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
		workspacecmd.NewInit(a),
		workspacecmd.NewCheck(a),
		workspacecmd.NewGenerate(a),
		runcmd.NewIngest(a),
		rejectscmd.NewRejects(a),
		runcmd.NewRun(a),
		cyclecmd.NewClose(a),
		cyclecmd.NewRerate(a),
		publishcmd.NewPublish(a),
		billcmd.NewBill(a),
		billcmd.NewDocuments(a),
		billcmd.NewExplain(a),
		exportcmd.NewExport(a),
		exportcmd.NewFocus(a),
		lakecmd.NewVerify(a),
		billcmd.NewBandwidth(a),
		billcmd.NewPackages(a),
		billcmd.NewQuote(a),
		partnercmd.NewStatement(a),
		partnercmd.NewInvoice(a),
		partnercmd.NewIncentives(a),
		querycmd.NewQuery(a),
		servecmd.NewServe(a),
		servecmd.NewConsole(a),
		keycmd.NewKeys(a),
		runcmd.NewSchedule(a),
		runcmd.NewRuns(a),
		runcmd.NewWorker(a),
		lakecmd.NewPrune(a),
		lakecmd.NewRebucket(a),
		lakecmd.NewBackup(a),
		lakecmd.NewRestore(a),
		lakecmd.NewRestoreHead(a),
		workspacecmd.NewDoctor(a),
		programcmd.NewVersion(a),
		programcmd.NewCompletion(a),
		programcmd.NewMan(a),
	)
}
