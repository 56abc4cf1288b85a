package doctor

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/tollbook/tollbook/pipeline/workspace"
)

// TestMetricsOfBudgets checks a machine at 0.015 per hour. By 2 March acme has used 1 hour, less 10 %: 0.0135,
// truncated to 0.01. beta has used 2 + 4 hours: 0.03 + 0.06 = 0.09. The forecasts are 0.09 x 31 / 1 = 2.79 for beta and
// 0.01 x 31 = 0.31 for acme.
func TestMetricsOfBudgets(t *testing.T) {
	t.Parallel()
	s := newSite(t, "")
	s.metrics.WatchBudgets(s.dir, workspace.Options{Workers: 2}, slog.New(slog.DiscardHandler))
	book := filepath.Join(s.dir, "books", "budgets.csv")
	s.feed("2026-03-01", false)
	s.pass(s.time("2026-03-02T02:05"))
	s.has(map[string]string{"tollbook_budgets": "0", "tollbook_budgets_forecast_over": "0"})

	s.must(os.WriteFile(book, []byte("customer_id,amount,thresholds\nacme,0.40,1;2;80\nbeta,0.09,2;80;100\n"), 0o666))
	s.pass(s.time("2026-03-02T02:06"))
	s.has(map[string]string{"tollbook_budgets": "2", "tollbook_budgets_forecast_over": "1",
		`tollbook_budget_thresholds_crossed{percent="1"}`:   "1",
		`tollbook_budget_thresholds_crossed{percent="2"}`:   "2",
		`tollbook_budget_thresholds_crossed{percent="80"}`:  "1",
		`tollbook_budget_thresholds_crossed{percent="100"}`: "1"})

	// An invalid book does not change the gauges.
	s.must(os.WriteFile(book, []byte("customer_id,amount\nacme,-1\n"), 0o666))
	s.pass(s.time("2026-03-02T02:07"))
	s.has(map[string]string{"tollbook_budgets": "2"})

	s.must(os.WriteFile(book, []byte("customer_id,amount\nacme,0.30\n"), 0o666))
	s.pass(s.time("2026-03-02T02:08"))
	s.has(map[string]string{"tollbook_budgets": "1", "tollbook_budgets_forecast_over": "1",
		`tollbook_budget_thresholds_crossed{percent="80"}`: ""})

	s.must(os.Remove(book))
	s.pass(s.time("2026-03-02T02:09"))
	s.has(map[string]string{"tollbook_budgets": "0", "tollbook_budgets_forecast_over": "0"})
}
