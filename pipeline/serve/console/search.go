package console

import (
	"errors"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/read/explain"
	"github.com/tollbook/tollbook/pipeline/serve/keys"
	"github.com/tollbook/tollbook/pipeline/serve/operation"
	"github.com/tollbook/tollbook/pipeline/workspace"
)

// maxFound is the largest number of results of one kind.
const maxFound = 50

// search finds customers and partners by id or name, links by id, and a record or line by its id.
func search(v *View) (*Page, error) {
	q := strings.TrimSpace(v.Call.Text("q"))
	p := &Page{Title: v.T("搜索", "Search"), Lead: q, Crumbs: []Link{Home(v)}}
	t := &Table{Name: "found", Columns: []Column{{Name: "kind", Title: v.T("类型", "Kind")},
		{Name: "id", Title: v.T("编号", "Id"), Kind: Code}, {Name: "name", Title: v.T("名称", "Name")}},
		Empty: v.T("没有找到", "Nothing was found")}
	if q != "" {
		if err := customersFound(v, t, q); err != nil {
			return nil, err
		}
		if House(v) {
			partnersFound(v, t, q)
		}
		// a partner must name the customer of a record, and a link can be of a time when the customer was not its own
		if v.Call.Caller.Role != keys.Partner {
			linksFound(v, t, q)
			noteArchived(v, p)
			if err := recordOr(v, p, t, q); err != nil {
				return nil, err
			}
		}
	}
	p.Blocks = append([]Block{{Title: v.T("结果", "Results"), Table: t}}, p.Blocks...)
	return p, nil
}

// recordOr searches a record or line or, in a lake of many lines, links to a page that does.
func recordOr(v *View, p *Page, t *Table, q string) error {
	if v.Call.Text("in") == "lines" {
		return recordFound(v, p, t, q)
	}
	var count int64
	for _, ref := range v.Call.State.Snap.Manifest.Cycles {
		n, err := lineCount(v, ref.Cycle)
		if err != nil {
			return err
		}
		count += n
	}
	if count <= maxCompared {
		return recordFound(v, p, t, q)
	}
	p.Blocks = append(p.Blocks, Block{ID: "records", Title: v.T("记录与明细", "Records and lines"),
		Text: []string{v.F("数据中有%d条明细，按编号逐条查找需要较长时间。",
			"The lake has %d lines. To look for an id in all of them takes long.", count)},
		Links: []Link{{Text: v.F("在所有明细中查找%q", "Look for %q in all lines", q), Href: v.Here("in", "lines")}}})
	return nil
}

// matches reports whether one of the texts contains the searched text, ignoring case.
func matches(q string, texts ...string) bool {
	for _, text := range texts {
		if strings.Contains(strings.ToLower(text), strings.ToLower(q)) {
			return true
		}
	}
	return false
}

// inScope reports whether the caller may see a customer.
func inScope(v *View, code int32) bool { return sees(v.Call, &v.Call.Scope, code) }

// sees reports whether a scope has a customer.
func sees(c *operation.Call, s *operation.Scope, code int32) bool {
	b, now := c.State.Workspace.Books, c.State.Now
	id := b.Customers[code].ID
	return (s.Customer == "" || id == s.Customer) && s.Knows(b, id, now) && s.Managed(b, code, now)
}

// customersFound adds the customers that the caller may see.
func customersFound(v *View, t *Table, q string) error {
	names, err := Keep(v, "customer names", func(list []string) int { return len(list) }, customerNames)
	if err != nil {
		return err
	}
	b, n, lower := v.Call.State.Workspace.Books, 0, strings.ToLower(q)
	for code := range b.Customers {
		id := b.Customers[code].ID
		if !strings.Contains(names[code], lower) || !inScope(v, int32(code)) {
			continue
		}
		if n++; n > maxFound {
			t.Note = v.F("仅列出前%d个客户。", "Only the first %d customers are listed.", maxFound)
			return nil
		}
		t.Rows = append(t.Rows, []Cell{{Text: v.T("客户", "customer")},
			{Text: id, Href: v.To("customer", "customer_id", id)}, {Text: NameOf(v, id)}})
	}
	return nil
}

// customerNames returns the id and the name of each customer, by code, in the form that is searched.
func customerNames(v *View) ([]string, error) {
	list := make([]string, len(v.Call.State.Workspace.Books.Customers))
	for code := range list {
		id := v.Call.State.Workspace.Books.Customers[code].ID
		list[code] = strings.ToLower(id + "\n" + NameOf(v, id))
	}
	return list, nil
}

// partnersFound adds partners.
func partnersFound(v *View, t *Table, q string) {
	b, n := v.Call.State.Workspace.Books, 0
	for i := range b.Partners {
		one := &b.Partners[i]
		name := one.Rows[len(one.Rows)-1].Name
		if matches(q, one.ID, name) && n < maxFound {
			n++
			t.Rows = append(t.Rows, []Cell{{Text: v.T("伙伴", "partner")},
				{Text: one.ID, Href: v.Link("statement", "partner_id", one.ID)}, {Text: name}})
		}
	}
}

// linksFound adds links of customers that the caller may see.
func linksFound(v *View, t *Table, q string) {
	b, seen := v.Call.State.Workspace.Books, map[string]bool{}
	for i := range b.Links {
		one := &b.Links[i]
		if seen[one.ResourceID] || !matches(q, one.ResourceID, one.Group) || len(seen) >= maxFound ||
			!inScope(v, one.Customer) {
			continue
		}
		seen[one.ResourceID] = true
		t.Rows = append(t.Rows, []Cell{{Text: v.T("链路", "link")},
			{Text: one.ResourceID, Href: v.Link("bandwidth", "resource", one.ResourceID, "customer_id",
				b.Customers[one.Customer].ID)}, {Text: one.Group}})
	}
}

// recordFound adds the record or line with the id.
func recordFound(v *View, p *Page, t *Table, q string) error {
	w := v.Call.State.Workspace
	s := &explain.Sources{Snap: v.Call.State.Snap, Books: w.Books, Settings: &w.Settings,
		Prices: v.Call.State.Prices.Bill(), Refund: workspace.RefundRules(&w.Settings)}
	story, err := explain.Explain(v.Request.Context(), s, &explain.Question{ID: q, Customer: v.Call.Scope.Customer})
	if none := new(rows.NotFoundError); errors.As(err, &none) {
		if House(v) && strings.Contains(none.What, "is the id of several records") {
			p.Notes = append(p.Notes, Note{Text: v.T("该编号属于多条记录。", none.What)})
		}
		return nil
	}
	if err != nil {
		return err
	}
	t.Rows = append(t.Rows, []Cell{{Text: stateOf(v, story.State)},
		{Text: story.ID, Href: v.To("line", "id", story.ID, "customer_id", story.CustomerID, "cycle", story.Cycle)},
		{Text: NameOrID(v, story.CustomerID)}})
	return nil
}
