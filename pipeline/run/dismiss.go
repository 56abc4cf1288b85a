package run

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/period"
)

// DismissOptions says which rejects to dismiss, or to open again.
type DismissOptions struct {
	// Names are the rejects: the id of the record, or FILE:ROW with the file's path below inbox/ or at least the first
	// 8 digits of its hash. FILE alone means all rejects of the file.
	Names   []string
	Restore bool   // open dismissed rejects again
	By      string // the person who does it
	Why     string // the reason; may be empty for Restore
}

// DismissReport is the result of a dismissal, or of its reversal.
type DismissReport struct {
	Command  string         `json:"command"`
	AsOf     period.Instant `json:"-"`
	Changed  bool           `json:"changed"`
	Manifest int64          `json:"manifest"` // number of the live state afterwards
	By       string         `json:"by"`
	Why      string         `json:"why,omitempty"`
	Rejects  []DismissedRow `json:"rejects"` // those that were named, by feed, file, row and hash
	Open     int64          `json:"open"`    // open rejects of the lake afterwards
	workspace.Publication
}

// DismissedRow is a reject that was named.
type DismissedRow struct {
	File   string             `json:"file"`
	Row    int64              `json:"row"`
	Reason string             `json:"reason"`
	ID     string             `json:"id"`
	State  accept.RejectState `json:"state"`            // state afterwards
	Before bool               `json:"before,omitempty"` // it was in this state before
	Detail string             `json:"detail,omitempty"` // for a corrected reject: the record that corrected it
}

// DismissRejects ends rejects, or opens dismissed ones again, as one transaction on the lake (REJ-3). A repetition
// changes nothing but publishes again. Errors: *workspace.RefusedError for a name that fits no reject or several
// records; those of the lake and of publishing. With an error of publishing there is a report.
func DismissRejects(ctx context.Context, w *workspace.Workspace, d DismissOptions, o workspace.Options) (*DismissReport,
	error) {
	r := &DismissReport{Command: d.Command(), AsOf: o.AsOf, By: d.By, Why: d.Why, Rejects: []DismissedRow{}}
	if err := apply(ctx, w, &d, &o, r); err != nil {
		return nil, err
	}
	return r, PublishAfterRun(ctx, w, o, &r.Publication)
}

// apply is Run without publishing.
func apply(ctx context.Context, w *workspace.Workspace, d *DismissOptions, o *workspace.Options,
	r *DismissReport) (err error) {
	l, err := w.Lake(*o)
	if err != nil {
		return err
	}
	o.BeginStage(workspace.StageBegin)
	txn, err := l.Begin()
	if err != nil {
		return err
	}
	defer func() { err = txn.End(err) }()
	next := txn.Next()
	r.Manifest = txn.SubTxn.Base().Manifest.Number
	o.BeginStage(workspace.StageRejects)
	named, err := d.find(txn, w.Books.Zone)
	if err != nil {
		return err
	}
	end := func(x *accept.RejectRow) accept.RejectEnd { return d.end(x, named, o.AsOf) }
	if _, err := accept.UpdateRejects(txn.SubTxn, end); err != nil {
		return err
	}
	for _, x := range slices.SortedFunc(maps.Values(named), accept.CompareRejects) {
		end := d.end(x, named, o.AsOf)
		row := DismissedRow{File: x.File, Row: x.Row, Reason: x.Reason, ID: x.ID, State: end.State(),
			Before: end == x.End}
		if c := &x.End.Corrected; c.File != "" {
			row.Detail = fmt.Sprintf("inbox/%s row %d", c.File, c.Row)
		}
		r.Rejects = append(r.Rejects, row)
	}
	for _, e := range next.Entries.Find(accept.OpenRejectsKey()) {
		r.Open += e.Rows
	}
	next.SetRun(o.AsOf.String(), r.Command)
	o.BeginStage(workspace.StageCommit)
	changed, err := txn.Commit(ctx)
	if changed {
		r.Changed, r.Manifest = true, next.Number()
	}
	return err
}

