package feed

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/tollbook/tollbook/pipeline/intake/feed/feedrows"
	"github.com/tollbook/tollbook/pipeline/intake/feedfile"
	"github.com/tollbook/tollbook/pipeline/intake/feeds"
)

// Files reads the feed files of a folder; its zero value is ready.
type Files struct{}

// Open opens a feed file by its path below inbox/, fsys being that folder. It fails with a *feedfile.Error where the
// file shows by its beginning (of Parquet, by its end) that it fails completely. For Parquet the files of fsys must be
// io.ReaderAt and io.Seeker, as those of os.DirFS are.
func Open(fsys fs.FS, name string, spec *feeds.Spec, opts feedrows.Options) (feedrows.Reader, error) {
	return open(fsys, name, spec, opts, 0, -1)
}

// OpenRange opens the row groups [from, to) of a Parquet file, so that several workers can read one large file; rows
// are numbered as they are in the whole file. Every other file is one group, [0, 1).
func (Files) OpenRange(fsys fs.FS, name string, spec *feeds.Spec, opts feedrows.Options, from, to int) (
	feedrows.Reader, error) {

	if from < 0 || to < from {
		return nil, fmt.Errorf("read inbox/%s: row groups [%d, %d)", name, from, to)
	}
	return open(fsys, name, spec, opts, from, to)
}

// open opens the groups [from, to) of a file; to < 0 means all.
func open(fsys fs.FS, name string, spec *feeds.Spec, opts feedrows.Options, from, to int) (feedrows.Reader, error) {
	f, known := feedfile.FormatOf(name)
	if !known {
		return nil, &feedfile.Error{File: name, Text: "not a feed file by its name",
			Hint: "feed files end in .csv, .ndjson or .parquet; the first two may be followed by .gz or .zst"}
	}
	opts = opts.WithDefaults()
	src, err := feedfile.Open(fsys, name)
	if err != nil {
		return nil, err
	}
	var r feedrows.Reader
	switch {
	case f.Kind == "parquet":
		r, err = openParquet(src, spec, opts, from, to)
	case to > 1 || from > 0 || to == 0:
		err = fmt.Errorf("read inbox/%s: row groups [%d, %d) of a file that is one group", name, from, to)
	default:
		r, err = openText(src, f, spec, opts)
	}
	if err != nil {
		return nil, errors.Join(err, src.Close())
	}
	if pieces, _ := r.(*pieceReader); opts.Ahead && pieces == nil {
		r = &aheadReader{Reader: r}
	}
	return r, nil
}

// openText opens a file of a text format, to be parsed in pieces if it is large.
func openText(src *feedfile.File, f feedfile.Format, spec *feeds.Spec, opts feedrows.Options) (
	r sequential, err error) {
	if f.Kind == "csv" {
		r, err = openCSV(src, f.Packed, spec, opts)
	} else {
		r, err = openNDJSON(src, f.Packed, spec, opts)
	}
	if err != nil {
		return nil, err
	}
	if opts.PieceBytes > 0 || opts.Ahead && src.Size() >= piecesFrom {
		return newPieceReader(r, src.Name(), &opts), nil
	}
	return r, nil
}

// Groups is the number of row groups of a Parquet file and 1 for every other, which is not opened. It fails as Open
// does.
func (Files) Groups(fsys fs.FS, name string, spec *feeds.Spec, opts feedrows.Options) (int, error) {
	if f, _ := feedfile.FormatOf(name); f.Kind != "parquet" {
		return 1, nil
	}
	src, err := feedfile.Open(fsys, name)
	if err != nil {
		return 0, err
	}
	f, err := loadParquet(src, spec, opts.WithDefaults())
	if err != nil {
		return 0, errors.Join(err, src.Close())
	}
	return len(f.first), src.Close()
}
