package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/read/query"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/settings"
)

// budgetGauges describe the budgets of the lake's last cycle. They name no customer and have no amount.
type budgetGauges struct {
	crossed     *prometheus.GaugeVec
	count, over prometheus.Gauge
}

func newBudgetGauges() budgetGauges {
	one := func(name, help string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
	}
	return budgetGauges{
		count: one("tollbook_budgets", "Customers with a budget in the last cycle."),
		crossed: gauge("tollbook_budget_thresholds_crossed",
			"Customers that crossed a threshold of their budget in the last cycle, by percent.", "percent"),
		over: one("tollbook_budgets_forecast_over",
			"Customers whose forecast of the last cycle is above their budget."),
	}
}

// budgetWatch says where budgets are read, and from which state they were last read.
type budgetWatch struct {
	dir     string // workspace; "" = budgets are not watched
	options workspace.Options
	log     *slog.Logger
	seen    string // state and book of the last attempt; "" = there was no book
}

// WatchBudgets makes the gauges of budgets follow a workspace. It must be called before the scheduler starts.
func (m *Metrics) WatchBudgets(dir string, o workspace.Options, log *slog.Logger) {
	m.budgets = budgetWatch{dir: dir, options: o, log: log}
}

// lookAtBudgets calculates the gauges again if the lake or the book of budgets changed. Without the book it only checks
// whether the file exists.
func (m *Metrics) lookAtBudgets(manifest int64) {
	w := &m.budgets
	if w.dir == "" {
		return
	}
	info, err := w.book()
	if errors.Is(err, fs.ErrNotExist) {
		if w.seen != "" {
			w.seen = ""
			m.gauges.budgets.set(nil)
		}
		return
	}
	seen := "unreadable"
	if err == nil {
		seen = fmt.Sprint(manifest, info.ModTime().UnixNano(), info.Size())
	}
	if seen == w.seen {
		return
	}
	w.seen = seen
	var answer *query.Answer
	if err == nil {
		answer, err = w.ask()
	}
	if err != nil { // the gauges keep their values
		w.log.Warn("the metrics of budgets are of an earlier state", "why", err)
		return
	}
	m.gauges.budgets.set(answer.Rows)
}

// book describes the book of budgets.
func (w *budgetWatch) book() (fs.FileInfo, error) {
	s, err := settings.Load(workspace.SettingsFile(w.dir))
	if err != nil {
		return nil, err
	}
	root, err := workspace.BooksRoot(w.dir, &s)
	if err != nil {
		return nil, err
	}
	return fs.Stat(root, "books/budgets.csv")
}

// ask compares the budgets with the lake.
func (w *budgetWatch) ask() (answer *query.Answer, err error) {
	ws, err := workspace.Open(w.dir)
	if err != nil {
		return nil, err
	}
	from, err := ws.Partners()
	if err != nil {
		return nil, err
	}
	from.Limits = rows.Limits{Workers: w.options.Workers}
	l, err := ws.Lake(w.options)
	if err != nil {
		return nil, err
	}
	q, _ := query.FindQuestion(query.BudgetsQuestion)
	err = l.Read(func(snap *lake.Snapshot) (err error) {
		from.Snap = snap
		answer, err = query.AnswerFromLake(context.Background(), q, query.Request{}, &from)
		return err
	})
	return answer, err
}

// set counts the rows of an answer.
func (g *budgetGauges) set(rows []query.AnswerRow) {
	over := 0
	crossed := map[int]int{}
	for _, row := range rows {
		for _, c := range query.Crossings(row) {
			crossed[c.Percent]++
		}
		if query.ForecastOver(row) {
			over++
		}
	}
	g.count.Set(float64(len(rows)))
	g.over.Set(float64(over))
	g.crossed.Reset()
	for percent, n := range crossed {
		g.crossed.WithLabelValues(strconv.Itoa(percent)).Set(float64(n))
	}
}
