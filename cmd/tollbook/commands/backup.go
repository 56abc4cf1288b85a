package commands

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/tollbook/tollbook/cmd/tollbook/cli"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/run/admin"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/settings"
)

// backupOptions are those of backup.
type backupOptions struct {
	admin.BackupOptions
	dir string
}

// NewBackup is the command backup.
func NewBackup(a *cli.App) *cobra.Command {
	var o backupOptions
	cmd := &cobra.Command{
		Use:   "backup DIR|s3://BUCKET/PREFIX",
		Short: "Copy the workspace, also during runs",
		Long: `backup copies the lake at one committed state, settings, books, branding, feed files, the run
ledger and the archives into another folder, or into an object store. Runs can proceed meanwhile. A
second backup into the same folder copies only what is new. A backup that is killed leaves the
previous one complete. Every file is hashed while it is copied.

Keys of callers, passwords and TLS keys are copied only with --secrets. tollbook.yaml is always
copied, including clickhouse.dsn.

Exit code 1 means that something was omitted, which is named: a feed file that changed during the
copy, may not be read or is missing although it was ingested, or archived cycles and feed files
that are outside the workspace or not where they were archived. An empty lake is refused if the
run ledger or the backup in the folder names a lake.`,
		Example: "  tollbook backup /mnt/backup/billing\n" +
			"  tollbook backup s3://backups/billing --endpoint https://store.example.com:9000\n" +
			"  tollbook -w sample backup /mnt/backup/sample --no-inbox --json",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.dir = args[0]
			return runBackup(cmd.Context(), a, &o)
		},
	}
	cmd.Flags().BoolVar(&o.NoInbox, "no-inbox", false, "leave feed files out")
	addStore(cmd, &o.Endpoint, &o.Region, "those of the lake")
	cmd.Flags().BoolVar(&o.Secrets, "secrets", false, "copy keys of callers, passwords and TLS keys too")
	return cli.Exits(cmd, cli.ExitDone, cli.ExitNeedsAttention, cli.ExitWrong, cli.ExitFailed)
}

// addStore adds the flags of an object store.
func addStore(cmd *cobra.Command, endpoint, region *string, without string) {
	cmd.Flags().StringVar(endpoint, "endpoint", "",
		"object store of the backup, http://host:port or https://host:port (default: "+without+")")
	cmd.Flags().StringVar(region, "region", "", "region of the backup's bucket (default: as for --endpoint)")
}

// restoreOptions are those of restore.
type restoreOptions struct {
	from settings.Place // the backup
	into string         // the workspace
}

// NewRestore is the command restore.
func NewRestore(a *cli.App) *cobra.Command {
	var o restoreOptions
	cmd := &cobra.Command{
		Use:   "restore DIR|s3://BUCKET/PREFIX --into WORKSPACE",
		Short: "Restore a workspace from a backup",
		Long: `restore copies a backup into a folder that is empty or does not exist. It checks every byte, and
names each file that differs from what was backed up; the folder is not a workspace then. Afterwards
run verify. The next run continues from the state of the backup.

A restore that was killed or failed leaves the file .restoring in the folder. The same command
finishes it: correct files are kept, all others are copied again.

Exit code 1 means that tollbook.yaml names a lake, an inbox, books or an archive outside the
workspace, which the restored workspace would use. The output says where the copy is.`,
		Example: "  tollbook restore /mnt/backup/billing --into billing\n" +
			"  tollbook restore /mnt/backup/billing --into billing --json",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.from.Path = args[0]
			return runRestore(cmd.Context(), a, &o)
		},
	}
	addStore(cmd, &o.from.Endpoint, &o.from.Region, "Amazon S3, us-east-1")
	cmd.Flags().StringVar(&o.into, "into", "", "folder of the workspace to make")
	return cli.Exits(cmd, cli.ExitDone, cli.ExitNeedsAttention, cli.ExitWrong, cli.ExitFailed)
}

// checkPlace checks the name of a backup's folder or object store.
func checkPlace(name string) error {
	if !settings.InObjectStore(name) {
		return nil
	}
	if _, _, err := settings.ParseObjectStore(name); err != nil {
		return &cli.UsageError{What: err.Error(), Hint: "name the bucket: s3://backups/billing"}
	}
	return nil
}

func runBackup(ctx context.Context, a *cli.App, o *backupOptions) error {
	if err := checkPlace(o.dir); err != nil {
		return err
	}
	of, err := a.Options()
	if err != nil {
		return err
	}
	w, err := a.Open()
	if err != nil {
		return err
	}
	if err := a.ReadOf(w, func(*lake.Snapshot) error { return nil }); err != nil {
		return err // it is another lake, or was emptied
	}
	o.Wrap, o.Started = counting(of.Wrap, a.Bar.Update), period.Instant(a.Clock().UnixMicro())
	r, err := admin.Backup(ctx, w, o.dir, o.BackupOptions)
	a.Bar.End()
	if err != nil {
		return err
	}
	return a.Show(r, func() { printBackup(a, w.Settings.Zone, r) }, nil, r.NeedsAttention())
}

func printBackup(a *cli.App, zone *period.Zone, r *admin.BackupReport) {
	fmt.Fprintf(a.Out, "backup to %s\n\nthe lake at manifest %d", r.Dir, r.Manifest)
	if r.AsOf != "" {
		fmt.Fprintf(a.Out, ", as of %s", cli.Local(zone, r.AsOf))
	}
	fmt.Fprintf(a.Out, "\n%s copied, %s; %s there already\n", cli.Counted(int64(r.Files), "file", "files"),
		cli.Counted(r.Bytes, "byte", "bytes"), cli.Counted(int64(r.Kept), "file", "files"))
	for _, name := range r.Without {
		fmt.Fprintf(a.Out, "not copied, being secret: %s (--secrets)\n", name)
	}
	for _, name := range r.LeftOut {
		fmt.Fprintf(a.Out, "omitted: %s\n", name)
	}
}

func runRestore(ctx context.Context, a *cli.App, o *restoreOptions) error {
	if o.into == "" {
		return &cli.UsageError{What: "--into is missing", Hint: "name the folder of the new workspace: --into billing"}
	}
	if err := checkPlace(o.from.Path); err != nil {
		return err
	}
	of, err := a.Options()
	if err != nil {
		return err
	}
	r, err := admin.Restore(ctx, o.from, o.into, counting(of.Wrap, a.Bar.Update))
	a.Bar.End()
	if err != nil {
		return err
	}
	return a.Show(r, func() { printRestored(a, o, r) }, nil, r.NeedsAttention())
}

func printRestored(a *cli.App, o *restoreOptions, r *admin.Restored) {
	fmt.Fprintf(a.Out, "restored %s to %s: the lake at manifest %d, %s, %s\n", o.from.Path, o.into, r.Manifest,
		cli.Counted(int64(r.Files), "file", "files"), cli.Counted(r.Bytes, "byte", "bytes"))
	if r.Kept > 0 {
		fmt.Fprintf(a.Out, "%s there already, of a restore that did not finish\n",
			cli.Counted(int64(r.Kept), "file", "files"))
	}
	for _, note := range r.Notes {
		fmt.Fprintln(a.Out, note)
	}
	fmt.Fprintf(a.Out, "`tollbook -w %s verify` checks the restored workspace\n", cli.Word(o.into))
}
