package feed

import (
	"encoding/binary"
	"fmt"
)

// hybrid reads numbers in Parquet's hybrid of run lengths and bit packing, only as many as requested. The decoders of
// the libraries decode a complete page, whose number of rows is limited only by its header.
type hybrid struct {
	in     []byte
	width  uint
	value  int32
	same   int // how often value still repeats
	packed int // how many packed numbers are left
	group  [8]int32
	held   int // how many numbers at the end of group are not read yet
}

func (h *hybrid) open(in []byte, width uint) { *h = hybrid{in: in, width: width} }

// next opens the next run.
func (h *hybrid) next() error {
	if h.width == 0 && len(h.in) == 0 { // a dictionary of one text: some writers leave out the run
		h.same, h.value = 1<<30, 0
		return nil
	}
	n, size := binary.Uvarint(h.in)
	if size <= 0 || n>>1 == 0 || n>>1 > 1<<28 {
		return errShort
	}
	h.in = h.in[size:]
	if n&1 == 1 {
		h.packed = int(n>>1) * 8
		return nil
	}
	bytes := int(h.width+7) / 8
	if len(h.in) < bytes {
		return errShort
	}
	v := uint32(0)
	for i := range bytes {
		v |= uint32(h.in[i]) << (8 * i)
	}
	h.in = h.in[bytes:]
	h.same, h.value = int(n>>1), int32(v)
	return nil
}

// repeat takes up to n numbers of a run of equal numbers; taken is 0 if the current run is bit-packed.
func (h *hybrid) repeat(n int) (taken int, value int32, err error) {
	if h.same == 0 && h.packed == 0 {
		if err := h.next(); err != nil {
			return 0, 0, err
		}
	}
	taken = min(n, h.same)
	h.same -= taken
	return taken, h.value, nil
}

// read reads the next numbers.
func (h *hybrid) read(dst []int32) error {
	for len(dst) > 0 {
		n, v, err := h.repeat(len(dst))
		if err != nil {
			return err
		}
		if n > 0 {
			for i := range n {
				dst[i] = v
			}
			dst = dst[n:]
			continue
		}
		n = min(h.packed, len(dst))
		if err := h.unpack(dst[:n]); err != nil {
			return err
		}
		h.packed -= n
		dst = dst[n:]
	}
	return nil
}

// unpack reads packed numbers of the current run.
func (h *hybrid) unpack(dst []int32) error {
	n := copy(dst, h.group[len(h.group)-h.held:])
	h.held -= n
	for dst = dst[n:]; len(dst) >= len(h.group); dst = dst[len(h.group):] {
		if err := h.eight((*[8]int32)(dst)); err != nil {
			return err
		}
	}
	if len(dst) == 0 {
		return nil
	}
	if err := h.eight(&h.group); err != nil {
		return err
	}
	h.held = len(h.group) - copy(dst, h.group[:])
	return nil
}

// eight unpacks a group of eight numbers, which takes width bytes. The last group of a page can lack the bytes after
// its last number.
func (h *hybrid) eight(dst *[8]int32) error {
	var padded [40]byte
	in := h.in
	switch {
	case len(in) >= len(padded):
		h.in = in[h.width:]
	case len(in) == 0 && h.width > 0:
		return errShort
	default:
		copy(padded[:], in[:min(len(in), int(h.width))])
		h.in = in[min(len(in), int(h.width)):]
		in = padded[:]
	}
	mask := uint64(1)<<h.width - 1
	for i := range dst {
		bit := uint(i) * h.width
		dst[i] = int32(binary.LittleEndian.Uint64(in[bit/8:]) >> (bit % 8) & mask)
	}
	return nil
}

// openPage begins the codes of a page, whose first byte is their width.
func (h *hybrid) openPage(data []byte) error {
	if len(data) == 0 {
		return errShort
	}
	if data[0] > 32 {
		return fmt.Errorf("numbers of %d bits", data[0])
	}
	h.open(data[1:], uint(data[0]))
	return nil
}