// end returns how a reject ends: the named ones are dismissed, or open again. A reject in the requested state stays
// unchanged.
func (d *DismissOptions) end(x *accept.RejectRow, named map[accept.RejectOrigin]*accept.RejectRow,
	asOf period.Instant) accept.RejectEnd {
	end := x.End
	if named[x.Origin()] == nil {
		return end
	}
	switch state := end.State(); {
	case d.Restore && state == accept.DismissedReject:
		end = accept.RejectEnd{}
	case !d.Restore && state == accept.OpenReject:
		end = accept.RejectEnd{By: d.By, Why: d.Why, DismissedAt: asOf}
	}
	return end
}

// find returns the named rejects, by place. Errors: *RefusedError.
func (d *DismissOptions) find(txn *lake.Txn, zone *period.Zone) (map[accept.RejectOrigin]*accept.RejectRow, error) {
	fits := make([][]*accept.RejectRow, len(d.Names))
	next := txn.Next()
	for _, e := range append(next.Entries.Find(accept.OpenRejectsKey()),
		next.Entries.Find(accept.EndedRejectsKey())...) {
		err := accept.EachReject(txn.SubTxn, e, func(x *accept.RejectRow) error {
			for i, name := range d.Names {
				if nameFits(name, x) {
					fits[i] = append(fits[i], x)
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	named := make(map[accept.RejectOrigin]*accept.RejectRow)
	for i, name := range d.Names {
		if len(fits[i]) == 0 {
			return nil, &workspace.RefusedError{What: fmt.Sprintf("no reject is named %q", name),
				Hint: "name it by its file and row, as usage/a.csv:12, or by its id; `tollbook rejects --all` lists " +
					"all of them"}
		}
		if err := oneRecord(name, fits[i], zone); err != nil {
			return nil, err
		}
		for _, x := range fits[i] {
			named[x.Origin()] = x
		}
	}
	return named, nil
}

// nameFits reports whether a name means a reject.
func nameFits(name string, x *accept.RejectRow) bool {
	if name == x.ID || name == x.File {
		return name != ""
	}
	at := strings.LastIndexByte(name, ':')
	if at < 0 || name[at+1:] != strconv.FormatInt(x.Row, 10) {
		return false
	}
	file := name[:at]
	return file == x.File || len(file) >= hashDigits && strings.HasPrefix(x.Hash, file)
}

// hashDigits is the minimum number of digits of a feed file's hash in a name.
const hashDigits = 8

// oneRecord refuses a name that means records of several identities, or rows of several files of one name.
func oneRecord(name string, fits []*accept.RejectRow, zone *period.Zone) error {
	first := fits[0]
	id, known := first.Identity(zone)
	for _, x := range fits[1:] {
		same := x.Feed == first.Feed
		switch {
		case name == first.File: // all rejects of the file, which must have one content
			same = x.Hash == first.Hash
		case name == first.ID:
			other, read := x.Identity(zone)
			same = same && known && read && other == id
		default:
			same = x.Hash == first.Hash
		}
		if !same {
			return &workspace.RefusedError{What: fmt.Sprintf("%q names several rejects that are not of one record",
				name),
				Hint: fmt.Sprintf("name each by its file and row, or the file's hash and the row: %s", placesOf(fits))}
		}
	}
	return nil
}

// placesOf lists the places of the first few rejects.
func placesOf(list []*accept.RejectRow) string {
	const maxNamed = 5
	var out []string
	for i, x := range list {
		if i == maxNamed {
			out = append(out, "…")
			break
		}
		out = append(out, fmt.Sprintf("%s:%d (%s:%d)", x.File, x.Row, x.Hash[:min(len(x.Hash), hashDigits)], x.Row))
	}
	return strings.Join(out, ", ")
}

// Command is the equivalent command line, as stored in the manifest and the run ledger.
func (d *DismissOptions) Command() string {
	words := []string{"rejects", "dismiss"}
	if d.Restore {
		words[1] = "restore"
	}
	for _, name := range d.Names {
		words = append(words, quoted(name))
	}
	words = append(words, "--by", quoted(d.By))
	if d.Why != "" {
		words = append(words, "--reason", quoted(d.Why))
	}
	return strings.Join(words, " ")
}

// quoted returns a word of a command line, quoted if necessary.
func quoted(word string) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:@+,"
	if word != "" && strings.Trim(word, plain) == "" {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
