package feed

import (
	"io"
	"io/fs"
)

// KindOfName returns the format of a file by its name: csv, ndjson or parquet.
func KindOfName(name string) (kind string, ok bool) {
	f, ok := FormatOf(name)
	return f.Kind, ok
}

// OpenedText is the text of a file, unpacked and without byte order marks.
type OpenedText struct {
	io.Reader
	file *TextFile
	done func()
}

// OpenText opens a csv or ndjson file by its name. An error of the file is a *FormError.
func OpenText(fsys fs.FS, name string) (*OpenedText, error) {
	format, _ := FormatOf(name)
	file, err := OpenFile(fsys, name)
	if err != nil {
		return nil, err
	}
	r, done, err := file.Unpack(format.Packed, false)
	if err != nil {
		_ = file.Close() // the file's own error is what a person needs
		return nil, err
	}
	return &OpenedText{r, file, done}, nil
}

// Blame returns the error to report when reading stopped with err: the disk's if that failed, else the file's.
func (t *OpenedText) Blame(err error) error { return t.file.Blame(&FormError{Text: err.Error()}) }

// Close closes the file.
func (t *OpenedText) Close() error {
	t.done()
	return t.file.Close()
}
