package export

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"

	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
	"github.com/tollbook/tollbook/pipeline/out/document"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// xlsxSheet writes a workbook with sheets of at most sheetRows rows, each with a header. Whole numbers, and decimals of
// up to 15 significant digits, are numbers, because a spreadsheet keeps all their digits; other values are text. Until
// the end, rows are in scratch files of the library and of this package.
type xlsxSheet struct {
	def     *tables.Table
	name    string
	w       io.Writer
	file    *excelize.File
	out     *excelize.StreamWriter // of the current sheet
	maxRows int                    // of a sheet
	rows    int                    // on the current sheet, with the header
	sheet   int                    // number of the current one, from 1; 0 = none yet
	cell    []byte
	cells   []any
	folder  *storage.ScratchFolder // the library's files and ours; nil = closed
}

// sheetRows is the largest number of rows of a sheet, without the header.
const sheetRows = excelize.TotalRows - 1

func newXLSX(r *Request, def *tables.Table, w io.Writer) (*xlsxSheet, error) {
	folder, err := storage.NewScratch("", "xlsx")
	if err != nil {
		return nil, err
	}
	s := &xlsxSheet{def: def, name: r.Table, w: w, maxRows: sheetRows, cells: make([]any, len(def.Columns)),
		folder: folder, file: excelize.NewFile(excelize.Options{TmpDir: folder.Path})}
	if err := s.next(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// next begins a sheet.
func (s *xlsxSheet) next() (err error) {
	name := s.name
	if s.sheet++; s.sheet == 1 {
		err = s.file.SetSheetName(s.file.GetSheetName(0), name)
	} else {
		name = fmt.Sprintf("%s %d", s.name, s.sheet)
		_, err = s.file.NewSheet(name)
	}
	if err != nil {
		return err
	}
	if s.out, err = s.file.NewStreamWriter(name); err != nil {
		return err
	}
	err = s.out.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"})
	for i := range s.def.Columns {
		s.cells[i] = s.def.Columns[i].Name
	}
	s.rows = 1
	return errors.Join(err, s.out.SetRow("A1", s.cells))
}

func (s *xlsxSheet) write(cols *parquet.Columns[tables.Any]) error {
	for i := range cols.N {
		if s.rows > s.maxRows {
			if err := errors.Join(s.out.Flush(), s.next()); err != nil {
				return err
			}
		}
		if err := s.add(rows.Row[tables.Any]{Cols: cols, I: i}); err != nil {
			return err
		}
	}
	return nil
}

func (s *xlsxSheet) add(row rows.Row[tables.Any]) (err error) {
	for i := range s.def.Columns {
		if s.cell, err = cell(s.cell[:0], row, i); err != nil {
			return err
		}
		switch t := s.def.Columns[i].Type; {
		case len(s.cell) == 0:
			s.cells[i] = nil
		case t == tables.Whole || t == tables.Small || t.Scale() > 0:
			s.cells[i] = number(s.cell)
		default:
			s.cells[i] = fitting(s.cell)
		}
	}
	s.rows++
	return s.out.SetRow("A"+strconv.Itoa(s.rows), s.cells)
}

// number returns a decimal as a number if a binary float keeps all its digits, else as text.
func number(text []byte) any {
	f, err := strconv.ParseFloat(string(text), 64)
	if err != nil || !document.ExactInSheet(text) {
		return string(text)
	}
	return f
}

// fitting cuts a text to the length of a cell, and adds a note if it does.
func fitting(text []byte) string {
	const most, note = 32_000, "… (cut: longer than a cell)"
	if len(text) <= most {
		return string(text)
	}
	for n := most; ; n-- {
		if utf8.RuneStart(text[n]) {
			return string(text[:n]) + note
		}
	}
}

// end writes the workbook. The library's archive, which lists sheets in any order, is first written to a scratch file
// and then copied in the order of names, the list of contents last.
func (s *xlsxSheet) end() (err error) {
	if err := s.out.Flush(); err != nil {
		return err
	}
	whole, err := os.Create(filepath.Join(s.folder.Path, "workbook"))
	if err != nil {
		return fmt.Errorf("make scratch space: %w", err)
	}
	defer func() { err = errors.Join(err, whole.Close()) }()
	s.file.SetZipWriter(func(io.Writer) excelize.ZipWriter { return archive{zip.NewWriter(whole)} })
	if err := s.file.Write(io.Discard); err != nil {
		return err
	}
	info, err := whole.Stat()
	if err != nil {
		return err
	}
	return document.CopyWorkbook(s.w, whole, info.Size(), document.Last)
}

// Close deletes the scratch files, whether the workbook was written or not.
func (s *xlsxSheet) Close() error {
	if s.folder == nil {
		return nil
	}
	folder := s.folder
	s.folder = nil
	return errors.Join(s.file.Close(), folder.Close())
}

// archive adapts a zip writer to the library's interface.
type archive struct{ *zip.Writer }

func (a archive) AddFS(files fs.FS) error { return a.Writer.AddFS(files) }
