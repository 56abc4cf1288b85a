package serve

import (
	"context"
	_ "embed" // for openapi.yaml
	"io"
	"net/http"

	"github.com/tollbook/tollbook/pipeline/serve/keys"
	"github.com/tollbook/tollbook/pipeline/serve/operation"
)

// ownOperations lists tollbook's own operations.
func ownOperations() []operation.Operation {
	return []operation.Operation{consumption(), statements(), statement(), incentives(), cycles(), runs(),
		explainLine(), health(), ready(), ownMetrics(), description()}
}

// house returns the roles that may see all amounts.
func house() []keys.Role { return []keys.Role{keys.Vendor, keys.Finance} }

func health() operation.Operation {
	return operation.Operation{
		Name: "Health", Method: http.MethodGet, Path: "/healthz", Summary: "Whether the server runs", Answer: status{},
		Handle: func(context.Context, *operation.Call) (any, error) { return status{"ok"}, nil },
	}
}

// status is the result of health and ready.
type status struct {
	Status string `json:"status"`
}

func ready() operation.Operation {
	return operation.Operation{
		Name: "Ready", Method: http.MethodGet, Path: "/readyz",
		Summary: "Whether the server can answer: it reads the lake and the keys", Answer: status{},
		Handle: func(_ context.Context, c *operation.Call) (any, error) {
			if c.Inside.Ready() != nil { // the log has the reason: the caller may be anybody
				return nil, operation.NotReady(operation.Text{Zh: "服务尚未就绪", En: "the lake or the keys cannot be read"})
			}
			return status{"ready"}, nil
		},
	}
}

func ownMetrics() operation.Operation {
	const kind = "text/plain; version=0.0.4; charset=utf-8"
	return operation.Operation{
		Name: "Metrics", Method: http.MethodGet, Path: "/metrics",
		Summary: "Counters of the server in Prometheus's text format", Types: []string{kind},
		Handle: func(_ context.Context, c *operation.Call) (any, error) {
			return &operation.Stream{Type: kind, Write: func(_ context.Context, w io.Writer) error {
				return c.Inside.Metrics(w)
			}}, nil
		},
	}
}

//go:embed openapi.yaml
var openapi []byte

func description() operation.Operation {
	return operation.Operation{
		Name: "OpenAPI", Method: http.MethodGet, Path: "/openapi.yaml", Summary: "This description",
		Types: []string{"application/yaml"},
		Handle: func(context.Context, *operation.Call) (any, error) {
			return &operation.Stream{Type: "application/yaml", Write: func(_ context.Context, w io.Writer) error {
				_, err := w.Write(openapi)
				return err
			}}, nil
		},
	}
}
