package serve

import (
	"context"
	"net/http"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/serve/operation"
)

func cycles() operation.Operation {
	return operation.Operation{
		Name: "ListCycles", Method: http.MethodGet, Path: "/v1/cycles",
		Summary: "The cycles, their states and their control totals",
		Callers: house(), Subject: operation.Nobody, Answer: cycleList{}, Handle: handleCycles,
	}
}

// cycleList has the contents of the lake.
type cycleList struct {
	State         int64             `json:"state"` // number of the committed state
	AsOf          string            `json:"as_of"` // of the run that committed it
	ClosedThrough string            `json:"closed_through,omitempty"`
	Rows          []lake.TableTotal `json:"rows"` // of each feed by outcome, over all accepted files
	Cycles        []cycle           `json:"cycles"`
	// of the tables of partners' money: rows and sums, as of the last run
	PartnerMoney []lake.TableTotal `json:"partner_money,omitempty"`
}

// cycle is one cycle.
type cycle struct {
	Cycle    string            `json:"cycle"`
	State    string            `json:"state"`              // open, closed
	MonthEnd bool              `json:"month_end"`          // it has month-end lines
	Archived string            `json:"archived,omitempty"` // as-of of the run that archived its lines
	Totals   []lake.TableTotal `json:"totals"`             // sums of the amounts of its lines and statements
}

func handleCycles(_ context.Context, c *operation.Call) (any, error) {
	m := &c.State.Snap.Manifest
	out := cycleList{State: m.Number, AsOf: m.AsOf, ClosedThrough: m.ClosedThrough.String(), Rows: []lake.TableTotal{},
		Cycles: []cycle{}, PartnerMoney: rows.PartnerMoneyTotals(m.Totals)}
	for _, t := range m.Totals {
		if strings.HasPrefix(t.Name, "rows.") {
			out.Rows = append(out.Rows, t)
		}
	}
	for _, ref := range m.Cycles {
		totals, err := rows.KeptTotals(c.State.Snap, ref.Cycle)
		if err != nil {
			return nil, err
		}
		one := cycle{Cycle: ref.Cycle.String(), State: string(ref.State), MonthEnd: ref.MonthEnd,
			Totals: []lake.TableTotal{}}
		if ref.Archived != nil {
			one.Archived = ref.Archived.AsOf
		}
		for _, t := range totals {
			if strings.HasPrefix(t.Name, "lines.") || strings.HasPrefix(t.Name, "statements.") {
				one.Totals = append(one.Totals, t)
			}
		}
		out.Cycles = append(out.Cycles, one)
	}
	return out, nil
}

func runs() operation.Operation {
	return operation.Operation{
		Name: "ListRuns", Method: http.MethodGet, Path: "/v1/runs",
		Summary: "The runs that changed the lake, newest first",
		Callers: house(), Subject: operation.Nobody,
		Params: []operation.Param{
			{Name: "offset", Kind: operation.Whole, Max: 1<<31 - 1, Default: "0", Meaning: "runs to skip"},
			{Name: "limit", Kind: operation.Whole, Min: 1, Max: 1000, Default: "100", Meaning: "most runs to give"},
		},
		Answer: runList{}, Handle: handleRuns,
	}
}

// runList is the history of the lake.
type runList struct {
	Total int         `json:"total_count"`
	Runs  []listedRun `json:"runs"`
}

// listedRun is one run that changed something.
type listedRun struct {
	State         int64    `json:"state"` // number of the state that it committed
	Command       string   `json:"command"`
	AsOf          string   `json:"as_of"`
	ClosedThrough string   `json:"closed_through,omitempty"`
	Cycles        []string `json:"cycles"` // that the lake had after the run
	Manifest      string   `json:"manifest"`
	Parent        string   `json:"parent,omitempty"` // hash of the manifest before it
}

func handleRuns(_ context.Context, c *operation.Call) (any, error) {
	history, err := c.State.Snap.History()
	if err != nil {
		return nil, err
	}
	out := runList{Total: len(history), Runs: []listedRun{}}
	hash := string(c.State.Snap.Hash)
	for i := range history {
		m := &history[i]
		if n := i - c.Whole("offset"); n >= 0 && n < c.Whole("limit") {
			one := listedRun{State: m.Number, Command: m.Command, AsOf: m.AsOf, ClosedThrough: m.ClosedThrough.String(),
				Cycles: []string{}, Manifest: hash, Parent: string(m.Parent)}
			for _, ref := range m.Cycles {
				one.Cycles = append(one.Cycles, ref.Cycle.String())
			}
			out.Runs = append(out.Runs, one)
		}
		hash = string(m.Parent)
	}
	return out, nil
}
