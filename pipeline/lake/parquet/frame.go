package parquet

import (
	"encoding/binary"
	"fmt"
	"sync"

	"github.com/klauspost/compress/huff0"
	"github.com/klauspost/compress/zstd"
)

// pageCompressor makes zstd frames (RFC 8878) of pages. For a page of amounts, a general encoder spends most of its
// time searching for repetitions, but the only ones are known: the high bytes of a value repeat those of the value
// before it. Their frames are therefore built here, and only the differing bytes are coded, with the library's Huffman
// coder. Any zstd decoder can read them.
type pageCompressor struct {
	huffman huff0.Scratch
	tree    []byte // Huffman code of the previous literals, as encoded there; empty = none can be shared
	rate    int    // compression rate of the literals for which it was made, in 256ths
	rest    []byte
	trial   []byte
}

// strategy is how the pages of a column are compressed.
type strategy uint8

const (
	searched strategy = iota // with the general encoder
	coded                    // with a Huffman code only: nothing repeats
)

const (
	frameMagic = 0xFD2FB528
	// One segment, no checksum, the content's size in four bytes.
	frameKind = 0xA0
	// blockBytes is the largest content of a block.
	blockBytes = 128 << 10
)

// Types of blocks and of literals that are used here.
const (
	blockRaw        = 0
	blockCompressed = 2
	literalsRaw     = 0
	literalsHuffman = 2
)

// allRepeat means that the three codes of a sequence are the same for all sequences of a block.
const allRepeat = 0x54

func frameHeader(dst []byte, size int) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, frameMagic)
	return binary.LittleEndian.AppendUint32(append(dst, frameKind), uint32(size))
}

func blockHeader(dst []byte, last bool, kind, size int) []byte {
	h := kind<<1 | size<<3
	if last {
		h |= 1
	}
	return append(dst, byte(h), byte(h>>8), byte(h>>16))
}

// before appends a frame that contains head, which is short, followed by the size bytes of content of another frame.
func before(dst, head, frame []byte, size int) ([]byte, error) {
	var h zstd.Header
	if err := h.Decode(frame); err != nil {
		return nil, fmt.Errorf("zstd: %w", err)
	}
	dst = blockHeader(frameHeader(dst, len(head)+size), false, blockRaw, len(head))
	return append(append(dst, head...), frame[h.HeaderSize:]...), nil
}

// searchers are unused general encoders: creating one takes longer than compressing a small page.
var searchers = sync.Pool{New: func() any {
	e, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1),
		zstd.WithZeroFrames(true), zstd.WithAllLitEntropyCompression(true), zstd.WithEncoderCRC(false),
		zstd.WithWindowSize(1<<20))
	if err != nil {
		panic(fmt.Sprintf("zstd: %v", err)) // only if the options are wrong
	}
	return e
}}

// search compresses a page with the general encoder.
func search(dst, page []byte) []byte {
	e := searchers.Get().(*zstd.Encoder)
	defer searchers.Put(e)
	return e.EncodeAll(page, dst)
}

// page compresses a page with the strategy of its column.
func (s *pageCompressor) page(dst, page []byte, how strategy) ([]byte, error) {
	if how == searched || len(page) == 0 || len(page) > blockBytes {
		return search(dst, page), nil
	}
	dst = frameHeader(dst, len(page))
	at := len(dst)
	dst = append(dst, 0, 0, 0)
	dst = append(s.literals(dst, page, false), 0) // no sequence
	if size := len(dst) - at - 3; size < len(page) {
		blockHeader(dst[:at], true, blockCompressed, size)
		return dst, nil
	}
	return append(blockHeader(dst[:at], true, blockRaw, len(page)), page...), nil
}

// choose chooses the strategy for a column by its first page, and compresses that page.
func (s *pageCompressor) choose(dst, page []byte) ([]byte, strategy, error) {
	s.trial = search(s.trial[:0], page)
	start := len(dst)
	var err error
	if dst, err = s.page(dst, page, coded); err != nil {
		return dst, searched, err
	}
	if all := len(s.trial); len(dst)-start <= all+all/32 {
		return dst, coded, nil
	}
	return append(dst[:start], s.trial...), searched, nil
}

