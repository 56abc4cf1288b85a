package commands

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/tollbook/tollbook/cmd/tollbook/cli"
	"github.com/tollbook/tollbook/cmd/tollbook/heap"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
	"github.com/tollbook/tollbook/pipeline/serve"
	"github.com/tollbook/tollbook/pipeline/serve/keys"
	"github.com/tollbook/tollbook/schemas/settings"
)

// NewConsole is the command console.
func NewConsole(a *cli.App) *cobra.Command {
	listen := "127.0.0.1:8181"
	cmd := &cobra.Command{
		Use:   "console",
		Short: "Show the lake in a browser of this machine, read-only",
		Long: `console serves pages about the lake to a browser on this machine: months, customers, bills, and each
amount down to the row of the feed file that it comes from. It reads what runs have committed and
changes nothing; runs can proceed meanwhile.

The console needs no key, shows everything that the vendor may see, and listens on a loopback address
only: every user of this machine can open the pages. It prints its address on standard output and
stops on SIGTERM or SIGINT.`,
		Example: "  tollbook console\n  tollbook console -w books-2026 --listen 127.0.0.1:9000",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return runConsole(cmd.Context(), a, listen) },
	}
	cmd.Flags().StringVar(&listen, "listen", listen, "loopback address and port to listen on; port 0 = a free one")
	return cli.Exits(cmd, cli.ExitDone, cli.ExitWrong, cli.ExitFailed)
}

// onLoopback returns an error if other machines can connect to the address.
func onLoopback(listen string) error {
	host, _, err := net.SplitHostPort(listen)
	ip, notIP := netip.ParseAddr(host)
	if err != nil || notIP != nil || !ip.IsLoopback() {
		return &cli.UsageError{What: fmt.Sprintf("--listen %q: want a loopback address and a port", listen),
			Hint: "127.0.0.1:8181 or [::1]:8181"}
	}
	if _, err := settings.ParseListen(listen); err != nil {
		return &cli.UsageError{What: "--listen " + err.Error(), Hint: "write it as 127.0.0.1:8181"}
	}
	return nil
}

func runConsole(ctx context.Context, a *cli.App, listen string) (err error) {
	if err := onLoopback(listen); err != nil {
		return err
	}
	heap.TuneServer(a.Env)
	w, err := a.Open()
	if err != nil {
		return err
	}
	w.Settings.API.Listen, w.Settings.API.TLSCert, w.Settings.API.TLSKey = listen, "", ""
	if err := a.ReadOf(w, func(*lake.Snapshot) error { return nil }); err != nil {
		return err
	}
	folder, err := storage.NewScratch("", "serve")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, folder.Close()) }()
	s, err := serve.New(serve.Config{Workspace: w, Clock: a.Clock, Log: cli.NewServerLogger(a.Err, a.Flags.JSON),
		Scratch: filepath.Join(folder.Path, "files"), Jobs: jobsOf(w.Dir),
		LocalConsole: &keys.Caller{ID: "local", Role: keys.Vendor}})
	if err != nil {
		return err
	}
	l, err := s.Listen(ctx)
	if err != nil {
		return err
	}
	if err := printAddress(a, "http://"+l.Addr().String()+"/console/"); err != nil {
		return errors.Join(err, l.Close())
	}
	return s.Serve(ctx, l)
}

// printAddress prints the address of the console.
func printAddress(a *cli.App, address string) error {
	if a.Flags.JSON {
		return a.PrintJSON(struct {
			Address string `json:"address"`
		}{address})
	}
	_, err := fmt.Fprintln(a.Out, address)
	return err
}
