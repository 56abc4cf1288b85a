package doctor

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/tollbook/tollbook/jobs"
	"github.com/tollbook/tollbook/jobs/ledger"
	"github.com/tollbook/tollbook/schemas/period"
)

// Metrics holds the metrics of a scheduler, in a separate registry.
type Metrics struct {
	clock    func() time.Time
	registry *prometheus.Registry
	counts   counts
	gauges   gauges
	budgets  budgetWatch

	mu     sync.Mutex
	status jobs.Status // of the scheduler's last check
}

// counts are the counters of what this process did.
type counts struct {
	runs, rows, rejects, panics *prometheus.CounterVec
	seconds, stages             *prometheus.HistogramVec
	waits                       prometheus.Counter
}

// gauges describe the content of the lake and the ledger.
type gauges struct {
	good, owed, next, newest, failing                                *prometheus.GaugeVec
	oldest, unpublished, publishOwed, clockBack, blind, looked, lake prometheus.Gauge
	budgets                                                          budgetGauges
}

// minutes returns the histogram buckets of a run's duration, from a fraction of a second to half a day.
func minutes() []float64 {
	return []float64{.1, .5, 1, 5, 15, 60, 300, 900, 1800, 3600, 7200, 14400, 43200}
}

// NewMetrics returns the metrics of a scheduler; version is that of the program.
func NewMetrics(version string, clock func() time.Time) *Metrics {
	m := &Metrics{clock: clock, registry: prometheus.NewRegistry(), counts: newCounts(), gauges: newGauges()}
	c, g := &m.counts, &m.gauges
	build := gauge("tollbook_build_info", "1, with the version of the program.", "version")
	build.WithLabelValues(version).Set(1)
	m.registry.MustRegister(build, c.runs, c.rows, c.rejects, c.panics, c.seconds, c.stages, c.waits, g.good, g.owed,
		g.next, g.newest, g.failing, g.oldest, g.unpublished, g.publishOwed, g.clockBack, g.blind, g.looked, g.lake,
		g.budgets.count, g.budgets.crossed, g.budgets.over,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.begin()
	return m
}

// begin creates the series that alerts use: increase() does not see a counter that appears with its first count.
func (m *Metrics) begin() {
	for _, kind := range jobs.Kinds() {
		m.counts.panics.WithLabelValues(string(kind))
		for _, why := range []jobs.Why{jobs.Scheduled, jobs.CatchUp, jobs.Retry} {
			for _, outcome := range []ledger.Outcome{ledger.Refused, ledger.Gated, ledger.Failed, ledger.Panicked} {
				m.counts.runs.WithLabelValues(string(kind), string(why), string(outcome))
			}
		}
		m.gauges.owed.WithLabelValues(string(kind))
		m.gauges.failing.WithLabelValues(string(kind))
	}
	for _, outcome := range []string{"accepted", "duplicate", "rejected"} {
		m.counts.rows.WithLabelValues(outcome)
	}
}

func newCounts() counts {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	}
	histogram := func(name, help string, labels ...string) *prometheus.HistogramVec {
		return prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: minutes()}, labels)
	}
	return counts{
		runs: counter("tollbook_runs_total", "Runs by kind, reason and outcome.", "kind", "why", "outcome"),
		rows: counter("tollbook_rows_total", "Rows of feed files by what became of them.", "outcome"),
		rejects: counter("tollbook_rejects_total", "Rows of feed files that were rejected, by feed and reason.", "feed",
			"reason"),
		panics:  counter("tollbook_panics_total", "Runs that panicked, by kind.", "kind"),
		seconds: histogram("tollbook_run_seconds", "Time of runs by kind.", "kind"),
		stages:  histogram("tollbook_stage_seconds", "Time of the stages of runs.", "stage"),
		waits: prometheus.NewCounter(prometheus.CounterOpts{Name: "tollbook_lock_waits_total",
			Help: "Runs that found the lake held by another."}),
	}
}

func gauge(name, help string, labels ...string) *prometheus.GaugeVec {
	return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, labels)
}

