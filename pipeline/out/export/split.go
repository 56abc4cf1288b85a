package export

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// PartRows is how many rows a part of a split CSV has at most, its header not counted.
const PartRows = 100_000

// splitSheet is CSV in parts of PartRows rows, each with a header, in a tar.gz. Names count from 000001; times are
// those of 1970, so that the same rows are the same bytes. A part is held in memory: tar writes a file's length before
// the file.
type splitSheet struct {
	def   *tables.Table
	name  string // of all parts, before their number
	gz    *gzip.Writer
	tar   *tar.Writer
	part  bytes.Buffer
	excel bool
	csv   *csvSheet // of the part at hand; nil = none
	rows  int
	parts int
}

func newSplit(r *Request, def *tables.Table, w io.Writer) *splitSheet {
	name := r.Table
	if !r.Cycle.IsZero() {
		name += "-" + r.Cycle.String()
	}
	gz := gzip.NewWriter(w)
	return &splitSheet{def: def, name: name, gz: gz, tar: tar.NewWriter(gz), excel: r.Excel}
}

func (s *splitSheet) write(cols *parquet.Columns[tables.Any]) error {
	for i := range cols.N {
		if s.csv == nil {
			s.csv, s.rows = newCSV(s.def, &s.part, s.excel), 0
		}
		if err := s.csv.add(rows.Row[tables.Any]{Cols: cols, I: i}); err != nil {
			return err
		}
		if s.rows++; s.rows == PartRows {
			if err := s.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

// flush ends the part at hand.
func (s *splitSheet) flush() error {
	if err := s.csv.end(); err != nil {
		return err
	}
	s.parts++
	head := &tar.Header{Typeflag: tar.TypeReg, Name: fmt.Sprintf("%s-%06d.csv", s.name, s.parts), Mode: 0o644,
		Size: int64(s.part.Len()), ModTime: time.Unix(0, 0), Format: tar.FormatUSTAR}
	if err := s.tar.WriteHeader(head); err != nil {
		return err
	}
	_, err := s.tar.Write(s.part.Bytes())
	s.part.Reset()
	s.csv = nil
	return err
}

// end writes what is left; a table without rows is one part with a header alone.
func (s *splitSheet) end() error {
	if s.csv == nil && s.parts == 0 {
		s.csv = newCSV(s.def, &s.part, s.excel)
	}
	var err error
	if s.csv != nil {
		err = s.flush()
	}
	return errors.Join(err, s.tar.Close(), s.gz.Close())
}
