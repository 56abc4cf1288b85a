package commands

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/tollbook/tollbook/cmd/tollbook/cli"
	"github.com/tollbook/tollbook/cmd/tollbook/heap"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
	"github.com/tollbook/tollbook/pipeline/out/published"
	"github.com/tollbook/tollbook/pipeline/read/query"
	"github.com/tollbook/tollbook/pipeline/serve"
	"github.com/tollbook/tollbook/schemas/settings"
)

// serveOptions are the flags of serve.
type serveOptions struct {
	listen string // "" = api.listen of the settings
	from   string // name of an query.AnswerSource
}

// NewServe is the command serve.
func NewServe(a *cli.App) *cobra.Command {
	var o serveOptions
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve the query API to partners, customers and finance",
		Long: `serve is the query API: the vendor's own operations, so that clients built on its SDK work with only
the endpoint changed, and tollbook's own: statements, incentives, cycles, runs, exports, and
explanations. It reads what runs have committed, one state per request, and changes nothing; runs
can proceed meanwhile. The file that api.keys names lists the callers: tollbook keys add.

With console: on in the settings it serves the console too, below /console/: callers sign in with
their keys.

Requests are logged on standard error, with --json as one JSON object per line. The server stops on
SIGTERM or SIGINT: current requests end within api.stop_timeout. Without api.tls_cert it uses plain
HTTP: then let it listen on loopback only, behind a proxy.`,
		Example: "  tollbook serve\n  tollbook serve --listen 127.0.0.1:9090\n  tollbook serve -w books-2026 --json",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return runServe(cmd.Context(), a, &o) },
	}
	cmd.Flags().StringVar(&o.listen, "listen", "", "host:port to listen on (default: api.listen of the settings)")
	cmd.Flags().StringVar(&o.from, "from", string(query.LakeSource),
		"source of records: lake, or clickhouse, the published copy; while a publish is pending the lake "+
			"answers")
	return cli.Exits(cmd, cli.ExitDone, cli.ExitWrong, cli.ExitFailed)
}

func runServe(ctx context.Context, a *cli.App, o *serveOptions) (err error) {
	heap.TuneServer(a.Env)
	if o.listen != "" {
		if _, err := settings.ParseListen(o.listen); err != nil {
			return &cli.UsageError{What: "--listen " + err.Error(), Hint: "write it as 127.0.0.1:8080"}
		}
	}
	w, err := a.Open()
	if err != nil {
		return err
	}
	if o.listen != "" {
		w.Settings.API.Listen = o.listen
	}
	if err := a.ReadOf(w, func(*lake.Snapshot) error { return nil }); err != nil {
		return err
	}
	log := cli.NewServerLogger(a.Err, a.Flags.JSON)
	folder, err := storage.NewScratch("", "serve")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, folder.Close()) }()
	c := serve.Config{Workspace: w, Clock: a.Clock, Log: log, Scratch: filepath.Join(folder.Path, "files"), Env: a.Env,
		Jobs: jobsOf(w.Dir)}
	switch query.AnswerSource(o.from) {
	case query.LakeSource:
	case query.ClickHouseSource:
		if !w.Settings.ClickHouse.DSN.Set() {
			return &cli.UsageError{What: "--from clickhouse: clickhouse.dsn is empty",
				Hint: "name the server in tollbook.yaml"}
		}
		conn, err := cli.Published(ctx, a, w)
		if err != nil {
			return err
		}
		defer func() { _ = conn.Close() }() // nothing was written
		// Do not retry: if ClickHouse fails, the lake answers.
		store := published.NewClickHouse(conn.Once(), w.Settings.ClickHouse.DSN.Database)
		store.Away = func(err error) {
			log.Error("ClickHouse does not answer: the lake answers in its place", "error", err.Error())
		}
		c.Store = func(snap *lake.Snapshot, own query.Store) query.Store { return store.At(snap, own) }
	default:
		return &cli.UsageError{What: fmt.Sprintf("--from %q: want lake or clickhouse", o.from)}
	}
	s, err := serve.New(c)
	if err != nil {
		return err
	}
	l, err := s.Listen(ctx)
	if err != nil {
		return err
	}
	scheme := "http"
	if s.Secure() {
		scheme = "https"
	}
	log.Info("serving", "on", fmt.Sprintf("%s://%s", scheme, l.Addr()))
	return s.Serve(ctx, l)
}
