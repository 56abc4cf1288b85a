package serve

import (
	"errors"
	"io"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/common/expfmt"

	"github.com/tollbook/tollbook/pipeline/serve/operation"
	"github.com/tollbook/tollbook/schemas/period"
)

// metrics are the server's, on their own registry. Their labels are only operations and codes: they contain nothing
// about callers.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	active   prometheus.Gauge
	bytes    *prometheus.CounterVec
	state    prometheus.Gauge
	stale    prometheus.Gauge
	alone    prometheus.Gauge
}

func newMetrics() *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "tollbook_requests_total",
			Help: "Requests by operation, HTTP status and error code."}, []string{"operation", "status", "error_code"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "tollbook_request_seconds",
			Help:    "Time of requests by operation.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60}},
			[]string{"operation"}),
		active: prometheus.NewGauge(prometheus.GaugeOpts{Name: "tollbook_requests_active",
			Help: "Requests that are being answered."}),
		bytes: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "tollbook_response_bytes_total",
			Help: "Bytes of answers by operation."},
			[]string{"operation"}),
		state: prometheus.NewGauge(prometheus.GaugeOpts{Name: "tollbook_lake_state",
			Help: "Number of the committed state that was read last."}),
	}
	m.stale = prometheus.NewGauge(prometheus.GaugeOpts{Name: "tollbook_books_stale",
		Help: "1 while the books on disk are wrong and those before them are in use."})
	m.alone = prometheus.NewGauge(prometheus.GaugeOpts{Name: "tollbook_signatures_unwritten",
		Help: "1 while used signatures are stored in memory only."})
	m.registry.MustRegister(m.requests, m.seconds, m.active, m.bytes, m.state, m.stale, m.alone,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// done counts a completed request.
func (m *metrics) done(operation string, status int, code string, bytes int64, took time.Duration) {
	m.requests.WithLabelValues(operation, strconv.Itoa(status), code).Inc()
	m.seconds.WithLabelValues(operation).Observe(took.Seconds())
	m.bytes.WithLabelValues(operation).Add(float64(bytes))
}

// inside returns what operations may know about the server.
func (s *Server) inside() *operation.Inside {
	return &operation.Inside{Ready: s.ready, Metrics: s.writeMetrics, Cache: s.cache, Program: s.program}
}

// ready checks everything that a response needs.
func (s *Server) ready() error {
	_, err := s.states.at(period.Instant(s.clock().UnixMicro()))
	if err = errors.Join(err, s.keys.Check()); err != nil {
		s.log.Error("not ready", "error", err.Error())
	}
	return err
}

// writeMetrics writes the metrics in Prometheus's text format.
func (s *Server) writeMetrics(w io.Writer) error {
	s.metrics.stale.Set(0)
	if s.states.wrong() != nil {
		s.metrics.stale.Set(1)
	}
	s.metrics.alone.Set(0)
	if s.alone.Load() {
		s.metrics.alone.Set(1)
	}
	families, err := s.metrics.registry.Gather()
	if err != nil {
		return err
	}
	enc := expfmt.NewEncoder(w, expfmt.NewFormat(expfmt.TypeTextPlain))
	for _, f := range families {
		if err := enc.Encode(f); err != nil {
			return err
		}
	}
	return nil
}
