package run

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"time"

	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/pipeline/intake/feed"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/reason"
)

// RetriedRejects are the open rejects that `ingest --retry-rejects` tries, written as feed files again, one per
// original file.
type RetriedRejects struct {
	Files []*accept.File     // sorted by feed, file and hash
	Inbox fs.FS              // contains the files
	Kept  []accept.RejectRow // rejects that no corrected book can change

	files []retriedFile // one for each of Files
}

// retriedFile holds the rejects of one feed file.
type retriedFile struct {
	name    string // of the original file
	records []accept.RejectRow
}

// of reports whether a reject came in the same file. Files with one name but other contents are different files.
func (f *retriedFile) of(x *accept.RejectRow) bool {
	return f.records[0].Hash == x.Hash && f.records[0].Feed == x.Feed
}

// Original is the original file name and row of a retried record.
func (t *RetriedRejects) Original(file int32, row int64) (string, int64) {
	f := &t.files[file]
	return f.name, f.records[row-1].Row
}

// correctable reports whether other books or other records can make a reject acceptable. A record that is wrong by
// itself cannot become so. Every run decides again about rejects that did not fit a balance or a state.
func correctable(x *accept.RejectRow) bool {
	why, ok := reason.Parse(x.Reason)
	switch {
	case !ok:
		return false
	case why == reason.BadRow:
		return accept.NamesBook(x.Feed, x.Column)
	case why == reason.Conflict && accept.IsMoney(x.Feed):
		return false
	case why == reason.MissingValue:
		return askedByBooks(x)
	case why == reason.BadDecimal:
		return fitsBooks(x)
	}
	return why >= reason.Future && why < reason.InsufficientBalance
}

// column is the column of the feed that made the record a reject; nil = a column of the sender's own (§10.1).
func column(x *accept.RejectRow) *feed.SpecColumn {
	for _, spec := range accept.Feeds() {
		if at := spec.Column(x.Column); spec.Name == x.Feed && at >= 0 {
			return &spec.Columns[at]
		}
	}
	return nil
}

// askedByBooks reports whether only the books require a column's value, as for a unique count (§10.1).
func askedByBooks(x *accept.RejectRow) bool {
	c := column(x)
	return x.Feed == feed.UsageSpec().Name && (c == nil || !c.Required)
}

// fitsBooks reports whether the books determine if a number is valid: a usage quantity below 0 by its product (§10.1,
// §10.3), the decimals of an amount by its currency (§10.7).
func fitsBooks(x *accept.RejectRow) bool {
	switch c := column(x); {
	case c == nil:
		return false
	case c.Kind == feed.AmountColumn:
		a, err := money.ParseAmount(x.Value)
		return err == nil && (c.Signed || a.Sign() >= 0)
	}
	below, negative := strings.CutPrefix(x.Value, "-")
	_, err := money.ParseQuantity(below)
	return x.Feed == feed.UsageSpec().Name && negative && err == nil
}

// WriteRetried writes rejects as feed files again, to temporary files of the lake. The rejects must be in the order of
// accept.CompareRejects.
func WriteRetried(txn *lake.SubTxn, all []accept.RejectRow) (_ *RetriedRejects, err error) {
	scratch := &scratchInbox{txn: txn, names: make(map[string]string)}
	t := &RetriedRejects{Inbox: scratch}
	var out *bufio.Writer
	var disk storage.File
	finish := func() error {
		if disk == nil {
			return nil
		}
		return errors.Join(out.Flush(), disk.Close())
	}
	for i := range all {
		x := &all[i]
		if !correctable(x) {
			t.Kept = append(t.Kept, *x)
			continue
		}
		n := len(t.files)
		if n == 0 || !t.files[n-1].of(x) {
			if err := finish(); err != nil {
				return nil, err
			}
			name := fmt.Sprintf("%s/%06d%s", x.Feed, n, extension(x.File))
			t.files = append(t.files, retriedFile{name: x.File})
			t.Files = append(t.Files, &accept.File{Feed: x.Feed, Name: name, Hash: x.Hash})
			if disk, err = scratch.create(name); err != nil {
				return nil, err
			}
			out = bufio.NewWriter(disk)
			if x.Header != "" {
				fmt.Fprintln(out, x.Header)
			}
			n++
		}
		t.files[n-1].records = append(t.files[n-1].records, *x)
		fmt.Fprintf(out, "%s\n", x.Raw)
	}
	return t, finish()
}

// extension is the format of a file's raw records; those of Parquet files are NDJSON.
func extension(name string) string {
	if kind, _ := feed.KindOfName(name); kind == "csv" {
		return ".csv"
	}
	return ".ndjson"
}

// scratchInbox replaces the inbox. Its files are in the lake's temporary folder; if this run is killed, the next run
// deletes them.
type scratchInbox struct {
	txn   *lake.SubTxn
	names map[string]string // name in the lake, by the name below the inbox
}

func (s *scratchInbox) create(name string) (storage.File, error) {
	f, err := s.txn.CreateTemp("retry")
	if err == nil {
		s.names[name] = f.Name()
	}
	return f, err
}

// Open implements fs.FS.
func (s *scratchInbox) Open(name string) (fs.File, error) {
	temp, ok := s.names[name]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	f, err := s.txn.OpenTemp(temp)
	return &scratchFile{f, name}, err
}

// scratchFile is a temporary file as fs.File.
type scratchFile struct {
	storage.ReadFile
	name string
}

// Stat implements fs.File.
func (f *scratchFile) Stat() (fs.FileInfo, error) { return scratchInfo{f.name, f.Size()}, nil }

type scratchInfo struct {
	name string
	size int64
}

func (i scratchInfo) Name() string       { return path.Base(i.name) }
func (i scratchInfo) Size() int64        { return i.size }
func (i scratchInfo) Mode() fs.FileMode  { return 0o600 }
func (i scratchInfo) ModTime() time.Time { return time.Time{} }
func (i scratchInfo) IsDir() bool        { return false }
func (i scratchInfo) Sys() any           { return nil }

// Name is the name of the original file of the rejects in a file.
func (t *RetriedRejects) Name(file int) string { return t.files[file].name }

// Untried returns the rejects that were not tried, or whose file could not be read again.
func (t *RetriedRejects) Untried(scanned *accept.Scanned) []accept.RejectRow {
	list := t.Kept
	for i, f := range t.files {
		if !scanned.Taken(int32(i)) {
			list = append(list, f.records...)
		}
	}
	return list
}
