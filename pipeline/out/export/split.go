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

// partRows is the largest number of rows of a part of a split CSV, without the header.
const partRows = 100_000

// splitSheet writes CSV in parts of partRows rows, each with a header, in a tar.gz. Parts are numbered from 000001;
// their times are in 1970, so that the same rows give the same bytes. A part is held in memory: tar writes a file's
// length before the file.
type splitSheet struct {
	def   *tables.Table
	name  string // prefix of the names of all parts
	gz    *gzip.Writer
	tar   *tar.Writer
	part  bytes.Buffer
	excel bool
	csv   *csvSheet // the current part; nil = none
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
		if s.rows++; s.rows == partRows {
			if err := s.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

// flush ends the current part.
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

// end writes the remaining rows; a table without rows is one part with only a header.
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
