package commands

import (
	"context"
	"errors"
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/tollbook/tollbook/cmd/tollbook/cli"
	"github.com/tollbook/tollbook/jobs/doctor"
)

// NewWorker is the command worker.
func NewWorker(a *cli.App) *cobra.Command {
	var tasks int
	var listen string
	cmd := &cobra.Command{
		Use:   "worker",
		Short: "Do tasks of runs that a Temporal server gives",
		Long: `worker connects to the server of engine.dsn and does tasks of runs until it is stopped. Start as many
as there are machines: each must see the workspace and the lake. Runs give tasks only to workers of
the same build. A worker reads settings and books again if they changed since its last run.

--metrics serves metrics in Prometheus form at /metrics, and /healthz.

The program must be built with the Temporal engine: go build -tags temporal ./cmd/tollbook`,
		Example: "  tollbook -w /srv/billing worker\n  tollbook worker --tasks 4 --metrics :9465",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case tasks < 1 || tasks > 1000:
				return &cli.UsageError{What: fmt.Sprintf("--tasks %d: want 1 to 1000", tasks)}
			case a.Flags.AsOf != "":
				return &cli.UsageError{What: "worker: --as-of", Hint: "a task has the clock of its run: leave it out"}
			}
			return runWorker(cmd.Context(), a, tasks, listen)
		},
	}
	cmd.Flags().IntVar(&tasks, "tasks", runtime.NumCPU(), "how many tasks are done at once")
	cmd.Flags().Lookup("tasks").DefValue = "cores of the machine"
	cmd.Flags().StringVar(&listen, "metrics", "", "serve metrics and health on host:port (default: none)")
	return cli.Exits(cmd, cli.ExitDone, cli.ExitWrong, cli.ExitFailed)
}

// runWorker does tasks of the settings' task server until ctx ends.
func runWorker(ctx context.Context, a *cli.App, tasks int, listen string) (err error) {
	a.Log = cli.NewServerLogger(a.Err, a.Flags.JSON)
	server, err := a.TaskServer(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Close()) }()
	w, err := cli.NewWorker(a)
	if err != nil {
		return err
	}
	w.Options.Workers = 1 // each task uses one core
	defer func() { err = errors.Join(err, w.Close()) }()
	m := doctor.NewWorkerMetrics(cli.Version())
	w.Begun, w.Ended = m.Begun, m.Ended
	if listen != "" {
		stop, err := m.Serve(ctx, listen, a.Log)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, stop()) }()
	}
	return server.Work(ctx, w, tasks)
}
