package run

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
	"github.com/tollbook/tollbook/schemas/reason"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// retried is what `ingest --retry-rejects` tries: the kept rejects, written out again as feed files, one per file they came from.
type retried struct {
	files []retriedFile
	kept  []keptReject // of those that no mended book can help
}

// retriedFile is the rejects of one feed file.
type retriedFile struct {
	name    string // of the file they came from
	records []keptReject
}

// of reports whether a reject came in the same file. Two files of one name are apart: their rows come in turn.
func (f *retriedFile) of(x *keptReject) bool {
	return f.records[0].hash == x.hash && f.records[0].feed == x.feed
}

// keptReject is a reject as the lake has it.
type keptReject struct {
	feed, file, column, reason, value, id, hash, header string
	row                                                 int64
	raw                                                 []byte
}

// original is the name and row a retried record first came with.
func (t *retried) original(file int32, row int64) (string, int64) {
	f := &t.files[file]
	return f.name, f.records[row-1].row
}

// mendable reports whether other books or other records can make a record of this reason pass: a record that is wrong by itself stays so.
// What met a balance or a state that it does not fit is decided again by every run.
func mendable(word string) bool {
	why, ok := reason.Parse(word)
	return ok && why >= reason.Future && why != reason.InsufficientBalance && why != reason.BadState
}

// retryFiles writes the rejects out again as feed files, in order of file and row.
func (r *run) retryFiles(cfg *accept.Config) ([]*accept.File, error) {
	all, err := r.loadRejects()
	if err != nil {
		return nil, err
	}
	r.retried = &retried{}
	scratch := &scratchInbox{txn: r.txn, names: make(map[string]string)}
	cfg.Inbox = scratch
	var files []*accept.File
	var out *bufio.Writer
	var disk storage.File
	finish := func() error {
		if disk == nil {
			return nil
		}
		if err := out.Flush(); err != nil {
			return err
		}
		return disk.Close()
	}
	for i := range all {
		x := &all[i]
		if !mendable(x.reason) {
			r.retried.kept = append(r.retried.kept, *x)
			continue
		}
		n := len(r.retried.files)
		if n == 0 || !r.retried.files[n-1].of(x) {
			if err := finish(); err != nil {
				return nil, err
			}
			name := fmt.Sprintf("%s/%06d%s", x.feed, n, extension(x.file))
			r.retried.files = append(r.retried.files, retriedFile{name: x.file})
			files = append(files, &accept.File{Feed: x.feed, Name: name, Hash: x.hash})
			if disk, err = scratch.create(name); err != nil {
				return nil, err
			}
			out = bufio.NewWriter(disk)
			if x.header != "" {
				fmt.Fprintln(out, x.header)
			}
			n++
		}
		r.retried.files[n-1].records = append(r.retried.files[n-1].records, *x)
		fmt.Fprintf(out, "%s\n", x.raw)
	}
	return files, finish()
}

// extension is the format that a file's raw records are in: Parquet's are NDJSON.
func extension(name string) string {
	if strings.Contains(path.Base(name), ".csv") {
		return ".csv"
	}
	return ".ndjson"
}

// scratchInbox stands in for the inbox: files of the lake's temporary folder, which the next run clears if this one is killed.
type scratchInbox struct {
	txn   *lake.Txn
	names map[string]string // in the lake, by the name below the inbox
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

// scratchFile is a scratch file as fs.File.
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

// loadRejects reads the kept rejects, by feed, file, hash and row.
func (r *run) loadRejects() ([]keptReject, error) {
	var all []keptReject
	for _, e := range r.next.Find(rejectKey()) {
		f, err := r.txn.OpenFile(e)
		if err != nil {
			return nil, err
		}
		pq, err := parquet.NewReader(io.NewSectionReader(f, 0, f.Size()), tables.Rejects(), nil)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", e.Path, err)
		}
		for {
			c, err := pq.Next()
			if err != nil {
				return nil, fmt.Errorf("%s: %w", e.Path, err)
			}
			if c == nil {
				break
			}
			for i := range c.N {
				all = append(all, keptReject{feed: c.C[tables.RFeed].Word(i), file: c.C[tables.RFile].Word(i), row: c.C[tables.RRow].Ints[i],
					column: c.C[tables.RColumn].Word(i), reason: c.C[tables.RReason].Word(i), value: string(c.C[tables.RValue].Text(i)),
					id: string(c.C[tables.RID].Text(i)), raw: slices.Clone(c.C[tables.RRaw].Text(i)), hash: c.C[tables.RFileHash].Word(i), header: c.C[tables.RHeader].Word(i)})
			}
		}
		pq.Close()
		f.Close()
	}
	slices.SortFunc(all, func(a, b keptReject) int { return order(&a, &b) })
	return all, nil
}

// untried are the kept rejects that were not tried, or whose file could not be read again.
func (t *retried) untried(scanned *accept.Scanned) []keptReject {
	list := t.kept
	for i, f := range t.files {
		if !scanned.Taken(int32(i)) {
			list = append(list, f.records...)
		}
	}
	return list
}

// order sorts rejects as they are kept and exported.
func order(a, b *keptReject) int {
	return cmp.Or(cmp.Compare(a.feed, b.feed), cmp.Compare(a.file, b.file), cmp.Compare(a.row, b.row), cmp.Compare(a.hash, b.hash))
}

// note moves what a retry settled from rejected to accepted or duplicate in the file's counts.
func (t *retried) note(r *run, file int32) {
	f, n := r.scanned.Files[file], r.folded.Files[file]
	in, ok := r.next.Input(f.Feed, f.Hash)
	if !ok {
		return
	}
	in.Accepted, in.Duplicate = in.Accepted+n.Accepted, in.Duplicate+n.Duplicate
	in.Rejected -= n.Accepted + n.Duplicate
	if f.First != 0 || f.Last != 0 {
		first, last := f.First.String(), f.Last.String()
		if in.FirstDay == "" || first < in.FirstDay {
			in.FirstDay = first
		}
		in.LastDay = max(in.LastDay, last)
	}
	r.next.SetInput(in)
}
