package bss

import (
	"context"
	"net/http"
	"slices"

	"github.com/tollbook/tollbook/pipeline/serve/operation"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
)

func subCustomerNewTag() operation.Operation {
	return operation.Operation{
		Name: "ListSubCustomerNewTag", Method: http.MethodPost,
		Path:    "/v2/partners/sub-customers/new-customers-tags/batch-query",
		Summary: "Which customers of a partner are new customers now",
		Callers: Partners(), Subject: operation.Customers,
		Params: InBody(append([]operation.Param{
			{Name: "customer_ids", Kind: operation.Raw, Of: []string{}, Max: 100, Meaning: "only these customers"},
			{Name: "indirect_partner_id", Meaning: "the customers of this reseller"},
		}, PageParams()...)),
		Answer: newTagList{},
		Handle: handleSubCustomerNewTag,
	}
}

// newTagList is ListSubCustomerNewTagResponse.
type newTagList struct {
	Tags []newTag `json:"new_customer_tags"`
}

// newTag is NewCustomerTagItem.
type newTag struct {
	CustomerID    string `json:"customer_id"`
	Type          string `json:"customer_tag_type"`
	Tag           string `json:"new_customer_tag"`
	EffectiveTime string `json:"effective_time,omitempty"`
	ExpireTime    string `json:"expire_time,omitempty"`
}

func handleSubCustomerNewTag(_ context.Context, c *operation.Call) (any, error) {
	var ids []string
	if err := List(c, "customer_ids", &ids); err != nil {
		return nil, err
	}
	b := c.State.Workspace.Books
	list := []newTag{}
	for code := range b.Customers {
		id := b.Customers[code].ID
		a, ok := b.Associations.At(int32(code), c.State.Now)
		if !ok || !c.Scope.Line(b.Partners[a.Partner].ID, c.State.Now) || len(ids) > 0 && !slices.Contains(ids, id) {
			continue
		}
		tag := newTag{CustomerID: id, Type: "SMB", Tag: "N"}
		if until := newUntil(b, &a, c.State.Now); until != period.Past {
			tag.EffectiveTime = b.Zone.Cycle(a.Valid.From).String()
			tag.ExpireTime = b.Zone.Cycle(until).String()
			if c.State.Now < until {
				tag.Tag = "Y"
			}
		}
		list = append(list, tag)
	}
	return &newTagList{Tags: Window(c, list)}, nil
}

// newUntil returns the first instant at which a customer of an association is no longer new, by the longest bonus for
// new customers of the programmes in force now; Past = no such bonus, or the association has no start.
func newUntil(b *books.Books, a *books.Association, now period.Instant) period.Instant {
	until := period.Past
	for i := range b.Programmes {
		p := &b.Programmes[i]
		if p.BonusMonths == 0 || !p.Valid.Holds(now) || !slices.Contains(p.AssociationTypes, a.Type) ||
			p.Partners != nil && !slices.Contains(p.Partners, a.Partner) || a.Valid.From == period.Past {
			continue
		}
		until = max(until, b.Zone.AddMonths(a.Valid.From, p.BonusMonths))
	}
	return until
}
