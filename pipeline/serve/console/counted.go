package console

import (
	"errors"
	"strings"
	"time"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/out/document"
	"github.com/tollbook/tollbook/pipeline/read/explain"
	"github.com/tollbook/tollbook/pipeline/read/query"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// endLine has the parts of a month-end line's id: CYCLE/SKU/REGION/OBJECT.
type endLine struct {
	product        *books.Product
	region, object string
}

// endLineOf parses the id of a month-end line; ok is false if the books no longer have its product.
func endLineOf(b *books.Books, cycle, id string) (l endLine, ok bool) {
	rest, _ := strings.CutPrefix(id, cycle+"/")
	for i := range b.Products {
		place, found := strings.CutPrefix(rest, b.Products[i].SKU+"/")
		if found && b.Products[i].PeriodLevel() {
			l.product = &b.Products[i]
			l.region, l.object, ok = strings.Cut(place, "/")
			return l, ok
		}
	}
	return l, false
}

// countedBlock lists the usage records that a month-end line counts, or links to the samples of its link; it returns
// nil for other lines (BILLING-3).
func countedBlock(v *View, s *explain.Story) (*Block, error) {
	if s.State != explain.StateMonthEnd {
		return nil, nil
	}
	l, ok := endLineOf(v.Call.State.Workspace.Books, s.Cycle, s.ID)
	if !ok {
		return nil, nil
	}
	if l.product.Model == books.Percentile {
		href := v.Link("bandwidth", "customer_id", s.CustomerID, "cycle", s.Cycle, "resource", l.object, "sku",
			l.product.SKU)
		b := &Block{ID: "counted", Title: v.T("带宽采样", "Samples"),
			Links: []Link{{Text: v.F("%s的曲线、百分位线与采样", "Curve, percentile and samples of %s", l.object),
				Href: href}}}
		return b, addSlot(v, s, &l, b)
	}
	t, err := countedTable(v, s, &l)
	return &Block{ID: "counted", Title: v.T("计入的用量记录", "Usage records that it counts"), Table: t}, err
}

// addSlot adds the rows of feed files that determine the value of a link: the samples of the slot that set it or, if a
// method has no such slot, of the largest point.
func addSlot(v *View, s *explain.Story, l *endLine, b *Block) error {
	if !v.Call.Scope.Feeds {
		return nil
	}
	list, err := annexOf(v, s, l)
	if err != nil || len(list) != 1 {
		return err
	}
	a := list[0]
	text := a.Slot
	if text == "" && len(a.Largest) > 0 {
		text = a.Largest[0].Slot
	}
	slot, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return nil // nothing was measured
	}
	from, err := explainSources(v)
	if err != nil {
		return err
	}
	var links []string
	for i := range a.Links {
		links = append(links, a.Links[i].ResourceID)
	}
	rows, err := explain.Samples(v.Request.Context(), from, links, period.Instant(slot.UnixMicro()))
	for _, f := range rows {
		title := "inbox/" + f.File
		if f.Row > 0 {
			title += v.F(" 第%d行", " row %d", f.Row)
		}
		b.Records = append(b.Records, Record{Title: title, Note: v.Say("origin", f.Note), Text: f.Raw})
	}
	if len(rows) > 0 {
		b.ID = "feed"
		b.Text = []string{v.F("取值时段%s的采样，原样如下。", "The samples of the slot %s, as they were received.", a.Time(text))}
	}
	return err
}

// annexOf returns the measurement of the link or group of a month-end line.
func annexOf(v *View, s *explain.Story, l *endLine) ([]*query.Annex, error) {
	cycle, err := period.ParseCycle(s.Cycle)
	if err != nil {
		return nil, err
	}
	return keptAnnexes(v, &query.AnnexRequest{Cycle: cycle, Customer: s.CustomerID, Resource: l.object,
		SKU: l.product.SKU})
}

// countedTable lists the usage records of a month-end line, at most maxSorted.
func countedTable(v *View, s *explain.Story, l *endLine) (*Table, error) {
	t := &Table{Name: "records", Order: "time", Columns: []Column{
		{Name: "record_id", Title: v.T("记录", "Record"), Kind: Code},
		{Name: "time", Title: v.T("开始时间", "Start"), Kind: Time},
		{Name: "resource_id", Title: v.T("资源", "Resource"), Kind: Code},
		{Name: "region_code", Title: v.T("区域", "Region"), Kind: Code},
		{Name: "quantity", Title: v.T("用量", "Quantity"), Kind: Quantity},
	}}
	var total money.QuantityTotal
	count := 0
	cycle, err := lake.ParseCycle(s.Cycle)
	if err != nil {
		return nil, err
	}
	err = eachUsage(v, cycle, s.CustomerID, func(row rows.Row[tables.Record]) error {
		region, resource := row.Word(tables.RecordRegionCode), string(row.Text(tables.RecordResourceID))
		if row.Word(tables.RecordSKU) != l.product.SKU || l.region != "" && region != l.region ||
			l.object != "" && resource != l.object {
			return nil
		}
		if count++; count > MaxSorted {
			return nil
		}
		q, err := row.Quantity(tables.RecordQuantity)
		if err != nil {
			return err
		}
		id := string(row.Text(tables.RecordRecordID))
		href := v.Link("line", "id", id, "customer_id", s.CustomerID, "cycle", s.Cycle)
		t.Rows = append(t.Rows, []Cell{{Text: id, Href: href}, v.Time(row.Time(tables.RecordUsageStart)),
			{Text: resource}, {Text: region},
			{Text: q.String(), Shown: document.GroupedDigits(q.Trim()), Href: href}})
		return total.AddSigned(q)
	})
	if err != nil {
		return nil, err
	}
	if count > MaxSorted {
		t.Note = v.F("共%d条记录，仅列出前%d条。", "%d records: the first %d are listed.", count, MaxSorted)
		return t, nil
	}
	all, err := money.SignedQuantityFromRaw(total.Raw()) // below 0 if the month removed more units than it added
	t.Total = []Cell{{}, {}, {}, {}, {Text: all.String(), Shown: document.GroupedDigits(all.Trim())}}
	return t, err
}

// eachUsage visits the counting usage records of a customer's cycle from which month-end lines are calculated.
func eachUsage(v *View, cycle lake.Cycle, customer string, visit func(rows.Row[tables.Record]) error) error {
	snap := v.Call.State.Snap
	files, err := snap.Files(cycle)
	if err != nil {
		return err
	}
	const replaced = 1
	bucket := lake.BucketOf(customer, max(1, snap.Manifest.Buckets))
	for _, e := range files {
		if e.Table != tables.Usage().Name || e.Bucket != bucket {
			continue
		}
		if err := v.Request.Context().Err(); err != nil {
			return err
		}
		list, err := rows.FileOf(snap, e, tables.Usage(), nil,
			rows.Filter[tables.Record]{Column: tables.RecordCustomerID, Word: customer})
		if err != nil {
			return err
		}
		err = list.Each(func(row rows.Row[tables.Record]) error {
			if row.Small(tables.RecordStatus) == replaced {
				return nil
			}
			return visit(row)
		})
		if err := errors.Join(err, list.Close()); err != nil {
			return err
		}
	}
	return nil
}
