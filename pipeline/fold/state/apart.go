package state

import (
	"bufio"
	"encoding/binary"
	"errors"

	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/schemas/period"
)

// Apart is rows of a day that were read before: the marks of those that count are in a file (MarkWriter).
type Apart struct {
	Rows  accept.Range
	Marks IncomingFile
}

// SetApart sets, by day, the rows of the current bucket that were read before, in order. Their marks are then taken
// from files.
func (n *Incoming) SetApart(days map[period.Day][]Apart) { n.resolver.apart = days }

// markBytes is the size of a record in a file of marks.
const markBytes = 16

// MarkWriter writes the marks of records to a temporary file.
type MarkWriter struct {
	File *MarkTemp
	out  *bufio.Writer
}

// NewMarkWriter creates the file.
func NewMarkWriter(txn *lake.SubTxn) (*MarkWriter, error) {
	f, err := CreateMarkTemp(txn, "marks")
	if err != nil {
		return nil, err
	}
	return &MarkWriter{f, bufio.NewWriterSize(f, 64<<10)}, nil
}

// Add adds the marks of a record.
func (w *MarkWriter) Add(m accept.Marks) error {
	b := binary.LittleEndian.AppendUint64(w.out.AvailableBuffer(), m.Identity)
	_, err := w.out.Write(binary.LittleEndian.AppendUint64(b, m.Content))
	return err
}

// Finish ends the file and keeps it.
func (w *MarkWriter) Finish(keep KeepFile) (IncomingFile, error) {
	if err := w.out.Flush(); err != nil {
		return IncomingFile{}, err
	}
	return w.File.Keep(keep, "marks")
}

// EachMark visits the marks in a file.
func EachMark(txn *lake.SubTxn, file IncomingFile, visit func(accept.Marks) error) (err error) {
	f, err := file.Open(txn)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	in := bufio.NewReaderSize(f, 1<<20)
	for range file.Bytes / markBytes {
		b, err := in.Peek(markBytes)
		if err != nil {
			return err
		}
		m := accept.Marks{Identity: binary.LittleEndian.Uint64(b), Content: binary.LittleEndian.Uint64(b[8:])}
		if err := visit(m); err != nil {
			return err
		}
		in.Discard(markBytes) //nolint:errcheck // the bytes are in the buffer
	}
	return nil
}

// UsageRange is Usage for the rows of a range.
func (n *Incoming) UsageRange(bucket int, day period.Day, in accept.Range) (accept.RunSource, error) {
	m, err := accept.MergeRange(n.Scanned.Usage, n.Scanned.Parts.Of(bucket, day), in, &n.buffers)
	return &takenRows{m, n.Scanned}, err
}

// Conflicting reports whether a row of a range has the identity of another record with other content, or of a record
// that an earlier run accepted (Verdicts.Conflicts). marks are those of the rows.
func Conflicting(n *Incoming, v *Verdicts, bucket int, day period.Day, a Apart) (bool, error) {
	if len(v.marks) == 0 {
		return false, nil
	}
	marked := false
	err := EachMark(n.Txn, a.Marks, func(m accept.Marks) error {
		marked = marked || v.marks[m.Identity] != 0
		return nil
	})
	if err != nil || !marked {
		return false, err
	}
	rows, err := n.UsageRange(bucket, day, a.Rows)
	if err != nil {
		return false, err
	}
	var row accept.Record
	for {
		ok, err := rows.Next(&row)
		if err != nil || !ok {
			return false, err
		}
		if conflict, err := v.Conflicts(n.Seed(row.Customer), &row); conflict || err != nil {
			return conflict, err
		}
	}
}

// Replaced reports whether a record of a customer is replaced from this run on.
func (v *Verdicts) Replaced(customer int32) bool {
	for id := range v.Dead {
		if id.Customer == customer {
			return true
		}
	}
	return false
}
