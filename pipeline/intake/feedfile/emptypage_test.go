package feedfile

import (
	"testing"

	"github.com/apache/arrow-go/v18/parquet/compress"
)

// TestEmptyPages checks that each codec decodes a page of 0 bytes, and that it still refuses a page whose bytes are
// missing. It is not parallel, because no other test may read Parquet while codecs are replaced.
func TestEmptyPages(t *testing.T) { //nolint:paralleltest // see above
	TakeEmptyPages()
	for _, of := range []compress.Compression{compress.Codecs.Uncompressed, compress.Codecs.Snappy,
		compress.Codecs.Gzip, compress.Codecs.Brotli, compress.Codecs.Zstd, compress.Codecs.Lz4Raw} {
		codec, err := compress.GetCodec(of)
		if err != nil {
			t.Fatal(err)
		}
		if page, err := compress.Decode(codec, []byte{}, nil); err != nil || len(page) != 0 {
			t.Errorf("%s: a page of 0 bytes is %q, %v", of, page, err)
		}
		text := []byte("a page of a few bytes")
		page, err := compress.Decode(codec, make([]byte, len(text)), codec.Encode(nil, text))
		if err != nil || string(page) != string(text) {
			t.Errorf("%s: a page is %q, %v", of, page, err)
		}
		if of == compress.Codecs.Uncompressed {
			continue
		}
		if page, err := compress.Decode(codec, make([]byte, len(text)), nil); err == nil && len(page) == len(text) {
			t.Errorf("%s: a page without its bytes is %q", of, page)
		}
	}
}
