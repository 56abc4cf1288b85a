package doctor

import (
	"context"
	"log/slog"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/run"
)

// WorkerMetrics holds the metrics of a worker that does tasks of runs, in a separate registry.
type WorkerMetrics struct {
	registry *prometheus.Registry
	tasks    *prometheus.CounterVec
	again    *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	inFlight *prometheus.GaugeVec
}

// doneOutcome is the outcome of a task that was done. The others are those of lake.TaskClass.
const doneOutcome = "done"

// NewWorkerMetrics returns the metrics of a worker; version is that of the program.
func NewWorkerMetrics(version string) *WorkerMetrics {
	w := &WorkerMetrics{
		registry: prometheus.NewRegistry(),
		tasks: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "tollbook_worker_tasks_total",
			Help: "Tasks that ended in this worker, by stage and outcome: done, refused or failed."},
			[]string{"stage", "outcome"}),
		again: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "tollbook_worker_retries_total",
			Help: "Tasks that ended in this worker and had been tried before, by stage."}, []string{"stage"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "tollbook_worker_task_seconds",
			Help: "Time of tasks by stage.", Buckets: minutes()}, []string{"stage"}),
		inFlight: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "tollbook_worker_tasks_in_flight",
			Help: "Tasks that this worker is doing, by stage."}, []string{"stage"}),
	}
	build := gauge("tollbook_build_info", "1, with the version of the program.", "version")
	build.WithLabelValues(version).Set(1)
	for _, stage := range run.Stages() { // increase() does not see a counter that appears with its first count
		w.again.WithLabelValues(stage)
		w.inFlight.WithLabelValues(stage)
		for _, outcome := range []string{doneOutcome, string(lake.TaskRefused), string(lake.TaskBroken),
			string(lake.TaskFailed)} {
			w.tasks.WithLabelValues(stage, outcome)
		}
	}
	w.registry.MustRegister(build, w.tasks, w.again, w.seconds, w.inFlight, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return w
}

// Begun counts a task that begins.
func (w *WorkerMetrics) Begun(stage string) { w.inFlight.WithLabelValues(stage).Inc() }

// Ended counts a task that ended.
func (w *WorkerMetrics) Ended(a *lake.TaskAttempt) {
	outcome := doneOutcome
	if a.Failure != nil {
		outcome = string(a.Failure.Class)
	}
	w.inFlight.WithLabelValues(a.Stage).Dec()
	w.tasks.WithLabelValues(a.Stage, outcome).Inc()
	w.seconds.WithLabelValues(a.Stage).Observe(a.Seconds)
	if a.Number > 1 {
		w.again.WithLabelValues(a.Stage).Inc()
	}
}

// Handler answers /metrics and /healthz.
func (w *WorkerMetrics) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(w.registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, "ok\n") })
	return mux
}

// Serve answers on an address until ctx ends.
func (w *WorkerMetrics) Serve(ctx context.Context, address string, log *slog.Logger) (stop func() error, err error) {
	return serve(ctx, address, w.Handler(), log)
}

// Names lists the names of the metrics.
func (w *WorkerMetrics) Names() ([]string, error) { return names(w.registry) }
