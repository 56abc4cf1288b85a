package serve

import (
	"context"
	"fmt"
	"io"
	"net/http"

	"github.com/tollbook/tollbook/pipeline/out/document"
	"github.com/tollbook/tollbook/pipeline/serve/keys"
	"github.com/tollbook/tollbook/pipeline/serve/operation"
	"github.com/tollbook/tollbook/settlement"
)

// settlers returns the roles that settle or may see settlements.
func settlers() []keys.Role { return append(house(), keys.Partner) }

func statements() operation.Operation {
	return operation.Operation{
		Name: "ListStatements", Method: http.MethodGet, Path: "/v1/statements/{cycle}",
		Summary: "What the partners of a cycle and their sellers settle; a partner sees its own line",
		Callers: settlers(), Subject: operation.AnyStatement,
		Params: []operation.Param{{Name: "cycle", In: operation.Path, Kind: operation.Month, Required: true,
			Meaning: "the cycle, as 2026-09"}},
		Answer: overview{}, Handle: handleStatements,
	}
}

// overview has the totals of all partners of a cycle.
type overview struct {
	Header   document.PageHeader     `json:"header"`
	Partners []document.SettledEntry `json:"partners"`
	Total    *document.SettledEntry  `json:"total,omitempty"` // of all partners: for callers that see all
	// instead of Total, if customers or partners have several currencies
	Totals []document.SettledEntry `json:"totals,omitempty"`
}

func handleStatements(ctx context.Context, c *operation.Call) (any, error) {
	sources, err := sourcesOf(c)
	if err != nil {
		return nil, err
	}
	cycle, _ := c.Month("cycle")
	all, err := document.Partners(ctx, sources, cycle)
	if err != nil {
		return nil, err
	}
	out := overview{Header: all.Header, Partners: []document.SettledEntry{}}
	for i := range all.Partners {
		if s := &all.Partners[i]; c.Scope.Partner == "" || c.Scope.Partner == s.Partner.ID {
			out.Partners = append(out.Partners, s.Entry())
		}
	}
	if c.Scope.Partner == "" {
		for i := range all.Totals {
			total := all.Totals[i].Entry()
			if total.Currency == "" {
				out.Total = &total
				continue
			}
			out.Totals = append(out.Totals, total)
		}
	}
	return out, nil
}

// sourcesOf returns what documents are composed from.
func sourcesOf(c *operation.Call) (*document.Sources, error) {
	w := c.State.Workspace
	book, err := c.State.Prices.Partners()
	return &document.Sources{Snap: c.State.Snap, Books: w.Books, Settings: &w.Settings, Prices: c.State.Prices.Bill(),
		Partners: book, Cache: c.Inside.Cache}, err
}

func statement() operation.Operation {
	return operation.Operation{
		Name: "ShowStatement", Method: http.MethodGet, Path: "/v1/statements/{cycle}/{partner_id}",
		Summary: "What one partner and its seller settle for a cycle, with all rows; a partner sees its own",
		Callers: settlers(), Subject: operation.AnyStatement,
		Params: []operation.Param{
			{Name: "cycle", In: operation.Path, Kind: operation.Month, Required: true,
				Meaning: "the cycle, as 2026-09"},
			{Name: "partner_id", In: operation.Path, Required: true, Meaning: "the partner"},
			{Name: "format", Kind: operation.Word, Words: []string{"json", "csv", "xlsx", "html"}, Default: "json",
				Meaning: "how it is written"},
		},
		Answer: document.Statement{}, Types: []string{typeOf(document.CSV), typeOf(document.XLSX),
			typeOf(document.HTML)}, Handle: handleStatement,
	}
}

// typeOf returns the Content-Type of a document.
func typeOf(f document.Format) string {
	return map[document.Format]string{
		document.JSON: "application/json",
		document.CSV:  "text/csv; charset=utf-8",
		document.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
		document.HTML: "text/html; charset=utf-8",
	}[f]
}

func handleStatement(ctx context.Context, c *operation.Call) (any, error) {
	sources, err := sourcesOf(c)
	if err != nil {
		return nil, err
	}
	cycle, _ := c.Month("cycle")
	st, err := document.ComposeStatement(ctx, sources, cycle, c.Text("partner_id"))
	if err != nil {
		return nil, err
	}
	format := document.Format(c.Text("format"))
	out := &operation.Stream{Type: typeOf(format), Tag: tagOf(c, cycle.String(), c.Text("partner_id"), string(format)),
		Write: func(_ context.Context, w io.Writer) error { return st.Write(w, format, document.Options{}) }}
	if format == document.CSV || format == document.XLSX {
		out.Name = fmt.Sprintf("statement-%s-%s.%s", cycle, c.Text("partner_id"), format)
	}
	return out, nil
}

func incentives() operation.Operation {
	return operation.Operation{
		Name: "ListIncentives", Method: http.MethodGet, Path: "/v1/incentives",
		Summary: "What partners earn by incentive programmes, with states; a partner sees its own",
		Callers: settlers(), Subject: operation.AnyStatement,
		Params: []operation.Param{
			{Name: "period", Max: 7, Meaning: "a month as 2026-09 or a quarter as 2026-Q3"},
			{Name: "partner_id", Meaning: "only this partner's"},
			{Name: "programme_id", Meaning: "only this programme's"},
		},
		Answer: incentiveList{}, Handle: handleIncentives,
	}
}

// incentiveList has the incentives that match a request.
type incentiveList struct {
	AsOf       string           `json:"as_of"`    // of the run that determined the states; empty = no run yet
	Currency   string           `json:"currency"` // empty: each incentive has its own
	Incentives []document.Entry `json:"incentives"`
}

func handleIncentives(_ context.Context, c *operation.Call) (any, error) {
	choice := document.Choice{Partner: c.Scope.Partner, Programme: c.Text("programme_id")}
	if text := c.Text("period"); text != "" {
		p, err := settlement.ParsePeriod(text)
		if err != nil {
			return nil, operation.BadParameter("period", operation.Text{Zh: "格式应为YYYY-MM或YYYY-Qn",
				En: "is neither written as YYYY-MM nor as YYYY-Qn"})
		}
		choice.Period = p.String()
	}
	sources, err := sourcesOf(c)
	if err != nil {
		return nil, err
	}
	list, err := document.Incentives(sources, choice)
	if err != nil {
		return nil, err
	}
	out := incentiveList{AsOf: c.State.Snap.Manifest.AsOf, Currency: c.InCurrency().Code,
		Incentives: []document.Entry{}}
	if choice.Partner == "" && c.Text("partner_id") == "" && c.State.Workspace.Books.Mixed {
		out.Currency = ""
	}
	for i := range list {
		out.Incentives = append(out.Incentives, list[i].Entry())
	}
	return out, nil
}
