package run

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/out/iceberg"
	"github.com/tollbook/tollbook/pipeline/out/publish"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/problem"
)

// PublishOptions says what to publish, and how.
type PublishOptions struct {
	Cycle     period.Cycle // only this cycle; lake.NoCycle = all
	DryRun    bool         // report what would be done
	TakeOver  bool         // replace the copy of another lake
	Rebalance bool         // move files to the shard to which their bucket belongs now
}

// PublishClickHouse publishes the lake's state to the ClickHouse of the settings. Errors: *RefusedError without a
// server; *rows.NoCycleError; problem.Problems if the books lack what lines name; those of publish.Publish.
func PublishClickHouse(ctx context.Context, w *workspace.Workspace, po PublishOptions,
	o workspace.Options) (report *publish.Report, err error) {
	to, err := server(w, o)
	if err != nil {
		return nil, err
	}
	to.DryRun, to.TakeOver, to.Rebalance = po.DryRun, po.TakeOver, po.Rebalance
	l, err := w.Lake(o)
	if err != nil {
		return nil, err
	}
	o.BeginStage(workspace.StagePublish)
	err = l.Read(func(snap *lake.Snapshot) error {
		src, err := source(w, snap, o)
		if err != nil {
			return err
		}
		if po.Cycle != lake.NoCycle {
			src.Cycle = lake.CycleOf(po.Cycle)
			if ref, _ := snap.Cycle(src.Cycle); ref.Archived != nil {
				return &workspace.RefusedError{
					What: fmt.Sprintf("cycle %s was archived at %s: its lines are no longer published", src.Cycle,
						ref.Archived.AsOf),
					Hint: "`tollbook publish` updates what stays of it: statements, accounts, incentives"}
			}
		}
		to.Elsewhere = elsewhere(w, snap, po, o)
		report, err = publish.Publish(ctx, to, src)
		return err
	})
	if err != nil {
		return report, BookProblem(err)
	}
	o.CountRows(report.Inserted())
	return report, nil
}

// server returns the connection options for the ClickHouse of the settings.
func server(w *workspace.Workspace, o workspace.Options) (*publish.Options, error) {
	s := &w.Settings.ClickHouse
	if !s.DSN.Set() {
		return nil, &workspace.RefusedError{What: "no server to publish to",
			Hint: "set clickhouse.dsn in tollbook.yaml, or iceberg.warehouse for Iceberg tables"}
	}
	at, err := publish.ServerOptionsFrom(s, w.Dir, environment(o))
	if err != nil {
		return nil, err
	}
	return &publish.Options{Server: at, Cluster: s.Cluster, Keep: s.Keep, Inserts: o.Workers, Progress: o.Progress,
		BucketRows: o.BucketRows, StopAt: o.StopAt}, nil
}

// source returns a state of the lake as the source of a publish.
func source(w *workspace.Workspace, snap *lake.Snapshot, o workspace.Options) (*publish.Source, error) {
	if err := snap.Manifest.Units.Check(w.Units()); err != nil {
		return nil, err
	}
	partners, err := w.Partners()
	if err != nil {
		return nil, err
	}
	return &publish.Source{Snap: snap, Partners: partners, Books: w.PartnerFingerprint(),
		Samples: w.Settings.ClickHouse.Samples, Limits: rows.Limits{Workers: o.Workers}}, nil
}

// environment returns the lookup of environment variables of a run.
func environment(o workspace.Options) func(string) string {
	if o.Env == nil {
		return func(string) string { return "" }
	}
	return o.Env
}