// literals appends a literals section, with a new Huffman code or, if share is set, with the code of the previous
// literals if that is better.
func (s *pageCompressor) literals(dst, lits []byte, share bool) []byte {
	const fewest, fourStreams = 64, 1024
	s.huffman.Reuse = huff0.ReusePolicyNone
	if share && len(s.tree) > 0 {
		s.huffman.Reuse = huff0.ReusePolicyPrefer
	}
	err, reused := huff0.ErrIncompressible, false
	switch {
	case len(lits) >= fourStreams:
		_, reused, err = huff0.Compress4X(lits, &s.huffman)
	case len(lits) >= fewest:
		_, reused, err = huff0.Compress1X(lits, &s.huffman)
	}
	if err != nil {
		s.tree = s.tree[:0]
		return append(rawLiterals(dst, len(lits)), lits...)
	}
	if !reused {
		s.tree = append(s.tree[:0], s.huffman.OutTable...)
	}
	tree, packed := s.tree, s.huffman.OutData
	s.judge(len(packed), len(lits), reused)
	if len(tree)+len(packed) >= len(lits) {
		return append(rawLiterals(dst, len(lits)), lits...)
	}
	n, c := uint64(len(lits)), uint64(len(tree)+len(packed))
	switch {
	case n < fourStreams:
		h := literalsHuffman | n<<4 | c<<14
		dst = append(dst, byte(h), byte(h>>8), byte(h>>16))
	case n < 1<<14:
		h := literalsHuffman | 2<<2 | n<<4 | c<<18
		dst = append(dst, byte(h), byte(h>>8), byte(h>>16), byte(h>>24))
	default:
		h := literalsHuffman | 3<<2 | n<<4 | c<<22
		dst = append(dst, byte(h), byte(h>>8), byte(h>>16), byte(h>>24), byte(h>>32))
	}
	return append(append(dst, tree...), packed...)
}

// judge discards a shared code if it compresses the present literals worse than those for which it was made.
func (s *pageCompressor) judge(packed, lits int, reused bool) {
	const whole, worse = 256, 16
	rate := packed * whole / lits
	if !reused {
		s.rate = rate
	} else if rate > s.rate+worse {
		s.tree = s.tree[:0]
	}
}

// rawLiterals appends the header of an uncompressed literals section.
func rawLiterals(dst []byte, n int) []byte {
	h := literalsRaw | 3<<2 | n<<4
	return append(dst, byte(h), byte(h>>8), byte(h>>16))
}

// decimals compresses big-endian values of decWidth bytes. If all begin with the same three or more bytes, each value
// is a match of these at a distance of one value, followed by its own bytes. Otherwise the general encoder is used.
func (s *pageCompressor) decimals(dst, page []byte, vals []Dec) ([]byte, error) {
	own := ownBytes(vals)
	const leastMatch, leastValues = 3, 3
	if len(vals) < leastValues || own == 0 || own > decWidth-leastMatch || len(page) > blockBytes {
		return search(dst, page), nil
	}
	n, match := len(vals), byte(decWidth-own-leastMatch)
	dst = frameHeader(dst, len(page))
	dst = append(blockHeader(dst, false, blockRaw, decWidth), page[:decWidth]...)
	// The match for the head of the second value also sets the distance that is repeated. The block has no literals and
	// one sequence of no literals, the distance decWidth, written as 2^4 + 3 because 1 to 3 mean repeated distances,
	// and the match. The last byte contains these three bits after a one.
	dst = append(blockHeader(dst, false, blockCompressed, 7), 0, 1, allRepeat, 0, 4, match, 0x13)
	s.rest = s.rest[:0]
	for i := decWidth; i < len(page); i += decWidth {
		s.rest = append(s.rest, page[i+decWidth-own:i+decWidth]...)
	}
	at := len(dst)
	dst = append(dst, 0, 0, 0)
	dst = sequences(s.literals(dst, s.rest, true), n-2)
	// all sequences are equal, so the bit stream is empty
	dst = append(dst, allRepeat, byte(own), 0, match, 1)
	blockHeader(dst[:at], true, blockCompressed, len(dst)-at-3)
	return dst, nil
}

// sequences appends the number of a block's sequences.
func sequences(dst []byte, n int) []byte {
	const two, three = 128, 0x7F00
	switch {
	case n < two:
		return append(dst, byte(n))
	case n < three:
		return append(dst, byte(n>>8)+two, byte(n))
	}
	return append(dst, 255, byte(n-three), byte((n-three)>>8))
}

// ownBytes returns the number of low bytes in which the values differ.
func ownBytes(vals []Dec) int {
	hi, lo := uint64(0), uint64(0)
	for i := 1; i < len(vals); i++ {
		hi |= uint64(vals[i].Hi ^ vals[0].Hi)
		lo |= vals[i].Lo ^ vals[0].Lo
	}
	for n := decWidth; n > 8; n-- {
		if hi>>(8*(n-9)) != 0 {
			return n
		}
	}
	for n := 8; n > 0; n-- {
		if lo>>(8*(n-1)) != 0 {
			return n
		}
	}
	return 0
}
