package feed

import (
	"io"
	"io/fs"
)

// Kind says by a file's name how its records are written: csv, ndjson or parquet.
func Kind(name string) (kind string, ok bool) {
	f, ok := formatOf(name)
	return f.kind, ok
}

// OpenedText is the text of a file, unpacked and without a byte order mark.
type OpenedText struct {
	io.Reader
	file *stored
	done func()
}

// OpenText opens a csv or ndjson file by its name. An error of the file is a *FileError.
func OpenText(fsys fs.FS, name string) (*OpenedText, error) {
	format, _ := formatOf(name)
	file, err := openStored(fsys, name)
	if err != nil {
		return nil, err
	}
	r, done, err := file.unpack(format.packed)
	if err != nil {
		_ = file.letGo() // the file's own error is what a person needs
		return nil, err
	}
	return &OpenedText{r, file, done}, nil
}

// Blame is the error to report when reading stopped with err: the disk's if that failed, else the file's.
func (t *OpenedText) Blame(err error) error { return t.file.blame(&FileError{Text: err.Error()}) }

// Close closes the file.
func (t *OpenedText) Close() error {
	t.done()
	return t.file.letGo()
}