// PublishIceberg publishes the lake's state to the Iceberg tables of the settings. Errors: *RefusedError without a
// warehouse; those of iceberg.Publish.
func PublishIceberg(ctx context.Context, w *workspace.Workspace, po PublishOptions,
	o workspace.Options) (report *iceberg.Report, err error) {
	s := &w.Settings.Iceberg
	switch {
	case !s.Set():
		return nil, &workspace.RefusedError{What: "no Iceberg warehouse to publish to",
			Hint: "set iceberg.warehouse in tollbook.yaml"}
	case po.Cycle != lake.NoCycle:
		return nil, &workspace.RefusedError{What: "Iceberg tables are published for all cycles together",
			Hint: "leave --cycle out"}
	}
	warehouse, err := w.IcebergWarehouse()
	if err != nil {
		return nil, err
	}
	client, err := iceberg.CatalogOf(s, w.Dir, environment(o))
	if err != nil {
		return nil, err
	}
	l, err := w.Lake(o)
	if err != nil {
		return nil, err
	}
	o.BeginStage(workspace.StageIceberg)
	to := &iceberg.Options{Warehouse: warehouse, Catalog: client, Namespace: s.Namespace, Keep: s.Keep,
		Now: max(o.Started, 0), DryRun: po.DryRun, TakeOver: po.TakeOver, StopAt: o.StopAt}
	err = l.Read(func(snap *lake.Snapshot) error {
		report, err = iceberg.Publish(ctx, to, snap)
		return err
	})
	return report, err
}

// PublishAll publishes to each target of the settings. If one target fails, the other is still tried. Errors:
// *RefusedError if there is no target; those of ClickHouse and Iceberg.
func PublishAll(ctx context.Context, w *workspace.Workspace, po PublishOptions,
	o workspace.Options) (server *publish.Report, tables *iceberg.Report, err error) {
	s := &w.Settings
	if s.ClickHouse.DSN.Set() || !s.Iceberg.Set() {
		server, err = PublishClickHouse(ctx, w, po, o)
	}
	if !s.Iceberg.Set() || ctx.Err() != nil || s.ClickHouse.DSN.Set() && po.Cycle != lake.NoCycle {
		return server, nil, err
	}
	tables, icebergErr := PublishIceberg(ctx, w, po, o)
	if err == nil {
		return server, tables, icebergErr
	}
	if icebergErr != nil {
		err = &bothError{err, icebergErr}
	}
	return server, tables, err
}

// bothError is the error of two targets that were both not published to.
type bothError struct{ clickHouse, iceberg error }

func (e *bothError) Error() string { return errors.Join(e.Unwrap()...).Error() }

func (e *bothError) Unwrap() []error { return []error{e.clickHouse, e.iceberg} }

// Diagnosis implements problem.Diagnosed. The publish can be retried if one of the targets can: the other does not
// prevent it. A damaged lake or a failed sync concerns both.
func (e *bothError) Diagnosis() (problem.Class, string) {
	class, hint := problem.Diagnose(errors.Join(e.Unwrap()...))
	for _, err := range e.Unwrap() {
		if problem.ClassOf(err) == problem.Retryable && !ofLake(e) {
			class = problem.Retryable
		}
	}
	return class, hint
}

// ofLake reports whether an error is one of the lake that a person must correct.
func ofLake(err error) bool {
	var (
		missing *lake.MissingError
		corrupt *lake.CorruptError
		synced  *lake.SyncError
	)
	return errors.As(err, &missing) || errors.As(err, &corrupt) || errors.As(err, &synced)
}

// PublishAfterRun publishes the result of a run, if the settings have a target. A target that cannot be reached, or
// refuses, does not fail the run: out says that the publish is pending. Totals that differ are an error (§6.6).
func PublishAfterRun(ctx context.Context, w *workspace.Workspace, o workspace.Options,
	out *workspace.Publication) error {
	po := PublishOptions{Cycle: lake.NoCycle}
	if w.Settings.ClickHouse.DSN.Set() {
		published, err := PublishClickHouse(ctx, w, po, o)
		var differ *publish.DifferError
		switch {
		case err == nil:
			out.Published = published
		case errors.As(err, &differ), ctx.Err() != nil:
			return err
		default:
			owe(out, err)
		}
	}
	if w.Settings.Iceberg.Set() {
		tables, err := PublishIceberg(ctx, w, po, o)
		switch {
		case err == nil:
			out.Iceberg = tables
		case ctx.Err() != nil:
			return err
		default:
			owe(out, err)
		}
	}
	return nil
}

// owe records why a target was not published to.
func owe(out *workspace.Publication, err error) {
	if out.Owed == nil {
		out.Owed = &workspace.Owed{}
	} else {
		out.Owed.Why += "; "
	}
	out.Owed.Why += err.Error()
	out.Owed.Hint = cmp.Or(out.Owed.Hint, problem.HintOf(err))
}
