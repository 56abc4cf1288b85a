package feedfile

import "github.com/apache/arrow-go/v18/parquet/compress"

// emptyPages decodes pages of a Parquet file as its codec does, and takes a page of 0 bytes for one whatever is stored
// of it. Of a page of nulls alone, writers of version 2 of data pages store nothing, which is no stream of the codecs.
type emptyPages struct{ pageCodec }

// pageCodec is what the codecs of the Parquet library are.
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

// TakeEmptyPages makes the Parquet library take pages of 0 bytes, whose codecs are Snappy, gzip or Brotli. It is called
// once, before anything reads Parquet: the library looks codecs up from any goroutine.
func TakeEmptyPages() {
	for _, of := range []compress.Compression{compress.Codecs.Snappy, compress.Codecs.Gzip, compress.Codecs.Brotli} {
		codec, err := compress.GetCodec(of)
		if known, is := codec.(pageCodec); err == nil && is {
			compress.RegisterCodec(of, emptyPages{known})
		}
	}
}
