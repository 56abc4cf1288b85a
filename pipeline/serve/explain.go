package serve

import (
	"context"
	"errors"
	"net/http"

	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/read/explain"
	"github.com/tollbook/tollbook/pipeline/serve/keys"
	"github.com/tollbook/tollbook/pipeline/serve/operation"
	"github.com/tollbook/tollbook/pipeline/workspace"
)

func explainLine() operation.Operation {
	return operation.Operation{
		Name: "ExplainLine", Method: http.MethodGet, Path: "/v1/lines/{id}/explain",
		Summary: "How a record's amounts were calculated, step by step, and whether rating it again gives the same",
		Callers: keys.Roles(), Subject: operation.WholeCustomer,
		Params: []operation.Param{
			{Name: "id", In: operation.Path, Required: true, Max: 1024,
				Meaning: "of a line, its slashes written as %2F"},
			{Name: "customer_id", Meaning: "the customer; required for a partner"},
			{Name: "cycle", Kind: operation.Month, Meaning: "that it is billed in"},
			{Name: "origin_cycle", Kind: operation.Month, Meaning: "that it belongs to, if it is billed later"},
		},
		Answer: explain.Story{}, Handle: handleExplain,
	}
}

func handleExplain(ctx context.Context, c *operation.Call) (any, error) {
	w := c.State.Workspace
	s := &explain.Sources{Snap: c.State.Snap, Books: w.Books, Settings: &w.Settings, Prices: c.State.Prices.Bill(),
		Refund: workspace.RefundRules(&w.Settings)}
	if c.Scope.Feeds {
		var err error
		if s.Inbox, err = w.Inbox(); err != nil {
			return nil, err
		}
	}
	q := &explain.Question{ID: c.Text("id"), Cycle: c.Cycle("cycle"), Origin: c.Text("origin_cycle"),
		Customer: c.Scope.Customer}
	story, err := explain.Explain(ctx, s, q)
	if none := new(rows.NotFoundError); errors.As(err, &none) && c.Scope.Feeds {
		return nil, operation.NotFound(operation.Text{Zh: "没有找到该记录，或者编号不唯一", En: none.What})
	}
	if err != nil {
		return nil, err
	}
	if !c.Scope.Feeds {
		story.Feeds = nil
	}
	return story, nil
}
