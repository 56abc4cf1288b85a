package run

import (
	"context"
	"fmt"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/out/publish"
	"github.com/tollbook/tollbook/pipeline/workspace"
)

// PublishTask is the stage of tasks that insert the files of a bucket into ClickHouse. The number of a task is that of
// its bucket.
const PublishTask = "publish"

// elsewhere is publish.Options.Elsewhere with the workers of the engine; nil = there is no engine, or tasks cannot do
// this publish. The process that publishes inserts what the workers do not insert.
func elsewhere(w *workspace.Workspace, snap *lake.Snapshot, po PublishOptions,
	o workspace.Options) func(context.Context, []int) error {
	if o.Engine == nil || po != (PublishOptions{Cycle: lake.NoCycle}) {
		return nil
	}
	return func(ctx context.Context, buckets []int) error {
		work := &lake.TaskWork{Run: string(publication(w, snap, o)), Build: o.Build, Stage: PublishTask, Tasks: buckets}
		err := o.Engine.Do(ctx, work, func(a *lake.TaskAttempt) {
			if o.Attempt != nil {
				o.Attempt(a)
			}
		})
		if err != nil && ctx.Err() == nil && o.Log != nil {
			o.Log.Warn("workers did not publish all buckets; this process publishes the others", "why", err)
		}
		return ctx.Err()
	}
}

// publication identifies what is published: the state of the lake, and the build, settings and books that read it.
func publication(w *workspace.Workspace, snap *lake.Snapshot, o workspace.Options) lake.Hash {
	return lake.HashBytes(fmt.Appendf(nil, "publish %s %q %s %s", snap.Hash, o.Build, SettingsHash(w),
		BooksHash(w)))
}

// DoPublishTask inserts the files of a bucket for the process that publishes. Errors: *RefusedError if this process
// does not have the state, build, settings and books of the publication; those of publish.InsertBucket.
func DoPublishTask(ctx context.Context, w *workspace.Workspace, of lake.Hash, bucket int,
	o workspace.Options) error {
	to, err := server(w, o)
	if err != nil {
		return err
	}
	l, err := w.Lake(o)
	if err != nil {
		return err
	}
	return l.Read(func(snap *lake.Snapshot) error {
		if publication(w, snap, o) != of {
			return &workspace.RefusedError{
				What: "the lake, the settings, the books or the program changed since the publish began",
				Hint: "`tollbook publish` publishes the newest state"}
		}
		src, err := source(w, snap, o)
		if err != nil {
			return err
		}
		return publish.InsertBucket(ctx, to, src, bucket)
	})
}
