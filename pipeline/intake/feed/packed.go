package feed

import (
	"bufio"
	"errors"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// errAfterEnd reports that a packed stream is complete and that other bytes follow it.
var errAfterEnd = errors.New("bytes after its end")

// gzipText reads the text of a gzip file with all its members.
type gzipText struct {
	*gzip.Reader
	packed *bufio.Reader
}

func newGzipText(r io.Reader) (*gzipText, error) {
	packed := bufio.NewReaderSize(r, 64<<10)
	z, err := gzip.NewReader(packed)
	if err != nil {
		return nil, err
	}
	z.Multistream(false)
	return &gzipText{z, packed}, nil
}

// Read is io.Reader. After a member only another member may follow.
func (g *gzipText) Read(p []byte) (int, error) {
	for {
		n, err := g.Reader.Read(p)
		switch {
		case err != io.EOF:
			return n, err
		case n > 0:
			return n, nil
		}
		next, err := g.packed.Peek(2)
		switch {
		case len(next) == 0:
			return 0, err
		case next[0] != 0x1f || len(next) > 1 && next[1] != 0x8b:
			return 0, errAfterEnd
		}
		if err := g.Reset(g.packed); err != nil {
			return 0, err
		}
		g.Multistream(false)
	}
}

// zstdText reads the text of a zstd file with all its frames.
type zstdText struct {
	*zstd.Decoder
	some bool // some text was read
}

// Read is io.Reader.
func (z *zstdText) Read(p []byte) (int, error) {
	n, err := z.Decoder.Read(p)
	z.some = z.some || n > 0
	if z.some && errors.Is(err, zstd.ErrMagicMismatch) {
		err = errAfterEnd
	}
	return n, err
}
