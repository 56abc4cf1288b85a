package feed

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
	"github.com/pierrec/lz4/v4"
)

// ErrParquetCodec is the error of a compression that is not supported.
var ErrParquetCodec = errors.New("its compression is not supported")

// plainDictionary is how writers of the format's first version name RLEDictionary.
const plainDictionary format.Encoding = 2

var errShort = errors.New("a page ends too early")

const (
	readSize  = 256 << 10 // of a column: a complete column chunk is never in memory
	maxHeader = 16 << 20  // bytes of the header of a page, which can contain statistics
)

// page is a page of a column. Its bytes are valid until the next one is read.
type page struct {
	kind       format.PageType
	values     int // with nulls
	encoding   format.Encoding
	reps, defs []byte // levels, in the hybrid encoding
	data       []byte
}

// pages reads the pages of a column of a row group, one after the other.
type pages struct {
	in     *bufio.Reader
	left   int64 // bytes
	codec  format.CompressionCodec
	nested [2]bool // has repetition levels, definition levels
	raw    []byte
	plain  []byte
}

func (f *ParquetFile) pages(src io.ReaderAt, leaf *ParquetField, group int) (*pages, error) {
	m := &f.meta.RowGroups[group].Columns[leaf.leaf].MetaData
	from := m.DataPageOffset
	if m.DictionaryPageOffset > 0 && m.DictionaryPageOffset < from {
		from = m.DictionaryPageOffset
	}
	if from < 0 || m.TotalCompressedSize < 0 {
		return nil, errors.New("its pages are at no place of the file")
	}
	return &pages{in: bufio.NewReaderSize(io.NewSectionReader(src, from, m.TotalCompressedSize), readSize),
		left: m.TotalCompressedSize, codec: m.Codec, nested: [2]bool{leaf.rep > 0, leaf.def > 0}}, nil
}

// next reads the next page; io.EOF after the last.
func (p *pages) next() (out page, err error) {
	if p.left <= 0 {
		return page{}, io.EOF
	}
	h, err := p.header()
	if err != nil {
		return page{}, err
	}
	packed, size := int(h.CompressedPageSize), int(h.UncompressedPageSize)
	if packed < 0 || size < 0 || int64(packed) > p.left {
		return page{}, errShort
	}
	p.left -= int64(packed)
	// A page takes memory as its bytes arrive: its header can state any size.
	raw := bytes.NewBuffer(p.raw[:0])
	if _, err := io.CopyN(raw, p.in, int64(packed)); err != nil {
		return page{}, errShort
	}
	p.raw = raw.Bytes()
	switch out.kind = h.Type; {
	case h.DictionaryPageHeader.Valid:
		out.values, out.encoding = int(h.DictionaryPageHeader.V.NumValues), h.DictionaryPageHeader.V.Encoding
		out.data, err = p.unpack(p.raw, size)
	case h.DataPageHeader.Valid:
		out.values, out.encoding = int(h.DataPageHeader.V.NumValues), h.DataPageHeader.V.Encoding
		if out.data, err = p.unpack(p.raw, size); err == nil {
			err = p.split(&out, &h.DataPageHeader.V)
		}
	case h.DataPageHeaderV2.Valid:
		v := &h.DataPageHeaderV2.V
		out.values, out.encoding = int(v.NumValues), v.Encoding
		reps, defs := int(v.RepetitionLevelsByteLength), int(v.DefinitionLevelsByteLength)
		if reps < 0 || defs < 0 || reps+defs > len(p.raw) || size < reps+defs {
			return page{}, errShort
		}
		out.reps, out.defs, out.data = p.raw[:reps], p.raw[reps:reps+defs], p.raw[reps+defs:]
		if !v.IsCompressed.Valid || v.IsCompressed.V {
			out.data, err = p.unpack(out.data, size-reps-defs)
		}
	}
	if out.values < 0 {
		err = fmt.Errorf("a page of %d values", out.values)
	}
	return out, err
}

