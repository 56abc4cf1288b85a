//go:build !temporal

package cli

import (
	"context"

	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/settings"
)

// taskServer refuses to connect: this build has no Temporal engine.
func taskServer(context.Context, *App, *settings.Engine) (TaskServer, error) {
	return nil, &workspace.RefusedError{What: "this build has no Temporal engine",
		Hint: "build tollbook with `go build -tags temporal ./cmd/tollbook`, or empty engine.dsn"}
}
