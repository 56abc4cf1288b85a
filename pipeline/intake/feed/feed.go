package feed

import (
	"errors"
	"fmt"
	"io/fs"
	"sync"
)

// Files reads the feed files of a folder. The zero value is usable, by several goroutines. It keeps the footer of the
// Parquet file that was opened last (invariant 9).
type Files struct {
	mu   sync.Mutex
	last *footer
}

// Open opens a feed file by its path below inbox/; fsys is that folder. It fails with a *FormError if the
// beginning of the file (for Parquet, its end) shows that the file fails completely. For Parquet the files of fsys must
// implement io.ReaderAt and io.Seeker, as those of os.DirFS do.
func Open(fsys fs.FS, name string, spec *Spec, opts ReadOptions) (Reader, error) {
	return new(Files).open(fsys, name, spec, opts, part{to: -1})
}

// part is a part of a file: the row groups [from, to) of Parquet (to < 0 = all), or a range of a text.
type part struct {
	from, to int
	text     *Range // nil = not a range of a text
}

// OpenRange opens the row groups [from, to) of a Parquet file, so that several workers can read one large file. Rows
// are numbered as in the complete file. Every other file is one group, [0, 1).
func (s *Files) OpenRange(fsys fs.FS, name string, spec *Spec, opts ReadOptions, from, to int) (
	Reader, error) {

	if from < 0 || to < from {
		return nil, fmt.Errorf("read inbox/%s: row groups [%d, %d)", name, from, to)
	}
	return s.open(fsys, name, spec, opts, part{from: from, to: to})
}

// OpenText opens a range of an uncompressed text file. Rows, and lines in errors, are numbered as in the complete file
// (invariant 8).
func (s *Files) OpenText(fsys fs.FS, name string, spec *Spec, opts ReadOptions, r Range) (
	Reader, error) {
	if f, _ := FormatOf(name); f.Packed != "" || f.Kind == "parquet" {
		return nil, fmt.Errorf("read inbox/%s: bytes [%d, %d) of a file that is not plain text", name, r.From, r.To)
	}
	return s.open(fsys, name, spec, opts, part{to: -1, text: &r})
}

// open opens a part of a file.
func (s *Files) open(fsys fs.FS, name string, spec *Spec, opts ReadOptions, p part) (
	Reader, error) {

	f, known := FormatOf(name)
	if !known {
		return nil, &FormError{File: name, Text: "not a feed file by its name",
			Hint: "feed files end in .csv, .ndjson or .parquet; the first two may be followed by .gz or .zst"}
	}
	opts = opts.WithDefaults()
	src, err := OpenFile(fsys, name)
	if err != nil {
		return nil, err
	}
	var r Reader
	switch {
	case f.Kind == "parquet":
		r, err = s.openParquet(src, spec, opts, p.from, p.to)
	case p.to > 1 || p.from > 0 || p.to == 0:
		err = fmt.Errorf("read inbox/%s: row groups [%d, %d) of a file that is one group", name, p.from, p.to)
	default:
		r, err = openText(src, f, spec, opts, p.text)
	}
	if err != nil {
		return nil, errors.Join(err, src.Close())
	}
	if pieces, _ := r.(*pieceReader); opts.Ahead && pieces == nil {
		r = &aheadReader{Reader: r}
	}
	return r, nil
}

// openText opens a text file or a range of it. A large text is parsed in pieces.
func openText(src *TextFile, f Format, spec *Spec, opts ReadOptions, in *Range) (
	r sequential, err error) {
	if in != nil && in.From == 0 {
		if err := src.Only(0, in.To); err != nil {
			return nil, err
		}
	}
	if f.Kind == "csv" {
		r, err = openCSV(src, f.Packed, spec, opts)
	} else {
		r, err = openNDJSON(src, f.Packed, spec, opts)
	}
	if err != nil {
		return nil, err
	}
	row := int64(1)
	if in != nil && in.From > 0 { // what was read until here is the header
		if err := src.Only(in.From, in.To); err != nil {
			return nil, err
		}
		row = in.Row
		r.resume(src, row, in.Line)
	}
	if opts.PieceBytes > 0 || opts.Ahead && src.Size() >= piecesFrom {
		return newPieceReader(r, src.Name(), row, &opts), nil
	}
	return r, nil
}

// Groups returns the sizes in bytes of the row groups of a Parquet file. Every other file is one group of the given
// size, and is not opened. Its errors are those of Open.
func (s *Files) Groups(fsys fs.FS, name string, size int64, spec *Spec, opts ReadOptions) ([]int64, error) {
	if f, _ := FormatOf(name); f.Kind != "parquet" {
		return []int64{size}, nil
	}
	src, err := OpenFile(fsys, name)
	if err != nil {
		return nil, err
	}
	f, err := s.loadParquet(src, spec, opts.WithDefaults())
	if err != nil {
		return nil, errors.Join(err, src.Close())
	}
	sizes := make([]int64, len(f.First))
	for i := range sizes {
		sizes[i] = f.Compressed(i)
	}
	return sizes, src.Close()
}
