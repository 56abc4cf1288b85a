package cli

import (
	"context"

	"github.com/tollbook/tollbook/pipeline/out/publish"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/problem"
)

// AskError is an error of a query to a server.
type AskError struct{ Err error }

// Error returns the text of the wrapped error.
func (e *AskError) Error() string { return e.Err.Error() }

// Unwrap returns the wrapped error.
func (e *AskError) Unwrap() error { return e.Err }

// Diagnosis implements problem.Diagnosed.
func (e *AskError) Diagnosis() (problem.Class, string) {
	return problem.ClassOf(e.Err),
		"`--from lake` computes from the lake's files; `tollbook publish` reports the error of the server"
}

// Published connects to the server that the workspace is published to.
func Published(ctx context.Context, a *App, w *workspace.Workspace) (*publish.Conn, error) {
	o, err := publish.ServerOptionsFrom(&w.Settings.ClickHouse, w.Dir, a.Env)
	if err != nil {
		return nil, err
	}
	conn, err := publish.OpenServer(ctx, o)
	if err != nil {
		return nil, &AskError{Err: err}
	}
	return conn, nil
}
