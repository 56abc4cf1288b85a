package accept

import (
	"cmp"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// RejectRow is a reject as stored in the lake.
type RejectRow struct {
	Feed, File, Column, Reason, Value, ID string
	Hash, Header                          string // of the feed file
	Row                                   int64
	Raw                                   []byte
	End                                   RejectEnd
}

// RejectOrigin is the row of a feed file in which a reject came. The file is identified by its feed and its hash.
type RejectOrigin struct {
	Feed, Hash string
	Row        int64
}

// RejectOrigin returns the place in which the reject came.
func (r *RejectRow) Origin() RejectOrigin { return RejectOrigin{r.Feed, r.Hash, r.Row} }

// RejectEnd is how a reject ended; the zero value means that it is open.
type RejectEnd struct {
	Corrected   RejectPlace // the accepted record of the same identity; without File there is none
	CorrectedAt period.Instant
	By, Why     string // who dismissed it and why; By is empty if nobody did
	DismissedAt period.Instant
}

// RejectState is the state of a reject.
type RejectState string

// The states of a reject.
const (
	OpenReject      RejectState = "open"
	CorrectedReject RejectState = "corrected"
	DismissedReject RejectState = "dismissed"
)

// RejectState returns the state of an end: a correction takes precedence over a dismissal (REJ-3).
func (e *RejectEnd) State() RejectState {
	switch {
	case e.Corrected.File != "":
		return CorrectedReject
	case e.By != "":
		return DismissedReject
	}
	return OpenReject
}

// RejectIdentity reads the identity of the rejected record; ok is false if it cannot be read (REJ-4).
func (r *RejectRow) Identity(zone *period.Zone) (id RejectIdentity, ok bool) {
	return identityOf(zone, r.Feed, r.Column, r.Reason, r.Header, r.Raw)
}

// OpenRejectsKey returns the key of the lake files with open rejects.
func OpenRejectsKey() lake.FileKey {
	return lake.FileKey{Table: tables.Rejects().Name, Bucket: lake.NoBucket}
}

// EndedRejectsKey returns the key of the lake files with ended rejects.
func EndedRejectsKey() lake.FileKey {
	return lake.FileKey{Table: tables.EndedRejects().Name, Bucket: lake.NoBucket}
}

// EachReject visits the rejects of a file of either table in stored order. The callback may keep the row.
func EachReject(o rows.FileOpener, e lake.FileEntry, visit func(*RejectRow) error) error {
	def, ended := tables.Rejects(), e.Table == tables.EndedRejects().Name
	if ended {
		def = tables.EndedRejects()
	}
	return rows.EachRow(o, e, def, nil, func(c *parquet.Columns[tables.Reject], i int) error {
		r := rowOf(c, i)
		if ended {
			r.End = endOf(c, i)
		}
		return visit(&r)
	})
}

// rowOf reads a row of either table without its end.
func rowOf(cols *parquet.Columns[tables.Reject], i int) RejectRow {
	return RejectRow{
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
func endOf(cols *parquet.Columns[tables.Reject], i int) RejectEnd {
	return RejectEnd{
		Corrected: RejectPlace{File: cols.Word(tables.RejectCorrectedFile).At(i),
			Row: cols.Whole(tables.RejectCorrectedRow).At(i)},
		CorrectedAt: cols.MaybeTime(tables.RejectCorrectedAt).At(i), By: cols.Word(tables.RejectDismissedBy).At(i),
		Why:         string(cols.Text(tables.RejectDismissedWhy).At(i)),
		DismissedAt: cols.MaybeTime(tables.RejectDismissedAt).At(i),
	}
}

// groupRows is the number of rejects of a row group.
const groupRows = 1 << 14

// RejectWriter writes one file of rejects, of either table. It creates the file with the first row.
type RejectWriter struct {
	out   *rows.Writer[tables.Reject]
	ended bool
}

// NewRejectWriter begins a file of open or, with EndedRejectsKey, ended rejects.
func NewRejectWriter(txn *lake.SubTxn, key lake.FileKey) *RejectWriter {
	def, ended := tables.Rejects(), key == EndedRejectsKey()
	if ended {
		def = tables.EndedRejects()
	}
	out := rows.NewFileWriter(txn, def)
	out.Restart(key)
	return &RejectWriter{out, ended}
}

// Add appends a reject.
func (w *RejectWriter) Add(r *RejectRow) error {
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
func (w *RejectWriter) addEnd(e *RejectEnd) {
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
func (w *RejectWriter) Finish() ([]lake.FileEntry, error) { return w.out.Finish(nil) }

// CompareRejects orders rejects as they are stored and exported: by feed, file, row and hash.
func CompareRejects(a, b *RejectRow) int {
	return cmp.Or(cmp.Compare(a.Feed, b.Feed), cmp.Compare(a.File, b.File), cmp.Compare(a.Row, b.Row),
		cmp.Compare(a.Hash, b.Hash))
}
