package storage

import (
	"bytes"
	"context"
	"errors"
	"io"
)

// ReadAll reads a small file of a storage completely.
func ReadAll(st Storage, name string) ([]byte, error) {
	f, err := st.Open(name)
	if err != nil {
		return nil, err
	}
	b := bytes.NewBuffer(make([]byte, 0, max(0, f.Size())+bytes.MinRead))
	_, err = b.ReadFrom(f)
	return b.Bytes(), errors.Join(err, f.Close())
}

// ReadNext implements Read of a file by ReadAt, from the position at, and advances it.
func ReadNext(f io.ReaderAt, at *int64, b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	n, err := f.ReadAt(b, *at)
	*at += int64(n)
	if n > 0 {
		return n, nil
	}
	return 0, err
}

// CopyBytes is the buffer size for copying files.
const CopyBytes = 256 << 10

// CopyBuffer returns a buffer for copying a file of the given size.
func CopyBuffer(bytes int64) []byte { return make([]byte, min(bytes+1, CopyBytes)) }

// readerFunc is a function that implements io.Reader.
type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// Until returns a reader that reads until ctx ends and then returns its error.
func Until(ctx context.Context, r io.Reader) io.Reader {
	return readerFunc(func(p []byte) (int, error) {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		return r.Read(p)
	})
}
