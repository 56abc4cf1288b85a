package bss

import (
	"context"
	"net/http"

	"github.com/tollbook/tollbook/pipeline/serve/operation"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
)

func indirectPartners() operation.Operation {
	return operation.Operation{
		Name: "ListIndirectPartners", Method: http.MethodPost, Path: "/v2/partners/indirect-partners/query",
		Summary: "The resellers that a distributor has now",
		Callers: Partners(), Subject: operation.ItsPartner,
		Params: InBody(append([]operation.Param{
			{Name: "partner_id", Meaning: "the distributor: only for the vendor"},
			{Name: "account_name", Meaning: "the reseller's name"},
			{Name: "associated_on_begin", Kind: operation.Moment, Meaning: "joined the distributor then or later"},
			{Name: "associated_on_end", Kind: operation.Moment, Meaning: "joined the distributor before then"},
			{Name: "indirect_partner_id", Meaning: "only this reseller"},
		}, PageParams()...)),
		Answer: indirectPartnerList{},
		Handle: handleIndirectPartners,
	}
}

// indirectPartnerList is ListIndirectPartnersResponse.
type indirectPartnerList struct {
	Count    int               `json:"count"`
	Partners []indirectPartner `json:"indirect_partners"`
}

// indirectPartner is IndirectPartnerInfo. tollbook stores one name per partner, and no telephone, e-mail or account
// manager.
type indirectPartner struct {
	ID           string `json:"indirect_partner_id"`
	AccountName  string `json:"account_name,omitempty"`
	Name         string `json:"name,omitempty"`
	AssociatedOn string `json:"associated_on,omitempty"`
}

func handleIndirectPartners(_ context.Context, c *operation.Call) (any, error) {
	during, err := Span(c, "associated_on_begin", "associated_on_end", 0)
	if err != nil {
		return nil, err
	}
	b := c.State.Workspace.Books
	list := []indirectPartner{}
	for code := range b.Partners {
		row, ok := b.PartnerRowAt(int32(code), c.State.Now)
		if !ok || row.Kind != books.Reseller || !ofDistributor(c, b.Partners[code].ID, row) {
			continue
		}
		p := indirectPartner{ID: b.Partners[code].ID, AccountName: row.Name, Name: row.Name}
		since := resoldSince(b, int32(code), row)
		if !during.Holds(since) || c.Given("account_name") && c.Text("account_name") != p.AccountName {
			continue
		}
		if since != period.Past {
			p.AssociatedOn = operation.Time(since)
		}
		list = append(list, p)
	}
	return &indirectPartnerList{Count: len(list), Partners: Window(c, list)}, nil
}

// ofDistributor reports whether a reseller matches the call's scope: the reseller of indirect_partner_id, or else any
// of the scope's distributor. Without a distributor, as for the vendor, every reseller matches.
func ofDistributor(c *operation.Call, id string, row *books.PartnerRow) bool {
	if c.Given("indirect_partner_id") {
		return c.Scope.Line(id, c.State.Now)
	}
	return c.Scope.Partner == "" || row.Parent >= 0 &&
		c.State.Workspace.Books.Partners[row.Parent].ID == c.Scope.Partner
}

// resoldSince returns since when a reseller has its distributor: consecutive rows without a gap and with the same
// distributor are one period.
func resoldSince(b *books.Books, partner int32, now *books.PartnerRow) period.Instant {
	rows := b.Partners[partner].Rows
	since := now.Valid.From
	for i := len(rows) - 1; i >= 0; i-- {
		if r := rows[i]; r.Valid.To == since && r.Kind == now.Kind && r.Parent == now.Parent {
			since = r.Valid.From
		}
	}
	return since
}
