package console

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/reason"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// Rejects lists the records that were not accepted: by reason with the remedy, then one by one. An address that names
// a file and a row shows that record as it was received.
func Rejects(v *View) (*Page, error) {
	p := &Page{Title: v.T("拒收记录", "Rejects"), Crumbs: []Link{Home(v)},
		Lead: v.T("未被接受的记录。更正后的记录被接受时，拒收即结束。",
			"Records that were not accepted. A reject ends when a corrected record is accepted, or when it is "+
				"dismissed.")}
	why, file, number := v.Call.Text("reason"), v.Call.Text("file"), v.Call.Text("row")
	counts, err := Keep(v, "reasons of rejects", func(m map[string]int) int { return len(m) }, countRejects)
	if err != nil {
		return nil, err
	}
	found, err := Keep(v, fmt.Sprintf("rejects %q %q %q", why, file, number),
		func(f *foundRejects) int { return 6 * len(f.table.Rows) },
		func(v *View) (*foundRejects, error) { return findRejects(v, why, file, number) })
	if err != nil {
		return nil, err
	}
	t, total, shown := *found.table, found.count, found.shown
	if total > MaxSorted {
		t.Note = v.F("共%d条，仅列出前%d条；用tollbook export --table rejects导出全部。",
			"%d rejects: the first %d are listed. `tollbook export --table rejects` writes all.", total,
			MaxSorted)
	}
	p.Blocks = append(p.Blocks, reasonBlock(v, counts))
	if len(shown) > 0 {
		p.Blocks = append(p.Blocks, Block{ID: "feed", Title: v.T("收到的记录", "The record as it was received"),
			Records: shown})
	}
	p.Blocks = append(p.Blocks, Block{ID: "rejects-block", Title: v.T("记录", "Records"), Table: &t})
	return p, nil
}

// foundRejects has the requested rejects.
type foundRejects struct {
	table *Table // with the first ones
	count int    // number of all
	shown []Record
}

// findRejects finds the rejects of a reason, a file and a row; "" = any.
func findRejects(v *View, why, file, number string) (*foundRejects, error) {
	out := &foundRejects{table: rejectTable(v)}
	return out, eachReject(v, func(row rows.Row[tables.Reject]) error {
		at := strconv.FormatInt(row.Whole(tables.RejectRow), 10)
		if why != "" && row.Word(tables.RejectReason) != why || file != "" && row.Word(tables.RejectFile) != file ||
			number != "" && at != number {
			return nil
		}
		if out.count++; out.count > MaxSorted {
			return nil
		}
		out.table.Rows = append(out.table.Rows, rejectRow(v, row, at))
		if number != "" {
			out.shown = append(out.shown, rejectRecord(v, row, at)...)
		}
		return nil
	})
}

// countRejects counts the open rejects by reason.
func countRejects(v *View) (map[string]int, error) {
	files, err := v.Call.State.Snap.Files(lake.Cycle{})
	if err != nil {
		return nil, err
	}
	counts := map[string]int{}
	for _, e := range files {
		if e.Table != tables.Rejects().Name {
			continue
		}
		columns := tables.Columns(tables.RejectReason)
		err := rows.EachUnsorted(v.Call.State.Snap, e, tables.Rejects(), columns,
			func(row rows.Row[tables.Reject]) error {
				counts[row.Word(tables.RejectReason)]++
				return nil
			})
		if err != nil {
			return nil, err
		}
	}
	return counts, nil
}

// eachReject visits the open rejects by file and row.
func eachReject(v *View, visit func(rows.Row[tables.Reject]) error) (err error) {
	list, err := rows.Rejects(v.Request.Context(), v.Call.State.Snap, nil, rows.Limits{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, list.Close()) }()
	return list.Each(visit)
}

// reasonBlock counts rejects by reason and says what to do.
func reasonBlock(v *View, counts map[string]int) Block {
	t := &Table{Name: "reasons", Empty: v.T("没有拒收记录", "No record is rejected"), Columns: []Column{
		{Name: "reason", Title: v.T("原因", "Reason"), Kind: Code},
		{Name: "records", Title: v.T("记录数", "Records"), Kind: Whole},
		{Name: "meaning", Title: v.T("含义", "Meaning")},
		{Name: "remedy", Title: v.T("处理方法", "What to do")}}}
	for _, why := range slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	}) {
		word, _ := reason.Parse(why)
		href := v.To("rejects", "reason", why)
		t.Rows = append(t.Rows, []Cell{{Text: why, Href: href}, {Text: strconv.Itoa(counts[why]), Href: href},
			{Text: word.Meaning(), Shown: v.Say("reason", word.Meaning())},
			{Text: word.Remedy(), Shown: v.Say("reason", word.Remedy())}})
	}
	return Block{ID: "reasons-block", Title: v.T("按原因", "By reason"), Table: t}
}

// rejectTable has the columns of rejects.
func rejectTable(v *View) *Table {
	return &Table{Name: "rejects", Columns: []Column{
		{Name: "file", Title: v.T("文件", "File"), Kind: Code},
		{Name: "row", Title: v.T("行", "Row"), Kind: Whole},
		{Name: "column", Title: v.T("列", "Column"), Kind: Code},
		{Name: "reason", Title: v.T("原因", "Reason"), Kind: Code},
		{Name: "value", Title: v.T("值", "Value"), Kind: Code},
		{Name: "id", Title: v.T("编号", "Id"), Kind: Code}}}
}

// rejectRow returns the row of one reject.
func rejectRow(v *View, row rows.Row[tables.Reject], at string) []Cell {
	file := row.Word(tables.RejectFile)
	href := v.To("rejects", "file", file, "row", at)
	return []Cell{{Text: file, Href: href}, {Text: at, Href: href}, {Text: row.Word(tables.RejectColumn)},
		{Text: row.Word(tables.RejectReason)}, {Text: string(row.Text(tables.RejectValue))},
		{Text: string(row.Text(tables.RejectID))}}
}

// rejectRecord returns the record as it was received, below the header of its file.
func rejectRecord(v *View, row rows.Row[tables.Reject], at string) []Record {
	word, _ := reason.Parse(row.Word(tables.RejectReason))
	text := string(row.Text(tables.RejectRaw))
	if head := row.Word(tables.RejectHeader); head != "" {
		text = head + "\n" + text
	}
	return []Record{{Title: "inbox/" + row.Word(tables.RejectFile) + v.F(" 第%s行", " row %s", at),
		Note: row.Word(tables.RejectReason) + ": " + v.Say("reason", word.Remedy()), Text: text}}
}
