package state

import (
	"io"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
)

// LineSlice is the lines of a customer between two ends of row groups, in a file of their own.
type LineSlice struct {
	Customer int32
	Last     rows.LineSlot // of the last line
	Sums     *LineSums
}

// BeginApart directs the writer to a file of a slice of the lines of a key. The caller ends it with EndApart.
func (w *LineWriter) BeginApart(key lake.FileKey, to io.Writer) error {
	w.Begin(key)
	err := w.RestartApart(key, to)
	w.startGroup()
	return err
}

// EndApart ends the file of a slice. ends reports whether a row group of the key's file ends after the last line.
func (w *LineWriter) EndApart() (last rows.LineSlot, ends bool, err error) {
	if err := w.flush(); err != nil {
		return last, false, err
	}
	return w.Slots.Slot(), w.Slots.Full(), w.FinishApart()
}

// Append appends the lines of a slice, of which EndApart has reported that a row group ends after them. A row group
// must end before them.
func (w *LineWriter) Append(file io.ReaderAt, size int64, s *LineSlice) error {
	if err := w.flush(); err != nil {
		return err
	}
	if err := w.Writer.Append(file, size); err != nil {
		return err
	}
	w.Slots.Skip(s.Customer, s.Last)
	return w.Sum.addAll(s.Sums)
}
