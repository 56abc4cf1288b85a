//go:build temporal

package cli

import (
	"context"

	"github.com/tollbook/tollbook/jobs/engine/temporal"
	"github.com/tollbook/tollbook/schemas/settings"
)

// taskServer connects to a Temporal server.
func taskServer(ctx context.Context, a *App, s *settings.Engine) (TaskServer, error) {
	return temporal.Dial(ctx, temporal.Config{Address: s.Temporal, TLS: s.TLS,
		APIKey: a.Env("TOLLBOOK_TEMPORAL_API_KEY"), Namespace: s.Namespace, Queue: s.Queue, Heartbeat: s.Heartbeat,
		Log: a.Log})
}