func newGauges() gauges {
	one := func(name, help string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
	}
	return gauges{
		good: gauge("tollbook_last_good_run_timestamp_seconds",
			"When the newest run of a kind that ended well ended, by the ledger.", "kind"),
		owed: gauge("tollbook_owed_firings", "Jobs that are due and not done, by kind.", "kind"),
		next: gauge("tollbook_next_firing_timestamp_seconds", "When a kind falls due next.", "kind"),
		newest: gauge("tollbook_newest_record_timestamp_seconds",
			"Start of the newest day, contract zone, with accepted records of a feed.", "feed"),
		failing: gauge("tollbook_failing_tries", "Failed attempts of pending jobs, by kind; 0 = no job fails.",
			"kind"),
		oldest: one("tollbook_oldest_owed_timestamp_seconds",
			"When the oldest pending job was due; 0 = none is pending."),
		unpublished: one("tollbook_unpublished_cycles", "Cycles whose newest state is not published."),
		publishOwed: one("tollbook_publish_owed", "1 while a run's publish is pending."),
		clockBack:   one("tollbook_clock_back", "1 while the clock is before the newest state's as-of: nothing runs."),
		blind:       one("tollbook_blind", "1 while settings, lake or ledger cannot be read: nothing runs."),
		looked: one("tollbook_last_look_timestamp_seconds",
			"When the scheduler last checked what is due; it does not while a run is active."),
		lake:    one("tollbook_lake_state", "Number of the committed state."),
		budgets: newBudgetGauges(),
	}
}

// Watch returns the functions with which a scheduler updates the metrics.
func (m *Metrics) Watch() jobs.Watch {
	return jobs.Watch{
		Looked:   m.looked,
		Ran:      m.ran,
		Panicked: func(k jobs.Kind) { m.counts.panics.WithLabelValues(string(k)).Inc() },
		Waited:   m.counts.waits.Inc,
	}
}

// Ended counts a run. It is jobs.Runner's Ended.
func (m *Metrics) Ended(e ledger.Entry) {
	c := &m.counts
	c.runs.WithLabelValues(e.Kind, e.Why, string(e.Outcome)).Inc()
	c.seconds.WithLabelValues(e.Kind).Observe(e.Ended.Sub(e.Started).Seconds())
	for i := range e.Stages {
		c.stages.WithLabelValues(e.Stages[i].Name).Observe(e.Stages[i].Seconds)
	}
	c.rows.WithLabelValues("accepted").Add(float64(e.Accepted))
	c.rows.WithLabelValues("duplicate").Add(float64(e.Duplicate))
	c.rows.WithLabelValues("rejected").Add(float64(e.Rejected))
}

// ran counts the rejects of a run. A run stopped by a gate has an outcome of its own.
func (m *Metrics) ran(o *jobs.Outcome) {
	if o.Result == nil || o.Result.Report == nil {
		return
	}
	for feed, reasons := range o.Result.Report.FeedReasons {
		for reason, n := range reasons {
			m.counts.rejects.WithLabelValues(feed, reason).Add(float64(n))
		}
	}
}

// looked sets the gauges from the scheduler's last check.
func (m *Metrics) looked(s *jobs.Status) {
	m.mu.Lock()
	m.status = *s
	m.mu.Unlock()
	g := &m.gauges
	g.looked.Set(seconds(s.At))
	g.blind.Set(one(s.Err != nil))
	if s.Err != nil {
		return
	}
	g.clockBack.Set(one(s.Clock))
	g.publishOwed.Set(one(s.State.Unpaid != period.Past))
	g.oldest.Set(0)
	g.owed.Reset()
	g.failing.Reset()
	for _, kind := range jobs.Kinds() {
		g.owed.WithLabelValues(string(kind))
		g.failing.WithLabelValues(string(kind))
	}
	for i := len(s.Due) - 1; i >= 0; i-- {
		if f := &s.Due[i]; f.Skip == "" {
			g.owed.WithLabelValues(string(f.Kind)).Inc()
			g.oldest.Set(seconds(f.Due))
		}
	}
	for i := range s.Failing {
		g.failing.WithLabelValues(string(s.Failing[i].Firing.Kind)).Set(float64(s.Failing[i].Tries))
	}
	g.next.Reset()
	for i := range s.Next {
		g.next.WithLabelValues(string(s.Next[i].Kind)).Set(seconds(s.Next[i].Due))
	}
	for kind, at := range s.Good {
		g.good.WithLabelValues(string(kind)).Set(float64(at.UnixMilli()) / 1000)
	}
	g.unpublished.Set(float64(s.Unpublished))
	g.lake.Set(float64(s.Manifest))
	for feed, at := range s.Newest {
		g.newest.WithLabelValues(feed).Set(seconds(at))
	}
	m.lookAtBudgets(s.Manifest)
}

// seconds converts an instant for Prometheus. A float64 is exact to the microsecond in this century.
func seconds(at period.Instant) float64 { return float64(at) / float64(period.Second) }

func one(is bool) float64 {
	if is {
		return 1
	}
	return 0
}
