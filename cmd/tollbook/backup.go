package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/tollbook/tollbook/pipeline/run/backup"
)

func (a *app) backupCommand() *cobra.Command {
	var o backup.Options
	cmd := &cobra.Command{
		Use:   "backup DIR",
		Short: "Copy the workspace, while runs go on",
		Long: `backup copies the lake at one committed state, settings, books, feed files, the run ledger and the archive into a folder apart.
Runs may go on meanwhile. A second backup into the same folder copies what is new alone; one that was killed leaves the one
before it whole. Everything is hashed as it is copied.

Keys of callers, passwords and TLS keys are not copied, but with --secrets; tollbook.yaml is, with what clickhouse.dsn says. An archive
that lies outside of the workspace is not copied: it does not change. Exit code 1 says that a file changed while
it was copied and was left out.`,
		Example: "  tollbook backup /mnt/backup/billing\n" +
			"  tollbook -w sample backup /mnt/backup/sample --no-inbox --json",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return a.backup(cmd.Context(), args[0], o) },
	}
	cmd.Flags().BoolVar(&o.NoInbox, "no-inbox", false, "leave feed files out")
	cmd.Flags().BoolVar(&o.Secrets, "secrets", false, "copy keys of callers, passwords and TLS keys too")
	return exits(cmd, exitDone, exitNeedsAttention, exitWrong, exitFailed)
}

func (a *app) restoreCommand() *cobra.Command {
	var into string
	cmd := &cobra.Command{
		Use:   "restore DIR --into WORKSPACE",
		Short: "Make a workspace of a backup",
		Long: `restore copies a backup into a folder that is empty or not there, and checks every byte: a file that is not what was backed up is
named, and no workspace comes of it. Afterwards verify counts everything again, and the next run goes on from the state that
was backed up.

A restore that was killed or failed leaves the file .restoring in the folder. The same command again finishes it: files that are
there and right are kept, all others are copied again.`,
		Example: "  tollbook restore /mnt/backup/billing --into billing\n" +
			"  tollbook restore /mnt/backup/billing --into billing --json",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return a.restore(cmd.Context(), args[0], into) },
	}
	cmd.Flags().StringVar(&into, "into", "", "folder of the workspace to make")
	return exits(cmd, exitDone, exitWrong, exitFailed)
}

func (a *app) backup(ctx context.Context, dir string, bo backup.Options) error {
	o, err := a.options()
	if err != nil {
		return err
	}
	w, err := a.open()
	if err != nil {
		return err
	}
	bo.Wrap = o.Wrap
	r, err := backup.Make(ctx, w, dir, bo)
	if err != nil {
		return err
	}
	if a.flags.json {
		err = a.printJSON(r)
	} else {
		a.backupText(r)
	}
	if err == nil && r.NeedsAttention() {
		return errNeedsAttention
	}
	return err
}

func (a *app) backupText(r *backup.Report) {
	fmt.Fprintf(a.out, "backup to %s\n\nthe lake at manifest %d", r.Dir, r.Manifest)
	if r.AsOf != "" {
		fmt.Fprintf(a.out, ", as of %s", r.AsOf)
	}
	fmt.Fprintf(a.out, "\n%s copied, %s; %s there already\n", counted(int64(r.Files), "file", "files"),
		counted(r.Bytes, "byte", "bytes"), counted(int64(r.Kept), "file", "files"))
	for _, name := range r.Without {
		fmt.Fprintf(a.out, "not copied, being secret: %s (--secrets)\n", name)
	}
	for _, name := range r.LeftOut {
		fmt.Fprintf(a.out, "left out: %s\n", name)
	}
}

func (a *app) restore(ctx context.Context, dir, into string) error {
	if into == "" {
		return &usageError{what: "--into is missing",
			hint: "say which folder is to become the workspace: --into billing"}
	}
	o, err := a.options()
	if err != nil {
		return err
	}
	r, err := backup.Restore(ctx, dir, into, o.Wrap)
	if err != nil {
		return err
	}
	if a.flags.json {
		return a.printJSON(r)
	}
	fmt.Fprintf(a.out, "restored %s to %s: the lake at manifest %d, %s, %s\n", dir, into, r.Manifest,
		counted(int64(r.Files), "file", "files"), counted(r.Bytes, "byte", "bytes"))
	if r.Kept > 0 {
		fmt.Fprintf(a.out, "%s there already, of a restore that did not finish\n",
			counted(int64(r.Kept), "file", "files"))
	}
	for _, note := range r.Notes {
		fmt.Fprintln(a.out, note)
	}
	fmt.Fprintf(a.out, "`tollbook -w %s verify` counts it all again\n", into)
	return nil
}
