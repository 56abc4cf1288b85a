package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"github.com/tollbook/tollbook/pipeline/intake/feed"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/reason"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// rejectsResult is the list of rejects.
type rejectsResult struct {
	Count   int64            `json:"count"` // of all that fit the flags
	Reasons map[string]int64 `json:"reasons"`
	Rejects []rejectRow      `json:"rejects"`
}

// rejectRow is one record that was not accepted.
type rejectRow struct {
	Feed   string `json:"feed"`
	File   string `json:"file"`
	Row    int64  `json:"row"`
	Column string `json:"column"`
	Reason string `json:"reason"`
	Value  string `json:"value"`
	ID     string `json:"id"`
	Raw    string `json:"raw"`
}

// rejectFlags narrow the list.
type rejectFlags struct {
	reason, file string
	limit        int
	raw          bool
}

func (a *app) rejectsCommand() *cobra.Command {
	var f rejectFlags
	cmd := &cobra.Command{
		Use:   "rejects",
		Short: "List the records that were not accepted",
		Long: `rejects lists the records that were not accepted and still are not: file, row, column, reason and the value
seen. tollbook ingest --retry-rejects tries them again once the books are mended.`,
		Example: "  tollbook rejects\n  tollbook rejects --reason unknown_sku --raw",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if _, ok := reason.Parse(f.reason); f.reason != "" && !ok {
				return &usageError{what: fmt.Sprintf("--reason %q: not a reason", f.reason), hint: fmt.Sprintf("reasons: %v", reason.All())}
			}
			if f.limit < 0 {
				return &usageError{what: fmt.Sprintf("--limit %d: want 0 or more", f.limit)}
			}
			r, err := a.rejects(cmd.Context(), &f)
			if err != nil {
				return err
			}
			if err := a.printRejects(r, &f); err != nil {
				return err
			}
			if r.Count > 0 {
				return errLook
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&f.reason, "reason", "", "only those of one reason")
	cmd.Flags().StringVar(&f.file, "file", "", "only those of one file, as its path below inbox/")
	cmd.Flags().IntVar(&f.limit, "limit", 100, "list at most so many; 0 = all")
	cmd.Flags().BoolVar(&f.raw, "raw", false, "show each record as it came")
	return exits(cmd, exitDone, exitLook, exitWrong, exitFailed)
}

// rejects reads the rejects of the live state.
func (a *app) rejects(ctx context.Context, f *rejectFlags) (*rejectsResult, error) {
	var r *rejectsResult
	err := a.read(func(snap *lake.Snapshot) (err error) {
		r = &rejectsResult{Reasons: map[string]int64{}, Rejects: []rejectRow{}}
		list, err := rows.Rejects(ctx, snap, nil, rows.Limits{})
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, list.Close()) }()
		return list.Each(func(row rows.Row) error {
			why, file := row.Word(tables.RReason), row.Word(tables.RFile)
			if f.reason != "" && why != f.reason || f.file != "" && file != f.file {
				return nil
			}
			r.Count++
			r.Reasons[why]++
			if f.limit > 0 && r.Count > int64(f.limit) {
				return nil
			}
			r.Rejects = append(r.Rejects, rejectRow{
				Feed: row.Word(tables.RFeed), File: file, Row: row.Whole(tables.RRow), Column: row.Word(tables.RColumn), Reason: why,
				Value: string(row.Text(tables.RValue)), ID: string(row.Text(tables.RID)), Raw: string(row.Text(tables.RRaw)),
			})
			return nil
		})
	})
	return r, err
}

func (a *app) printRejects(r *rejectsResult, f *rejectFlags) error {
	if a.flags.json {
		return a.printJSON(r)
	}
	if r.Count == 0 {
		fmt.Fprintln(a.out, "no rejects")
		return nil
	}
	g := newGrid("reason", ">records")
	for _, why := range slices.Sorted(maps.Keys(r.Reasons)) {
		g.add(why, r.Reasons[why])
	}
	g.print(a.out, "  ")
	fmt.Fprintln(a.out)
	header := []string{"file", ">row", "column", "reason", "value", "id"}
	if f.raw {
		header = append(header, "record")
	}
	g = newGrid(header...)
	for _, x := range r.Rejects {
		cells := []any{feed.Shown(x.File), x.Row, x.Column, x.Reason, shown(x.Value), shown(x.ID)}
		if f.raw {
			cells = append(cells, printable(x.Raw))
		}
		g.add(cells...)
	}
	g.print(a.out, "  ")
	if rest := r.Count - int64(len(r.Rejects)); rest > 0 {
		fmt.Fprintf(a.out, "\nand %d more: `tollbook rejects --limit 0`, or `tollbook export --table rejects --format csv`\n", rest)
	}
	fmt.Fprintln(a.out, "\nonce the books are mended: `tollbook ingest --retry-rejects`")
	return nil
}

// shown is a value from outside, fit for one cell of a table.
func shown(text string) string {
	const most = 40 // characters
	text = printable(text)
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return text
}

// printable replaces what would disturb a terminal.
func printable(text string) string {
	out := []rune(text)
	for i, r := range out {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 {
			out[i] = '·'
		}
	}
	return string(out)
}