// header reads the header of a page, whose size is not known.
func (p *pages) header() (h format.PageHeader, err error) {
	for window := 256; ; window *= 8 {
		b, err := p.in.Peek(int(min(int64(window), p.left)))
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return h, errShort
		}
		r := new(thrift.CompactProtocol).NewReaderFromBytes(b)
		h = format.PageHeader{}
		err = thrift.NewDecoder(bounded{r, len(b)}).Decode(&h)
		if err == nil {
			_, err = p.in.Discard(r.BytesRead())
			p.left -= int64(r.BytesRead())
			return h, err
		}
		switch {
		case int64(len(b)) == p.left || window > maxHeader:
			return h, fmt.Errorf("the header of a page: %w", err)
		case window >= p.in.Size():
			p.in = bufio.NewReaderSize(p.in, 8*window)
		}
	}
}

// split takes the levels off the values of a page of version 1.
func (p *pages) split(out *page, h *format.DataPageHeader) error {
	encodings := [2]format.Encoding{h.RepetitionLevelEncoding, h.DefinitionLevelEncoding}
	for i, levels := range []*[]byte{&out.reps, &out.defs} {
		if !p.nested[i] {
			continue
		}
		if encodings[i] != format.RLE {
			return fmt.Errorf("levels in the encoding %s", encodings[i])
		}
		if len(out.data) < 4 || uint64(binary.LittleEndian.Uint32(out.data)) > uint64(len(out.data)-4) {
			return errShort
		}
		end := 4 + int(binary.LittleEndian.Uint32(out.data))
		*levels, out.data = out.data[4:end], out.data[end:]
	}
	return nil
}

// unpack decompresses bytes of a page to the given size. Writers store nothing for nothing, which the codecs reject.
func (p *pages) unpack(packed []byte, size int) (out []byte, err error) {
	if p.codec == format.Uncompressed {
		return packed, nil
	}
	if size == 0 {
		return nil, nil
	}
	var in io.Reader
	switch p.codec {
	case format.Snappy:
		if n, err := snappy.DecodedLen(packed); err != nil || n != size {
			return nil, errors.Join(fmt.Errorf("a page of %d bytes instead of %d", n, size), err)
		}
		p.plain, err = snappy.Decode(p.plain[:cap(p.plain)], packed)
		return p.plain, err
	case format.Lz4Raw:
		if size > 256*len(packed) { // more than LZ4 can pack
			return nil, errShort
		}
		if cap(p.plain) < size {
			p.plain = make([]byte, size)
		}
		n, err := lz4.UncompressBlock(packed, p.plain[:size])
		if err == nil && n != size {
			err = fmt.Errorf("a page of %d bytes instead of %d", n, size)
		}
		return p.plain[:size], err
	case format.Zstd:
		d, err := zstdDecoder()
		if err == nil {
			p.plain, err = d.DecodeAll(packed, p.plain[:0])
		}
		if err == nil && len(p.plain) != size {
			err = fmt.Errorf("a page of %d bytes instead of %d", len(p.plain), size)
		}
		return p.plain, err
	case format.Gzip:
		if in, err = gzip.NewReader(bytes.NewReader(packed)); err != nil {
			return nil, err
		}
	case format.Brotli:
		in = brotli.NewReader(bytes.NewReader(packed))
	default:
		return nil, fmt.Errorf("%s: %w", p.codec, ErrParquetCodec)
	}
	buffer := bytes.NewBuffer(p.plain[:0])
	n, err := io.Copy(buffer, io.LimitReader(in, int64(size)+1))
	p.plain = buffer.Bytes()
	if err == nil && n != int64(size) {
		err = fmt.Errorf("a page of %d bytes or more instead of %d", n, size)
	}
	return p.plain, err
}

// zstdDecoder decodes pages for any number of goroutines, at most as many bytes as the header of a page can state.
var zstdDecoder = sync.OnceValues(func() (*zstd.Decoder, error) {
	return zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxMemory(math.MaxInt32))
})
