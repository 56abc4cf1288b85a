package doctor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/tollbook/tollbook/jobs"
)

// behind is the number of pending runs from which a scheduler is not ready. Fewer are normal while a run is active or
// is tried again.
const behind = 3

// Handler answers /metrics, /healthz and /readyz.
func (m *Metrics) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, "ok\n") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		m.mu.Lock()
		status := m.status
		m.mu.Unlock()
		if wrong := unready(&status); len(wrong) > 0 {
			answer(w, http.StatusServiceUnavailable, strings.Join(wrong, "\n")+"\n")
			return
		}
		answer(w, http.StatusOK, "ready\n")
	})
	return mux
}

func answer(w http.ResponseWriter, code int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(code)
	_, _ = w.Write([]byte(text)) // an error means that the caller disconnected
}

// unready says why a scheduler does not do its work. Only its log shows paths and errors of files.
func unready(s *jobs.Status) (wrong []string) {
	switch {
	case s.At == 0:
		return []string{"it has not looked yet"}
	case s.Err != nil:
		return []string{"settings, lake or ledger cannot be read: see the log"}
	case s.Clock:
		wrong = append(wrong, fmt.Sprintf("the clock is before %s, the as-of of the lake: nothing runs",
			s.State.Newest))
	}
	if owed := s.Runs(); owed > behind {
		wrong = append(wrong, fmt.Sprintf("%d runs are pending", owed))
	}
	for i := range s.Failing {
		if f := &s.Failing[i]; !f.Retryable {
			wrong = append(wrong, fmt.Sprintf("%s of %s failed, and a person should look: see the log",
				f.Firing.Kind, f.Firing.Due))
		}
	}
	return wrong
}

// Serve answers on an address until ctx ends.
func (m *Metrics) Serve(ctx context.Context, address string, log *slog.Logger) (stop func() error, err error) {
	return serve(ctx, address, m.Handler(), log)
}

func serve(ctx context.Context, address string, handler http.Handler, log *slog.Logger) (stop func() error,
	err error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen for metrics: %w", err)
	}
	s := &http.Server{Handler: handler, ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second,
		IdleTimeout: 2 * time.Minute, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn)}
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(l) }()
	log.Info("metrics and health", "on", "http://"+l.Addr().String())
	return func() error {
		if err := errors.Join(s.Close(), <-ended); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	}, nil
}

// Names lists the names of the metrics, for alerts, dashboards and documentation.
func (m *Metrics) Names() ([]string, error) { return names(m.registry) }

func names(registry *prometheus.Registry) ([]string, error) {
	descriptions := make(chan *prometheus.Desc)
	go func() {
		registry.Describe(descriptions)
		close(descriptions)
	}()
	var names []string
	for d := range descriptions {
		_, rest, _ := strings.Cut(d.String(), `fqName: "`)
		name, _, found := strings.Cut(rest, `"`)
		if !found {
			return nil, fmt.Errorf("metric without a name: %s", d)
		}
		names = append(names, name)
	}
	return names, nil
}
