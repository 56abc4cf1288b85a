package commands

import (
	"sync"

	"github.com/tollbook/tollbook/jobs/ledger"
	"github.com/tollbook/tollbook/pipeline/serve/console"
)

// jobsOf reads the ledger of runs of a workspace for the console. Entries that cannot be read are omitted; `tollbook
// runs` names them.
func jobsOf(workspace string) func() ([]console.Job, error) {
	var mu sync.Mutex
	reader := ledger.NewReader(ledger.Dir(workspace))
	return func() ([]console.Job, error) {
		mu.Lock()
		defer mu.Unlock()
		entries, _, err := reader.Read()
		if err != nil {
			return nil, err
		}
		jobs := make([]console.Job, len(entries))
		for i := range entries {
			e := &entries[i]
			jobs[i] = console.Job{ID: e.ID, Kind: e.Kind, Command: e.Command, Outcome: string(e.Outcome),
				Error: e.Error,
				Hint:  e.Hint, Good: e.Outcome.Finished() || e.Outcome == ledger.Running, Started: e.Started,
				Ended: e.Ended, Rows: e.Rows, Rejected: e.Rejected, Lines: e.LinesWritten, Manifest: e.Manifest}
			for _, s := range e.Stages {
				jobs[i].Stages = append(jobs[i].Stages, console.Stage{Name: s.Name, Seconds: s.Seconds, CPU: s.CPU,
					Peak: s.Peak, Rows: s.Rows})
			}
		}
		return jobs, nil
	}
}
