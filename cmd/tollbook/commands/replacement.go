package commands

import (
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/cmd/tollbook/cli"
	"github.com/tollbook/tollbook/pipeline/intake/feed"
	"github.com/tollbook/tollbook/schemas/reason"
)

// replacement is a feed file of CSV with the open rejects of one feed, to be corrected and delivered.
type replacement struct {
	feed    string
	columns []string
	rows    []map[string]string // by column
	left    int                 // rejects whose record cannot be read
}

// replace adds a reject. A conflict gets a new id and replaces the accepted record; other records keep their id, by
// which they end the reject.
func (p *replacement) replace(x *rejectRow) error {
	if p.feed == "" {
		p.feed = x.Feed
	}
	if x.Feed != p.feed {
		return &cli.UsageError{What: fmt.Sprintf("--as-replacement: rejects of the feeds %s and %s", p.feed, x.Feed),
			Hint: "name one file of rejects: --file FILE"}
	}
	names, values := csvCells(x.header), csvCells(x.Raw)
	if len(names) == 0 || len(names) != len(values) {
		p.left++
		return nil
	}
	row := make(map[string]string, len(names)+1)
	for i, name := range names {
		row[name] = values[i]
	}
	if x.Reason == reason.Conflict.String() && p.feed == feed.UsageSpec().Name {
		row["replaces"], row["record_id"] = x.ID, x.ID+"-corrected"
		names = append(names, "replaces")
	}
	for _, name := range names {
		if !slices.Contains(p.columns, name) {
			p.columns = append(p.columns, name)
		}
	}
	p.rows = append(p.rows, row)
	return nil
}

// csvCells returns the cells of one record of CSV; nil if it is none.
func csvCells(text string) []string {
	cells, err := csv.NewReader(strings.NewReader(text)).Read()
	if err != nil {
		return nil
	}
	return cells
}

// write writes the file.
func (p *replacement) write(w io.Writer) error {
	out, err := cli.NewCellsCSV(w, false, p.columns)
	for i := 0; i < len(p.rows) && err == nil; i++ {
		var cells []string
		for _, name := range p.columns {
			cells = append(cells, p.rows[i][name])
		}
		err = out.Add(cells, nil)
	}
	if err != nil {
		return err
	}
	return out.End()
}

// writeReplacement writes the open rejects that match the flags as a file for the inbox.
func writeReplacement(a *cli.App, r *rejectsResult, out *cli.Output) error {
	p := replacement{}
	for i := range r.Rejects {
		if err := p.replace(&r.Rejects[i]); err != nil {
			return err
		}
	}
	if len(p.rows) == 0 {
		return &cli.UsageError{What: "--as-replacement: no reject of a CSV file has a record that can be read",
			Hint: "correct the file, and deliver it under another name"}
	}
	if _, err := a.WriteOutput(out, p.write); err != nil {
		return err
	}
	fmt.Fprintf(a.Err, "wrote %s: %s to correct, then to put into inbox/%s; %d cannot be read\n", out.File,
		cli.Counted(int64(len(p.rows)), "record", "records"), p.feed, p.left)
	return nil
}
