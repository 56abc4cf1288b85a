package cli

import (
	"context"

	"github.com/tollbook/tollbook/cmd/tollbook/heap"
	"github.com/tollbook/tollbook/jobs"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/settings"
)

// Engine starts the engine that the settings of a workspace name.
func (a *App) Engine(ctx context.Context, w *workspace.Workspace) (lake.Engine, string, error) {
	build, err := buildID()
	if err != nil {
		return nil, "", err
	}
	e, err := taskServer(ctx, a, &w.Settings.Engine)
	return e, build, err
}

// TaskServer is a server that distributes tasks to workers.
type TaskServer interface {
	lake.Engine
	// Work does tasks until ctx ends, at most the given number at once.
	Work(ctx context.Context, w *jobs.Worker, tasks int) error
}

// TaskServer connects to the server that the settings of the workspace name.
func (a *App) TaskServer(ctx context.Context) (TaskServer, error) {
	s, err := settings.Load(workspace.SettingsFile(a.Flags.Workspace))
	if err != nil {
		return nil, err
	}
	if s.Engine.Temporal == "" {
		return nil, &workspace.RefusedError{What: "no server gives tasks to workers", Hint: "set engine.dsn in " +
			settings.File}
	}
	return taskServer(ctx, a, &s.Engine)
}

// NewWorker returns a worker that does tasks of planned runs of the workspace.
func NewWorker(a *App) (*jobs.Worker, error) {
	o, err := a.Options()
	if err != nil {
		return nil, err
	}
	if o.Build, err = buildID(); err != nil {
		return nil, err
	}
	o.Progress = nil
	return &jobs.Worker{Options: o, Clock: a.Clock, Open: func() (*workspace.Workspace, error) {
		w, err := a.Open()
		if err == nil {
			heap.Tune(a.Env)
		}
		return w, err
	}}, nil
}
