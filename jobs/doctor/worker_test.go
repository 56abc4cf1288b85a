package doctor

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/tollbook/tollbook/pipeline/lake"
)

// TestWorkerMetrics checks that the metrics count the tasks of a worker by stage and outcome.
func TestWorkerMetrics(t *testing.T) {
	t.Parallel()
	w := NewWorkerMetrics("v1")
	for _, a := range []*lake.TaskAttempt{
		{Stage: "scan", Number: 1, Seconds: 0.25},
		{Stage: "scan", Number: 3, Seconds: 2},
		{Stage: "bucket", Number: 1, Seconds: 1, Failure: &lake.TaskFailure{Class: lake.TaskFailed}},
	} {
		w.Begun(a.Stage)
		w.Ended(a)
	}
	w.Begun("bucket")
	answer := httptest.NewRecorder()
	w.Handler().ServeHTTP(answer, httptest.NewRequest("GET", "/metrics", nil))
	text := answer.Body.String()
	for _, want := range []string{
		`tollbook_build_info{version="v1"} 1`,
		`tollbook_worker_tasks_total{outcome="done",stage="scan"} 2`,
		`tollbook_worker_tasks_total{outcome="failed",stage="bucket"} 1`,
		`tollbook_worker_tasks_total{outcome="refused",stage="bucket"} 0`,
		`tollbook_worker_retries_total{stage="scan"} 1`,
		`tollbook_worker_retries_total{stage="bucket"} 0`,
		`tollbook_worker_task_seconds_sum{stage="scan"} 2.25`,
		`tollbook_worker_task_seconds_count{stage="bucket"} 1`,
		`tollbook_worker_tasks_in_flight{stage="scan"} 0`,
		`tollbook_worker_tasks_in_flight{stage="bucket"} 1`,
	} {
		if !strings.Contains(text, want+"\n") {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
}
