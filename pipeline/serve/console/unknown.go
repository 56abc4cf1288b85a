package console

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/serve/keys"
	"github.com/tollbook/tollbook/pipeline/serve/operation"
	"github.com/tollbook/tollbook/schemas/visible"
)

// unknown replaces an error about an id that the caller does not see, whether or not it exists, by one that names
// similar ids. These are ids that the caller sees (CONSOLE-10).
func unknown(c *operation.Call, err error) error {
	e := new(operation.Error)
	if !errors.As(err, &e) {
		e = operation.Known(err)
	}
	if e == nil || e.Code.Status >= http.StatusInternalServerError {
		return err
	}
	b, scope := c.State.Workspace.Books, operation.Scope{Customer: c.Caller.Customer, Partner: c.Caller.Partner,
		Manager: c.Caller.Manager}
	var customers, partners, links []string
	for code := range b.Customers {
		if sees(c, &scope, int32(code)) {
			customers = append(customers, b.Customers[code].ID)
		}
	}
	for i := range b.Partners {
		if scope.Partner == "" || b.Partners[i].ID == scope.Partner {
			partners = append(partners, b.Partners[i].ID)
		}
	}
	// a link can be of a time when the customer was not the partner's
	for i := range b.Links {
		if c.Caller.Role != keys.Partner && sees(c, &scope, b.Links[i].Customer) {
			links = append(links, b.Links[i].ResourceID, b.Links[i].Group)
		}
	}
	for _, one := range []struct {
		name, zh, en string
		ids          []string
	}{{"customer_id", "客户", "customer", customers}, {"partner_id", "伙伴", "partner", partners},
		{"resource", "链路或链路组", "link or group", links}} {
		id := c.Text(one.name)
		if id == "" || slices.Contains(one.ids, id) {
			continue
		}
		text := operation.Text{Zh: fmt.Sprintf("没有%s%q", one.zh, id), En: fmt.Sprintf("there is no %s %q", one.en, id)}
		if list := strings.Join(similar(id, one.ids), ", "); list != "" {
			text.Zh, text.En = text.Zh+"，相近的有："+list, text.En+"; similar: "+list
		}
		return operation.NotFound(text)
	}
	return err
}

// maxSimilar is how many similar ids an error names at most.
const maxSimilar = 5

// similar returns the first ids, in their order, that contain an unknown id or differ in few letters.
func similar(id string, known []string) (list []string) {
	id = strings.ToLower(id)
	for _, one := range slices.Compact(slices.Sorted(slices.Values(known))) {
		lower := strings.ToLower(one)
		if lower != "" && (len(id) > visible.MaxTypos && strings.Contains(lower, id) ||
			visible.Typos(id, lower) <= min(visible.MaxTypos, len(id)/2)) && len(list) < maxSimilar {
			list = append(list, one)
		}
	}
	return list
}
