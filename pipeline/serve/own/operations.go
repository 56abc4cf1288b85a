package own

import (
	"context"
	"io"
	"net/http"

	"github.com/tollbook/tollbook/pipeline/serve/operation"
)

// Operations lists tollbook's own operations.
func Operations() []operation.Operation {
	return []operation.Operation{health(), ready(), metrics()}
}

func health() operation.Operation {
	return operation.Operation{
		Name: "Health", Method: http.MethodGet, Path: "/healthz", Summary: "Whether the server runs",
		Handle: func(context.Context, *operation.Call) (any, error) { return status{"ok"}, nil },
	}
}

// status is the answer of health and ready.
type status struct {
	Status string `json:"status"`
}

func ready() operation.Operation {
	return operation.Operation{
		Name: "Ready", Method: http.MethodGet, Path: "/readyz", Summary: "Whether the server can answer: it reads the lake and the keys",
		Handle: func(_ context.Context, c *operation.Call) (any, error) {
			if c.Inside.Ready() != nil { // the reason is in the log: the caller may be anybody
				return nil, operation.NotReady(operation.Text{Zh: "服务尚未就绪", En: "the lake or the keys cannot be read"})
			}
			return status{"ready"}, nil
		},
	}
}

func metrics() operation.Operation {
	return operation.Operation{
		Name: "Metrics", Method: http.MethodGet, Path: "/metrics", Summary: "Counters of the server in Prometheus's text format",
		Handle: func(_ context.Context, c *operation.Call) (any, error) {
			return &operation.Stream{Type: "text/plain; version=0.0.4; charset=utf-8",
				Write: func(_ context.Context, w io.Writer) error { return c.Inside.Metrics(w) }}, nil
		},
	}
}
