package feedfile

import "github.com/apache/arrow-go/v18/parquet/compress"

// emptyPages decodes pages of a Parquet file with its codec, but returns an empty page for a page of 0 bytes without
// decoding it. For a page of nulls, writers of data pages version 2 store nothing, which the codecs reject.
type emptyPages struct{ pageCodec }

// pageCodec is the interface that the codecs of the Parquet library implement.
type pageCodec interface {
	compress.ErrorCodec
	compress.StreamingCodec
}

// DecodeWithError decodes a page into dst, which has its length, or is nil if the length is unknown.
func (c emptyPages) DecodeWithError(dst, src []byte) ([]byte, error) {
	if len(dst) == 0 && (dst != nil || len(src) == 0) {
		return dst, nil
	}
	return c.pageCodec.DecodeWithError(dst, src)
}

// TakeEmptyPages makes the Parquet library accept pages of 0 bytes of the codecs Snappy, gzip and Brotli. It is called
// once, before any Parquet file is read, because the library looks codecs up from any goroutine.
func TakeEmptyPages() {
	for _, of := range []compress.Compression{compress.Codecs.Snappy, compress.Codecs.Gzip, compress.Codecs.Brotli} {
		codec, err := compress.GetCodec(of)
		if known, is := codec.(pageCodec); err == nil && is {
			compress.RegisterCodec(of, emptyPages{known})
		}
	}
}
