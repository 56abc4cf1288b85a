package rejects

import (
	"cmp"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/manifest"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/tablefile"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// Row is a reject as stored in the lake.
type Row struct {
	Feed, File, Column, Reason, Value, ID string
	Hash, Header                          string // of the feed file
	Row                                   int64
	Raw                                   []byte
	End                                   End
}

// Origin is the row of a feed file in which a reject came. The file is identified by its feed and its hash.
type Origin struct {
	Feed, Hash string
	Row        int64
}

// Origin returns the place in which the reject came.
func (r *Row) Origin() Origin { return Origin{r.Feed, r.Hash, r.Row} }

// End is how a reject ended; the zero value means that it is open.
type End struct {
	Corrected   Place // the accepted record of the same identity; without File there is none
	CorrectedAt period.Instant
	By, Why     string // who dismissed it and why; By is empty if nobody did
	DismissedAt period.Instant
}

// State is the state of a reject.
type State string

// The states of a reject.
const (
	Open      State = "open"
	Corrected State = "corrected"
	Dismissed State = "dismissed"
)

// State returns the state of an end: a correction takes precedence over a dismissal (REJ-3).
func (e *End) State() State {
	switch {
	case e.Corrected.File != "":
		return Corrected
	case e.By != "":
		return Dismissed
	}
	return Open
}

// Identity reads the identity of the rejected record; ok is false if it cannot be read (REJ-4).
func (r *Row) Identity(zone *period.Zone) (id Identity, ok bool) {
	return identityOf(zone, r.Feed, r.Column, r.Reason, r.Header, r.Raw)
}

// OpenKey returns the key of the lake files with open rejects.
func OpenKey() manifest.FileKey {
	return manifest.FileKey{Table: tables.Rejects().Name, Bucket: manifest.NoBucket}
}

// EndedKey returns the key of the lake files with ended rejects.
func EndedKey() manifest.FileKey {
	return manifest.FileKey{Table: tables.EndedRejects().Name, Bucket: manifest.NoBucket}
}

// Each visits the rejects of a file of either table in stored order. The callback may keep the row.
func Each(o tablefile.Opener, e manifest.FileEntry, visit func(*Row) error) error {
	def, ended := tables.Rejects(), e.Table == tables.EndedRejects().Name
	if ended {
		def = tables.EndedRejects()
	}
	return tablefile.Each(o, e, def, nil, func(c *parquet.Columns[tables.Reject], i int) error {
		r := rowOf(c, i)
		if ended {
			r.End = endOf(c, i)
		}
		return visit(&r)
	})
}

// rowOf reads a row of either table without its end.
func rowOf(cols *parquet.Columns[tables.Reject], i int) Row {
	return Row{
		Feed: cols.Word(tables.RejectFeed).At(i), File: cols.Word(tables.RejectFile).At(i),
		Row:    cols.Whole(tables.RejectRow).At(i),
		Column: cols.Word(tables.RejectColumn).At(i),
		Reason: cols.Word(tables.RejectReason).At(i), Value: string(cols.Text(tables.RejectValue).At(i)),
		ID:  string(cols.Text(tables.RejectID).At(i)),
		Raw: append([]byte(nil), cols.Text(tables.RejectRaw).At(i)...), Hash: cols.Word(tables.RejectFileHash).At(i),
		Header: cols.Word(tables.RejectHeader).At(i),
	}
}

// endOf reads the end from a row of the ended rejects.
func endOf(cols *parquet.Columns[tables.Reject], i int) End {
	return End{
		Corrected: Place{File: cols.Word(tables.RejectCorrectedFile).At(i),
			Row: cols.Whole(tables.RejectCorrectedRow).At(i)},
		CorrectedAt: cols.MaybeTime(tables.RejectCorrectedAt).At(i), By: cols.Word(tables.RejectDismissedBy).At(i),
		Why:         string(cols.Text(tables.RejectDismissedWhy).At(i)),
		DismissedAt: cols.MaybeTime(tables.RejectDismissedAt).At(i),
	}
}

// groupRows is the number of rejects of a row group.
const groupRows = 1 << 14

// Writer writes one file of rejects, of either table. It creates the file with the first row.
type Writer struct {
	out   *tablefile.Writer[tables.Reject]
	ended bool
}

// NewWriter begins a file of open or, with EndedKey, ended rejects.
func NewWriter(txn *lake.SubTxn, key manifest.FileKey) *Writer {
	def, ended := tables.Rejects(), key == EndedKey()
	if ended {
		def = tables.EndedRejects()
	}
	out := tablefile.NewWriter(txn, def)
	out.Restart(key)
	return &Writer{out, ended}
}

// Add appends a reject.
func (w *Writer) Add(r *Row) error {
	c := w.out.Cols
	c.Word(tables.RejectFeed).Add(r.Feed)
	c.Word(tables.RejectFile).Add(r.File)
	c.Whole(tables.RejectRow).Add(r.Row)
	c.Word(tables.RejectColumn).Add(r.Column)
	c.Word(tables.RejectReason).Add(r.Reason)
	c.Text(tables.RejectValue).Add(r.Value)
	c.Text(tables.RejectID).Add(r.ID)
	c.Text(tables.RejectRaw).AddBytes(r.Raw)
	c.Word(tables.RejectFileHash).Add(r.Hash)
	c.Word(tables.RejectHeader).Add(r.Header)
	if w.ended {
		w.addEnd(&r.End)
	}
	c.N++
	if !c.Full(groupRows) {
		return nil
	}
	return w.out.Flush()
}

// addEnd appends the end of a reject.
func (w *Writer) addEnd(e *End) {
	c := w.out.Cols
	corrected, dismissed := tables.Nothing, tables.Nothing
	if e.Corrected.File != "" {
		corrected = e.CorrectedAt
	}
	if e.By != "" {
		dismissed = e.DismissedAt
	}
	c.Word(tables.RejectCorrectedFile).Add(e.Corrected.File)
	c.Whole(tables.RejectCorrectedRow).Add(e.Corrected.Row)
	c.MaybeTime(tables.RejectCorrectedAt).Add(corrected)
	c.Word(tables.RejectDismissedBy).Add(e.By)
	c.Text(tables.RejectDismissedWhy).Add(e.Why)
	c.MaybeTime(tables.RejectDismissedAt).Add(dismissed)
}

// Finish closes the file and returns it; it returns none if no reject was added.
func (w *Writer) Finish() ([]manifest.FileEntry, error) { return w.out.Finish(nil) }

// Compare orders rejects as they are stored and exported: by feed, file, row and hash.
func Compare(a, b *Row) int {
	return cmp.Or(cmp.Compare(a.Feed, b.Feed), cmp.Compare(a.File, b.File), cmp.Compare(a.Row, b.Row),
		cmp.Compare(a.Hash, b.Hash))
}
